"""The Deployment controller: one ReplicaSet per template, and the way from the old one to the new one."""

import math
from functools import partial

from chaoscinder.sandbox.kubernetes.controllers import deploymentstatus, pods, podtemplate
from chaoscinder.sandbox.kubernetes.controllers.cluster import Controller
from chaoscinder.sandbox.kubernetes.resources import DEPLOYMENTS, PODS, REPLICASETS
from chaoscinder.sandbox.kubernetes.store import Object

BY = "deployment-controller"
REVISION = "deployment.kubernetes.io/revision"


class Deployments(Controller):
    """Looks at every Deployment after each change of one, of a ReplicaSet or of a pod."""

    watches = (DEPLOYMENTS, REPLICASETS, PODS)

    def sync(self) -> None:
        """Take each Deployment one step further."""
        for deployment in self.store.list(DEPLOYMENTS):
            if not deployment["metadata"].get("deletionTimestamp"):
                self._follow(deployment)
                self._report(deployment)

    def _follow(self, deployment: Object) -> None:
        new, old = self._replicasets(deployment)
        self._clean_up(deployment, old)
        if deployment["spec"].get("paused"):
            return
        if _is_recreate(deployment):
            self._recreate(deployment, new, old)
        else:
            self._roll(deployment, new or self._create(deployment, old), old)

    def _replicasets(self, deployment: Object) -> tuple[Object | None, list[Object]]:
        uid, namespace = deployment["metadata"]["uid"], deployment["metadata"]["namespace"]
        owned = [row for row in self.store.list(REPLICASETS, namespace) if (pods.owner(row) or {}).get("uid") == uid]
        name = f"{deployment['metadata']['name']}-{podtemplate.hash_of(deployment['spec']['template'])}"
        new = next((row for row in owned if row["metadata"]["name"] == name), None)
        return new, [row for row in owned if row is not new]

    def _recreate(self, deployment: Object, new: Object | None, old: list[Object]) -> None:
        """Old pods first: the new ReplicaSet waits until the last of them is gone."""
        for row in old:
            self._scale(deployment, row, 0)
        if not any(not pods.is_finished(pod) for row in old for pod in pods.owned_by(self.store, row)):
            self._scale(deployment, self._newest(new or self._create(deployment, old), old), _wanted(deployment))

    def _roll(self, deployment: Object, new: Object, old: list[Object]) -> None:
        new, wanted = self._newest(new, old), _wanted(deployment)
        surge, unavailable = _fenceposts(deployment, wanted)
        total = sum(_replicas(row) for row in [new, *old])
        new = self._scale(deployment, new, min(wanted, _replicas(new) + max(0, wanted + surge - total)))
        total = sum(_replicas(row) for row in [new, *old])
        spare = total - (wanted - unavailable) - (_replicas(new) - _available(new))
        for row in sorted((row for row in old if _replicas(row)), key=_age):
            down = self._removable(row, spare, sum(_available(each) for each in [new, *old]) - (wanted - unavailable))
            spare -= down
            self._scale(deployment, row, _replicas(row) - down)

    def _removable(self, row: Object, spare: int, available_spare: int) -> int:
        """How many pods of an old ReplicaSet may go: broken ones first, then as many as availability can spare."""
        broken = max(0, _replicas(row) - _available(row))
        from_broken = max(0, min(spare, broken))
        return from_broken + max(0, min(spare - from_broken, available_spare, _replicas(row) - from_broken))

    def _create(self, deployment: Object, old: list[Object]) -> Object:
        spec, meta = deployment["spec"], deployment["metadata"]
        label = {"pod-template-hash": podtemplate.hash_of(spec["template"])}
        template = {**spec["template"], "metadata": {**(spec["template"].get("metadata") or {})}}
        template["metadata"]["labels"] = {**(template["metadata"].get("labels") or {}), **label}
        selector = {**spec["selector"], "matchLabels": {**(spec["selector"].get("matchLabels") or {}), **label}}
        new_meta = {"name": f"{meta['name']}-{label['pod-template-hash']}", "namespace": meta["namespace"]}
        new_meta |= {"labels": template["metadata"]["labels"], "ownerReferences": [podtemplate.reference(deployment)]}
        new_meta["annotations"] = {REVISION: str(max((_revision(row) for row in old), default=0) + 1)}
        body = {"replicas": 0, "selector": selector, "template": template, "minReadySeconds": spec.get("minReadySeconds", 0)}
        return self.store.create(REPLICASETS, {"metadata": new_meta, "spec": body, "status": {"replicas": 0}})

    def _newest(self, new: Object, old: list[Object]) -> Object:
        """Give the ReplicaSet of the present template the highest revision: a roll-back takes an old one up again."""
        highest = max((_revision(row) for row in old), default=0)
        if _revision(new) > highest:
            return new
        return self.store.change(REPLICASETS, new["metadata"]["name"], new["metadata"]["namespace"], partial(_revise, revision=highest + 1))

    def _scale(self, deployment: Object, replicaset: Object, to: int) -> Object:
        was, meta = _replicas(replicaset), replicaset["metadata"]
        if was == to:
            return replicaset
        word = "up" if to > was else "down"
        message = self.profile.texts["scaled"].format(word=word, name=meta["name"], was=was, to=to)
        self.events.normal(deployment, "ScalingReplicaSet", message, by=BY)
        return self.store.change(REPLICASETS, meta["name"], meta["namespace"], partial(_resize, to=to))

    def _clean_up(self, deployment: Object, old: list[Object]) -> None:
        kept = int(deployment["spec"].get("revisionHistoryLimit", 10))
        idle = [row for row in old if not _replicas(row) and not row.get("status", {}).get("replicas")]
        for row in sorted(idle, key=_revision)[: max(0, len(idle) - kept)]:
            self.store.delete(REPLICASETS, row["metadata"]["name"], row["metadata"]["namespace"])

    def _report(self, deployment: Object) -> None:
        new, old = self._replicasets(deployment)
        name, namespace = deployment["metadata"]["name"], deployment["metadata"]["namespace"]

        def edit(changed: Object) -> None:
            if new is not None:
                changed["metadata"].setdefault("annotations", {})[REVISION] = str(_revision(new))
            deploymentstatus.write(changed, new, old, self.world.now)

        changed = self.store.change(DEPLOYMENTS, name, namespace, edit)
        due_s = deploymentstatus.deadline_s(changed, self.world.now)
        if changed is not deployment and due_s is not None:
            self.world.call_later(due_s, self.sync, "progress-deadline")


def _is_recreate(deployment: Object) -> bool:
    return (deployment["spec"].get("strategy") or {}).get("type") == "Recreate"


def _wanted(deployment: Object) -> int:
    return int(deployment["spec"].get("replicas", 1))


def _fenceposts(deployment: Object, wanted: int) -> tuple[int, int]:
    """maxSurge rounds up, maxUnavailable rounds down; both 0 is read as one unavailable."""
    rolling = (deployment["spec"].get("strategy") or {}).get("rollingUpdate") or {}
    surge = math.ceil(_share(rolling.get("maxSurge", "25%"), wanted))
    unavailable = math.floor(_share(rolling.get("maxUnavailable", "25%"), wanted))
    return (surge, unavailable) if surge or unavailable else (0, 1)


def _share(value: int | str, of: int) -> float:
    return int(value[:-1]) * of / 100 if isinstance(value, str) and value.endswith("%") else float(value)


def _resize(replicaset: Object, to: int) -> None:
    replicaset["spec"]["replicas"] = to


def _revise(replicaset: Object, revision: int) -> None:
    replicaset["metadata"].setdefault("annotations", {})[REVISION] = str(revision)


def _replicas(replicaset: Object) -> int:
    return int(replicaset["spec"].get("replicas", 1))


def _available(replicaset: Object) -> int:
    return int(replicaset.get("status", {}).get("availableReplicas", 0))


def _revision(replicaset: Object) -> int:
    return int((replicaset["metadata"].get("annotations") or {}).get(REVISION, 0))


def _age(replicaset: Object) -> str:
    return str(replicaset["metadata"]["creationTimestamp"])
