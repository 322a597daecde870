"""The acceptance table, line by line, each from a case written by hand."""

from collections.abc import Callable
from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest

from chaoscinder.checks import objectives as judges
from chaoscinder.checks.case import Case, open_case
from chaoscinder.checks.faults import Proof
from chaoscinder.checks.objectives import Line, place
from chaoscinder.checks.states import Moments
from chaoscinder.model.run import OBJECTIVES, Run
from chaoscinder.model.sample import Outage, Outcome, Sample
from chaoscinder.model.timeline import Mark
from chaoscinder.model.verdict import Availability, Level, Movement, Objective, Result
from chaoscinder.model.write import Account, Write, WriteOutcome

MET, MISSED, NOT_TESTED = Result.MET, Result.MISSED, Result.NOT_TESTED
SERVER_1, SERVER_2 = "17c12a07-885c-48aa-8266-9ee0aaeb0192", "e3f30380-0d6c-4aee-b7c5-ef0ebca0ab33"
MOVED = Movement("volume", SERVER_2, "node-2", SERVER_1, "node-1", views_agree=True)
STAYED = replace(MOVED, to_server_id=SERVER_2, to_node="node-2")
WRITTEN = Account(6, 6, 0, 0, 6, 0, (), (), read_back=True)
PROVED = Proof("server node-2 was SHUTOFF", "", shut_off_at_s=31.75)
WHEN = Moments(30.0, None, 1000.0, interrupted=False)  # the fault at 30 s, the record's end at 1000 s, no undo
BASELINE = tuple(Sample(float(at), Outcome.OK, 0.001, 0.004) for at in range(30))
OUTAGE = Outage(40.0, 42.0, 52.0, 60.0, ((Outcome.REFUSED, 10),))


def seen(*outages: Outage, total_s: tuple[float, float | None] = (10.0, 20.0), **more: Any) -> Availability:
    """A hundred looks, one each twentieth of a second, which is one cluster second at rate 20."""
    said = {"samples": 100, "bad": 10, "missed": 0, "late_p99_s": 0.0015, "period_s": 0.05, "recovered_s": (22.0, 30.0), **more}
    return Availability(outages, total_s, 0.9, 0.9, **said)


@pytest.fixture
def case(passing_run: Run) -> Case:
    """A run in which every objective was met: an outage of 10 to 20 s, back after 22 to 30 s."""
    opened = open_case(passing_run)
    return replace(
        opened, when=WHEN, baseline=BASELINE, availability=seen(OUTAGE), doubts=(), proof=PROVED, movement=MOVED, account=WRITTEN
    )  # fmt: skip


def with_aims(case: Case, **aims: Any) -> Case:
    return with_run(case, header=replace(case.run.header, aims=replace(case.aims, **aims)))


def with_run(case: Case, **records: Any) -> Case:
    return replace(case, run=replace(case.run, **records))


def deleting(case: Case, *marks: Mark) -> Case:
    """The same where the fault was the deletion of the pod."""
    return with_run(case, marks=(Mark(30.0, "fault_started", {"what": "delete-pod"}), *marks))


def bad(sample: Sample, outcome: Outcome = Outcome.SERVER_ERROR) -> Sample:
    return replace(sample, outcome=outcome)


# --- the table ---


def test_the_table_holds_every_objective_and_says_of_what_is_off_only_what_was_wanted(case: Case) -> None:
    levels = {"volume": Level.OFF, "writes": Level.OPTIONAL}
    table = judges.objectives(with_aims(case, levels=levels))
    assert tuple(one.name for one in table) == OBJECTIVES
    assert [one.level.value for one in table] == ["required"] * 5 + ["off", "optional", "required"]
    assert table[5] == Objective("volume", Level.OFF, NOT_TESTED, "moved to another server, all three views agree", "", "switched off")
    assert table[6] == Objective(
        "writes",
        Level.OPTIONAL,
        MET,
        "every acknowledged write read back",
        "6 of 6 acknowledged writes read back",
        "all 6 acknowledged writes read back",
    )
    assert {one.result for one in judges.objectives(case)} == {MET}


# --- conditions ---

BASELINE_TARGET = "every answer good for 30 s before the fault"


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda case: case, (MET, "30 of 30 samples good", "30 of 30 samples good before the fault")),
        (
            lambda case: replace(case, baseline=(BASELINE[0], bad(BASELINE[1], Outcome.MISSED))),
            (MET, "1 of 1 sample good", "1 of 1 sample good before the fault"),
        ),
        (
            lambda case: replace(case, baseline=(*BASELINE[2:], *map(bad, BASELINE[:2]))),
            (MISSED, "28 of 30 samples good", "2 of 30 samples were bad before the fault"),
        ),
        (
            lambda case: with_run(case, platform={"baseline_met": False}),
            (MISSED, "30 of 30 samples good", "the baseline was not met (30 of 30 samples good)"),
        ),
        (
            lambda case: with_run(case, platform={}, marks=(Mark(0.0, "baseline_not_met"),)),
            (MISSED, "30 of 30 samples good", "the baseline was not met (30 of 30 samples good)"),
        ),
        (lambda case: with_run(case, platform={}), (MET, "30 of 30 samples good", "30 of 30 samples good before the fault")),
        (
            lambda case: replace(case, doubts=("late", "3 samples in the baseline (wanted 27)", "the web UI was not sampled")),
            (NOT_TESTED, "30 of 30 samples good", "3 samples in the baseline (wanted 27)"),
        ),
        (
            lambda case: replace(case, doubts=("the web UI was not sampled",)),
            (NOT_TESTED, "30 of 30 samples good", "the web UI was not sampled"),
        ),
        (lambda case: replace(case, doubts=("late",)), (MET, "30 of 30 samples good", "30 of 30 samples good before the fault")),
    ],
)
def test_the_baseline(case: Case, change: Callable[[Case], Case], line: tuple[Result, str, str]) -> None:
    result, measured, reason = line
    assert judges.baseline(change(case)) == (result, BASELINE_TARGET, measured, reason)


def test_the_fault(case: Case) -> None:
    target, said = "the server that held the volume seen SHUTOFF", "server node-2 was SHUTOFF"
    assert judges.fault(case) == (MET, target, said, said)
    assert judges.fault(deleting(case)) == (MET, "the pod that used the volume seen gone", said, said)
    assert judges.fault(replace(case, proof=Proof("half of it", "never seen SHUTOFF"))) == (NOT_TESTED, target, "", "never seen SHUTOFF")


def test_the_samples(case: Case) -> None:
    target = "at most 1% missed or unknown, lateness p99 within half a period"
    said = "100 samples, 0 missed, lateness p99 1.5 ms of a period of 50 ms"
    assert judges.samples(case) == (MET, target, said, said)
    blind = replace(case, availability=seen(missed=2, unknown=3), doubts=("2 missed", "3 unknown"))
    measured = "100 samples, 2 missed, 3 unknown, lateness p99 1.5 ms of a period of 50 ms"
    assert judges.samples(blind) == (MISSED, target, measured, "2 missed; 3 unknown")
    assert judges.samples(replace(case, availability=None)) == (NOT_TESTED, target, "", "the web UI was not sampled")


# --- outage ---

FIGURE = "10.0 to 20.0 s (0.5 to 1.0 s wall at rate 20; D = 0.9 s)"
AT_LEAST = "at least 10.0 s (at least 0.5 s wall at rate 20; D = 0.9 s)"


@pytest.mark.parametrize(
    ("availability", "budget_s", "line"),
    [
        (seen(OUTAGE), 20.0, (MET, FIGURE, f"away for {FIGURE}, within the budget of 20 s")),
        (seen(OUTAGE, OUTAGE), 20.0, (MET, FIGURE, f"away 2 times, together {FIGURE}, within the budget of 20 s")),
        (seen(OUTAGE), 15.0, (NOT_TESTED, FIGURE, f"away for {FIGURE}, which cannot be held against the budget of 15 s")),
        (seen(OUTAGE), 10.0, (NOT_TESTED, FIGURE, f"away for {FIGURE}, which cannot be held against the budget of 10 s")),
        (seen(OUTAGE), 9.0, (MISSED, FIGURE, f"away for {FIGURE}, over the budget of 9 s")),
        (seen(OUTAGE, total_s=(10.0, None)), 9.0, (MISSED, AT_LEAST, f"away for {AT_LEAST}, over the budget of 9 s")),
        (
            seen(OUTAGE, total_s=(10.0, None)),
            90.0,
            (NOT_TESTED, AT_LEAST, f"away for {AT_LEAST}, which cannot be held against the budget of 90 s"),
        ),
        (seen(OUTAGE), 0.5, (NOT_TESTED, FIGURE, "a budget of 0.5 s is finer than the 1 s that the sampling resolves")),
        (seen(OUTAGE), 1.0, (MISSED, FIGURE, f"away for {FIGURE}, over the budget of 1 s")),
        (seen(total_s=(0.0, 0.0)), 1.0, (MET, "no failed look", "no look failed; an outage shorter than 1 s may not have been seen")),
        (
            seen(total_s=(0.0, 0.0)),
            0.5,
            (
                NOT_TESTED,
                "0.00 s (0.00 s wall at rate 20; D = 0.9 s)",
                "a budget of 0.5 s is finer than the 1 s that the sampling resolves",
            ),
        ),
    ],
)
def test_an_outage_is_held_against_its_budget(
    case: Case, availability: Availability, budget_s: float, line: tuple[Result, str, str]
) -> None:
    result, measured, reason = line
    target = f"at most {budget_s:g} s in all (D = 0.9 s)"
    assert judges.outage(with_aims(replace(case, availability=availability), outage_budget_s=budget_s)) == (
        result,
        target,
        measured,
        reason,
    )


@pytest.mark.parametrize("judge", [judges.outage, judges.recovery])
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda case: replace(case, when=replace(WHEN, fault_s=None)), "nothing was injected"),
        (
            lambda case: replace(case, availability=None, doubts=("the web UI was not sampled",)),
            "the samples cannot carry a figure: the web UI was not sampled",
        ),
        (lambda case: replace(case, doubts=("late", "few")), "the samples cannot carry a figure: late"),
        (
            lambda case: replace(case, baseline=(*BASELINE[1:], bad(BASELINE[0]))),
            "it cannot be put down to the fault: 1 of 30 samples were bad before the fault",
        ),
    ],
)
def test_a_figure_without_ground_is_not_judged(
    case: Case, judge: Callable[[Case], Line], change: Callable[[Case], Case], reason: str
) -> None:
    result, _, measured, why = judge(change(case))
    assert (result, measured, why) == (NOT_TESTED, "", reason)


# --- recovery ---

BACK = "22.0 to 30.0 s (1.10 to 1.50 s wall at rate 20; D = 0.9 s)"
WAITED = "at least 970.0 s (at least 48.5 s wall at rate 20; D = 0.9 s)"
NEVER = seen(replace(OUTAGE, ended_latest_s=None), total_s=(10.0, None), recovered_s=None)


@pytest.mark.parametrize(
    ("availability", "undo_s", "deadline_s", "line"),
    [
        (seen(OUTAGE), None, 900.0, (MET, BACK, f"answering again after {BACK}, within 900 s")),
        (seen(OUTAGE), None, 30.0, (MET, BACK, f"answering again after {BACK}, within 30 s")),
        (seen(OUTAGE), None, 29.0, (NOT_TESTED, BACK, f"answering again after {BACK}, which cannot be held against 29 s")),
        (seen(OUTAGE), None, 23.5, (NOT_TESTED, BACK, f"answering again after {BACK}, which cannot be held against 23.5 s")),
        (seen(OUTAGE), None, 23.0, (MISSED, BACK, "no recovery within 23 s (looked for 22.0 s)")),  # a slot is 1 s
        (seen(OUTAGE), None, 10.0, (MISSED, BACK, "no recovery within 10 s (looked for 22.0 s)")),
        (NEVER, None, 900.0, (MISSED, WAITED, "no recovery within 900 s (looked for 970.0 s)")),
        (NEVER, None, 971.0, (MISSED, WAITED, "no recovery within 971 s (looked for 970.0 s)")),
        (NEVER, None, 972.0, (NOT_TESTED, WAITED, "the record ends 970.0 s after the fault, before the deadline of 972 s")),
        (
            seen(OUTAGE),
            50.0,
            900.0,
            (
                NOT_TESTED,
                "at least 20.0 s (at least 1.0 s wall at rate 20; D = 0.9 s)",
                "our undo began 20.0 s after the fault, before the deadline of 900 s",
            ),
        ),
    ],
)
def test_a_recovery_is_held_against_its_deadline(
    case: Case, availability: Availability, undo_s: float | None, deadline_s: float, line: tuple[Result, str, str]
) -> None:
    result, measured, reason = line
    judged = with_aims(replace(case, availability=availability, when=replace(WHEN, undo_s=undo_s)), recovery_deadline_s=deadline_s)
    assert judges.recovery(judged) == (result, f"within {deadline_s:g} s, then 10 s without a failure", measured, reason)


STUCK = Mark(500.0, "stuck_attachment", {"lines": ["Volume e1b43bb1 hangs on server node-2.", "To free it: ..."]})


def test_why_nothing_came_back_is_told_where_the_records_show_it(case: Case, failing_run: Run, stories: ModuleType) -> None:
    """In the first the volume stays attached to a server that is off; in the second Kubernetes has forgotten that it hangs there."""
    until_s = stories.FAULT_S + 905.0
    lost = replace(open_case(failing_run), when=Moments(stories.FAULT_S, until_s, until_s, interrupted=False), doubts=())
    assert judges.recovery(lost)[3] == (
        "no recovery within 900 s (looked for 905.0 s): the volume stays on a server that is off, and nothing would end it"
    )
    hung = with_run(replace(case, availability=NEVER), marks=(*case.run.marks, STUCK))
    assert judges.recovery(hung)[3] == (
        "no recovery within 900 s (looked for 970.0 s): the volume hangs on a server of which Kubernetes knows nothing any more"
    )
    later = with_run(replace(case, availability=NEVER), marks=(*case.run.marks, replace(STUCK, at_s=1001.0)))
    assert judges.recovery(later)[3] == "no recovery within 900 s (looked for 970.0 s)"


# --- volume ---

ELSEWHERE = "moved to another server, all three views agree"
FROM_TO = "from node-2 to node-1"
HANGS = "the volume hung where Kubernetes knew nothing of it any more: Volume e1b43bb1 hangs on server node-2"


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda case: case, (MET, FROM_TO, f"the volume moved {FROM_TO}, all three views agree")),
        (lambda case: replace(case, when=replace(WHEN, fault_s=None)), (NOT_TESTED, "", "nothing was injected")),
        (lambda case: replace(case, movement=None), (NOT_TESTED, "", "nothing was injected")),
        (
            lambda case: with_run(case, changes=tuple(row for row in case.run.changes if row.view == "NOVA")),
            (NOT_TESTED, "", "nothing was recorded from KUBERNETES and CINDER"),
        ),
        (
            lambda case: replace(case, movement=replace(MOVED, unseen="the recorder died")),
            (NOT_TESTED, "", "nobody looked where the volume was: the recorder died"),
        ),
        (lambda case: with_run(case, marks=(*case.run.marks, STUCK)), (MISSED, FROM_TO, HANGS)),
        (
            lambda case: replace(case, movement=replace(MOVED, disagreement="NOVA: nothing")),
            (MISSED, "the views do not agree", "the views do not agree on where the volume is: NOVA: nothing"),
        ),
        (
            lambda case: replace(case, movement=replace(MOVED, from_server_id=None, from_node=None)),
            (NOT_TESTED, "from nowhere to node-1", "nobody saw where the volume was before the fault"),
        ),
        (lambda case: replace(case, movement=STAYED), (MISSED, "stayed on node-2", "the volume stayed on node-2")),
        (
            lambda case: replace(case, movement=STAYED, when=replace(WHEN, undo_s=929.0)),  # a slot short of the deadline
            (MISSED, "stayed on node-2", "the volume stayed on node-2"),
        ),
        (
            lambda case: replace(case, movement=STAYED, when=replace(WHEN, undo_s=928.5)),
            (
                NOT_TESTED,
                "stayed on node-2",
                "the volume was still where it had been when our undo began, 898.5 s after the fault, before the deadline of 900 s",
            ),
        ),
        (
            lambda case: replace(case, movement=STAYED, when=replace(WHEN, fault_s=0.0, end_s=100.0)),
            (
                NOT_TESTED,
                "stayed on node-2",
                "the volume was still where it had been when the record ends, 100.0 s after the fault, before the deadline of 900 s",
            ),
        ),
    ],
)
def test_the_volume_of_a_lost_server_has_to_move(case: Case, change: Callable[[Case], Case], line: tuple[Result, str, str]) -> None:
    result, measured, reason = line
    assert judges.volume(change(case)) == (result, ELSEWHERE, measured, reason)


def test_a_volume_that_nothing_would_have_moved_is_missed_before_the_deadline(failing_run: Run, stories: ModuleType) -> None:
    until_s = stories.FAULT_S + 400.0
    early = replace(open_case(failing_run), when=Moments(stories.FAULT_S, until_s, 990.0, interrupted=False))
    assert judges.volume(early)[3] == "the volume stayed on node-2"
    soon = replace(early, when=replace(early.when, undo_s=stories.FAULT_S + 20.0))
    assert judges.volume(soon)[0] is NOT_TESTED


def pods(case: Case, stories: ModuleType, **state: Any) -> Case:
    """The pod was deleted, and there is one of the workload on node-2 when the record ends."""
    fine = stories.pod(20.0, "test-cinder-new", "node-2", ready=True)
    there = replace(fine, state={**fine.state, **state})
    before = tuple(row for row in case.run.changes if row.kind != "Pod")
    return replace(with_run(deleting(case), changes=(*before, there)), movement=STAYED)


def test_a_volume_may_stay_under_a_pod_that_is_ready(case: Case, stories: ModuleType) -> None:
    target, stayed = "on the server under the ready pod, all three views agree", "stayed on node-2"
    said = f"the volume {stayed}, where test-cinder-new is ready, all three views agree"
    assert judges.volume(pods(case, stories)) == (MET, target, stayed, said)
    moved = replace(deleting(case), movement=MOVED)
    assert judges.volume(moved) == (MET, target, FROM_TO, f"the volume moved {FROM_TO}, all three views agree")
    nobody: tuple[dict[str, Any], ...] = ({"ready": False}, {"deleting": True}, {"node": "node-1"}, {"node": "node-3"})
    for state in nobody:
        line = judges.volume(pods(case, stories, **state))
        assert line == (MISSED, target, stayed, f"the volume {stayed}, where no pod of the workload is ready")


@pytest.mark.parametrize(
    ("movement", "names"),
    [
        (MOVED, ("node-2", "node-1")),
        (replace(MOVED, from_node=None, to_node=""), ("server e3f30380", "server 17c12a07")),
        (replace(MOVED, from_node=None, from_server_id=None, to_node=None, to_server_id=None), ("nowhere", "nowhere")),
    ],
)
def test_a_place_is_named_by_its_node_or_else_by_its_server(movement: Movement, names: tuple[str, str]) -> None:
    assert place(movement) == names


# --- writes ---

READ_BACK = "6 of 6 acknowledged writes read back"
LATE = (Write(1, "w-1", 10.0, 31.0, WriteOutcome.ACKNOWLEDGED), Write(2, "w-2", 10.0, 11.0, WriteOutcome.REJECTED))


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda case: case, (MET, READ_BACK, "all 6 acknowledged writes read back")),
        (lambda case: replace(case, when=replace(WHEN, fault_s=None)), (NOT_TESTED, "", "nothing was injected")),
        (
            lambda case: replace(case, account=None),
            (NOT_TESTED, "", "no numbered write was sent: durability was not tested"),
        ),
        (
            lambda case: replace(case, account=None, when=replace(WHEN, fault_s=None)),
            (NOT_TESTED, "", "no numbered write was sent: durability was not tested"),
        ),
        (
            lambda case: replace(case, account=replace(WRITTEN, acknowledged=0, recovered=0)),
            (NOT_TESTED, "", "none of 6 writes was acknowledged: durability was not tested"),
        ),
        (
            lambda case: replace(case, account=replace(WRITTEN, read_back=False)),
            (NOT_TESTED, "", "6 acknowledged writes, but nobody could read them back after the fault"),
        ),
        (
            lambda case: replace(case, account=replace(WRITTEN, recovered=5, lost=("w-6",), torn=("w-1",), lost_suffix=True)),
            (
                MISSED,
                "5 of 6 acknowledged writes read back",
                "1 acknowledged write lost: w-6 (the last ones acknowledged before the outage, as when a cache was not flushed)",
            ),
        ),
        (
            lambda case: replace(case, account=replace(WRITTEN, torn=("w-1",), duplicate=("w-2",))),
            (MISSED, READ_BACK, "1 write torn, there with another content: w-1"),
        ),
        (
            lambda case: replace(case, account=replace(WRITTEN, duplicate=("w-2",), never_read=("w-3",))),
            (MISSED, READ_BACK, "1 write there more than once: w-2"),
        ),
        (
            lambda case: replace(case, account=replace(WRITTEN, never_read=("w-3", "w-4"))),
            (NOT_TESTED, READ_BACK, "2 writes acknowledged after the last reading: w-3 and w-4"),
        ),
        (
            lambda case: with_run(case, writes=LATE),
            (NOT_TESTED, READ_BACK, "no write was acknowledged before the fault, so none was at risk"),
        ),
        (
            lambda case: with_run(case, writes=(replace(LATE[0], done_at_s=30.0),)),
            (NOT_TESTED, READ_BACK, "no write was acknowledged before the fault, so none was at risk"),
        ),
        (
            lambda case: with_run(case, writes=(*LATE, replace(LATE[0], done_at_s=29.5))),
            (MET, READ_BACK, "all 6 acknowledged writes read back"),
        ),
        (
            lambda case: replace(with_run(case, writes=LATE), when=replace(WHEN, fault_s=0.0)),
            (NOT_TESTED, READ_BACK, "no write was acknowledged before the fault, so none was at risk"),
        ),
    ],
)
def test_every_acknowledged_write_has_to_be_read_back(case: Case, change: Callable[[Case], Case], line: tuple[Result, str, str]) -> None:
    result, measured, reason = line
    assert judges.writes(change(case)) == (result, "every acknowledged write read back", measured, reason)


# --- restored ---


@pytest.mark.parametrize(
    ("is_restored", "left_behind", "line"),
    [
        (True, (), (MET, "nothing left behind", "everything that was touched is as before")),
        (True, ("nobody counted the rows",), (NOT_TESTED, "", "nobody counted the rows")),
        (None, (), (NOT_TESTED, "", "nothing was touched")),
        (None, ("no audit before", "no audit after"), (NOT_TESTED, "", "no audit before; no audit after")),
        (False, ("Server s is gone",), (MISSED, "1 thing left behind", "not restored: Server s is gone")),
        (False, ("Server s is gone", "Node n is gone"), (MISSED, "2 things left behind", "not restored: Server s is gone")),
    ],
)
def test_nothing_may_be_left_behind(
    case: Case, is_restored: bool | None, left_behind: tuple[str, ...], line: tuple[Result, str, str]
) -> None:
    result, measured, reason = line
    judged = replace(case, restored=is_restored, left_behind=left_behind)
    assert judges.restored(judged) == (result, "everything as before the fault", measured, reason)
