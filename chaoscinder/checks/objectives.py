"""The acceptance table: one judgement a line, each from a case alone.

baseline, fault and samples are conditions: without them nothing can be said about the system. outage, recovery, volume, writes and restored
are claims: they can be missed.
"""

from collections.abc import Callable

from chaoscinder.checks.attachments import moved, unwatched
from chaoscinder.checks.availability import finest_s, outage_within_budget
from chaoscinder.checks.case import Case
from chaoscinder.checks.deeds import deletes_pod, may_stay
from chaoscinder.checks.durability import loss, why_untested
from chaoscinder.checks.quality import MOST_MISSED
from chaoscinder.checks.recovery import STUCK, hung, why_stuck
from chaoscinder.checks.sentences import counted, deadline, few, figure, listed, seconds
from chaoscinder.checks.states import marked_at, objects
from chaoscinder.model.attachment import View
from chaoscinder.model.run import OBJECTIVES
from chaoscinder.model.verdict import Availability, Level, Movement, Objective, Result
from chaoscinder.model.write import Account, WriteOutcome

CONDITIONS = ("baseline", "fault", "samples")
MET, MISSED, NOT_TESTED = Result.MET, Result.MISSED, Result.NOT_TESTED

# How the reason of an objective begins that has no ground to stand on, because samples or baseline have not been met.
NO_FIGURE = "the samples cannot carry a figure"
NO_CAUSE = "it cannot be put down to the fault"

# result, target, measured, reason
Line = tuple[Result, str, str, str]


def objectives(case: Case) -> tuple[Objective, ...]:
    """Judge every objective; one that is switched off is listed and not judged."""
    return tuple(_objective(name, case) for name in OBJECTIVES)


def _objective(name: str, case: Case) -> Objective:
    level = case.aims.level(name)
    result, target, measured, reason = JUDGES[name](case)
    if level is Level.OFF:
        return Objective(name, level, NOT_TESTED, target, "", "switched off")
    return Objective(name, level, result, target, measured, reason)


def baseline(case: Case) -> Line:
    """Judge whether the application was well before the fault, for long enough."""
    known = [sample for sample in case.baseline if sample.outcome.is_known]
    good = sum(1 for sample in known if sample.outcome.is_up)
    target = f"every answer good for {case.aims.baseline_s:g} s before the fault"
    measured = f"{good} of {counted(len(known), 'sample')} good"
    if case.run.platform.get("baseline_met") is False or marked_at(case.run, "baseline_not_met") is not None:
        return MISSED, target, measured, f"the baseline was not met ({measured})"
    if good < len(known):
        return MISSED, target, measured, f"{len(known) - good} of {len(known)} samples were bad before the fault"
    short = [doubt for doubt in case.doubts if "baseline" in doubt or "not sampled" in doubt]
    return (NOT_TESTED, target, measured, short[0]) if short else (MET, target, measured, f"{measured} before the fault")


def fault(case: Case) -> Line:
    """Judge whether the fault is proved to have happened where the volume was."""
    target = "the pod that used the volume seen gone" if deletes_pod(case.run) else "the server that held the volume seen SHUTOFF"
    if case.proof.holds:
        return MET, target, case.proof.evidence, case.proof.evidence
    return NOT_TESTED, target, "", case.proof.missing


def samples(case: Case) -> Line:
    """Judge whether the samples can carry a figure."""
    seen = case.availability
    target = f"at most {MOST_MISSED:.0%} missed or unknown, lateness p99 within half a period"
    if seen is None:
        return NOT_TESTED, target, "", "the web UI was not sampled"
    late = f"lateness p99 {seen.late_p99_s * 1000:.1f} ms of a period of {seen.period_s * 1000:g} ms"
    unknown = f", {seen.unknown} unknown" if seen.unknown else ""
    measured = f"{counted(seen.samples, 'sample')}, {seen.missed} missed{unknown}, {late}"
    return (MISSED, target, measured, "; ".join(case.doubts)) if case.doubts else (MET, target, measured, measured)


def outage(case: Case) -> Line:
    """Judge the time users were away in all, in cluster time, against its budget."""
    budget_s = case.aims.outage_budget_s
    target = f"at most {budget_s:g} s in all ({deadline(case.aims.answer_within_s)})"
    seen = case.unaided()
    if seen is None or _unfounded(case):
        return NOT_TESTED, target, "", _unfounded(case)
    measured = figure(*seen.total_s, case.rate, case.aims.answer_within_s)
    finest = _slot_s(case)
    result = outage_within_budget(seen, budget_s=budget_s, rate=case.rate)
    if not seen.outages and result is MET:
        return MET, target, "no failed look", f"no look failed; an outage shorter than {finest:g} s may not have been seen"
    word = {MET: "within", MISSED: "over", NOT_TESTED: "which cannot be held against"}[result]
    reason = f"{_away(seen)} {measured}, {word} the budget of {budget_s:g} s"
    if budget_s < finest:
        reason = f"a budget of {budget_s:g} s is finer than the {finest:g} s that the sampling resolves"
    return result, target, measured, reason


def recovery(case: Case) -> Line:
    """Judge whether the application came back by itself, for good, before the deadline."""
    deadline_s, stable_s = case.aims.recovery_deadline_s, case.aims.stable_for_s
    target = f"within {deadline_s:g} s, then {stable_s:g} s without a failure"
    judged = case.judged()
    if judged is None or _unfounded(case):
        return NOT_TESTED, target, "", _unfounded(case)
    least_s, most_s = judged.recovered_s
    measured = figure(least_s, most_s, case.rate, case.aims.answer_within_s)
    if most_s is not None and most_s <= deadline_s:
        return MET, target, measured, f"answering again after {measured}, within {deadline_s:g} s"
    if least_s >= deadline_s - _slot_s(case):
        return MISSED, target, measured, _not_recovered(case, least_s)
    if most_s is not None:
        return NOT_TESTED, target, measured, f"answering again after {measured}, which cannot be held against {deadline_s:g} s"
    ended = "our undo began" if case.when.undo_s is not None else "the record ends"
    return NOT_TESTED, target, measured, f"{ended} {seconds(least_s)} after the fault, before the deadline of {deadline_s:g} s"


def volume(case: Case) -> Line:
    """Judge whether the volume followed the workload to another server, in all views."""
    stays = may_stay(case.run)
    target = "on the server under the ready pod, all three views agree" if stays else "moved to another server, all three views agree"
    where = case.movement
    silent = unwatched(case.run)
    if case.when.fault_s is None or where is None or silent:
        return NOT_TESTED, target, "", f"nothing was recorded from {listed(silent)}" if silent else "nothing was injected"
    source, destination = place(where)
    measured = f"from {source} to {destination}" if source != destination else f"stayed on {source}"
    if where.unseen:
        return NOT_TESTED, target, "", f"nobody looked where the volume was: {where.unseen}"
    found = hung(case.run, case.when.judged_to_s)
    if found:  # and whoever took it off since, it was not the system
        return MISSED, target, measured, f"the volume hung where Kubernetes knew nothing of it any more: {found[0].rstrip('.')}"
    if where.disagreement:
        return MISSED, target, "the views do not agree", f"the views do not agree on where the volume is: {where.disagreement}"
    if moved(where) is None:
        return NOT_TESTED, target, measured, "nobody saw where the volume was before the fault"
    if moved(where):
        return MET, target, measured, f"the volume moved {measured}, all three views agree"
    if stays:
        return _stayed(case, where, target, measured)
    early = _too_early(case)
    return (NOT_TESTED, target, measured, early) if early else (MISSED, target, measured, f"the volume {measured}")


def _stayed(case: Case, where: Movement, target: str, measured: str) -> Line:
    """Judge a volume that had no need to move: it must be where a ready pod of the workload is."""
    pods = objects(case.run.changes, View.KUBERNETES, "Pod", case.when.judged_to_s)
    ready = sorted(name for name, pod in pods.items() if pod.get("ready") and not pod.get("deleting") and pod.get("node") == where.to_node)
    if ready:
        return MET, target, measured, f"the volume {measured}, where {listed(ready)} is ready, all three views agree"
    return MISSED, target, measured, f"the volume {measured}, where no pod of the workload is ready"


def writes(case: Case) -> Line:
    """Judge whether every acknowledged write was read back, once."""
    target = "every acknowledged write read back"
    told = case.account
    if case.when.fault_s is None or told is None:
        return NOT_TESTED, target, "", "nothing was injected" if told else "no numbered write was sent: durability was not tested"
    if not told.acknowledged:
        return NOT_TESTED, target, "", f"{why_untested(told)}: durability was not tested"
    measured = f"{told.recovered} of {counted(told.acknowledged, 'acknowledged write')} read back"
    result, reason = _writes(case, told)
    return result, target, measured if told.read_back else "", reason


def restored(case: Case) -> Line:
    """Judge whether nothing was left behind."""
    target = "everything as before the fault"
    if case.restored is None or (case.restored and case.left_behind):
        return NOT_TESTED, target, "", "; ".join(case.left_behind) or "nothing was touched"
    if case.restored:
        return MET, target, "nothing left behind", "everything that was touched is as before"
    return MISSED, target, counted(len(case.left_behind), "thing") + " left behind", f"not restored: {case.left_behind[0]}"


JUDGES: dict[str, Callable[[Case], Line]] = {
    "baseline": baseline,
    "fault": fault,
    "samples": samples,
    "outage": outage,
    "recovery": recovery,
    "volume": volume,
    "writes": writes,
    "restored": restored,
}


def _unfounded(case: Case) -> str:
    """Tell why a figure about the outage would have no ground to stand on; "" when it has."""
    if case.when.fault_s is None:
        return "nothing was injected"
    if case.doubts:
        return f"{NO_FIGURE}: {case.doubts[0]}"
    result, _, _, reason = baseline(case)
    return "" if result is MET else f"{NO_CAUSE}: {reason}"


def _too_early(case: Case) -> str:
    """Tell why a volume that stayed is no miss: nobody waited long enough; "" where they did, or where nothing would have moved it."""
    when, deadline_s = case.when, case.aims.recovery_deadline_s
    waited_s = when.judged_to_s - (when.fault_s or 0.0)
    if waited_s >= deadline_s - _slot_s(case) or why_stuck(case.run, when.judged_to_s):
        return ""
    ended = "our undo began" if when.undo_s is not None else "the record ends"
    return (
        f"the volume was still where it had been when {ended}, {seconds(waited_s)} after the fault, before the deadline of {deadline_s:g} s"
    )


def _slot_s(case: Case) -> float:
    return finest_s(case.rate, 1 / case.aims.samples_per_s)


def _away(seen: Availability) -> str:
    number = len(seen.outages)
    return f"away {number} times, together" if number > 1 else "away for"


def _not_recovered(case: Case, least_s: float) -> str:
    text = f"no recovery within {case.aims.recovery_deadline_s:g} s (looked for {seconds(least_s)})"
    stuck = why_stuck(case.run, case.when.judged_to_s)
    if marked_at(case.run, STUCK) is not None:
        return f"{text}: the volume hangs on a server of which Kubernetes knows nothing any more" if stuck else text
    return f"{text}: the volume stays on a server that is off, and nothing would end it" if stuck else text


def _place(node: str | None, server: str | None) -> str:
    return node or (f"server {server[:8]}" if server else "nowhere")


def _writes(case: Case, told: Account) -> tuple[Result, str]:
    if not told.read_back:
        return NOT_TESTED, f"{counted(told.acknowledged, 'acknowledged write')}, but nobody could read them back after the fault"
    if told.lost:
        return MISSED, f"{counted(len(told.lost), 'acknowledged write')} lost: {few(told.lost)} ({loss(told)})"
    if told.torn:
        return MISSED, f"{counted(len(told.torn), 'write')} torn, there with another content: {few(told.torn)}"
    if told.duplicate:
        return MISSED, f"{counted(len(told.duplicate), 'write')} there more than once: {few(told.duplicate)}"
    if told.never_read:
        return NOT_TESTED, f"{counted(len(told.never_read), 'write')} acknowledged after the last reading: {few(told.never_read)}"
    fault_s = case.when.fault_s or 0.0
    if not any(write.outcome is WriteOutcome.ACKNOWLEDGED and write.done_at_s < fault_s for write in case.run.writes):
        return NOT_TESTED, "no write was acknowledged before the fault, so none was at risk"
    return MET, f"all {counted(told.acknowledged, 'acknowledged write')} read back"


def place(where: Movement) -> tuple[str, str]:
    """Name where the volume was and where it is, by node, else by server."""
    return _place(where.from_node, where.from_server_id), _place(where.to_node, where.to_server_id)
