"""What every controller is given: the world, the objects, the ports to what is not Kubernetes, and the profile."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from chaoscinder.sandbox.kubernetes.controllers.events import Recorder
from chaoscinder.sandbox.kubernetes.resources import Resource
from chaoscinder.sandbox.kubernetes.store import Happened, Object, Store
from chaoscinder.sandbox.ports import Cloud, Containers, Guests, Traffic
from chaoscinder.sandbox.profiles import Profile
from chaoscinder.sandbox.world import World

FindTraffic = Callable[[str, str], Traffic | None]
Provision = Callable[[str, int, str], str]


class Chance:
    """What the real ones leave to chance: when in its period a loop runs, and which of equally good nodes a pod gets.

    The replay of a recording takes both from the recording, so that it need not be lenient about them.
    """

    def __init__(self, world: World) -> None:
        self._world = world

    def first_s(self, name: str, period_s: float) -> float:  # noqa: ARG002 - one loop is like the other
        """Seconds until a loop runs for the first time: real controllers do not start in step."""
        return self._world.random.uniform(0, period_s)

    def next_s(self, name: str, period_s: float) -> float:  # noqa: ARG002 - a loop without surprises
        """Seconds from one run of a loop to the next."""
        return period_s

    def node(self, pod: Object, nodes: Sequence[Object]) -> Object:  # noqa: ARG002 - any will do
        """Which of equally good nodes a pod gets."""
        return self._world.random.choice(nodes)


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
    chance: Chance = field(kw_only=True)

    def every(self, period_s: float, act: Callable[[], None], name: str) -> None:
        """Let act happen every period_s, from a moment within the first period."""

        def again() -> None:
            act()
            self.world.call_later(self.chance.next_s(name, period_s), again, name)

        self.world.call_later(self.chance.first_s(name, period_s), again, name)


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
