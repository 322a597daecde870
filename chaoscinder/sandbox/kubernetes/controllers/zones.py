"""How fast the node lifecycle controller may set NoExecute taints: a queue with a rate for each zone.

A zone is taken for lost as a whole only above a threshold, and when every zone is lost the controller distrusts itself and stops.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from chaoscinder.sandbox.kubernetes.controllers import conditions
from chaoscinder.sandbox.kubernetes.controllers.cluster import Cluster
from chaoscinder.sandbox.kubernetes.resources import NODES
from chaoscinder.sandbox.kubernetes.store import Object

MOST_LOST_IN_A_NORMAL_ZONE = 2  # node lifecycle controller, ComputeZoneState: a zone needs more than 2 lost nodes


@dataclass(slots=True)
class ZoneQueue:
    """Nodes of one zone that wait for their NoExecute taint; rate is nodes per second."""

    rate: float
    names: list[str] = field(default_factory=list)
    state: str = "Initial"
    next_s: float = -math.inf


class ZoneQueues:
    """The queues of all zones, worked off by one timer."""

    def __init__(self, cluster: Cluster, taint: Callable[[str], None]) -> None:
        self._cluster = cluster
        self._taint = taint
        self._queues: dict[str, ZoneQueue] = {}
        self._marked: set[str] = set()
        self._waiting = False

    def put(self, node: Object) -> None:
        """Let a node wait for its taint, once until it is forgotten."""
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
        states = self._states()
        was_all = bool(self._queues) and all(queue.state == "FullDisruption" for queue in self._queues.values())
        now_all = bool(states) and all(state == "FullDisruption" for state in states.values())
        for zone, state in states.items():
            queue = self._queue(zone)
            queue.state, queue.rate = state, 0.0 if now_all else self._rate(state)
        if now_all and not was_all:
            all_lost()
        elif was_all and not now_all:
            some_back()
        if any(queue.names for queue in self._queues.values()):
            self._wait(self._cluster.profile.taint_pass_s)

    def _queue(self, zone: str) -> ZoneQueue:
        return self._queues.setdefault(zone, ZoneQueue(self._cluster.profile.eviction_rate))

    def _states(self) -> dict[str, str]:
        zones: dict[str, list[bool]] = {}
        for node in self._cluster.store.list(NODES):
            zones.setdefault(zone_of(node), []).append(conditions.status(node, "Ready") == "True")
        return {zone: self._state(ready) for zone, ready in zones.items()}

    def _state(self, ready: list[bool]) -> str:
        lost = ready.count(False)
        if lost == len(ready):
            return "FullDisruption"
        if lost > MOST_LOST_IN_A_NORMAL_ZONE and lost / len(ready) >= self._cluster.profile.unhealthy_zone_threshold:
            return "PartialDisruption"
        return "Normal"

    def _rate(self, state: str) -> float:
        if state != "PartialDisruption":
            return self._cluster.profile.eviction_rate
        large = len(self._cluster.store.list(NODES)) > self._cluster.profile.large_cluster_size
        return self._cluster.profile.secondary_eviction_rate if large else 0.0

    def _wait(self, seconds: float) -> None:
        if not self._waiting:
            self._waiting = True
            self._cluster.world.call_later(seconds, self._pass, "taint-pass")

    def _pass(self) -> None:
        self._waiting = False
        now_s = self._cluster.world.now_s
        for queue in self._queues.values():
            if queue.names and queue.rate > 0 and now_s >= queue.next_s:
                queue.next_s = now_s + 1 / queue.rate
                self._taint(queue.names.pop(0))
        due = [queue.next_s for queue in self._queues.values() if queue.names and queue.rate > 0]
        if due:
            self._wait(max(self._cluster.profile.taint_pass_s, min(due) - now_s))


def zone_of(node: Object) -> str:
    """region and zone of a node, as its labels tell them."""
    labels = node["metadata"].get("labels") or {}
    return f"{labels.get('topology.kubernetes.io/region', '')}:{labels.get('topology.kubernetes.io/zone', '')}"
