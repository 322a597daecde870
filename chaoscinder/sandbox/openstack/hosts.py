"""The hosts of Nova (or of Cinder): whose service reports, and what waits in its queue while it does not.

A host that fails keeps nothing it was in the middle of and loses nothing that was sent to it: messages wait until it returns. What Nova
believes of it (up, down) follows from its last report and the clock, and is stored nowhere.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from chaoscinder.sandbox.openstack.durations import Durations
from chaoscinder.sandbox.openstack.refusals import not_found
from chaoscinder.sandbox.world import World


@dataclass(slots=True)
class Host:
    """One compute host. dead_since_s is the cluster second at which nova-compute fell silent, None while it lives."""

    number: int
    name: str
    zone: str
    service_id: str
    dead_since_s: float | None = None
    forced_down: bool = False
    disabled: bool = False
    disabled_reason: str | None = None
    queue: list[Callable[[], None]] = field(default_factory=list)
    turns: dict[str, list[Callable[[], None]]] = field(default_factory=dict)  # by server: what waits for the work that goes on


class Hosts:
    """All compute hosts, by name."""

    def __init__(self, world: World, durations: Durations) -> None:
        self._world = world
        self._durations = durations
        self._hosts: dict[str, Host] = {}
        self._on_start: list[Callable[[str], None]] = []

    def __iter__(self) -> Iterator[Host]:
        return iter(list(self._hosts.values()))

    def ensure(self, name: str, zone: str) -> Host:
        """Find a host, or put it into service in that zone."""
        if name not in self._hosts:
            self._hosts[name] = Host(len(self._hosts) + 1, name, zone, self._world.new_uuid())
            self._started(name)
        return self._hosts[name]

    def on_start(self, listener: Callable[[str], None]) -> None:
        """Call listener(name) whenever the service of a host starts, the first time included."""
        self._on_start.append(listener)

    def find(self, name: str) -> Host | None:
        """Find a host; None for an unknown one."""
        return self._hosts.get(name)

    def get(self, name: str) -> Host:
        """Find a host; KeyError for an unknown one."""
        return self._hosts[name]

    def by_service(self, service_id: str) -> Host:
        """Find the host of a nova-compute service, or refuse with Nova's 404."""
        for host in self._hosts.values():
            if host.service_id == service_id:
                return host
        raise not_found(f"Compute service {service_id} could not be found.")

    def cast(self, name: str, act: Callable[[], None]) -> None:
        """Send a message to the host's service: done at once if it lives, else when it returns. "" is nobody's host: done at once."""
        host = self._hosts.get(name)
        if host is None or host.dead_since_s is None:
            act()
        else:
            host.queue.append(act)

    def take_turn(self, name: str, server_id: str, act: Callable[[], None]) -> None:
        """Do work on a server as nova-compute does: one piece after the other (it locks the instance). end_turn must follow."""
        turns = self._hosts[name].turns if name else {}
        if server_id in turns:
            turns[server_id].append(act)
        else:
            turns[server_id] = []
            act()

    def end_turn(self, name: str, server_id: str) -> None:
        """End a piece of work, and begin the next that waits."""
        turns = self._hosts[name].turns if name else {}
        waiting = turns.pop(server_id, [])
        if waiting:
            turns[server_id] = waiting[1:]
            waiting[0]()

    def is_alive(self, name: str) -> bool:
        """Whether the service on that host answers, whatever the API believes; "" is nobody's host and does not."""
        host = self._hosts.get(name)
        return host is not None and host.dead_since_s is None

    def fail(self, name: str) -> None:
        """Let nova-compute on that host fall silent."""
        host = self._hosts[name]
        if host.dead_since_s is None:
            host.dead_since_s = self._world.now_s

    def revive(self, name: str, *, restarted: bool = True) -> None:
        """Let it return and work off its queue in order; one that was only frozen did not restart."""
        host = self._hosts[name]
        host.dead_since_s = None
        if restarted:
            self._started(name)
        waiting, host.queue = host.queue, []
        for act in waiting:
            self.cast(name, act)

    def _started(self, name: str) -> None:
        for listener in self._on_start:
            listener(name)

    def last_report_s(self, host: Host) -> float:
        """The cluster second of the host's last report."""
        interval_s = self._durations.report_interval_s
        alive_until_s = self._world.now_s if host.dead_since_s is None else host.dead_since_s
        return math.floor(alive_until_s / interval_s) * interval_s

    def last_report_at(self, host: Host) -> datetime:
        """The time of day of the host's last report."""
        return self._world.epoch + timedelta(seconds=self.last_report_s(host))

    def is_up(self, host: Host) -> bool:
        """Whether Nova takes the service for up."""
        silent_s = self._world.now_s - self.last_report_s(host)
        return not host.forced_down and silent_s <= self._durations.service_down_s

    def status(self, host: Host) -> str:
        """Nova's host_status: DOWN only when forced, UNKNOWN when the reports stopped."""
        if host.forced_down:
            return "DOWN"
        if host.disabled:
            return "MAINTENANCE"
        return "UP" if self.is_up(host) else "UNKNOWN"
