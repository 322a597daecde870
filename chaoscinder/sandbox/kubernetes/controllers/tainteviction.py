"""The taint eviction controller: deletes the pods that do not tolerate their node's NoExecute taints, each after its own patience."""

import math
from dataclasses import dataclass

from chaoscinder.sandbox.kubernetes.controllers import conditions, pods, taints
from chaoscinder.sandbox.kubernetes.controllers.cluster import Cluster, Controller
from chaoscinder.sandbox.kubernetes.resources import NODES, PODS
from chaoscinder.sandbox.kubernetes.store import Happened, Object
from chaoscinder.sandbox.world import Timer


@dataclass(slots=True)
class Watched:
    """A pod, the taints and tolerations it was last judged by, and its pending deletion."""

    pod: Object
    judged: tuple[list[Object], list[Object]] | None = None
    timer: Timer | None = None


class TaintEviction(Controller):
    """Judges a pod when its node's NoExecute taints, its tolerations or its node change, and only then."""

    watches = (NODES, PODS)

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster)
        self._watched: dict[str, Watched] = {}
        self._by = self.profile.texts["taint_component"]

    def concerns(self, event: Happened) -> bool:
        """Only what it judges by: a pod's spec, a node's taints, and the coming and going of both."""
        before, after = event.previous or {}, event.object
        if event.type != "MODIFIED":
            return True
        return before.get("spec") != after["spec"] if event.resource is PODS else taints.of(before) != taints.of(after)

    def sync(self) -> None:
        """Judge what changed."""
        there = {pod["metadata"]["uid"]: pod for pod in self.store.list(PODS) if pod.get("spec", {}).get("nodeName")}
        for uid in [uid for uid in self._watched if uid not in there]:
            self._cancel(self._watched.pop(uid))
        for uid, pod in there.items():
            watched = self._watched.setdefault(uid, Watched(pod))
            watched.pod = pod
            node = self.store.find(NODES, pod["spec"]["nodeName"])
            if node is not None:  # a Node that went away cancels nothing; only the pod's end does
                self._look(watched, [taint for taint in taints.of(node) if taint["effect"] == "NoExecute"])

    def _look(self, watched: Watched, found: list[Object]) -> None:
        judged = (found, watched.pod["spec"].get("tolerations") or [])
        if judged != watched.judged:
            watched.judged = judged
            self._judge(watched, *judged)

    def _judge(self, watched: Watched, found: list[Object], tolerations: list[Object]) -> None:
        covering = taints.covering(found, tolerations)
        if covering is None:
            self._cancel(watched)
            self._evict(watched)
            return
        patience_s = min((_patience_s(row) for row in covering), default=math.inf)
        if patience_s == math.inf:
            self._cancel(watched)
        elif watched.timer is None:
            watched.timer = self.world.call_later(patience_s, lambda: self._evict(watched), "taint-eviction")

    def _cancel(self, watched: Watched) -> None:
        if watched.timer is not None:
            watched.timer.cancel()
            watched.timer = None
            self.events.normal(watched.pod, "TaintManagerEviction", f"Cancelling deletion of Pod {pods.key(watched.pod)}", by=self._by)

    def _evict(self, watched: Watched) -> None:
        watched.timer = None
        name, namespace = watched.pod["metadata"]["name"], watched.pod["metadata"]["namespace"]
        pod = self.store.find(PODS, name, namespace)
        if pod is None or pod["metadata"]["uid"] != watched.pod["metadata"]["uid"]:
            return
        self.events.normal(pod, "TaintManagerEviction", f"Marking for deletion Pod {pods.key(pod)}", by=self._by)
        if self.profile.disruption_conditions:
            self.store.change(PODS, name, namespace, self._mark_disrupted)
        self.store.delete(PODS, name, namespace)

    def _mark_disrupted(self, pod: Object) -> None:
        generation = pod["metadata"].get("generation", 1)
        conditions.put(
            pod, "DisruptionTarget", "True", self.world.stamp(), reason="DeletionByTaintManager",
            message="Taint manager: deleting due to NoExecute taint", observedGeneration=generation, lastProbeTime=None,
        )  # fmt: skip


def _patience_s(toleration: Object) -> float:
    seconds = toleration.get("tolerationSeconds")
    return math.inf if seconds is None else max(0.0, float(seconds))
