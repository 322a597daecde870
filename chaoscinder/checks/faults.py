"""Proof that the fault happened, and happened to the server that held the volume. Without it nothing may be concluded from a quiet run."""

from dataclasses import dataclass

from chaoscinder.checks.attachments import attachments_at
from chaoscinder.checks.deeds import deletes_pod
from chaoscinder.checks.sentences import seconds, short
from chaoscinder.checks.states import SHUTDOWN, Moments, first, is_target_server, moments
from chaoscinder.model.attachment import View
from chaoscinder.model.run import Run
from chaoscinder.model.timeline import Change
from chaoscinder.model.workload import Target


@dataclass(frozen=True, slots=True)
class Proof:
    """What shows that the fault happened (evidence), or what is missing for it.

    shut_off_at_s is when Nova first said so, gone_at_s when the object of a deleted pod was gone.
    """

    evidence: str
    missing: str
    shut_off_at_s: float | None = None
    gone_at_s: float | None = None

    @property
    def holds(self) -> bool:
        """Whether nothing is missing."""
        return not self.missing


def proof_of_fault(run: Run) -> Proof:
    """Look for the three parts: the act, its effect after it and before our undo, and the volume on that server before it.

    The effect is Nova's SHUTOFF, or of a pod's deletion that this very object is gone.
    """
    when = moments(run)
    if when.fault_s is None:
        return Proof("", "nothing was injected (no mark fault_started)")
    if run.target is None:
        return Proof("", "the run has no target")
    name = f"server {run.target.server_name} ({short(run.target.server_id)})"
    if deletes_pod(run):
        return _proof_of_deletion(run, run.target, name, fault_s=when.fault_s, undo_s=when.undo_s)
    off_s = shut_off_at(run, when)
    if off_s is None:
        return Proof("", f"{name} was never seen SHUTOFF by Nova after the fault{_seen_instead(run, when)}")
    holders = _holders_before(run, when.fault_s)
    if run.target.server_id not in holders:
        return Proof("", f"nobody saw volume {short(run.target.volume_id)} on {name} before the fault", off_s)
    said = " and ".join(holders[run.target.server_id])
    return Proof(f"{name} held the volume ({said}) and was SHUTOFF {seconds(off_s - when.fault_s)} after the fault (NOVA)", "", off_s)


def _proof_of_deletion(run: Run, target: Target, name: str, *, fault_s: float, undo_s: float | None) -> Proof:
    gone_s = _pod_gone_at(run, target.pod_uid, fault_s=fault_s, undo_s=undo_s)
    if gone_s is None:
        return Proof("", f"pod {target.pod} was never seen gone after the fault")
    holders = _holders_before(run, fault_s)
    if target.server_id not in holders:
        return Proof("", f"nobody saw volume {short(target.volume_id)} on {name} before the fault", gone_at_s=gone_s)
    said = " and ".join(holders[target.server_id])
    gone = f"was gone {seconds(gone_s - fault_s)} after the fault (KUBERNETES)"
    return Proof(f"pod {target.pod} used the volume on {name} ({said}) and {gone}", "", gone_at_s=gone_s)


def _pod_gone_at(run: Run, uid: str, *, fault_s: float, undo_s: float | None) -> float | None:
    """Tell when the object of the target's pod was gone, after the fault and before our undo: to the recorder, or to the fault itself."""
    seen = first(run.changes, "Pod", fault_s, lambda change: change.uid == uid and change.state is None)
    asked = next((mark.at_s for mark in run.marks if mark.name == "fault_confirmed" and mark.detail.get("pod_uid") == uid), None)
    gone_s = min((at_s for at_s in (seen.at_s if seen else None, asked) if at_s is not None), default=None)
    return gone_s if gone_s is not None and (undo_s is None or gone_s <= undo_s) else None


def shut_off_at(run: Run, when: Moments) -> float | None:
    """Tell when Nova first called the target's server SHUTOFF and powered off, after the fault and before our undo: to the recorder's poll,
    or to the fault itself, which waits for it."""
    if when.fault_s is None:
        return None
    polled = first(run.changes, "Server", when.fault_s, lambda change: is_target_server(change, run) and _is_off(change))
    asked = next((mark.at_s for mark in run.marks if mark.name == "fault_confirmed" and mark.detail.get("power_state") == SHUTDOWN), None)
    times = [at_s for at_s in (polled.at_s if polled else None, asked) if at_s is not None]
    off_s = min(times, default=None)
    return off_s if off_s is not None and (when.undo_s is None or off_s <= when.undo_s) else None


def _is_off(change: Change) -> bool:
    state = change.state or {}
    return state.get("status") == "SHUTOFF" and state.get("power_state") == SHUTDOWN


def _seen_instead(run: Run, when: Moments) -> str:
    seen = [change for change in run.changes if is_target_server(change, run) and change.at_s <= when.judged_to_s]
    return f" (last seen {(seen[-1].state or {}).get('status', 'gone')})" if seen else " (Nova was not watched)"


def _holders_before(run: Run, fault_s: float) -> dict[str, list[str]]:
    """Tell which servers Nova or Cinder said held the volume just before the fault, and who said so."""
    assert run.target is not None
    found: dict[str, list[str]] = {}
    for claim in attachments_at(run.changes, fault_s, target=run.target):
        if claim.view is not View.KUBERNETES and claim.server_id:
            found.setdefault(claim.server_id, []).append(claim.view)
    return found
