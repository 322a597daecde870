"""Several series of one run, and what judgement makes of them."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaoscinder.checks.series import as_judged
from chaoscinder.checks.verdict import judge
from chaoscinder.model.run import Run
from chaoscinder.model.sample import Outcome, Sample
from chaoscinder.model.verdict import Result, Value
from chaoscinder.runs import samples as tape


def control(run: Run, *, failing: range) -> tuple[Sample, ...]:
    """A control endpoint looked at in the slots of the headline series, and failing in some of them."""
    return tuple(
        Sample(row.at_s, Outcome.REFUSED if slot in failing else Outcome.OK, row.late_s, 0.002) for slot, row in enumerate(run.samples)
    )


def test_a_control_that_stayed_up_changes_nothing(passing_run: Run) -> None:
    watched = replace(passing_run, series={"control": control(passing_run, failing=range(0))})
    assert replace(judge(watched), series=()) == judge(passing_run)
    assert [(one.name, one.doubts, one.availability.bad) for one in judge(watched).series] == [("control", (), 0)]


def test_an_outage_of_our_own_is_unknown_and_makes_the_run_inconclusive(passing_run: Run) -> None:
    blind = replace(passing_run, series={"control": control(passing_run, failing=range(60, 70))})
    verdict = judge(blind)
    assert verdict.availability
    assert (verdict.value, verdict.availability.unknown, verdict.availability.missed) == (Value.INCONCLUSIVE, 10, 0)
    assert verdict.reason == (
        "samples: 0 of 108 samples missed and 10 unknown, because the control endpoint failed, too (wanted at most 1 %)"
    )


def test_every_series_but_the_control_itself_is_blind_where_the_control_failed(passing_run: Run) -> None:
    well = tuple(replace(row, outcome=Outcome.OK) for row in passing_run.samples)
    blind = replace(passing_run, samples=well, series={"control": control(passing_run, failing=range(60, 70)), "alone": well, "kept": well})
    judged = as_judged(blind)
    looks = {name: [row.outcome for row in rows] for name, rows in {"": judged.samples, **judged.series}.items()}
    counts = {name: {outcome: outcomes.count(outcome) for outcome in set(outcomes)} for name, outcomes in looks.items()}
    seen = {Outcome.OK: 129, Outcome.UNKNOWN: 10}
    assert counts == {"": seen, "alone": seen, "kept": seen, "control": {Outcome.OK: 129, Outcome.REFUSED: 10}}


def test_a_series_of_one_look_has_the_period_that_was_wanted(passing_run: Run) -> None:
    (told,) = judge(replace(passing_run, series={"direct": passing_run.samples[-1:]})).series
    assert (told.name, told.availability.samples, told.availability.period_s) == ("direct", 1, 0.05)


def test_one_unknown_slot_of_a_hundred_only_widens_an_edge(passing_run: Run) -> None:
    blind = replace(passing_run, series={"control": control(passing_run, failing=range(111, 112))})
    verdict = judge(blind)
    assert verdict.availability
    assert (verdict.value, verdict.availability.unknown) == (Value.PASS, 1)
    assert [round(bound or 0.0, 3) for bound in verdict.availability.total_s] == [78.94, 82.06]


def test_a_control_that_never_answered_is_told_and_not_used(passing_run: Run) -> None:
    dead = replace(passing_run, series={"control": control(passing_run, failing=range(10_000))})
    verdict = judge(dead)
    assert (verdict.value, verdict.findings) == (
        Value.PASS,
        ("the control endpoint never answered, so outages of our own could not be told from the application's",),
    )


def test_further_series_are_added_up_but_not_judged(passing_run: Run) -> None:
    kept = tuple(replace(row, outcome=Outcome.READ_TIMEOUT if not row.outcome.is_up else row.outcome) for row in passing_run.samples)
    worse = tuple(replace(row, outcome=Outcome.RESET) if row.at_s > 120 else row for row in passing_run.samples[::2])
    verdict = judge(replace(passing_run, series={"kept": kept, "direct": worse, "empty": ()}))
    assert (verdict.value, [one.name for one in verdict.series]) == (Value.PASS, ["direct", "kept"])
    direct, told = verdict.series
    assert verdict.availability
    assert [round(bound or 0.0, 3) for bound in verdict.availability.total_s] == [78.94, 81.06]
    # The last look in vain over a kept connection was due before the end, by no more than the 3 ms wall that an answer takes.
    assert ([round(bound or 0.0, 3) for bound in told.availability.total_s], told.availability.period_s) == ([78.86, 81.06], 0.05)
    assert (direct.availability.period_s, direct.availability.missed, direct.availability.recovered_s) == (0.1, 0, None)


def test_answers_of_the_old_pod_long_after_it_left_are_failures(passing_run: Run) -> None:
    old = passing_run.target.pod if passing_run.target else ""
    late = tuple(replace(row, backend=old) if row.at_s in (125.0, 126.0) else row for row in passing_run.samples)
    verdict = judge(replace(passing_run, samples=late))
    said = f"2 answers of {old}, more than 15 s after it was no ready endpoint any more"
    assert verdict.backends == said
    assert verdict.findings == (f"{said} (counted as failures)",)
    assert verdict.availability
    assert verdict.availability.outages[1].outcomes == ((Outcome.STALE_BACKEND, 2),)
    assert judge(passing_run).backends == "none"


def test_without_a_backend_pattern_stale_answers_are_not_checked(passing_run: Run) -> None:
    silent = replace(passing_run, samples=tuple(replace(row, backend=None) for row in passing_run.samples))
    assert judge(silent).backends == "not checked: no answer told which pod gave it (app_backend_pattern)"


def test_to_judge_what_was_judged_changes_nothing(passing_run: Run) -> None:
    run = replace(passing_run, series={"control": control(passing_run, failing=range(60, 70)), "kept": passing_run.samples})
    assert as_judged(as_judged(run)) == as_judged(run)
    assert judge(as_judged(run)) == judge(run)


def test_a_run_of_a_second_writer_says_so(passing_run: Run) -> None:
    pods = {1: "pod-a", 2: "pod-b", 3: "pod-a"}
    verdict = judge(replace(passing_run, writes=tuple(replace(row, backend=pods.get(row.sequence)) for row in passing_run.writes)))
    assert verdict.findings == ("a second writer: writes were acknowledged by pod-a, pod-b and pod-a in turn, so two pods wrote at a time",)


def test_torn_writes_fail_the_run(passing_run: Run) -> None:
    last = passing_run.read_backs[-1]
    verdict = judge(replace(passing_run, read_backs=(replace(last, torn=(last.seen[0][0],)),)))
    writes = next(one for one in verdict.objectives if one.name == "writes")
    assert (verdict.value, writes.result) == (Value.FAIL, Result.MISSED)
    assert writes.reason == "1 write torn, there with another content: chaoscinder-3f2a9c41-1"


@given(st.integers(min_value=-(10**7), max_value=10**7))
def test_a_step_of_the_wall_clock_changes_nothing(stories: object, step_s: int) -> None:
    """The wall's time is in a run once, as the moment at which it started; everything else is on the monotonic axis."""
    run: Run = stories.passing()  # type: ignore[attr-defined]
    stepped = replace(run, header=replace(run.header, started_at=run.header.started_at + timedelta(seconds=step_s)))
    assert judge(stepped) == judge(run)


@pytest.mark.parametrize("wall_at", ["2026-11-22T23:03:46+00:00", "1970-01-01T00:00:00+00:00", "2099-01-01T00:00:00+00:00"])
def test_samples_lie_on_the_monotonic_axis_whatever_the_wall_clock_said(wall_at: str) -> None:
    header = tape.header_line(t0=1010.0, period_s=0.05, answer_within_s=0.9, more={"wall_at": wall_at, "unit_us": 50})
    rows = b"".join(tape.encode(slot, Outcome.OK, 50, (0.0, 0.001, 0.002, 0.01)) for slot in range(3))
    found = tape.decode(tape.parse(header + rows), {}, anchor_s=1000.0, rate=20.0, problems=[])
    assert [round(row.at_s, 6) for row in found] == [200.0, 201.0, 202.0]
