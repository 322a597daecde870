"""The node lifecycle controller: believes a node as long as its kubelet speaks, and gives it up when it does not.

It gives a node up by a NoExecute taint, or, before that was the way, by deleting its pods; in both cases at the rate of the node's zone.

A kubelet speaks by renewing its Lease or posting a status. The controller looks each monitor period and counts from the look at which it
noticed, so a loss is seen between grace minus one renewal and grace plus one monitor period after it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from chaoscinder.sandbox.kubernetes.controllers import conditions, pods, taints
from chaoscinder.sandbox.kubernetes.controllers.cluster import Cluster, Controller
from chaoscinder.sandbox.kubernetes.controllers.podeviction import PodEviction
from chaoscinder.sandbox.kubernetes.controllers.zones import ZoneQueues
from chaoscinder.sandbox.kubernetes.resources import LEASES, NODES, PODS
from chaoscinder.sandbox.kubernetes.store import Object

BY = "node-controller"
KUBELET_CONDITIONS = ("MemoryPressure", "DiskPressure", "PIDPressure", "Ready")
READY_TAINTS = {"False": taints.NOT_READY, "Unknown": taints.UNREACHABLE}
PRESSURE_TAINTS = {
    "MemoryPressure": "node.kubernetes.io/memory-pressure",
    "DiskPressure": "node.kubernetes.io/disk-pressure",
    "PIDPressure": "node.kubernetes.io/pid-pressure",
    "NetworkUnavailable": "node.kubernetes.io/network-unavailable",
}


@dataclass(slots=True)
class Heard:
    """What was last heard of a kubelet, and at which look; and since which look it is Ready or not as it is now."""

    renewed: str
    posted: str
    at_s: float
    node: Object
    ready: str = ""
    ready_s: float = 0.0


class NodeLifecycle(Controller):
    """Keeps node conditions and taints."""

    watches = (NODES,)

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster)
        self._heard: dict[str, Heard] = {}
        self._zones = ZoneQueues(cluster, self._taint_no_execute if self.profile.condition_taints else PodEviction(cluster).evict)
        cluster.every(self.profile.node_monitor_s, self.monitor, "node-monitor")

    def sync(self) -> None:
        """Let the NoSchedule taints follow conditions and cordon at once."""
        if not self.profile.condition_taints:
            return
        for node in self.store.list(NODES):
            wanted = _no_schedule_keys(node)
            if wanted != {taint["key"] for taint in taints.of(node) if taint["effect"] == "NoSchedule"} & _MANAGED:
                self._edit(node, partial(_set_no_schedule, wanted=wanted, now=self.world.stamp()))

    def monitor(self) -> None:
        """Look at every node once (each --node-monitor-period)."""
        self._meet_and_part()
        for node in self.store.list(NODES):
            was_ready = conditions.status(node, "Ready")
            node = self._judge(node)
            ready = conditions.status(node, "Ready")
            if was_ready == "True" and ready != "True":
                self._became_not_ready(node)
            judged = was_ready if self.profile.no_execute_next_look else ready
            if judged == "True":
                self._reachable(node)
            elif conditions.find(node, "Ready") is None:
                continue  # it is new: its kubelet has not spoken yet, and may still
            elif ready != "True" and self.profile.condition_taints:
                self._not_reachable(node, READY_TAINTS[ready])
            elif ready != "True" and self._is_given_up(node):
                self._zones.put(node)
        self._zones.judge(self._release, self._believe_all)

    def _meet_and_part(self) -> None:
        there = {node["metadata"]["name"]: node for node in self.store.list(NODES)}
        for name in [name for name in self._heard if name not in there]:
            self._tell(self._heard.pop(name).node, "RemovingNode", f"Node {name} event: Removing Node {name} from Controller")
            self._zones.forget(name)
        for name in [name for name in there if name not in self._heard]:
            self._heard[name] = Heard("", "", self.world.now_s, there[name])
            self._tell(there[name], "RegisteredNode", f"Node {name} event: Registered Node {name} in Controller")

    def _tell(self, node: Object, reason: str, message: str) -> None:
        self.events.normal(node, reason, message, by=BY)

    def _judge(self, node: Object) -> Object:
        heard = self._heard[node["metadata"]["name"]]
        heard.node = node
        lease = self.store.find(LEASES, node["metadata"]["name"], "kube-node-lease") or {}
        renewed = str(lease.get("spec", {}).get("renewTime", ""))
        posted = str((conditions.find(node, "Ready") or {}).get("lastHeartbeatTime", ""))
        if (renewed, posted) != (heard.renewed, heard.posted):
            heard.renewed, heard.posted, heard.at_s = renewed, posted, self.world.now_s
        # The real loop drifts by milliseconds, so a look exactly one grace period later already counts as too late.
        silent = self.world.now_s >= heard.at_s + self.profile.node_grace_s
        if silent and (conditions.find(node, "Ready") or {}).get("status") != "Unknown":
            node = self._edit(node, self._set_unknown)
        if (ready := conditions.status(node, "Ready")) != heard.ready:
            heard.ready, heard.ready_s = ready, self.world.now_s
        return node

    def _set_unknown(self, node: Object) -> None:
        for type_ in KUBELET_CONDITIONS:
            old = conditions.find(node, type_)
            heartbeat = (old or {}).get("lastHeartbeatTime", node["metadata"]["creationTimestamp"])
            reason, message = ("NodeStatusUnknown", "Kubelet stopped posting node status.")
            if old is None:
                reason, message = ("NodeStatusNeverUpdated", "Kubelet never posted node status.")
            now = self.world.stamp()
            conditions.put(node, type_, "Unknown", now, reason=reason, message=message, lastHeartbeatTime=heartbeat)

    def _became_not_ready(self, node: Object) -> None:
        name = node["metadata"]["name"]
        self._tell(node, "NodeNotReady", f"Node {name} status is now: NodeNotReady")
        for pod in pods.of_node(self.store, name):
            if (conditions.find(pod, "Ready") or {}).get("status") == "True":
                namespace = pod["metadata"]["namespace"]
                self.store.change(
                    PODS, pod["metadata"]["name"], namespace, lambda new: conditions.put(new, "Ready", "False", self.world.stamp())
                )
                if text := self.profile.texts["pod_not_ready"]:
                    self.events.warning(pod, "NodeNotReady", text, by=BY)

    def _not_reachable(self, node: Object, key: str) -> None:
        other = taints.UNREACHABLE if key == taints.NOT_READY else taints.NOT_READY
        if taints.has(node, other, "NoExecute"):
            self._edit(node, lambda new: self._set_no_execute(new, key))
        elif not taints.has(node, key, "NoExecute"):
            self._zones.put(node)

    def _is_given_up(self, node: Object) -> bool:
        """Without taints, by --pod-eviction-timeout: a silent kubelet from its last word on, one that says so from when it did."""
        heard = self._heard[node["metadata"]["name"]]
        since_s = heard.at_s if heard.ready == "Unknown" else heard.ready_s
        return self.world.now_s > since_s + self.profile.pod_eviction_timeout_s

    def _reachable(self, node: Object) -> None:
        self._zones.forget(node["metadata"]["name"])
        if any(taints.has(node, key, "NoExecute") for key in READY_TAINTS.values()):
            self._edit(node, _clear_no_execute)

    def _taint_no_execute(self, name: str) -> None:
        node = self.store.find(NODES, name)
        key = READY_TAINTS.get(conditions.status(node, "Ready")) if node else None
        if node and key:
            self._edit(node, lambda new: self._set_no_execute(new, key))

    def _set_no_execute(self, node: Object, key: str) -> None:
        _clear_no_execute(node)
        taints.add(node, key, "NoExecute", at=self.world.stamp())

    def _release(self) -> None:
        """Every node is lost, so it may be us: take them out of the queues and all NoExecute taints off (master disruption mode)."""
        for node in self.store.list(NODES):
            self._reachable(node)

    def _believe_all(self) -> None:
        """Some nodes are back: give every other one a whole grace period again."""
        for heard in self._heard.values():
            heard.at_s = heard.ready_s = self.world.now_s

    def _edit(self, node: Object, edit: Callable[[Object], None]) -> Object:
        return self.store.change(NODES, node["metadata"]["name"], "", edit)


_MANAGED = {taints.UNSCHEDULABLE, *READY_TAINTS.values(), *PRESSURE_TAINTS.values()}


def _no_schedule_keys(node: Object) -> set[str]:
    wanted = {key for type_, key in PRESSURE_TAINTS.items() if conditions.status(node, type_) == "True"}
    if conditions.find(node, "Ready") and (key := READY_TAINTS.get(conditions.status(node, "Ready"))):
        wanted.add(key)
    if node["spec"].get("unschedulable"):
        wanted.add(taints.UNSCHEDULABLE)
    return wanted


def _set_no_schedule(node: Object, wanted: set[str], now: str) -> None:
    for key in sorted(_MANAGED - wanted):
        taints.remove(node, key, "NoSchedule")
    for key in sorted(wanted):
        taints.add(node, key, "NoSchedule", at=now)


def _clear_no_execute(node: Object) -> None:
    for key in READY_TAINTS.values():
        taints.remove(node, key, "NoExecute")
