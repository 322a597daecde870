"""The disruption controller: how many more pods each PodDisruptionBudget lets go."""

import math
from functools import partial

from chaoscinder.sandbox.kubernetes.controllers import pods
from chaoscinder.sandbox.kubernetes.controllers.cluster import Cluster, Controller
from chaoscinder.sandbox.kubernetes.resources import BUDGETS, DEPLOYMENTS, PODS, REPLICASETS, STATEFULSETS
from chaoscinder.sandbox.kubernetes.selectors import selects
from chaoscinder.sandbox.kubernetes.store import Object


class Disruption(Controller):
    """Looks at every budget after each change of one, of a pod or of a workload."""

    watches = (BUDGETS, PODS, DEPLOYMENTS, REPLICASETS, STATEFULSETS)

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster)
        self.delay_s = self.profile.budget_sync_s

    def sync(self) -> None:
        """Write each budget's status."""
        for budget in self.store.list(BUDGETS):
            meta = budget["metadata"]
            rows = self.store.list(PODS, meta["namespace"])
            guarded = [pod for pod in rows if selects(budget["spec"].get("selector"), pod["metadata"].get("labels") or {})]
            guarded = [pod for pod in guarded if not pods.is_finished(pod)]
            self.store.change(BUDGETS, meta["name"], meta["namespace"], partial(self._report, guarded=guarded))

    def _report(self, budget: Object, guarded: list[Object]) -> None:
        expected = self._expected(guarded)
        healthy = sum(pods.is_ready(pod) and not pods.is_terminating(pod) for pod in guarded)
        needed = _needed(budget["spec"], expected)
        counts = {"currentHealthy": healthy, "desiredHealthy": needed, "expectedPods": expected}
        counts["disruptionsAllowed"] = max(0, healthy - needed)
        budget["status"] = {**(budget.get("status") or {}), **counts, "observedGeneration": budget["metadata"].get("generation", 1)}

    def _expected(self, guarded: list[Object]) -> int:
        """The replicas that the pods' workloads want; a pod without one counts for itself."""
        owners = {(owner["uid"], owner["kind"], owner["name"]) for pod in guarded if (owner := pods.owner(pod))}
        kinds = {"ReplicaSet": REPLICASETS, "StatefulSet": STATEFULSETS}
        namespace = guarded[0]["metadata"]["namespace"] if guarded else ""
        found = [self.store.find(kinds[kind], name, namespace) for _, kind, name in sorted(owners) if kind in kinds]
        alone = sum(pods.owner(pod) is None for pod in guarded)
        return alone + sum(int(row["spec"].get("replicas", 1)) for row in found if row is not None)


def _needed(spec: Object, expected: int) -> int:
    if (most := spec.get("maxUnavailable")) is not None:
        return max(0, expected - _count(most, expected))
    return _count(spec.get("minAvailable", 1), expected)


def _count(value: int | str, of: int) -> int:
    return math.ceil(int(value[:-1]) * of / 100) if isinstance(value, str) and value.endswith("%") else int(value)
