"""The availability strip."""

from chaoscinder.model.sample import Outcome, Sample
from chaoscinder.reports.axis import Axis
from chaoscinder.reports.strip import FAILURE_PX, Stretch, legend, stretches, unicode_strip
from tests.reports.examples import short_outage

AXIS = Axis(0.0, 10.0, 0.0, "start", 0.0, 100.0)


def looks(*outcomes: Outcome) -> tuple[Sample, ...]:
    return tuple(Sample(float(second), outcome, 0.0, 0.01) for second, outcome in enumerate(outcomes))


def test_equal_outcomes_become_one_stretch() -> None:
    samples = looks(*[Outcome.OK] * 4, *[Outcome.REFUSED] * 3, *[Outcome.OK] * 3)
    assert stretches(samples, AXIS, 1.0) == (Stretch(0, 40, Outcome.OK), Stretch(40, 70, Outcome.REFUSED), Stretch(70, 100, Outcome.OK))


def test_a_failure_between_two_answers_keeps_at_least_two_pixels() -> None:
    run, _ = short_outage()
    axis = Axis(0.0, 1800.0, 598.0, "fault", 0.0, 716.0)
    bad = [stretch for stretch in stretches(run.samples, axis, 0.05) if stretch.outcome is Outcome.RESET]
    assert [stretch.right - stretch.left for stretch in bad] == [FAILURE_PX]


def test_a_failure_at_the_very_end_is_inside_the_strip() -> None:
    samples = (Sample(0.0, Outcome.OK, 0.0, 0.01), Sample(9.99, Outcome.RESET, 0.0, 0.01))
    assert stretches(samples, AXIS, 9.0)[-1] == Stretch(98, 100, Outcome.RESET)


def test_the_worst_outcome_of_a_pixel_wins() -> None:
    samples = tuple(Sample(0.01 * n, Outcome.CONNECT_TIMEOUT if n == 3 else Outcome.OK, 0.0, 0.01) for n in range(5))
    assert stretches(samples, AXIS, 0.01)[0].outcome is Outcome.CONNECT_TIMEOUT


def test_a_gap_without_samples_stays_empty_after_three_periods() -> None:
    samples = (Sample(0.0, Outcome.OK, 0.0, 0.01), Sample(8.0, Outcome.OK, 0.0, 0.01))
    assert stretches(samples, AXIS, 1.0) == (Stretch(0, 30, Outcome.OK), Stretch(80, 90, Outcome.OK))


def test_the_legend_counts_every_outcome_that_occurred() -> None:
    samples = looks(Outcome.OK, Outcome.REFUSED, Outcome.OK, Outcome.MISSED)
    assert legend(samples) == ((Outcome.MISSED, 1), (Outcome.OK, 2), (Outcome.REFUSED, 1))


def test_the_strip_of_characters_shows_up_down_and_not_sampled() -> None:
    samples = (*looks(Outcome.OK, Outcome.OK, Outcome.REFUSED, Outcome.OK), Sample(8.0, Outcome.OK, 0.0, 0.01))
    assert unicode_strip(samples, AXIS, 1.0, 10) == "··█···  · "


def test_the_strip_of_characters_never_loses_a_failure() -> None:
    run, _ = short_outage()
    assert unicode_strip(run.samples, Axis(0.0, 1800.0, 598.0, "fault"), 0.05).count("█") == 1
