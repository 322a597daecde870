"""What stands around the target: its update strategy, budgets, the services that everybody needs, other remediators, this runner. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from chaoscinder.checks.safety_losses import allowed, dying
from chaoscinder.checks.safety_placement import expression_holds
from chaoscinder.model.preflight import Resident, Snapshot, Weight
from chaoscinder.model.workload import Kind

# What everybody needs, by what its pods carry: the image of a container, or a label.
CSI_CONTROLLER = "csi-attacher"  # the sidecar that attaches volumes; with it away nothing attaches in the whole cluster
DNS = ("kube-dns", "coredns")  # label k8s-app, or app.kubernetes.io/name
INGRESS = ("ingress-nginx", "traefik", "haproxy-ingress", "contour", "kong", "ingress-controller", "envoy-gateway")


def strategy(snapshot: Snapshot) -> Iterator[tuple[Weight, str, str]]:
    """Warn of a rollout that would wait for itself, and of a StatefulSet that stays where its node was."""
    workload, needs = snapshot.workload, snapshot.needs
    assert workload is not None
    about = f"{workload.kind} {workload.namespace}/{workload.name}"
    single = "ReadWriteOnce" in needs.access_modes or "ReadWriteOncePod" in needs.access_modes
    if workload.kind is Kind.STATEFULSET:
        yield Weight.WARNS, about, "a StatefulSet makes no second pod while the first one is Terminating on a node that does not answer"
    elif workload.strategy == "RollingUpdate" and single and needs.max_surge not in ("0", "0%"):
        yield Weight.WARNS, about, "RollingUpdate on a volume for one node: a rollout to another node waits for itself (wanted Recreate)"
    if single and workload.desired > 1 and workload.kind is Kind.DEPLOYMENT:
        yield Weight.WARNS, about, f"{workload.desired} replicas share one volume for one node"


def budgets(snapshot: Snapshot) -> Iterator[tuple[Weight, str, str]]:
    """Warn of each disruption budget that would forbid what the stop of a server does without asking."""
    doomed = dying(snapshot)
    for budget in snapshot.budgets:
        hit = [pod for pod in doomed if pod.namespace == budget.namespace and _selects(budget.selector, pod.labels)]
        if len(hit) > budget.allowed:
            names = ", ".join(pod.name for pod in hit)
            says = f"allows {budget.allowed} disruptions, {len(hit)} would be ({names}); the stop of a server does not ask it"
            yield Weight.WARNS, f"PodDisruptionBudget {budget.namespace}/{budget.name}", says


def services(snapshot: Snapshot) -> Iterator[tuple[Weight, str, str]]:
    """Tell where the CSI controller, DNS and ingress are, and warn of those on the victim; losing the last one is judged elsewhere."""
    kinds = {"the CSI controller": _is_csi_controller, "DNS": _is_dns, "ingress": _is_ingress}
    doomed = dying(snapshot)
    for name, belongs in kinds.items():
        here = [pod for pod in doomed if belongs(pod)]
        ready = [pod for pod in snapshot.residents if belongs(pod) and pod.ready and pod not in here]
        if here:
            says = f"{', '.join(pod.name for pod in here)} ends with the server; {len(ready)} ready elsewhere"
            yield (Weight.WARNS if ready else Weight.BLOCKS if not _allowed(here, snapshot) else Weight.WARNS), name, says
        elif not ready and name == "the CSI controller":
            yield Weight.INFORMS, name, f"no pod with a container {CSI_CONTROLLER} was seen; it may run outside of this cluster"


def runner(snapshot: Snapshot) -> Iterator[tuple[Weight, str, str]]:
    """Block when this process sits on the victim; warn when it would be killed before its undo can be over."""
    me, target = snapshot.runner, snapshot.target
    assert target is not None
    if target.node in (me.node, me.host) or (me.host and me.host.split(".")[0] == target.server_name.split(".")[0]):
        yield (
            Weight.BLOCKS,
            f"runner {me.pod or me.host}",
            f"runs on {target.node}, the server that would be stopped: nobody could start it again",
        )
    if me.grace_s is None:
        says = f"the undo may take {snapshot.undo_s:.0f} s; whoever ends this process must give it as long (systemd: TimeoutStopSec)"
        yield Weight.INFORMS, f"runner {me.host}", says
    elif me.grace_s < snapshot.undo_s:
        wanted = "wanted terminationGracePeriodSeconds as long"
        says = f"is killed {me.grace_s:.0f} s after SIGTERM, the undo may take {snapshot.undo_s:.0f} s ({wanted})"
        yield Weight.WARNS, f"runner {me.pod}", says


def remediators(snapshot: Snapshot) -> Iterator[tuple[Weight, str, str]]:
    """Warn of everybody else who may act on the stopped server."""
    for row in snapshot.remediators:
        yield Weight.WARNS, row.name, f"is here ({row.seen}) and may {row.may}"


def _allowed(pods: list[Resident], snapshot: Snapshot) -> bool:
    return all(allowed(snapshot, pod.namespace, pod.owner or f"Pod/{pod.name}") for pod in pods)


def _is_csi_controller(pod: Resident) -> bool:
    return any(CSI_CONTROLLER in image for image in pod.images)


def _is_dns(pod: Resident) -> bool:
    return pod.labels.get("k8s-app") in DNS or pod.labels.get("app.kubernetes.io/name") in DNS


def _is_ingress(pod: Resident) -> bool:
    words = (pod.labels.get("app.kubernetes.io/name", ""), pod.labels.get("app", ""), *pod.images)
    return any(known in word for known in INGRESS for word in words)


def _selects(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Evaluate a label selector; an empty one selects every pod of its namespace (policy/v1)."""
    pairs = selector.get("matchLabels") or {}
    expressions = selector.get("matchExpressions") or ()
    return all(labels.get(key) == value for key, value in pairs.items()) and all(expression_holds(row, labels) for row in expressions)
