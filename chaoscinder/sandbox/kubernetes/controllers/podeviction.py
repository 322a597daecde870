"""The old way to give a node up, before taints did it: the node controller deletes its pods."""

from chaoscinder.sandbox.kubernetes.controllers import pods
from chaoscinder.sandbox.kubernetes.controllers.cluster import Cluster
from chaoscinder.sandbox.kubernetes.resources import NODES, PODS
from chaoscinder.sandbox.kubernetes.store import Object

BY = "node-controller"


class PodEviction:
    """Deletes the pods of one node after the other, each when its turn in its zone has come."""

    def __init__(self, cluster: Cluster) -> None:
        self._store = cluster.store
        self._events = cluster.events

    def evict(self, name: str) -> None:
        """Delete the pods of a node; one whose Node is gone is the pod GC's."""
        node = self._store.find(NODES, name)
        rows = pods.of_node(self._store, name) if node else []
        if node and rows:
            self._events.normal(node, "DeletingAllPods", f"Node {name} event: Deleting all Pods from Node {name}.", by=BY)
        for pod in rows:
            self._delete(pod, name)

    def _delete(self, pod: Object, node: str) -> None:
        meta = pod["metadata"]
        if not pods.is_terminating(pod):
            self._events.normal(pod, "NodeControllerEviction", f"Marking for deletion Pod {meta['name']} from Node {node}", by=BY)
            self._store.delete(PODS, meta["name"], meta["namespace"])
