"""Runs of which a part is missing: killed at their end, a sampler or a recorder that died, a cache in the way. None of them may pass."""

from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest

from chaoscinder.checks.verdict import exit_code, judge
from chaoscinder.model.run import Run
from chaoscinder.model.sample import Outcome
from chaoscinder.model.timeline import Mark
from chaoscinder.model.verdict import Objective, Result, Value, Verdict
from chaoscinder.reports import facts, html, markdown, terminal, tiles

MET, MISSED, NOT_TESTED = Result.MET, Result.MISSED, Result.NOT_TESTED
KILLED = "the run has not ended, or was killed (it has no platform.json)"
VIEWS = ("KUBERNETES", "NOVA", "CINDER")


def told(verdict: Verdict, name: str) -> Objective:
    return next(one for one in verdict.objectives if one.name == name)


def without_end(run: Run) -> Run:
    """Chaos Toolkit was killed after the recording had ended: everything is there but its own end."""
    return replace(run, platform={})


# --- killed ---


def test_a_run_without_the_platforms_end_never_passes(passing_run: Run) -> None:
    verdict = judge(without_end(passing_run))
    assert (verdict.value, verdict.reason, verdict.findings, exit_code(verdict)) == (Value.INCONCLUSIVE, KILLED, (KILLED,), 4)


def test_a_platform_that_never_told_its_status_is_no_pass(passing_run: Run) -> None:
    verdict = judge(replace(passing_run, platform={"deviated": False}))
    assert (verdict.value, verdict.reason) == (Value.INCONCLUSIVE, "Chaos Toolkit ended in an unknown way")


def test_what_failed_before_the_kill_has_failed(failing_run: Run) -> None:
    assert judge(without_end(failing_run)).value is Value.FAIL


def test_a_killed_run_in_which_nothing_was_injected_is_not_run(passing_run: Run) -> None:
    marks = tuple(mark for mark in passing_run.marks if mark.name.startswith("baseline"))
    verdict = judge(without_end(replace(passing_run, marks=marks, touched=(), samples=passing_run.samples[:31])))
    assert (verdict.value, verdict.reason) == (Value.NOT_RUN, f"nothing was injected: {KILLED}")


def test_an_interruption_that_was_told_before_the_kill_is_an_abort(passing_run: Run) -> None:
    cut = replace(passing_run, marks=(*passing_run.marks, Mark(100.0, "interrupted")))
    assert judge(without_end(cut)).value is Value.ABORTED


def test_rows_that_nobody_counted_keep_a_run_from_passing(passing_run: Run) -> None:
    after = {name: value for name, value in (passing_run.after or {}).items() if name != "rows"}
    verdict = judge(replace(passing_run, after=after))
    why = "nobody counted this run's own rows after the run"
    assert (verdict.value, verdict.restored, verdict.unaudited) == (Value.INCONCLUSIVE, True, (why,))
    assert verdict.reason == f"restored: {why}"
    assert facts.restored_line(verdict) == f"yes, but {why}"


@pytest.mark.parametrize(("deletes", "value"), [("yes", Value.INCONCLUSIVE), ("no", Value.PASS)])
def test_rows_that_are_null_were_counted_only_where_they_are_meant_to_stay(passing_run: Run, deletes: str, value: Value) -> None:
    head = replace(passing_run.header, settings={**passing_run.header.settings, "ledger_deletes": deletes})
    assert judge(replace(passing_run, header=head, after={**(passing_run.after or {}), "rows": None})).value is value


# --- problems of our own end ---


@pytest.mark.parametrize(
    "what", ["row chaoscinder-1 could not be deleted: 504 (wanted 2xx)", "the state after the run could not be audited"]
)
def test_a_problem_of_our_own_end_is_a_finding_and_no_pass(passing_run: Run, failing_run: Run, what: str) -> None:
    mark = Mark(1000.0, "problem", {"what": what})
    verdict = judge(replace(passing_run, marks=(*passing_run.marks, mark)))
    assert (verdict.value, verdict.reason, verdict.findings) == (Value.INCONCLUSIVE, what, (what,))
    failed = judge(replace(failing_run, marks=(*failing_run.marks, mark)))
    assert failed.value is Value.FAIL
    assert what in failed.findings


def test_the_lack_of_a_control_series_is_no_problem_of_the_end(passing_run: Run) -> None:
    mark = Mark(1.0, "no_control_series", {"why": "the API server is behind a proxy (wanted control_url, or none)"})
    assert judge(replace(passing_run, marks=(*passing_run.marks, mark))).value is Value.PASS


def test_a_run_that_was_stopped_says_why_once(passing_run: Run) -> None:
    why = "stop file /srv/runs/stop: the shop is open again"
    marks = (
        *passing_run.marks,
        Mark(99.0, "stopped", {"reason": why}),
        Mark(100.0, "interrupted", {"status": "interrupted", "reason": why}),
    )
    verdict = judge(replace(passing_run, marks=marks))
    assert (verdict.value, verdict.reason) == (Value.ABORTED, f"interrupted 100.0 s into the run, after the fault had begun ({why})")
    silent = judge(replace(passing_run, marks=(*passing_run.marks, Mark(100.0, "interrupted", {"reason": ""}))))
    assert silent.reason == "interrupted 100.0 s into the run, after the fault had begun"


def test_a_problem_is_printed_once(passing_run: Run) -> None:
    line = "recorder: Nova did not answer (at 3.0 s)"
    run = replace(passing_run, problems=(line,))
    verdict = judge(run)
    assert [page.count(line) for page in (terminal.render(run, verdict), markdown.render(run, verdict), html.render(run, verdict))] == [
        1
    ] * 3


# --- a page that never fails ---


def always_answered(run: Run, backend: str | None) -> Run:
    return replace(run, samples=tuple(replace(row, outcome=Outcome.OK, backend=backend) for row in run.samples))


def test_answers_of_the_lost_pod_are_an_outage(passing_run: Run, stories: ModuleType) -> None:
    """Its EndpointSlice has none ready from 76.2 s to 110.2 s: kube-proxy and our watch have 15 s at rate 20, the rest is no answer."""
    verdict = judge(always_answered(passing_run, stories.OLD_POD))
    assert verdict.backends == f"47 answers of {stories.OLD_POD}, more than 15 s after it was no ready endpoint any more"
    assert verdict.value is not Value.PASS
    assert told(verdict, "recovery").result is NOT_TESTED


def test_a_page_without_a_name_that_answers_while_no_endpoint_is_ready_is_doubted(passing_run: Run) -> None:
    run = always_answered(passing_run, None)
    verdict = judge(run)
    doubt = "9 answers though the Service had no ready endpoint from 76.2 s to 110.2 s: they may be a cache's or a lost pod's"
    assert verdict.value is Value.INCONCLUSIVE
    assert verdict.reason == f"samples: {doubt}"
    assert verdict.story[1] == f"No failure was seen, but nobody knows what users saw: {doubt}."
    unchecked = "Answers from a stale backend were not checked"
    assert unchecked in markdown.render(run, verdict)
    assert unchecked in html.render(run, verdict)


def test_one_failure_in_that_stretch_is_no_contradiction(passing_run: Run) -> None:
    run = always_answered(passing_run, None)
    samples = tuple(replace(row, outcome=Outcome.REFUSED) if row.at_s in (95.0, 96.0) else row for row in run.samples)
    assert told(judge(replace(run, samples=samples)), "samples").result is MET


# --- a sampler that died ---


def test_a_sampler_that_died_after_the_fault_saw_nothing(passing_run: Run) -> None:
    verdict = judge(replace(passing_run, samples=always_answered(passing_run, None).samples[:32]))
    early = "sampling ended at 31.0 s, 84.8 s before the undo"
    assert (verdict.value, told(verdict, "samples").result, told(verdict, "samples").reason) == (Value.INCONCLUSIVE, MISSED, early)
    assert told(verdict, "samples").measured.startswith("85 samples, 84 missed, ")
    assert verdict.availability is not None
    assert (verdict.availability.by_time, verdict.availability.by_request) == (None, None)
    assert verdict.story[1] == f"No failure was seen, but nobody knows what users saw: {early}."
    assert [tile.figure for tile in tiles.tiles(passing_run, verdict)[:3]] == ["not known"] * 3


def test_three_slots_before_the_undo_are_enough_and_five_are_not(passing_run: Run) -> None:
    def ending(at_s: float) -> Result:
        return told(judge(replace(passing_run, samples=tuple(row for row in passing_run.samples if row.at_s <= at_s))), "samples").result

    assert (ending(113.0), ending(111.0)) == (MET, MISSED)


# --- a recorder that died ---


def heard_to(run: Run, at_s: float, **views: float) -> Run:
    return replace(
        run, watched_to_s={view: views.get(view, at_s) for view in VIEWS}, changes=tuple(row for row in run.changes if row.at_s <= at_s)
    )


def test_what_was_seen_before_the_recorder_died_says_nothing_about_later(failing_run: Run) -> None:
    verdict = judge(heard_to(failing_run, 40.0))
    why = "the recorder's last sign of life is at 40.0 s, 901.5 s too early"
    assert (told(verdict, "volume").result, told(verdict, "volume").reason) == (NOT_TESTED, f"nobody looked where the volume was: {why}")
    assert verdict.movement is not None
    assert (verdict.movement.views_agree, verdict.movement.to_server_id) == (None, None)
    assert facts.movement_line(verdict.movement) == f"not known: {why}"
    assert verdict.story[2].startswith(f"Nobody looked where the volume was in the end: {why}")
    assert verdict.stuck == ()


def test_a_recorder_that_outlived_the_undo_has_seen_it(passing_run: Run) -> None:
    assert judge(replace(passing_run, watched_to_s=dict.fromkeys(VIEWS, 116.0))).value is Value.PASS
    assert judge(replace(passing_run, watched_to_s=dict.fromkeys(VIEWS, 115.0))).value is Value.INCONCLUSIVE


@pytest.mark.parametrize(
    ("problem", "result"),
    [
        ("recorder: Nova did not answer (4 times from 60.0 to 300.0 s)", NOT_TESTED),
        ("recorder: Nova said 503 (4 times from 60.0 to 100.0 s)", MET),
        ("recorder: Nova did not answer (at 200.0 s)", NOT_TESTED),  # a request of 10 s wall began 200 s before
        ("recorder: Nova said 503 (at 200.0 s)", MET),
    ],
)
def test_a_cloud_that_was_silent_at_the_undo_told_nothing(passing_run: Run, problem: str, result: Result) -> None:
    assert told(judge(replace(passing_run, problems=(problem,))), "volume").result is result


# --- an undo that came early ---


def undone_after(run: Run, after_s: float, stories: ModuleType, **changes: Any) -> Run:
    until_s = stories.FAULT_S + after_s
    marks = (*(mark for mark in run.marks if mark.at_s < until_s), Mark(until_s, "undo_started"), Mark(until_s + 5, "undone"))
    return replace(run, marks=marks, **changes)


def test_a_volume_that_had_no_time_to_move_is_not_missed(failing_run: Run, stories: ModuleType) -> None:
    verdict = judge(undone_after(failing_run, 36.0, stories))
    why = "the volume was still where it had been when our undo began, 36.0 s after the fault, before the deadline of 900 s"
    assert (told(verdict, "volume").result, told(verdict, "volume").reason) == (NOT_TESTED, why)
    assert verdict.value is Value.INCONCLUSIVE
    assert verdict.story[2].startswith(
        "The volume was still on node-2 when the record or our undo ended the wait, 36.0 s after the fault; "
    )


def test_a_volume_that_nothing_would_have_moved_is_missed_however_early_the_undo(failing_run: Run, stories: ModuleType) -> None:
    assert told(judge(undone_after(failing_run, 400.0, stories)), "volume").reason == "the volume stayed on node-2"


def test_an_aborted_run_does_not_claim_that_the_volume_stayed(failing_run: Run) -> None:
    verdict = judge(replace(failing_run, marks=(*failing_run.marks, Mark(945.0, "interrupted"))))
    assert verdict.value is Value.ABORTED
    assert "volume stayed on" not in verdict.reason


# --- restored ---


def test_rows_of_this_run_are_touched(passing_run: Run) -> None:
    def left(rows: int | None) -> tuple[bool | None, str]:
        verdict = judge(replace(passing_run, touched=(), after={**(passing_run.after or {}), "rows": rows}))
        return verdict.restored, facts.restored_line(verdict)

    assert left(0) == (True, "yes")
    assert left(2) == (False, "NO")
    assert left(None) == (None, "not audited: this run's own rows are meant to stay in the application")


def test_an_audit_that_is_missing_is_not_the_same_as_nothing_touched(passing_run: Run) -> None:
    assert (
        facts.restored_line(judge(replace(passing_run, after=None, writes=())))
        == "not audited: nobody audited the environment after the fault"
    )
    assert facts.restored_line(judge(replace(passing_run, touched=(), writes=()))) == "nothing was touched"


# --- still going, and small things ---


def test_a_run_that_is_still_going_is_told_so_first(failing_run: Run, passing_run: Run) -> None:
    still = "the run is still going: this is what it shows so far"
    touched = tuple(replace(one, undone=False) for one in failing_run.touched)
    for run in (replace(failing_run, touched=touched), Run(passing_run.header)):
        verdict = judge(replace(run, platform={}, ongoing=True))
        assert (verdict.value, verdict.reason, exit_code(verdict)) == (Value.INCONCLUSIVE, still, 4)
        assert facts.restored_line(verdict) == "not audited: the run is still going"


def test_no_failed_look_is_no_outage_of_zero_seconds(passing_run: Run) -> None:
    well = replace(passing_run, samples=tuple(replace(row, outcome=Outcome.OK, backend=None) for row in passing_run.samples))
    ready = tuple(row for row in well.changes if row.kind != "EndpointSlice")
    outage = told(judge(replace(well, changes=ready)), "outage")
    assert (outage.result, outage.measured, outage.reason) == (
        MET,
        "no failed look",
        "no look failed; an outage shorter than 1 s may not have been seen",
    )
