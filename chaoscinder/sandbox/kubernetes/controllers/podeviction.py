"""The old way to evict, before taints did it: the node controller deletes the pods of a node that is not Ready for the eviction timeout."""

from datetime import UTC, datetime

from chaoscinder.sandbox.kubernetes.controllers import conditions, pods
from chaoscinder.sandbox.kubernetes.controllers.cluster import Cluster, Controller
from chaoscinder.sandbox.kubernetes.resources import NODES, PODS
from chaoscinder.sandbox.kubernetes.store import Object

BY = "node-controller"


class PodEviction(Controller):
    """Looks each --node-monitor-period; does nothing in a profile whose --pod-eviction-timeout is 0."""

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster)
        if self.profile.pod_eviction_timeout_s:
            cluster.every(self.profile.node_monitor_s, self.look, "pod-eviction")

    def look(self) -> None:
        """Delete the pods of each node that has not been Ready for long enough."""
        for node in self.store.list(NODES):
            if self._is_lost(node):
                for pod in pods.of_node(self.store, node["metadata"]["name"]):
                    self._evict(pod, node)

    def _is_lost(self, node: Object) -> bool:
        ready = conditions.find(node, "Ready")
        if ready is None or ready["status"] == "True":
            return False
        since = datetime.strptime(ready["lastTransitionTime"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        return (self.world.now - since).total_seconds() >= self.profile.pod_eviction_timeout_s

    def _evict(self, pod: Object, node: Object) -> None:
        meta = pod["metadata"]
        if not pods.is_terminating(pod):
            message = f"Marking for deletion Pod {meta['name']} from Node {node['metadata']['name']}"
            self.events.normal(pod, "NodeControllerEviction", message, by=BY)
            self.store.delete(PODS, meta["name"], meta["namespace"])
