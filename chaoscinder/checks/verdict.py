"""From a run to its verdict.

The first of these that holds gives the word:

0. INCONCLUSIVE  the run is still being recorded: nothing is final
1. NOT_RUN       the gate refused (mark `refused` or `baseline_not_met`) and nothing was injected
2. ABORTED       the run was interrupted
3. NOT_RUN       nothing was injected: the baseline was not met, or the fault itself refused
4. INCONCLUSIVE  the fault is not proved (unless that objective is off or optional)
5. FAIL          a required claim was missed: writes, recovery, outage, volume, restored
6. INCONCLUSIVE  a required objective was not tested, a condition (baseline, samples) does not hold, Chaos Toolkit saw it differently
                 or never told its end (the run was killed), or our own end of the run met a problem
7. PASS          nothing of all that

Whether the environment was restored stands beside the word, and what was not restored wins over it in the exit code.
"""

from collections.abc import Sequence

from chaoscinder.checks import handover
from chaoscinder.checks.budget import error_budget
from chaoscinder.checks.case import Case, open_case
from chaoscinder.checks.milestones import milestones
from chaoscinder.checks.objectives import CONDITIONS, NO_CAUSE, NO_FIGURE, objectives
from chaoscinder.checks.recovery import remediation, stuck_after_undo, why_stuck
from chaoscinder.checks.sentences import listed
from chaoscinder.checks.states import marked_at
from chaoscinder.checks.story import story
from chaoscinder.model.run import Run
from chaoscinder.model.verdict import Level, Objective, Result, Value, Verdict

# The most decisive first: lost data outweighs a long outage, and an outage the place of a volume.
DECISIVE = ("writes", "recovery", "outage", "volume", "restored")
EXIT_CODES = {Value.PASS: 0, Value.FAIL: 1, Value.NOT_RUN: 3, Value.INCONCLUSIVE: 4, Value.ABORTED: 5}
EXIT_NOT_RESTORED = 6
GATE = ("refused", "baseline_not_met")
STOPPED = ("stopped", "interrupted")
# What Chaos Toolkit's own end may be without weakening a PASS.
CONTENT = ("completed",)
NOT_ENDED = "the run has not ended, or was killed (it has no platform.json)"
STILL_GOING = "the run is still going: this is what it shows so far"
DEVIATED = "Chaos Toolkit saw its steady state deviate"


def judge(run: Run) -> Verdict:
    """Judge one run from its records alone."""
    case = open_case(run)
    table = objectives(case)
    value, reason = _value(case, table)
    freed = remediation(run)
    judged = case.judged()
    stuck = why_stuck(run, case.when.judged_to_s) if _of(table, "recovery").result is not Result.MET else ()
    return Verdict(
        value=value,
        reason=reason,
        outcome=outcome(value, case, table),
        restored=case.restored,
        objectives=table,
        findings=_findings(value, case, table),
        remediation=freed,
        story=story(case, freed, stuck),
        availability=case.availability,
        account=case.account,
        movement=case.movement,
        fault_at_s=case.when.fault_s,
        milestones=milestones(run, recovered_at_s=case.recovered_at_s),
        stuck=stuck,
        unaided=judged,
        error_budget=error_budget(judged.total_s, slo=case.aims.slo, period_days=case.aims.slo_period_days) if judged else None,
        series=case.series,
        backends=case.backends,
        unaudited=case.left_behind if case.restored is not False else (),
    )


def exit_code(verdict: Verdict) -> int:
    """Tell the exit code of our commands for a verdict; an environment that was not restored wins over everything."""
    return EXIT_NOT_RESTORED if verdict.restored is False else EXIT_CODES[verdict.value]


def outcome(value: Value, case: Case, table: Sequence[Objective]) -> str:
    """Say a verdict in the words of Chaos Toolkit 1.21; what is INCONCLUSIVE to us is never `passed` there."""
    status = str(case.run.platform.get("status") or "")
    if value is Value.PASS:
        return "passed"
    if value is Value.FAIL:
        return "deviated"
    if value is Value.ABORTED:
        return "interrupted"
    if value is Value.NOT_RUN:
        return "baseline-not-met" if _of(table, "baseline").result is Result.MISSED else "error"
    return "aborted" if status == "aborted" else "probe-error"


def _value(case: Case, table: Sequence[Objective]) -> tuple[Value, str]:
    if case.run.ongoing:
        return Value.INCONCLUSIVE, STILL_GOING
    nothing_injected = case.when.fault_s is None
    if nothing_injected and any(mark.name in GATE for mark in case.run.marks):
        return Value.NOT_RUN, _why_not_run(case, table)
    if case.when.interrupted:
        return Value.ABORTED, _why_aborted(case, table)
    if nothing_injected:
        return Value.NOT_RUN, _why_not_run(case, table)
    fault = _of(table, "fault")
    if fault.level is Level.REQUIRED and fault.result is not Result.MET:
        return Value.INCONCLUSIVE, f"the fault is not proved: {fault.reason}"
    missed = _missed(table)
    if missed:
        return Value.FAIL, "; ".join(one.reason for one in missed)
    blocking = [one for one in table if _blocks(one)]
    doubts = [*(f"{one.name}: {one.reason}" for one in blocking if not _follows(one, blocking)), *_platform_doubts(case), *case.problems]
    if doubts:
        return Value.INCONCLUSIVE, "; ".join(doubts)
    return Value.PASS, _why_passed(table)


def _missed(table: Sequence[Objective]) -> list[Objective]:
    """Pick the required claims that were missed, the most decisive first."""
    claims = [_of(table, name) for name in DECISIVE]
    return [one for one in claims if one.level is Level.REQUIRED and one.result is Result.MISSED]


def _blocks(one: Objective) -> bool:
    """Whether an objective keeps a run from being a PASS without being a miss of the system's."""
    if one.level is not Level.REQUIRED:
        return False
    return one.result is Result.NOT_TESTED or (one.name in CONDITIONS and one.result is not Result.MET)


def _follows(one: Objective, blocking: Sequence[Objective]) -> bool:
    """Whether an objective was not tested for the very reason that another one names already."""
    names = {each.name for each in blocking}
    return (one.reason.startswith(NO_FIGURE) and "samples" in names) or (one.reason.startswith(NO_CAUSE) and "baseline" in names)


def _platform_doubts(case: Case) -> list[str]:
    """Tell where Chaos Toolkit's own end contradicts a PASS of ours."""
    platform = case.run.platform
    failed = [str(name) for name in platform.get("failed_activities") or ()]
    if not platform:
        return [] if case.run.ongoing else [NOT_ENDED]
    status = str(platform.get("status") or "in an unknown way")
    return [
        *([f"Chaos Toolkit ended {status}"] if status not in CONTENT else []),
        *([DEVIATED] if platform.get("deviated") else []),
        *([f"activities failed: {listed(failed)}"] if failed else []),
    ]


def _why_not_run(case: Case, table: Sequence[Objective]) -> str:
    baseline = _of(table, "baseline")
    refused = next((mark for mark in case.run.marks if mark.name == "refused"), None)
    if refused is not None:
        return f"nothing was injected: {refused.detail.get('reason') or 'the gate refused'}"
    if baseline.result is Result.MISSED:
        return f"nothing was injected: {baseline.reason}"
    return f"nothing was injected: {'; '.join(_platform_doubts(case)) or 'no fault was started'}"


def _why_aborted(case: Case, table: Sequence[Objective]) -> str:
    at_s, fault_s = marked_at(case.run, "interrupted"), case.when.fault_s
    when = f" {at_s:.1f} s into the run" if at_s is not None else ""
    where = "before anything was injected" if fault_s is None or (at_s is not None and at_s < fault_s) else "after the fault had begun"
    seen = [one.reason for one in _missed(table) if one.name != "volume"] if fault_s is not None else []
    said = [f" ({reason})" for reason in _told_reasons(case)]
    return "; ".join([f"interrupted{when}, {where}{''.join(said)}", *seen])


def _told_reasons(case: Case) -> tuple[str, ...]:
    """Collect why a run was stopped, in the words of whoever stopped it."""
    told = (str(mark.detail.get("reason") or "") for mark in case.run.marks if mark.name in STOPPED)
    return tuple(dict.fromkeys(reason for reason in told if reason))


def _why_passed(table: Sequence[Objective]) -> str:
    told = [_of(table, name) for name in ("outage", "volume", "writes")]
    return "; ".join(one.reason for one in told if one.result is Result.MET) or "every required objective was met"


def _findings(value: Value, case: Case, table: Sequence[Objective]) -> tuple[str, ...]:
    """Collect what a reader should know beside the verdict, one line each, every line once."""
    optional = [one for one in table if one.level is Level.OPTIONAL and one.result is not Result.MET]
    lines = [
        *case.left_behind,
        *(f"{one.name} {one.result} (optional): {one.reason}" for one in optional),
        *case.doubts,
        *case.suspicions,
        *handover.told(case.run),
        *(f"after our undo: {line}" for line in stuck_after_undo(case.run)),
        *(line for line in _platform_doubts(case) if not (value is Value.FAIL and line == DEVIATED)),
        *case.problems,
        *case.run.problems,
    ]
    return tuple(dict.fromkeys(lines))


def _of(table: Sequence[Objective], name: str) -> Objective:
    return next(one for one in table if one.name == name)
