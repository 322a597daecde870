"""Who loses what when a server stops: every pod on it, and every workload whose last ready replica is among them. Pure."""

from collections.abc import Iterator

from chaoscinder.model.preflight import Resident, Snapshot, Weight

# Every node has its own, or the kubelet makes it again: nobody is served by one that dies with its node.
PER_NODE = ("DaemonSet", "Node")


def dying(snapshot: Snapshot) -> tuple[Resident, ...]:
    """Pick the pods that end with the target's server."""
    return () if snapshot.target is None else tuple(pod for pod in snapshot.residents if pod.node == snapshot.target.node)


def judge(snapshot: Snapshot) -> Iterator[tuple[Weight, str, str]]:
    """Block for each workload that loses its last ready replica and was not named in allow_loss; tell the others."""
    assert snapshot.target is not None
    doomed = dying(snapshot)
    yield Weight.INFORMS, f"node {snapshot.target.node}", f"{len(doomed)} pods end with it: {_named(doomed)}"
    for place in sorted({(pod.namespace, pod.owner or f"Pod/{pod.name}") for pod in doomed}):
        yield from _of_workload(snapshot, *place)


def allowed(snapshot: Snapshot, namespace: str, owner: str) -> bool:
    """Whether the user named this workload beforehand, as NAMESPACE/NAME or NAMESPACE/KIND/NAME."""
    name = owner.partition("/")[2]
    return f"{namespace}/{name}" in snapshot.allow_loss or f"{namespace}/{owner}".lower() in [row.lower() for row in snapshot.allow_loss]


def _of_workload(snapshot: Snapshot, namespace: str, owner: str) -> Iterator[tuple[Weight, str, str]]:
    target, kind = snapshot.target, owner.partition("/")[0]
    assert target is not None
    if kind in PER_NODE or (namespace, owner) == (target.namespace, f"{target.kind}/{target.workload}"):
        return
    about = f"{namespace}/{owner}"
    weight = Weight.WARNS if allowed(snapshot, namespace, owner) else Weight.BLOCKS
    wanted = "" if weight is Weight.WARNS else f" (allow it by name: allow_loss={namespace}/{owner.partition('/')[2]})"
    mine = [pod for pod in snapshot.residents if pod.namespace == namespace and (pod.owner or f"Pod/{pod.name}") == owner]
    here = [pod for pod in mine if pod.node == target.node]
    ready = [pod for pod in mine if pod.ready and pod.node != target.node]
    if kind == "Pod":
        yield weight, about, f"nobody replaces it{wanted}"
    elif kind == "Job":
        yield weight, about, f"its pod {here[0].name} is cut off in the middle{wanted}"
    elif not ready:
        yield weight, about, f"loses its last ready replica ({_named(here)}){wanted}"
    else:
        yield Weight.INFORMS, about, f"loses {_named(here)}, {len(ready)} ready elsewhere"


def _named(pods: tuple[Resident, ...] | list[Resident]) -> str:
    return ", ".join(f"{pod.namespace}/{pod.name}" for pod in pods) or "none"
