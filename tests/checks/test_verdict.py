"""The whole judgement: what a story amounts to, and which of several things wins."""

from collections.abc import Callable
from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest

from chaoscinder.checks.verdict import exit_code, judge
from chaoscinder.model.attachment import View
from chaoscinder.model.run import OBJECTIVES, Aims, Run
from chaoscinder.model.sample import Outcome
from chaoscinder.model.timeline import Mark
from chaoscinder.model.verdict import Level, Objective, Result, Value, Verdict

MET, MISSED, NOT_TESTED = Result.MET, Result.MISSED, Result.NOT_TESTED
REQUIRED = Level.REQUIRED


def with_aims(run: Run, **aims: Any) -> Run:
    """The same run judged against other bounds."""
    return replace(run, header=replace(run.header, aims=replace(run.header.aims, **aims)))


def with_levels(run: Run, **levels: Level) -> Run:
    return with_aims(run, levels=levels)


def told(verdict: Verdict, name: str) -> Objective:
    return next(one for one in verdict.objectives if one.name == name)


def results(verdict: Verdict) -> dict[str, Result]:
    return {one.name: one.result for one in verdict.objectives}


def test_with_remediation_the_story_passes(passing_run: Run) -> None:
    verdict = judge(passing_run)
    assert (verdict.value, verdict.outcome, verdict.restored, exit_code(verdict)) == (Value.PASS, "passed", True, 0)
    assert results(verdict) == dict.fromkeys(OBJECTIVES, MET)
    assert verdict.reason == (
        "away for 78.9 to 81.1 s (3.94 to 4.06 s wall at rate 20; D = 0.9 s), within the budget of 180 s; "
        "the volume moved from node-2 to node-1, all three views agree; all 6 acknowledged writes read back"
    )
    assert verdict.story == (
        "Server node-2 (e3f30380), on which pod test-cinder-6496958d67-48gss used volume e1b43bb1, was stopped 30.5 s into the run, "
        "and Nova called it SHUTOFF 1.3 s later.",
        "Users were away for 78.9 to 81.1 s (3.94 to 4.06 s wall at rate 20; D = 0.9 s): 47 connect timeouts, then 33 refused connections.",
        "The volume moved from node-2 to node-1, freed by out-of-service taint on node-2, "
        "68.7 s after the fault; 6 of 6 acknowledged writes were read back (5 more had no answer, 0 of them are there).",
    )
    assert (verdict.findings, verdict.stuck, verdict.fault_at_s) == ((), (), 30.5)


def test_without_remediation_the_same_story_fails(failing_run: Run) -> None:
    verdict = judge(failing_run)
    assert (verdict.value, verdict.outcome, verdict.restored, exit_code(verdict)) == (Value.FAIL, "deviated", True, 1)
    assert results(verdict) == {
        "baseline": MET,
        "fault": MET,
        "samples": MET,
        "outage": MISSED,
        "recovery": MISSED,
        "volume": MISSED,
        "writes": MET,
        "restored": MET,
    }
    assert verdict.reason == (
        "no recovery within 900 s (looked for 911.0 s): the volume stays on a server that is off, and nothing would end it; "
        "away for at least 910.4 s (at least 45.5 s wall at rate 20; D = 0.9 s), over the budget of 180 s; the volume stayed on node-2"
    )
    assert verdict.story[1:] == (
        "Users were away for 936.9 to 939.1 s (46.84 to 46.96 s wall at rate 20; D = 0.9 s): 49 connect timeouts, "
        "then 889 refused connections; it ended only after our undo.",
        "The volume stayed on node-2, and nothing would have ended that; "
        "4 of 4 acknowledged writes were read back (5 more had no answer, 0 of them are there).",
    )
    assert (verdict.remediation, verdict.findings, len(verdict.stuck)) == ("none seen", (), 6)


def test_the_acceptance_table_is_ready_to_print(passing_run: Run) -> None:
    proof = "server node-2 (e3f30380) held the volume (NOVA and CINDER) and was SHUTOFF 1.3 s after the fault (NOVA)"
    counted = "108 samples, 0 missed, lateness p99 1.0 ms of a period of 50 ms"
    assert [(one.name, one.target, one.measured) for one in judge(passing_run).objectives] == [
        ("baseline", "every answer good for 30 s before the fault", "30 of 30 samples good"),
        ("fault", "the server that held the volume seen SHUTOFF", proof),
        ("samples", "at most 1% missed or unknown, lateness p99 within half a period", counted),
        ("outage", "at most 180 s in all (D = 0.9 s)", "78.9 to 81.1 s (3.94 to 4.06 s wall at rate 20; D = 0.9 s)"),
        ("recovery", "within 900 s, then 10 s without a failure", "79.5 to 80.6 s (3.97 to 4.03 s wall at rate 20; D = 0.9 s)"),
        ("volume", "moved to another server, all three views agree", "from node-2 to node-1"),
        ("writes", "every acknowledged write read back", "6 of 6 acknowledged writes read back"),
        ("restored", "everything as before the fault", "nothing left behind"),
    ]


def test_at_rate_1_there_is_no_second_figure(passing_run: Run) -> None:
    real = replace(with_aims(passing_run, samples_per_s=1.0), header=replace(passing_run.header, rate=1.0, aims=Aims(samples_per_s=1.0)))
    assert told(judge(real), "outage").measured == "78.9 to 81.1 s (D = 0.9 s)"


# --- which word wins ---


def interrupted(run: Run) -> Run:
    return replace(run, marks=(*run.marks, Mark(100.0, "interrupted")))


def losing(run: Run) -> Run:
    """The last reading lacks one acknowledged write."""
    last = run.read_backs[-1]
    return replace(run, read_backs=(*run.read_backs[:-1], replace(last, seen=last.seen[1:])))


def unproved(run: Run) -> Run:
    """Nobody saw the server off."""
    marks = tuple(mark for mark in run.marks if mark.name != "fault_confirmed")
    return replace(run, marks=marks, changes=tuple(row for row in run.changes if row.view is not View.NOVA))


def left_behind(run: Run) -> Run:
    after = {**(run.after or {}), "server": {"id": "s", "status": "SHUTOFF", "power_state": 4, "metadata": {}}}
    return replace(run, after=after)


def not_injected(run: Run) -> Run:
    marks = tuple(mark for mark in run.marks if mark.name in ("baseline_started", "baseline_met"))
    return replace(run, marks=marks, samples=tuple(sample for sample in run.samples if sample.at_s < 31), touched=())


def same(run: Run) -> Run:
    return run


@pytest.mark.parametrize(
    ("change", "value", "outcome", "code", "reason"),
    [
        (interrupted, Value.ABORTED, "interrupted", 5, "interrupted 100.0 s into the run, after the fault had begun"),
        (lambda run: interrupted(losing(run)), Value.ABORTED, "interrupted", 5, "interrupted 100.0 s into the run"),
        (lambda run: interrupted(not_injected(run)), Value.ABORTED, "interrupted", 5, "interrupted 100.0 s into the run, before"),
        (not_injected, Value.NOT_RUN, "error", 3, "nothing was injected: no fault was started"),
        (unproved, Value.INCONCLUSIVE, "probe-error", 4, "the fault is not proved: server node-2 (e3f30380) was never seen SHUTOFF"),
        (lambda run: losing(unproved(run)), Value.INCONCLUSIVE, "probe-error", 4, "the fault is not proved"),
        (losing, Value.FAIL, "deviated", 1, "1 acknowledged write lost: chaoscinder-3f2a9c41-1"),
        (left_behind, Value.FAIL, "deviated", 6, "not restored: Server s has status SHUTOFF (before the fault ACTIVE)"),
        (lambda run: interrupted(left_behind(run)), Value.ABORTED, "interrupted", 6, "interrupted"),
        (lambda run: replace(run, writes=()), Value.INCONCLUSIVE, "probe-error", 4, "writes: no numbered write was sent"),
        (lambda run: replace(run, read_backs=()), Value.INCONCLUSIVE, "probe-error", 4, "writes: 6 acknowledged writes, but nobody"),
        (lambda run: replace(run, after=None), Value.INCONCLUSIVE, "probe-error", 4, "restored: nobody audited the environment after"),
        (lambda run: replace(run, samples=()), Value.INCONCLUSIVE, "probe-error", 4, "baseline: the web UI was not sampled"),
        (same, Value.PASS, "passed", 0, "away for 78.9 to 81.1 s"),
    ],
)
def test_the_first_rule_that_holds_gives_the_word(
    passing_run: Run, change: Callable[[Run], Run], value: Value, outcome: str, code: int, reason: str
) -> None:
    verdict = judge(change(passing_run))
    assert (verdict.value, verdict.outcome, exit_code(verdict)) == (value, outcome, code)
    assert verdict.reason.startswith(reason)


def test_an_interruption_tells_when_it_came_and_what_had_been_missed_by_then(passing_run: Run, failing_run: Run) -> None:
    early = judge(replace(passing_run, marks=(*passing_run.marks, Mark(20.0, "interrupted"))))
    assert early.reason == "interrupted 20.0 s into the run, before anything was injected"
    at_once = judge(replace(passing_run, marks=(*passing_run.marks, Mark(30.5, "interrupted"))))
    assert at_once.reason == "interrupted 30.5 s into the run, after the fault had begun"
    unmarked = judge(replace(passing_run, platform={"status": "interrupted"}))
    assert (unmarked.value, unmarked.reason) == (Value.ABORTED, "interrupted, after the fault had begun")
    lost = judge(losing(replace(failing_run, marks=(*failing_run.marks, Mark(945.0, "interrupted")))))
    assert lost.reason == (
        "interrupted 945.0 s into the run, after the fault had begun; "
        "1 acknowledged write lost: chaoscinder-3f2a9c41-1 (not the last ones acknowledged: rows went missing); "
        "no recovery within 900 s (looked for 911.0 s): the volume stays on a server that is off, and nothing would end it; "
        "away for at least 910.4 s (at least 45.5 s wall at rate 20; D = 0.9 s), over the budget of 180 s"
    )


def test_what_chaos_toolkit_aborted_is_aborted_in_its_words_and_inconclusive_in_ours(passing_run: Run) -> None:
    verdict = judge(replace(passing_run, platform={"status": "aborted"}))
    assert (verdict.value, verdict.outcome, verdict.reason) == (Value.INCONCLUSIVE, "aborted", "Chaos Toolkit ended aborted")
    assert judge(replace(passing_run, platform={})).outcome == "probe-error"


def test_of_what_was_not_run_a_stop_is_no_refusal_of_the_gate(passing_run: Run) -> None:
    run = not_injected(passing_run)
    stopped = replace(run, marks=(*run.marks, Mark(31.0, "stopped", {"reason": "enough"})))
    assert judge(stopped).reason == "nothing was injected: no fault was started"


def test_a_failure_tells_what_else_chaos_toolkit_saw_but_not_the_deviation_that_it_is(failing_run: Run) -> None:
    platform = {"status": "failed", "deviated": True, "failed_activities": ["page: Unreachable"]}
    verdict = judge(replace(failing_run, platform=platform))
    assert (verdict.value, verdict.findings) == (
        Value.FAIL,
        ("Chaos Toolkit ended failed", "activities failed: page: Unreachable"),
    )


def test_an_unmet_baseline_is_not_run_even_though_the_platform_says_interrupted(stories: ModuleType) -> None:
    verdict = judge(stories.refused())
    assert (verdict.value, verdict.outcome, verdict.restored, exit_code(verdict)) == (Value.NOT_RUN, "baseline-not-met", None, 3)
    assert verdict.reason == "nothing was injected: the baseline was not met (18 of 30 samples good)"
    assert verdict.story[0] == "Nothing was broken."


def test_a_gate_that_refused_says_why(passing_run: Run) -> None:
    run = not_injected(passing_run)
    refused = replace(run, marks=(*run.marks, Mark(31.0, "refused", {"reason": "two servers are called node-2"})))
    verdict = judge(replace(refused, platform={"status": "interrupted", "interrupted": True}))
    assert (verdict.value, verdict.reason) == (Value.NOT_RUN, "nothing was injected: two servers are called node-2")


def test_lost_data_is_the_first_reason_of_several(failing_run: Run) -> None:
    verdict = judge(losing(failing_run))
    assert verdict.value is Value.FAIL
    assert verdict.reason.startswith(
        "1 acknowledged write lost: chaoscinder-3f2a9c41-1 (not the last ones acknowledged: rows went missing); no recovery within 900 s"
    )


@pytest.mark.parametrize(
    ("platform", "doubt"),
    [
        ({"status": "completed", "deviated": True}, "Chaos Toolkit saw its steady state deviate"),
        ({"status": "failed"}, "Chaos Toolkit ended failed"),
        (
            {"status": "completed", "failed_activities": ["attachments_agree: Unreachable"]},
            "activities failed: attachments_agree: Unreachable",
        ),
    ],
)
def test_what_chaos_toolkit_saw_differently_is_never_rounded_up(passing_run: Run, platform: dict[str, Any], doubt: str) -> None:
    verdict = judge(replace(passing_run, platform=platform))
    assert (verdict.value, verdict.reason, verdict.findings) == (Value.INCONCLUSIVE, doubt, (doubt,))


def test_a_run_that_was_killed_is_judged_by_what_it_left(passing_run: Run) -> None:
    """No platform.json, no audit, and the server never started again: what stands is that it was not undone."""
    killed = replace(
        passing_run,
        marks=tuple(mark for mark in passing_run.marks if mark.at_s < 60),
        samples=tuple(sample for sample in passing_run.samples if sample.at_s < 60),
        changes=tuple(change for change in passing_run.changes if change.at_s < 60),
        read_backs=(),
        touched=tuple(replace(one, undone=False, end_state="") for one in passing_run.touched),
        platform={},
        after=None,
    )
    verdict = judge(killed)
    assert (verdict.restored, exit_code(verdict)) == (False, 6)
    assert results(verdict)["recovery"] is NOT_TESTED
    assert told(verdict, "recovery").reason == "the record ends 28.5 s after the fault, before the deadline of 900 s"


def test_a_run_directory_with_nothing_but_its_header_is_not_run(passing_run: Run) -> None:
    verdict = judge(Run(passing_run.header))
    assert (verdict.value, verdict.restored, verdict.availability, verdict.movement) == (Value.NOT_RUN, None, None, None)


# --- levels ---


def test_an_optional_objective_that_was_not_tested_is_told_beside_the_verdict(passing_run: Run) -> None:
    verdict = judge(with_levels(replace(passing_run, writes=()), writes=Level.OPTIONAL))
    assert verdict.value is Value.PASS
    assert verdict.findings == ("writes not tested (optional): no numbered write was sent: durability was not tested",)


def test_an_optional_objective_that_was_missed_does_not_fail_the_run(passing_run: Run) -> None:
    verdict = judge(with_levels(losing(passing_run), writes=Level.OPTIONAL))
    assert verdict.value is Value.PASS
    assert verdict.findings == (
        "writes missed (optional): 1 acknowledged write lost: chaoscinder-3f2a9c41-1 (not the last ones acknowledged: rows went missing)",
    )


def test_an_objective_that_is_off_is_listed_and_not_judged(passing_run: Run) -> None:
    verdict = judge(with_levels(losing(passing_run), writes=Level.OFF))
    assert (verdict.value, verdict.findings) == (Value.PASS, ())
    assert told(verdict, "writes") == Objective(
        "writes", Level.OFF, NOT_TESTED, "every acknowledged write read back", "", "switched off"
    )  # fmt: skip


# --- objectives ---


def test_a_budget_within_the_bound_of_the_figure_cannot_be_told(passing_run: Run) -> None:
    verdict = judge(with_aims(passing_run, outage_budget_s=80.0))
    assert (verdict.value, results(verdict)["outage"]) == (Value.INCONCLUSIVE, NOT_TESTED)
    assert verdict.reason == (
        "outage: away for 78.9 to 81.1 s (3.94 to 4.06 s wall at rate 20; D = 0.9 s), which cannot be held against the budget of 80 s"
    )


def test_a_budget_below_the_least_is_missed(passing_run: Run) -> None:
    verdict = judge(with_aims(passing_run, outage_budget_s=78.0))
    assert (verdict.value, results(verdict)["outage"], results(verdict)["recovery"]) == (Value.FAIL, MISSED, MET)


def test_a_deadline_below_the_recovery_is_missed_though_it_came_back(passing_run: Run) -> None:
    verdict = judge(with_aims(passing_run, recovery_deadline_s=70.0))
    assert told(verdict, "recovery").result is MISSED
    assert told(verdict, "recovery").reason == "no recovery within 70 s (looked for 79.5 s)"


def test_an_undo_before_the_deadline_leaves_recovery_untested(failing_run: Run) -> None:
    verdict = judge(with_aims(failing_run, recovery_deadline_s=1200.0))
    assert told(verdict, "recovery").result is NOT_TESTED
    assert told(verdict, "recovery").reason == "our undo began 911.0 s after the fault, before the deadline of 1200 s"


def test_an_outage_that_only_our_undo_ended_is_not_within_any_budget(failing_run: Run) -> None:
    verdict = judge(with_aims(failing_run, outage_budget_s=2000.0))
    assert told(verdict, "outage").result is NOT_TESTED
    assert told(verdict, "outage").measured == "at least 910.4 s (at least 45.5 s wall at rate 20; D = 0.9 s)"


def test_an_outage_after_our_undo_counts_for_users_but_not_against_recovery(passing_run: Run) -> None:
    samples = tuple(replace(row, outcome=Outcome.RESET) if row.at_s in (130.0, 131.0) else row for row in passing_run.samples)
    verdict = judge(replace(passing_run, samples=samples))
    figure = "away 2 times, together 79.8 to 84.2 s (3.99 to 4.21 s wall at rate 20; D = 0.9 s)"
    assert told(verdict, "outage").reason == f"{figure}, within the budget of 180 s"
    assert told(verdict, "recovery").result is MET


def test_a_recovery_that_our_undo_disturbed_before_it_was_stable_is_not_tested(passing_run: Run) -> None:
    samples = tuple(replace(row, outcome=Outcome.RESET) if row.at_s == 117.0 else row for row in passing_run.samples)
    recovery = told(judge(replace(passing_run, samples=samples)), "recovery")
    assert (recovery.result, recovery.reason) == (NOT_TESTED, "our undo began 85.3 s after the fault, before the deadline of 900 s")


def test_a_record_that_ends_within_one_slot_of_the_deadline_reached_it(failing_run: Run) -> None:
    def ending(at_s: float) -> Run:
        marks = tuple(mark for mark in failing_run.marks if mark.at_s < 100)
        samples = tuple(row for row in failing_run.samples if row.at_s <= at_s)
        return replace(failing_run, marks=marks, samples=samples, changes=tuple(row for row in failing_run.changes if row.at_s <= at_s))

    assert told(judge(ending(930.0)), "recovery").result is MISSED  # 899.5 s after the fault, and a slot is 1 s
    assert told(judge(ending(929.0)), "recovery").result is NOT_TESTED


def test_poor_samples_keep_a_run_from_passing_even_where_no_figure_is_required(passing_run: Run) -> None:
    late = replace(passing_run, samples=tuple(replace(row, late_s=0.04) for row in passing_run.samples))
    verdict = judge(with_levels(late, outage=Level.OPTIONAL, recovery=Level.OPTIONAL))
    assert (verdict.value, verdict.reason) == (Value.INCONCLUSIVE, "samples: lateness p99 is 40 ms (wanted at most half a period, 25 ms)")


def test_a_bad_sample_before_the_fault_takes_the_ground_from_the_figures(passing_run: Run) -> None:
    samples = tuple(replace(row, outcome=Outcome.SERVER_ERROR) if row.at_s == 12.0 else row for row in passing_run.samples)
    verdict = judge(replace(passing_run, samples=samples))
    why = "it cannot be put down to the fault: 1 of 30 samples were bad before the fault"
    assert (verdict.value, results(verdict)["baseline"]) == (Value.INCONCLUSIVE, MISSED)
    assert [(told(verdict, name).result, told(verdict, name).reason) for name in ("outage", "recovery")] == [(NOT_TESTED, why)] * 2
    assert verdict.reason == "baseline: 1 of 30 samples were bad before the fault"


def test_data_lost_after_a_bad_baseline_is_lost_all_the_same(passing_run: Run) -> None:
    samples = tuple(replace(row, outcome=Outcome.SERVER_ERROR) if row.at_s == 12.0 else row for row in passing_run.samples)
    assert judge(losing(replace(passing_run, samples=samples))).value is Value.FAIL


def test_a_sampler_that_ended_early_carries_no_figure(passing_run: Run) -> None:
    cut = replace(passing_run, samples=tuple(row for row in passing_run.samples if row.at_s < 60))
    verdict = judge(cut)
    assert verdict.value is Value.INCONCLUSIVE
    assert told(verdict, "samples").reason == "sampling ended at 59.0 s, 56.8 s before the undo"


def test_late_samples_carry_no_figure(passing_run: Run) -> None:
    verdict = judge(replace(passing_run, samples=tuple(replace(row, late_s=0.04) for row in passing_run.samples)))
    why = "the samples cannot carry a figure: lateness p99 is 40 ms (wanted at most half a period, 25 ms)"
    assert (verdict.value, told(verdict, "outage").reason) == (Value.INCONCLUSIVE, why)


def test_views_that_do_not_agree_fail_the_volume(passing_run: Run, stories: ModuleType) -> None:
    ghosts = tuple(row for row in passing_run.changes if not (row.view is View.CINDER and row.at_s > stories.FAULT_S))
    verdict = judge(replace(passing_run, changes=ghosts))
    text = "KUBERNETES: attached to 17c12a07; NOVA: attached to 17c12a07; CINDER: attached to e3f30380"
    assert verdict.value is Value.FAIL
    assert told(verdict, "volume").reason == f"the views do not agree on where the volume is: {text}"


def test_a_duplicate_write_is_missed(passing_run: Run) -> None:
    last = passing_run.read_backs[-1]
    twice = replace(last, seen=((last.seen[0][0], 2), *last.seen[1:]))
    verdict = judge(replace(passing_run, read_backs=(twice,)))
    assert told(verdict, "writes").reason == "1 write there more than once: chaoscinder-3f2a9c41-1"
    assert verdict.value is Value.FAIL


def test_writes_after_the_last_reading_keep_the_account_open(passing_run: Run) -> None:
    verdict = judge(replace(passing_run, read_backs=passing_run.read_backs[:1]))
    assert told(verdict, "writes").result is NOT_TESTED
    unread = "chaoscinder-3f2a9c41-12, chaoscinder-3f2a9c41-13 and chaoscinder-3f2a9c41-14"
    assert told(verdict, "writes").reason == f"3 writes acknowledged after the last reading: {unread}"


def test_without_a_write_before_the_fault_none_was_at_risk(passing_run: Run) -> None:
    late = tuple(write for write in passing_run.writes if write.at_s > 40)
    assert (
        told(judge(replace(passing_run, writes=late)), "writes").reason == "no write was acknowledged before the fault, so none was at risk"
    )


def test_problems_of_the_recording_are_findings(passing_run: Run) -> None:
    assert judge(replace(passing_run, problems=("recorder: Nova did not answer for 3 s",))).findings == (
        "recorder: Nova did not answer for 3 s",
    )
