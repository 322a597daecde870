"""How fast good answers were, and when they were as fast as before again."""

import pytest

from chaoscinder.checks.latency import by_part, latency, latency_recovery, quantile
from chaoscinder.model.sample import Outcome, Sample
from chaoscinder.model.verdict import Interval, Latency

CALM = Latency(100, 0.004, 0.010, 0.011)


def answers(*parts: tuple[int, float], from_s: float = 0.0, step_s: float = 0.05) -> list[Sample]:
    """Good answers one slot apart: (how many, how slow)."""
    values = [latency_s for number, latency_s in parts for _ in range(number)]
    return [Sample(from_s + slot * step_s, Outcome.OK, 0.0, value) for slot, value in enumerate(values)]


def back(samples: list[Sample], *, back_s: float | None = 0.0, slot_s: float = 0.05, baseline: Latency | None = CALM) -> Interval | None:
    bounds = None if back_s is None else (back_s + 79.0, back_s + 80.0)
    return latency_recovery(samples, back_s=back_s, back=bounds, since_s=-80.0, baseline=baseline, slot_s=slot_s)


def test_quantiles_are_values_that_were_really_seen() -> None:
    values = [float(number) for number in range(1, 101)]
    assert [quantile(values, share) for share in (0.5, 0.95, 0.99, 1.0)] == [50.0, 95.0, 99.0, 100.0]
    assert quantile([7.0], 0.5) == 7.0
    assert quantile([], 0.99) == 0.0


def test_latency_is_of_good_answers_and_tells_how_many_they_were() -> None:
    rows = [*answers((98, 0.002), (2, 0.5)), Sample(9.0, Outcome.READ_TIMEOUT, 0.0, 0.9)]
    assert latency(rows) == Latency(100, 0.002, 0.002, 0.5)
    assert latency(rows[-1:]) is None


def test_before_during_and_after_are_told_apart_by_when_a_look_was_due() -> None:
    rows = answers((20, 0.001), (20, 0.002), (20, 0.003), step_s=1.0)
    assert by_part(rows, since_s=20.0, over_s=40.0) == (
        Latency(20, 0.001, 0.001, 0.001),
        Latency(20, 0.002, 0.002, 0.002),
        Latency(20, 0.003, 0.003, 0.003),
    )
    assert by_part(rows, since_s=20.0, over_s=None)[2] is None


def test_answers_that_were_fast_from_the_recovery_on_were_back_with_it() -> None:
    assert back(answers((220, 0.015))) == (79.0, 80.0)


def test_slow_answers_after_the_recovery_put_it_off_to_the_window_after_the_last_slow_one() -> None:
    assert back(answers((70, 0.1), (230, 0.004))) == (pytest.approx(83.0), pytest.approx(84.0))


def test_a_slow_second_later_on_starts_the_ten_seconds_anew() -> None:
    assert back(answers((180, 0.004), (20, 0.1), (220, 0.004))) == (pytest.approx(89.0), pytest.approx(90.0))


def test_the_last_of_several_slow_seconds_counts() -> None:
    """Seconds 5 and 12 are slow: neither the five before the first nor the six between them are ten."""
    rows = answers((100, 0.004), (20, 0.1), (120, 0.004), (20, 0.1), (340, 0.004))
    assert back(rows) == (pytest.approx(92.0), pytest.approx(93.0))


def test_the_seconds_count_from_the_recovery_wherever_that_is_in_the_run() -> None:
    rows = [*answers((400, 0.004), from_s=60.0), *answers((70, 0.1), (230, 0.004), from_s=80.0)]
    assert back(rows, back_s=80.0) == (pytest.approx(163.0), pytest.approx(164.0))
    assert back(rows, back_s=80.0, baseline=Latency(100, 0.004, 0.1, 0.1)) == (159.0, 160.0)
    assert back(answers((199, 0.004), from_s=80.0), back_s=80.0) is None
    assert back(answers((200, 0.004), from_s=80.0), back_s=80.0) == (159.0, 160.0)
    slow_before = [*answers((20, 0.9), from_s=79.0), *answers((200, 0.004), from_s=80.0)]
    assert back(slow_before, back_s=80.0) == (159.0, 160.0)


def test_five_of_a_hundred_answers_may_be_slow() -> None:
    once_a_second = [(19, 0.004), (1, 0.5)] * 11
    assert back(answers(*once_a_second)) == (79.0, 80.0)


def test_a_record_that_ends_too_soon_tells_nothing() -> None:
    assert back(answers((199, 0.004))) is None
    assert back(answers((200, 0.004))) == (79.0, 80.0)
    assert back(answers((300, 0.016))) is None
    assert back([], back_s=None) is None


def test_without_enough_answers_before_there_is_nothing_to_compare_with() -> None:
    assert back(answers((220, 0.004)), baseline=None) is None
    assert back(answers((220, 0.004)), baseline=Latency(19, 0.004, 0.010, 0.011)) is None
    assert back(answers((220, 0.004)), baseline=Latency(20, 0.004, 0.010, 0.011)) == (79.0, 80.0)


def test_a_window_with_a_failure_or_with_too_few_answers_is_not_calm() -> None:
    rows = answers((260, 0.004))
    failed = [Sample(row.at_s, Outcome.RESET, 0.0, 0.001) if slot == 25 else row for slot, row in enumerate(rows)]
    assert back(failed) == (pytest.approx(81.0), pytest.approx(82.0))
    sparse = [row for slot, row in enumerate(rows) if not 20 <= slot < 31]
    assert back(sparse) == (pytest.approx(81.0), pytest.approx(82.0))


def test_at_a_high_rate_a_window_holds_five_slots() -> None:
    """At rate 20 a slot is a cluster second: windows of 5 s, of which two in a row are enough."""
    assert back(answers((10, 0.004), step_s=1.0), slot_s=1.0) == (79.0, 80.0)
    assert back(answers((9, 0.004), step_s=1.0), slot_s=1.0) is None
    assert back(answers((7, 0.1), (13, 0.004), step_s=1.0), slot_s=1.0) == (85.0, 90.0)
