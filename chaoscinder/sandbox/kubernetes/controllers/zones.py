"""How fast the node lifecycle controller may give up nodes: a queue with a rate for each zone.

A zone that is mostly lost may be a network that is cut, so its nodes are given up slowly, or not at all where the zone is small; and when
every zone is lost the controller distrusts itself and stops.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from chaoscinder.sandbox.kubernetes.controllers import conditions
from chaoscinder.sandbox.kubernetes.controllers.cluster import Cluster
from chaoscinder.sandbox.kubernetes.resources import NODES
from chaoscinder.sandbox.kubernetes.store import Object
from chaoscinder.sandbox.world import Timer

MOST_LOST_IN_A_NORMAL_ZONE = 2  # node lifecycle controller, ComputeZoneState: a zone needs more than 2 lost nodes


@dataclass(slots=True)
class ZoneQueue:
    """Nodes of one zone that wait to be given up; rate is nodes per second, next_s when the next one may go."""

    rate: float
    names: list[str] = field(default_factory=list)
    state: str = "Initial"
    next_s: float = -math.inf

    def swap(self, rate: float, now_s: float) -> None:
        """Go on at another rate (SwapLimiter): a queue that had to wait, or stood still, waits a whole period of the new one."""
        if rate != self.rate:
            waited = self.rate == 0 or now_s < self.next_s
            self.rate = rate
            self.next_s = now_s + 1 / rate if waited and rate else now_s


class ZoneQueues:
    """The queues of all zones, worked off by one timer; give_up is told the name of each node whose turn it is."""

    def __init__(self, cluster: Cluster, give_up: Callable[[str], None]) -> None:
        self._cluster = cluster
        self._give_up = give_up
        self._queues: dict[str, ZoneQueue] = {}
        self._marked: set[str] = set()
        self._timer: Timer | None = None

    def put(self, node: Object) -> None:
        """Let a node wait for its turn, once until it is forgotten."""
        name = node["metadata"]["name"]
        if name not in self._marked:
            self._marked.add(name)
            self._queue(zone_of(node)).names.append(name)
            self._wait(self._cluster.profile.taint_pass_s)

    def forget(self, name: str) -> None:
        """Take a node out: it is Ready again, or gone."""
        self._marked.discard(name)
        for queue in self._queues.values():
            if name in queue.names:
                queue.names.remove(name)

    def judge(self, all_lost: Callable[[], None], some_back: Callable[[], None]) -> None:
        """Set each zone's rate by how many of its nodes are Ready; tell when the last one was lost and when one is back."""
        zones = self._zones()
        states = {zone: self._state(ready) for zone, ready in zones.items()}
        was_all = bool(self._queues) and all(queue.state == "FullDisruption" for queue in self._queues.values())
        now_all = bool(states) and all(state == "FullDisruption" for state in states.values())
        for zone, state in states.items():
            queue = self._queue(zone)
            queue.state = state
            queue.swap(0.0 if now_all else self._rate(state, len(zones[zone])), self._cluster.world.now_s)
        if now_all and not was_all:
            all_lost()
        elif was_all and not now_all:
            some_back()
        if any(queue.names for queue in self._queues.values()):
            self._wait(self._cluster.profile.taint_pass_s)

    def _queue(self, zone: str) -> ZoneQueue:
        return self._queues.setdefault(zone, ZoneQueue(self._cluster.profile.eviction_rate))

    def _zones(self) -> dict[str, list[bool]]:
        """Whether each node is Ready, by its zone."""
        zones: dict[str, list[bool]] = {}
        for node in self._cluster.store.list(NODES):
            zones.setdefault(zone_of(node), []).append(conditions.status(node, "Ready") == "True")
        return zones

    def _state(self, ready: list[bool]) -> str:
        lost = ready.count(False)
        if lost == len(ready):
            return "FullDisruption"
        if lost > MOST_LOST_IN_A_NORMAL_ZONE and lost / len(ready) >= self._cluster.profile.unhealthy_zone_threshold:
            return "PartialDisruption"
        return "Normal"

    def _rate(self, state: str, size: int) -> float:
        """Nodes per second. What is compared with --large-cluster-size-threshold is the size of the zone (setLimiterInZone)."""
        if state != "PartialDisruption":
            return self._cluster.profile.eviction_rate
        return self._cluster.profile.secondary_eviction_rate if size > self._cluster.profile.large_cluster_size else 0.0

    def _wait(self, seconds: float) -> None:
        """Look at the queues after so long, unless that is to happen sooner: one zone does not wait for another's turn."""
        at_s = self._cluster.world.now_s + seconds
        if self._timer is not None and self._timer.at_s <= at_s:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._cluster.world.call_later(seconds, self._pass, "taint-pass")

    def _pass(self) -> None:
        self._timer = None
        now_s = self._cluster.world.now_s
        for queue in self._queues.values():
            if queue.names and queue.rate > 0 and now_s >= queue.next_s:
                queue.next_s = now_s + 1 / queue.rate
                self._give_up(queue.names.pop(0))
        due = [queue.next_s for queue in self._queues.values() if queue.names and queue.rate > 0]
        if due:
            self._wait(max(self._cluster.profile.taint_pass_s, min(due) - now_s))


def zone_of(node: Object) -> str:
    """region and zone of a node, as its labels tell them."""
    labels = node["metadata"].get("labels") or {}
    return f"{labels.get('topology.kubernetes.io/region', '')}:{labels.get('topology.kubernetes.io/zone', '')}"
