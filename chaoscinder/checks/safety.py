"""Whether a fault may be done to a target: guards over a snapshot, each finding blocks, warns or informs. Pure.

1. A guard that needs a part nobody could look at blocks: it cannot tell.
2. A guard that breaks blocks.
3. What dies with the server is named whole; who may lose its last ready replica is named by the user beforehand (allow_loss).
4. A guard is asked only where one of the acts concerns it: the deletion of one pod ends no other one.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from chaoscinder.checks import safety_losses, safety_placement, safety_surroundings
from chaoscinder.checks.attachments import agree
from chaoscinder.model.act import CORDONS, POWER, Act
from chaoscinder.model.leftover import KEYS, LEASE, NODE_KEYS, RUN_ANNOTATION
from chaoscinder.model.preflight import Finding, Preflight, Snapshot, Weight
from chaoscinder.model.workload import Target

Judge = Callable[[Snapshot], Iterator[tuple[Weight, str, str]]]


@dataclass(frozen=True, slots=True)
class Guard:
    """One question: its name, the parts of the snapshot that it needs, how it is answered, and which acts it concerns."""

    name: str
    needs: tuple[str, ...]
    judge: Judge
    acts: frozenset[Act] = frozenset(Act)


def judge(snapshot: Snapshot) -> Preflight:
    """Ask every guard; the blocking findings come first."""
    lost = "target" in snapshot.unknown  # then one line says so, and it blocks; the same line from every guard would hide it
    concerned = [guard for guard in GUARDS if guard.acts & set(snapshot.acts)]
    asked = [guard for guard in concerned if not (lost and "target" in guard.needs) or guard.name == "target"]
    findings = [finding for guard in asked for finding in _ask(guard, snapshot)]
    order = list(Weight)
    return Preflight(
        findings=tuple(sorted(findings, key=lambda finding: order.index(finding.weight))),
        touches=_touches(snapshot),
        dies=_dies(snapshot),
    )


def _ask(guard: Guard, snapshot: Snapshot) -> tuple[Finding, ...]:
    missing = {part: snapshot.unknown[part] for part in guard.needs if part in snapshot.unknown}
    if missing:
        return tuple(Finding(guard.name, Weight.BLOCKS, f"{part} cannot be known", why) for part, why in missing.items())
    try:
        return tuple(Finding(guard.name, *row) for row in guard.judge(snapshot))
    except Exception as error:  # a guard that breaks must stop the fault, whatever broke it
        return (Finding(guard.name, Weight.BLOCKS, "guard", f"broke and cannot tell: {type(error).__name__}: {error}"),)


def _target(snapshot: Snapshot) -> Iterator[tuple[Weight, str, str]]:
    target = snapshot.target
    if target is None:
        yield Weight.BLOCKS, "target", "none was found (wanted exactly one)"
        return
    chain = f"pod {target.pod} on node {target.node}, server {target.server_id}, volume {target.volume_id}"
    yield Weight.INFORMS, f"server {target.server_name}", f"the one target of {target.kind} {target.namespace}/{target.workload}: {chain}"


def _attachments(snapshot: Snapshot) -> Iterator[tuple[Weight, str, str]]:
    assert snapshot.target is not None
    wrong = agree(snapshot.attachments)
    if wrong:
        yield Weight.BLOCKS, f"volume {snapshot.target.volume_id}", f"the three views disagree already: {wrong}"


def _permissions(snapshot: Snapshot) -> Iterator[tuple[Weight, str, str]]:
    for call in snapshot.denied:
        yield Weight.BLOCKS, "Kubernetes", f"these credentials may not {call}"
    for call in snapshot.cloud_denied:
        yield Weight.BLOCKS, "OpenStack", f"the access rules of these credentials do not allow {call}"
    if set(snapshot.roles) == {"reader"}:
        yield Weight.BLOCKS, "OpenStack", "the token has only the role reader: it could neither stop nor start a server"
    else:
        roles = ", ".join(snapshot.roles) or "no role"
        yield (
            Weight.INFORMS,
            "OpenStack",
            f"the token has {roles}; whether its policy allows stop, start and metadata only the call can tell",
        )


def _other_runs(snapshot: Snapshot) -> Iterator[tuple[Weight, str, str]]:
    hold = snapshot.hold
    about = f"Lease {hold.namespace}/{LEASE}" if hold else f"Lease {LEASE}"
    if hold is None or (hold.run_id != snapshot.run_id and hold.expired(snapshot.at)):
        if snapshot.run_id:
            yield Weight.BLOCKS, about, "this run does not hold it any more"
        elif hold is not None:
            yield Weight.INFORMS, about, f"is stale ({hold.told(snapshot.at)}) and would be taken over"
    elif hold.run_id != snapshot.run_id:
        yield Weight.BLOCKS, about, f"another run is in progress: {hold.told(snapshot.at)}"


def _left_overs(snapshot: Snapshot) -> Iterator[tuple[Weight, str, str]]:
    places = {place.node.server_id for place in snapshot.places}
    for row in snapshot.left_overs:
        if row.run_id != snapshot.run_id or not snapshot.run_id:
            undo = f"undo {row.undo or '?'}: chaoscinder recover {row.run_id[:8] or '--all'}"
            says = f"{row.status}, left by run {row.run_id[:8] or '?'} ({undo})"
            weight = Weight.BLOCKS if row.server_id in places or row.what == "node" else Weight.WARNS
            yield weight, f"{row.what} {row.server_name}", says


def _same_host(snapshot: Snapshot) -> Iterator[tuple[Weight, str, str]]:
    target = snapshot.target
    assert target is not None
    if snapshot.instance_id != target.server_id:
        yield Weight.BLOCKS, f"node {target.node}", f"says over ssh that it is server {snapshot.instance_id} (wanted {target.server_id})"
    else:
        yield Weight.INFORMS, f"node {target.node}", f"says over ssh that it is server {target.server_id}; its key is the known one"


def _cordon(snapshot: Snapshot) -> Iterator[tuple[Weight, str, str]]:
    assert snapshot.target is not None
    node = next((place.node for place in snapshot.places if place.node.name == snapshot.target.node), None)
    if node is None:
        yield Weight.BLOCKS, f"node {snapshot.target.node}", "was not found, so nobody knows whether it is cordoned"
    elif not node.schedulable and not (snapshot.run_id and dict(node.marks).get(RUN_ANNOTATION) == snapshot.run_id):
        yield (
            Weight.BLOCKS,
            f"node {node.name}",
            "is cordoned already (wanted it schedulable: a cordon that is not ours is not ours to end)",
        )


def _cordon_others(snapshot: Snapshot) -> Iterator[tuple[Weight, str, str]]:
    others = safety_placement.takers(snapshot)
    weight = Weight.WARNS if others else Weight.INFORMS
    yield weight, f"{len(others)} other nodes", f"take nothing new while the pod is away: {', '.join(others) or 'none would take it'}"


def _touches(snapshot: Snapshot) -> tuple[str, ...]:
    target = snapshot.target
    if target is None:
        return ()
    lines = (TOUCHED[act](snapshot, target) for act in snapshot.acts)
    return (*lines, f"Lease {target.namespace}/{LEASE}: made, renewed, deleted")


def _touched_others(snapshot: Snapshot, _: Target) -> str:
    try:
        names = ", ".join(safety_placement.takers(snapshot)) or "none"
    except Exception as error:  # the guards that need the same say so, and block
        names = f"that cannot be told ({type(error).__name__}: {error})"
    return f"Nodes {names}: {MARKED}; cordoned, then uncordoned"


def _touched_server(target: Target, then: str) -> str:
    return f"Server {target.server_name} ({target.server_id}): metadata {', '.join(KEYS)}; {then}, then started"


MARKED = f"annotations {', '.join(NODE_KEYS)}"
TOUCHED: Mapping[Act, Callable[[Snapshot, Target], str]] = {
    Act.STOP_SERVER: lambda _, target: _touched_server(target, "stopped"),
    Act.SHUT_DOWN_SERVER: lambda _, target: _touched_server(target, "shut down from inside"),
    Act.CORDON_NODE: lambda _, target: f"Node {target.node}: {MARKED}; cordoned, then uncordoned",
    Act.CORDON_OTHER_NODES: _touched_others,
    Act.DELETE_POD: lambda _, target: (
        f"Pod {target.namespace}/{target.pod} ({target.pod_uid}): deleted, then replaced by its {target.kind}"
    ),
}


def _dies(snapshot: Snapshot) -> tuple[str, ...]:
    """Name the pods that end with what is done."""
    target = snapshot.target
    if POWER & set(snapshot.acts):
        return tuple(f"{pod.namespace}/{pod.name}" for pod in safety_losses.dying(snapshot))
    return (f"{target.namespace}/{target.pod}",) if target is not None and Act.DELETE_POD in snapshot.acts else ()


GUARDS: tuple[Guard, ...] = (
    Guard("target", ("target",), _target),
    Guard("losses", ("target", "residents"), safety_losses.judge, POWER),
    Guard("placement", ("target", "needs", "places"), safety_placement.judge, POWER | {Act.CORDON_NODE}),
    Guard("cordon", ("target", "places"), _cordon, CORDONS),
    Guard("ssh", ("target", "instance_id"), _same_host, frozenset({Act.SHUT_DOWN_SERVER})),
    Guard("cordon", ("target", "places", "needs"), _cordon_others, frozenset({Act.CORDON_OTHER_NODES})),
    Guard("strategy", ("target", "workload", "needs"), safety_surroundings.strategy),
    Guard("budgets", ("target", "residents", "budgets"), safety_surroundings.budgets, POWER),
    Guard("services", ("target", "residents"), safety_surroundings.services, POWER),
    Guard("runner", ("target", "runner"), safety_surroundings.runner, POWER),
    Guard("attachments", ("target", "attachments"), _attachments),
    Guard("remediators", ("remediators",), safety_surroundings.remediators, POWER),
    Guard("permissions", ("denied", "cloud_denied", "roles"), _permissions),
    Guard("other runs", ("hold",), _other_runs),
    Guard("left-overs", ("left_overs", "places"), _left_overs),
)
