"""What every controller is given: the world, the objects, the ports to what is not Kubernetes, and the profile."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from chaoscinder.sandbox.kubernetes.controllers.events import Recorder
from chaoscinder.sandbox.kubernetes.resources import Resource
from chaoscinder.sandbox.kubernetes.store import Happened, Store
from chaoscinder.sandbox.ports import Cloud, Containers, Guests, Traffic
from chaoscinder.sandbox.profiles import Profile
from chaoscinder.sandbox.world import World

FindTraffic = Callable[[str, str], Traffic | None]
Provision = Callable[[str, int, str], str]


@dataclass(frozen=True, slots=True)
class Cluster:
    """The surroundings of a controller.

    traffic finds the address of a Service by namespace and name; None where nothing listens for it.
    provision makes a Cinder volume from name, size in GiB and zone and tells its id; None where claims are not provisioned.
    """

    world: World
    store: Store
    events: Recorder
    profile: Profile
    cloud: Cloud
    guests: Guests
    containers: Containers
    traffic: FindTraffic
    volumes_dir: Path
    provision: Provision | None = None

    def every(self, period_s: float, act: Callable[[], None], name: str) -> None:
        """Let act happen every period_s, from a moment within the first period: real controllers do not start in step."""
        self.world.call_every(period_s, act, name, first_s=self.world.random.uniform(0, period_s))


class Controller:
    """One controller. delay_s gathers the changes of that long into one sync; 0 means within the same moment."""

    watches: ClassVar[tuple[Resource, ...]] = ()

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.world = cluster.world
        self.store = cluster.store
        self.events = cluster.events
        self.profile = cluster.profile
        self.delay_s = 0.0

    def concerns(self, event: Happened) -> bool:  # noqa: ARG002 - the answer of most controllers
        """Tell whether a change of a watched resource needs a sync."""
        return True

    def sync(self) -> None:
        """Make the world follow the objects."""
