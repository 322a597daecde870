"""Whether a fault may be done to a target: guards over a snapshot, each finding blocks, warns or informs. Pure.

1. A guard that needs a part nobody could look at blocks: it cannot tell.
2. A guard that breaks blocks.
3. What dies with the server is named whole; who may lose its last ready replica is named by the user beforehand (allow_loss).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from chaoscinder.checks import safety_losses, safety_placement, safety_surroundings
from chaoscinder.checks.attachments import agree
from chaoscinder.model.leftover import KEYS, LEASE
from chaoscinder.model.preflight import Finding, Preflight, Snapshot, Weight

Judge = Callable[[Snapshot], Iterator[tuple[Weight, str, str]]]


@dataclass(frozen=True, slots=True)
class Guard:
    """One question: its name, the parts of the snapshot that it needs, and how it is answered."""

    name: str
    needs: tuple[str, ...]
    judge: Judge


def judge(snapshot: Snapshot) -> Preflight:
    """Ask every guard; the blocking findings come first."""
    lost = "target" in snapshot.unknown  # then one line says so, and it blocks; the same line from every guard would hide it
    asked = [guard for guard in GUARDS if not (lost and "target" in guard.needs) or guard.name == "target"]
    findings = [finding for guard in asked for finding in _ask(guard, snapshot)]
    order = list(Weight)
    return Preflight(
        findings=tuple(sorted(findings, key=lambda finding: order.index(finding.weight))),
        touches=_touches(snapshot),
        dies=tuple(f"{pod.namespace}/{pod.name}" for pod in safety_losses.dying(snapshot)),
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
    if snapshot.roles and set(snapshot.roles) <= {"reader"}:
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
            weight = Weight.BLOCKS if row.server_id in places else Weight.WARNS
            yield weight, f"server {row.server_name}", says


def _touches(snapshot: Snapshot) -> tuple[str, ...]:
    target = snapshot.target
    if target is None:
        return ()
    return (
        f"Server {target.server_name} ({target.server_id}): metadata {', '.join(KEYS)}; stopped, then started",
        f"Lease {target.namespace}/{LEASE}: made, renewed, deleted",
    )


GUARDS: tuple[Guard, ...] = (
    Guard("target", ("target",), _target),
    Guard("losses", ("target", "residents"), safety_losses.judge),
    Guard("placement", ("target", "needs", "places"), safety_placement.judge),
    Guard("strategy", ("target", "workload", "needs"), safety_surroundings.strategy),
    Guard("budgets", ("target", "residents", "budgets"), safety_surroundings.budgets),
    Guard("services", ("target", "residents"), safety_surroundings.services),
    Guard("runner", ("target", "runner"), safety_surroundings.runner),
    Guard("attachments", ("target", "attachments"), _attachments),
    Guard("remediators", ("remediators",), safety_surroundings.remediators),
    Guard("permissions", ("denied", "roles"), _permissions),
    Guard("other runs", ("hold",), _other_runs),
    Guard("left-overs", ("left_overs", "places"), _left_overs),
)
