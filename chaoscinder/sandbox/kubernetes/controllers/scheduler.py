"""The scheduler: binds each pod to a node that its taints, its own wishes and its volumes allow, the emptiest first.

It does not count CPU, memory or the number of disks a node may have, and knows no affinity between pods.
"""

from collections import Counter

from chaoscinder.sandbox.kubernetes.controllers import affinity, conditions, disks, pods, taints
from chaoscinder.sandbox.kubernetes.controllers.cluster import Cluster, Controller
from chaoscinder.sandbox.kubernetes.resources import CLAIMS, NODES, PODS, STORAGECLASSES, VOLUMES
from chaoscinder.sandbox.kubernetes.store import Object

BY = "default-scheduler"
SELECTED_NODE = "volume.kubernetes.io/selected-node"


class Scheduler(Controller):
    """Tries every unbound pod again after each change of a pod, node, claim or volume."""

    watches = (PODS, NODES, CLAIMS, VOLUMES, STORAGECLASSES)

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster)
        self._refused: dict[str, str] = {}
        self._chosen: dict[str, str] = {}  # a pod's node while its claims are provisioned for it; the real one holds on to it as well
        cluster.every(self.profile.schedule_retry_s, self._retry, "scheduler-retry")

    def sync(self) -> None:
        """Bind what can be bound, the oldest pod first."""
        waiting = [pod for pod in self.store.on_node(PODS, "") if _is_waiting(pod)]
        uids = {pod["metadata"]["uid"] for pod in waiting}
        self._refused = {uid: text for uid, text in self._refused.items() if uid in uids}
        self._chosen = {uid: node for uid, node in self._chosen.items() if uid in uids}
        for pod in sorted(waiting, key=lambda pod: int(pod["metadata"]["resourceVersion"])):
            self._schedule(pod)

    def _retry(self) -> None:
        self._refused.clear()
        self.sync()

    def _schedule(self, pod: Object) -> None:
        nodes = self.store.list(NODES)
        if problem := self._unbound(pod):
            self._refuse(pod, f"0/{len(nodes)} nodes are available: {problem.format(total=len(nodes))}")
            return
        reasons = {node["metadata"]["name"]: self._objection(pod, node) for node in nodes}
        fitting = [node for node in nodes if reasons[node["metadata"]["name"]] is None]
        if not fitting:
            self._refuse(pod, self._summary(Counter(reason for reason in reasons.values() if reason)))
            return
        chosen = self._chosen.get(pod["metadata"]["uid"])
        node = next((node for node in fitting if node["metadata"]["name"] == chosen), None) or self._best(pod, fitting)
        if self._claims_follow(pod, node):
            self._bind(pod, node)

    def _unbound(self, pod: Object) -> str | None:
        """What keeps a pod from being looked at: a claim that is missing, or unbound and not waiting for a consumer."""
        namespace = pod["metadata"]["namespace"]
        for name in pods.claims(pod).values():
            claim = self.store.find(CLAIMS, name, namespace)
            if claim is None:
                return self.profile.texts["missing_claim"].replace("{claim}", name)
            if not claim["spec"].get("volumeName") and not self._waits_for_consumer(claim):
                return self.profile.texts["unbound_claims"]
        return None

    def _waits_for_consumer(self, claim: Object) -> bool:
        class_ = self.store.find(STORAGECLASSES, claim["spec"].get("storageClassName") or "")
        return class_ is not None and class_.get("volumeBindingMode") == "WaitForFirstConsumer"

    def _objection(self, pod: Object, node: Object) -> str | None:
        """Why a pod cannot go to a node, in the order in which the real plugins look; None when it can."""
        tolerations = pod["spec"].get("tolerations") or []
        cordon = {"key": taints.UNSCHEDULABLE, "effect": "NoSchedule"}
        if node["spec"].get("unschedulable") and taints.covering([cordon], tolerations) is None:
            return "node(s) were unschedulable"
        hard = [taint for taint in taints.of(node) if taint["effect"] in ("NoSchedule", "NoExecute")]
        if (refused := next((taint for taint in hard if taints.covering([taint], tolerations) is None), None)) is not None:
            return self.profile.texts["untolerated"].format(key=refused["key"], value=refused.get("value") or "")
        if not self.profile.condition_taints and conditions.status(node, "Ready") != "True":
            return "node(s) were not ready"
        if not affinity.allows(pod, node):
            return "node(s) didn't match Pod's node affinity/selector"
        if not all(affinity.reaches(volume, node) for volume in self._volumes(pod)):
            return self.profile.texts["volume_zone"]
        return None

    def _volumes(self, pod: Object) -> list[Object]:
        namespace = pod["metadata"]["namespace"]
        found = [disks.volume_of_claim(self.store, namespace, claim) for claim in pods.claims(pod).values()]
        return [volume for volume in found if volume is not None]

    def _best(self, pod: Object, nodes: list[Object]) -> Object:
        load = Counter(
            row["spec"]["nodeName"] for row in self.store.list(PODS) if row["spec"].get("nodeName") and not pods.is_finished(row)
        )
        scores = {node["metadata"]["name"]: (affinity.weight(pod, node), -load[node["metadata"]["name"]]) for node in nodes}
        best = max(scores.values())
        return self.cluster.chance.node(pod, [node for node in nodes if scores[node["metadata"]["name"]] == best])

    def _claims_follow(self, pod: Object, node: Object) -> bool:
        """Name the node to claims that waited for a consumer; whether every claim is bound already."""
        namespace, name = pod["metadata"]["namespace"], node["metadata"]["name"]

        def select(claim: Object) -> None:
            claim["metadata"].setdefault("annotations", {}).setdefault(SELECTED_NODE, name)

        claims = [self.store.get(CLAIMS, claim, namespace) for claim in pods.claims(pod).values()]
        unbound = [claim for claim in claims if not claim["spec"].get("volumeName")]
        if unbound:
            self._chosen[pod["metadata"]["uid"]] = name
        for claim in unbound:
            self.store.change(CLAIMS, claim["metadata"]["name"], namespace, select)
        return not unbound

    def _bind(self, pod: Object, node: Object) -> None:
        name = node["metadata"]["name"]

        def bind(new: Object) -> None:
            new["spec"]["nodeName"] = name
            conditions.put(new, "PodScheduled", "True", self.world.stamp(), lastProbeTime=None)

        bound = self.store.change(PODS, pod["metadata"]["name"], pod["metadata"]["namespace"], bind)
        meta, text = pod["metadata"], self.profile.texts["scheduled"]
        message = text.format(namespace=meta["namespace"], pod=meta["name"], node=name)
        self.events.scheduling("Normal", bound, "Scheduled", message, action="Binding", by=BY)

    def _refuse(self, pod: Object, message: str) -> None:
        if self._refused.get(pod["metadata"]["uid"]) == message:
            return
        self._refused[pod["metadata"]["uid"]] = message

        def edit(new: Object) -> None:
            now = self.world.stamp()
            conditions.put(new, "PodScheduled", "False", now, reason="Unschedulable", message=message, lastProbeTime=None)

        self.store.change(PODS, pod["metadata"]["name"], pod["metadata"]["namespace"], edit)
        self.events.scheduling("Warning", pod, "FailedScheduling", message, action="Scheduling", by=BY)

    def _summary(self, reasons: Counter[str]) -> str:
        total = sum(reasons.values())
        listed = ", ".join(sorted(f"{count} {reason}" for reason, count in reasons.items()))
        if not total:
            return "no nodes available to schedule pods"
        return f"0/{total} nodes are available: {listed}.{self.profile.texts['preemption'].format(total=total)}"


def _is_waiting(pod: Object) -> bool:
    named = pod["spec"].get("schedulerName", BY) == BY
    return named and not pod["spec"].get("nodeName") and not pods.is_terminating(pod) and not pods.is_finished(pod)
