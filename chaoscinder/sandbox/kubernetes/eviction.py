"""The eviction subresource: a deletion that asks the pod's disruption budget first (pkg/registry/core/pod/storage/eviction.go)."""

from chaoscinder.sandbox.kubernetes.asking import Asked
from chaoscinder.sandbox.kubernetes.deleting import delete_one
from chaoscinder.sandbox.kubernetes.resources import BUDGETS, PODS
from chaoscinder.sandbox.kubernetes.selectors import selects
from chaoscinder.sandbox.kubernetes.statuses import bad_request, success
from chaoscinder.sandbox.kubernetes.store import Object, Store, StoreError

_REFUSED = "Cannot evict pod as it would violate the pod's disruption budget."
_RETRY_S = 10  # said while the budget has not been looked at by its controller


def evict(store: Store, asked: Asked, *, tells: bool = True) -> Object:
    """Evict a pod as its budget allows: 429 with the reason when it does not.

    tells: whether the pod gets the condition DisruptionTarget (PodDisruptionConditions, on by default since 1.26).
    """
    sent = asked.document()
    if (sent.get("metadata") or {}).get("name", asked.name) != asked.name:
        raise bad_request("name in URL does not match name in Eviction object")
    options = sent.get("deleteOptions") or {}
    pod = store.get(PODS, asked.name, asked.home)
    if not _ignores_budgets(pod):
        _ask_budget(store, pod)
    if tells and not pod["metadata"].get("deletionTimestamp"):
        pod = store.change(PODS, asked.name, asked.home, lambda new: _mark_disrupted(new, store.world.stamp()))
    delete_one(store, PODS, pod, options)
    return success(code=201)


def _ignores_budgets(pod: Object) -> bool:
    phase = (pod.get("status") or {}).get("phase")
    return phase in ("Succeeded", "Failed", "Pending") or bool(pod["metadata"].get("deletionTimestamp"))


def _ask_budget(store: Store, pod: Object) -> None:
    labels = pod["metadata"].get("labels") or {}
    rows = store.list(BUDGETS, pod["metadata"]["namespace"])
    budgets = [row for row in rows if selects(row["spec"].get("selector"), labels)]
    if len(budgets) > 1:
        message = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
        raise StoreError(500, "InternalError", message)
    if budgets and not _spares(budgets[0], pod):
        _spend(store, budgets[0], pod)


def _spares(budget: Object, pod: Object) -> bool:
    """Whether a pod that is not ready may go without costing the budget anything."""
    if _is_ready(pod):
        return False
    if budget["spec"].get("unhealthyPodEvictionPolicy") == "AlwaysAllow":
        return True
    status = budget.get("status") or {}
    desired = int(status.get("desiredHealthy", 0))
    return desired > 0 and int(status.get("currentHealthy", 0)) >= desired


def _spend(store: Store, budget: Object, pod: Object) -> None:
    meta, status = budget["metadata"], budget.get("status") or {}
    if status.get("observedGeneration", 0) < meta.get("generation", 1):
        raise _refusal(f"The disruption budget {meta['name']} is still being processed by the server.", _RETRY_S)
    if status.get("disruptionsAllowed", 0) <= 0:
        healthy = f"{status.get('desiredHealthy', 0)} healthy pods and has {status.get('currentHealthy', 0)} currently"
        raise _refusal(f"The disruption budget {meta['name']} needs {healthy}")

    def spend(new: Object) -> None:
        new["status"]["disruptionsAllowed"] -= 1
        new["status"].setdefault("disruptedPods", {})[pod["metadata"]["name"]] = store.world.stamp()

    store.change(BUDGETS, meta["name"], meta["namespace"], spend)


def _refusal(cause: str, retry_s: int = 0) -> StoreError:
    details: Object = {"causes": [{"reason": "DisruptionBudget", "message": cause}]}
    if retry_s:
        details["retryAfterSeconds"] = retry_s
    return StoreError(429, "TooManyRequests", _REFUSED, details)


def _is_ready(pod: Object) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or []
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def _mark_disrupted(pod: Object, stamp: str) -> None:
    status = pod.setdefault("status", {})
    kept = [each for each in status.get("conditions") or [] if each["type"] != "DisruptionTarget"]
    target: Object = {
        "type": "DisruptionTarget",
        "status": "True",
        "lastProbeTime": None,
        "lastTransitionTime": stamp,
        "reason": "EvictionByEvictionAPI",
        "message": "Eviction API: evicting",
    }
    if "generation" in pod["metadata"]:
        target["observedGeneration"] = pod["metadata"]["generation"]
    status["conditions"] = [*kept, target]
