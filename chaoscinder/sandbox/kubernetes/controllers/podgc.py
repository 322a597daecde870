"""The pod garbage collector: ends pods that no kubelet will ever end, because the node is gone or declared out of service."""

from functools import partial

from chaoscinder.sandbox.kubernetes.controllers import conditions, pods, taints
from chaoscinder.sandbox.kubernetes.controllers.cluster import Cluster, Controller
from chaoscinder.sandbox.kubernetes.resources import NODES, PODS
from chaoscinder.sandbox.kubernetes.store import Object


class PodGC(Controller):
    """Collects each gcCheckPeriod; between two collections nothing wakes it."""

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster)
        self._missing_since: dict[str, float] = {}
        cluster.every(self.profile.pod_gc_s, self.collect, "pod-gc")

    def collect(self) -> None:
        """Collect once."""
        self._quarantine()
        for pod in self.store.list(PODS):
            node = pod.get("spec", {}).get("nodeName")
            if pods.is_terminating(pod) and (not node or self._out_of_service(node)):
                self._end(pod)
            elif node and self._is_orphaned(node):
                self._end(pod, orphaned=True)

    def _quarantine(self) -> None:
        wanted = {pod["spec"]["nodeName"] for pod in self.store.list(PODS) if pod.get("spec", {}).get("nodeName")}
        missing = {name for name in wanted if self.store.find(NODES, name) is None}
        self._missing_since = {name: self._missing_since.get(name, self.world.now_s) for name in missing}

    def _is_orphaned(self, node: str) -> bool:
        since_s = self._missing_since.get(node)
        return since_s is not None and self.world.now_s - since_s >= self.profile.pod_gc_quarantine_s

    def _out_of_service(self, name: str) -> bool:
        node = self.store.find(NODES, name)
        if node is None or not self.profile.out_of_service:
            return False
        return conditions.status(node, "Ready") != "True" and taints.has(node, taints.OUT_OF_SERVICE)

    def _end(self, pod: Object, *, orphaned: bool = False) -> None:
        """Call it Failed, then delete it: two requests, between which others see the failed pod."""
        name, namespace = pod["metadata"]["name"], pod["metadata"]["namespace"]
        if self.profile.disruption_conditions and not pods.is_finished(pod):
            self.store.change(PODS, name, namespace, lambda new: self._fail(new, orphaned))
        self.world.call_later(0.0, partial(self._delete, pod), "pod-gc")

    def _delete(self, pod: Object) -> None:
        name, namespace = pod["metadata"]["name"], pod["metadata"]["namespace"]
        found = self.store.find(PODS, name, namespace)
        if found is not None and found["metadata"]["uid"] == pod["metadata"]["uid"]:
            self.store.delete(PODS, name, namespace, grace_s=0)

    def _fail(self, pod: Object, orphaned: bool) -> None:
        pod.setdefault("status", {})["phase"] = "Failed"
        if orphaned:
            generation = pod["metadata"].get("generation", 1)
            conditions.put(
                pod, "DisruptionTarget", "True", self.world.stamp(), reason="DeletionByPodGC",
                message="PodGC: node no longer exists", observedGeneration=generation, lastProbeTime=None,
            )  # fmt: skip
