"""The StatefulSet controller: pods with fixed names, one after the other, and never two of one name.

A pod that was deleted keeps its name as long as its object is there, so on a dead node nothing takes its place.
"""

import copy
from functools import partial

from chaoscinder.sandbox.kubernetes import defaults
from chaoscinder.sandbox.kubernetes.controllers import pods, podtemplate
from chaoscinder.sandbox.kubernetes.controllers.cluster import Controller
from chaoscinder.sandbox.kubernetes.resources import CLAIMS, PODS, STATEFULSETS
from chaoscinder.sandbox.kubernetes.store import Object

BY = "statefulset-controller"
HASH = "controller-revision-hash"


class StatefulSets(Controller):
    """Looks at every StatefulSet after each change of one or of a pod."""

    watches = (STATEFULSETS, PODS)

    def sync(self) -> None:
        """Take each StatefulSet one step further."""
        for statefulset in self.store.list(STATEFULSETS):
            if not statefulset["metadata"].get("deletionTimestamp"):
                found = self._owned(statefulset)
                self._follow(statefulset)
                there = self._owned(statefulset) if self.profile.statefulset_counts_new else found
                meta = statefulset["metadata"]
                self.store.change(STATEFULSETS, meta["name"], meta["namespace"], partial(self._report, there=there))

    def _follow(self, statefulset: Object) -> None:
        parallel = statefulset["spec"].get("podManagementPolicy") == "Parallel"
        wanted = int(statefulset["spec"].get("replicas", 1))
        for ordinal in range(wanted):
            if not self._fill(statefulset, ordinal) and not parallel:
                return
        surplus = [pod for pod in self._owned(statefulset) if _ordinal(pod) >= wanted]
        if surplus:
            for pod in sorted(surplus, key=_ordinal, reverse=True)[: None if parallel else 1]:
                self._delete(statefulset, pod)
        else:
            self._update(statefulset)

    def _fill(self, statefulset: Object, ordinal: int) -> bool:
        """See to one ordinal; whether its pod is there and Ready, so that the next one may follow."""
        meta = statefulset["metadata"]
        pod = self.store.find(PODS, f"{meta['name']}-{ordinal}", meta["namespace"])
        if pod is None:
            self._create(statefulset, ordinal)
        elif pods.is_finished(pod) and not pods.is_terminating(pod):
            if text := self._text("recreating_failed", statefulset, pod):
                self.events.warning(statefulset, "RecreatingFailedPod", text, by=BY)
            self._delete(statefulset, pod)
        return pod is not None and pods.is_active(pod) and pods.is_ready(pod)

    def _create(self, statefulset: Object, ordinal: int) -> None:
        name = f"{statefulset['metadata']['name']}-{ordinal}"
        labels = {"apps.kubernetes.io/pod-index": str(ordinal), HASH: _hash(statefulset), "statefulset.kubernetes.io/pod-name": name}
        pod = podtemplate.pod(statefulset["spec"]["template"], statefulset, name=name, labels=labels)
        pod["spec"] |= {"hostname": name} | ({"subdomain": text} if (text := statefulset["spec"].get("serviceName")) else {})
        for template in statefulset["spec"].get("volumeClaimTemplates") or []:
            self._claim(statefulset, pod, template)
        self.store.create(PODS, pod)
        self.events.normal(statefulset, "SuccessfulCreate", self._text("statefulset_create", statefulset, pod), by=BY)

    def _claim(self, statefulset: Object, pod: Object, template: Object) -> None:
        volume, namespace = template["metadata"]["name"], statefulset["metadata"]["namespace"]
        name = f"{volume}-{pod['metadata']['name']}"
        source = {"name": volume, "persistentVolumeClaim": {"claimName": name}}
        pod["spec"]["volumes"] = [row for row in pod["spec"].get("volumes") or [] if row["name"] != volume] + [source]
        if self.store.find(CLAIMS, name, namespace) is None:
            labels = {**(template["metadata"].get("labels") or {}), **(statefulset["spec"]["selector"].get("matchLabels") or {})}
            claim = {"metadata": {"name": name, "namespace": namespace, "labels": labels}, "spec": copy.deepcopy(template["spec"])}
            self.store.create(CLAIMS, defaults.apply(CLAIMS, claim))
            message = self._text("statefulset_claim", statefulset, pod, claim=name)
            self.events.normal(statefulset, "SuccessfulCreate", message, by=BY)

    def _update(self, statefulset: Object) -> None:
        """Replace the highest pod of an old template, one at a time."""
        strategy = statefulset["spec"].get("updateStrategy") or {}
        if strategy.get("type", "RollingUpdate") != "RollingUpdate":
            return
        partition = int((strategy.get("rollingUpdate") or {}).get("partition", 0))
        for pod in sorted(self._owned(statefulset), key=_ordinal, reverse=True):
            if _ordinal(pod) >= partition and pod["metadata"]["labels"].get(HASH) != _hash(statefulset):
                self._delete(statefulset, pod)
                return

    def _delete(self, statefulset: Object, pod: Object) -> None:
        if not pods.is_terminating(pod):
            self.store.delete(PODS, pod["metadata"]["name"], pod["metadata"]["namespace"])
            self.events.normal(statefulset, "SuccessfulDelete", self._text("statefulset_delete", statefulset, pod), by=BY)

    def _text(self, name: str, statefulset: Object, pod: Object, *, claim: str = "") -> str:
        owner, namespace = statefulset["metadata"]["name"], statefulset["metadata"]["namespace"]
        return self.profile.texts[name].format(pod=pod["metadata"]["name"], owner=owner, namespace=namespace, claim=claim)

    def _owned(self, statefulset: Object) -> list[Object]:
        return pods.owned_by(self.store, statefulset)

    def _report(self, statefulset: Object, there: list[Object]) -> None:
        ready = sum(pods.is_ready(pod) and not pods.is_finished(pod) for pod in there)
        updated = sum(pods.is_active(pod) and pod["metadata"]["labels"].get(HASH) == _hash(statefulset) for pod in there)
        revision = f"{statefulset['metadata']['name']}-{_hash(statefulset)}"
        status = {"replicas": len(there), "collisionCount": 0, "updateRevision": revision}
        status |= {"availableReplicas": ready} if self.profile.statefulset_available else {}
        complete = updated == len(there) == int(statefulset["spec"].get("replicas", 1))
        status["currentRevision"] = revision if complete else statefulset.get("status", {}).get("currentRevision", revision)
        status["observedGeneration"] = statefulset["metadata"].get("generation", 1)
        status |= {
            name: count for name, count in (("readyReplicas", ready), ("currentReplicas", updated), ("updatedReplicas", updated)) if count
        }
        statefulset["status"] = status


def _hash(statefulset: Object) -> str:
    return podtemplate.hash_of(statefulset["spec"]["template"])


def _ordinal(pod: Object) -> int:
    return int(pod["metadata"]["name"].rpartition("-")[2])
