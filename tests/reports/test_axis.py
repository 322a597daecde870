"""The time axis."""

from dataclasses import replace

from chaoscinder.reports.axis import Axis, interesting_part, whole_run
from tests.reports.examples import FAULT, empty, passing, short_outage, stuck, without_fault


def test_pixels_are_proportional_to_time_and_what_is_outside_lies_on_the_edge() -> None:
    axis = Axis(0.0, 10.0, 0.0, "start", 100.0, 200.0)
    assert [axis.x(at_s) for at_s in (-5.0, 0.0, 2.5, 10.0, 11.0)] == [100.0, 100.0, 125.0, 200.0, 200.0]


def test_ticks_count_from_the_fault() -> None:
    axis = Axis(0.0, 190.0, 40.0, "fault")
    assert axis.ticks() == (
        (10.0, "−30 s"),
        (40.0, "fault"),
        (70.0, "+30 s"),
        (100.0, "+60 s"),
        (130.0, "+90 s"),
        (160.0, "+120 s"),
        (190.0, "+150 s"),
    )


def test_ticks_of_a_long_run_are_minutes() -> None:
    assert [label for _, label in Axis(0.0, 1800.0, 600.0, "fault").ticks()] == [
        "−10 min",
        "−5 min",
        "fault",
        "+5 min",
        "+10 min",
        "+15 min",
        "+20 min",
    ]


def test_ticks_of_a_short_run_have_decimals() -> None:
    assert [label for _, label in Axis(0.0, 1.0, 0.0, "start").ticks()] == ["start", "+0.2 s", "+0.4 s", "+0.6 s", "+0.8 s", "+1.0 s"]


def test_the_whole_run_reaches_from_the_first_to_the_last_record() -> None:
    assert whole_run(*passing()) == Axis(0.0, 190.0, FAULT, "fault")
    assert whole_run(*empty()) == Axis(0.0, 1.0, 0.0, "start")


def test_a_short_outage_is_enlarged_from_10_s_before_the_fault_to_20_s_after_recovery() -> None:
    run, verdict = short_outage()
    assert interesting_part(whole_run(run, verdict), verdict) == Axis(588.0, 620.35, 598.0, "fault")


def test_a_short_outage_long_after_the_fault_is_enlarged_by_itself() -> None:
    run, verdict = short_outage()
    late = replace(verdict, fault_at_s=100.0)
    assert interesting_part(whole_run(run, late), late) == Axis(589.95, 620.35, 100.0, "fault")


def test_nothing_is_enlarged_when_the_outage_is_most_of_the_run_or_never_ended_or_was_not_there() -> None:
    for run, verdict in (passing(), stuck(), without_fault(), empty()):
        assert interesting_part(whole_run(run, verdict), verdict) is None
