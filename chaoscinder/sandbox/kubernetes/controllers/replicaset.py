"""The ReplicaSet controller: keeps the wanted number of active pods.

A deleted pod stops counting at once, so its replacement is made while it is still there.
"""

from datetime import UTC, datetime
from functools import partial

from chaoscinder.sandbox.kubernetes.controllers import conditions, pods, podtemplate
from chaoscinder.sandbox.kubernetes.controllers.cluster import Controller
from chaoscinder.sandbox.kubernetes.resources import PODS, REPLICASETS
from chaoscinder.sandbox.kubernetes.store import Object

BY = "replicaset-controller"


class ReplicaSets(Controller):
    """Looks at every ReplicaSet after each change of one or of a pod."""

    watches = (REPLICASETS, PODS)

    def sync(self) -> None:
        """Create and delete pods, then write the status as it was found: what was just made is counted by the next sync."""
        for replicaset in self.store.list(REPLICASETS):
            owned = pods.owned_by(self.store, replicaset)
            if not replicaset["metadata"].get("deletionTimestamp"):
                self._scale(replicaset, owned)
            meta = replicaset["metadata"]
            if self.store.find(REPLICASETS, meta["name"], meta["namespace"]) is not None:
                self.store.change(REPLICASETS, meta["name"], meta["namespace"], partial(self._report, owned=owned))

    def _scale(self, replicaset: Object, owned: list[Object]) -> None:
        active = [pod for pod in owned if pods.is_active(pod)]
        missing = int(replicaset["spec"].get("replicas", 1)) - len(active)
        for _ in range(missing):
            pod = self.store.create(PODS, podtemplate.pod(replicaset["spec"]["template"], replicaset))
            self.events.normal(replicaset, "SuccessfulCreate", f"Created pod: {pod['metadata']['name']}", by=BY)
        for pod in sorted(active, key=_least_wanted)[: max(0, -missing)]:
            self.store.delete(PODS, pod["metadata"]["name"], pod["metadata"]["namespace"])
            self.events.normal(replicaset, "SuccessfulDelete", f"Deleted pod: {pod['metadata']['name']}", by=BY)

    def _report(self, replicaset: Object, owned: list[Object]) -> None:
        active = [pod for pod in owned if pods.is_active(pod)]
        template = replicaset["spec"]["template"].get("metadata") or {}
        labeled = [pod for pod in active if (template.get("labels") or {}).items() <= (pod["metadata"].get("labels") or {}).items()]
        delay_s = float(replicaset["spec"].get("minReadySeconds", 0))
        counts = {"fullyLabeledReplicas": len(labeled), "readyReplicas": sum(pods.is_ready(pod) for pod in active)}
        counts["availableReplicas"] = sum(is_available(pod, delay_s, self.world.now) for pod in active)
        status = {"replicas": len(active)} | {key: count for key, count in counts.items() if count}
        gone = sum(pods.is_terminating(pod) and not pods.is_finished(pod) for pod in owned)
        if self.profile.terminating_replicas and (gone or "terminatingReplicas" in replicaset.get("status", {})):
            status["terminatingReplicas"] = gone
        status["observedGeneration"] = replicaset["metadata"].get("generation", 1)
        replicaset["status"] = status
        self._look_again(active, delay_s)

    def _look_again(self, active: list[Object], delay_s: float) -> None:
        waiting = [pod for pod in active if delay_s and pods.is_ready(pod) and not is_available(pod, delay_s, self.world.now)]
        if waiting:
            self.world.call_later(1.0, self.sync, "min-ready")


def is_available(pod: Object, delay_s: float, now: datetime) -> bool:
    """Whether a pod has been Ready for that long."""
    if not pods.is_ready(pod):
        return False
    since = str((conditions.find(pod, "Ready") or {})["lastTransitionTime"])
    return (now - datetime.strptime(since, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)).total_seconds() >= delay_s


def _least_wanted(pod: Object) -> tuple[bool, bool, bool, str]:
    bound, running = bool(pod["spec"].get("nodeName")), pods.phase(pod) == "Running"
    newest_first = "".join(chr(0x10FFFF - ord(letter)) for letter in pod["metadata"]["creationTimestamp"])
    return bound, running, pods.is_ready(pod), newest_first
