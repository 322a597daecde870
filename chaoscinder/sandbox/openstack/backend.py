"""The cinder-volume service with its one backend: whether it works, and what waits for it while it does not."""

from collections.abc import Callable

from chaoscinder.sandbox.openstack.durations import Durations
from chaoscinder.sandbox.openstack.hosts import Host, Hosts
from chaoscinder.sandbox.world import World

HOST = "cinder1@sandbox"
POOL = f"{HOST}#sandbox"


class Backend:
    """cinder-volume. Sent work waits while it is silent, as in the queue of a real one."""

    def __init__(self, world: World, durations: Durations, zone: str) -> None:
        self._hosts = Hosts(world, durations)
        self.host: Host = self._hosts.ensure(HOST, zone)
        self.hosts = self._hosts

    @property
    def is_up(self) -> bool:
        """Whether Cinder takes it for up: it goes on doing so for service_down_time after the last report."""
        return self._hosts.is_up(self.host)

    def cast(self, act: Callable[[], None]) -> None:
        """Send it work."""
        self._hosts.cast(HOST, act)

    def fail(self) -> None:
        """Let it fall silent."""
        self._hosts.fail(HOST)

    def revive(self) -> None:
        """Let it return and work off what waits."""
        self._hosts.revive(HOST)
