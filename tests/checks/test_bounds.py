"""Figures at their very bounds: the fewest samples that are enough, moments near the start of a run, milliseconds that are many."""

from dataclasses import replace

from chaoscinder.checks.quality import sampling_problems
from chaoscinder.checks.sentences import interval
from chaoscinder.checks.states import moments
from chaoscinder.checks.verdict import judge
from chaoscinder.model.run import Run
from chaoscinder.model.sample import Outcome, Sample
from chaoscinder.model.timeline import Mark


def test_five_samples_are_a_baseline_where_that_is_as_many_as_fit(passing_run: Run) -> None:
    seen = judge(passing_run).availability
    assert seen is not None
    looks = tuple(Sample(float(slot), Outcome.OK, 0.0, 0.004) for slot in range(6))
    assert sampling_problems(seen, looks[:5], baseline_s=5.0, rate=20.0) == ()
    assert sampling_problems(seen, looks[:4], baseline_s=4.0, rate=20.0) == ("4 samples in the baseline (wanted 5)",)


def test_a_lateness_of_many_milliseconds_is_told_to_the_millisecond(passing_run: Run) -> None:
    verdict = judge(replace(passing_run, samples=tuple(replace(row, late_s=0.6) for row in passing_run.samples)))
    samples = next(row for row in verdict.objectives if row.name == "samples")
    assert samples.measured.endswith("lateness p99 600.0 ms of a period of 50 ms")
    assert samples.reason == "lateness p99 is 600 ms (wanted at most half a period, 25 ms)"


def test_an_undo_in_the_first_second_of_a_run_without_a_fault_is_seen(passing_run: Run) -> None:
    assert moments(replace(passing_run, marks=(Mark(0.5, "undo_started"),))).undo_s == 0.5


def test_what_floating_point_adds_is_not_rounded_away_from() -> None:
    """Bounds are rounded outwards, so a hair more than half a second would be 0.6 s, and a hair less than six tenths 0.5 s."""
    assert (interval(0.0, 0.50000004), interval(0.0, 0.5000004)) == ("0.0 to 0.5 s", "0.0 to 0.6 s")
    assert (interval(0.59999996, 2.0), interval(0.5999996, 2.0)) == ("0.6 to 2.0 s", "0.5 to 2.0 s")
