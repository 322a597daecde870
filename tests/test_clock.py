"""The clock: cluster time is wall time multiplied by a rate."""

from datetime import UTC, datetime, timedelta

import pytest

from chaoscinder.clock import Clock


def test_a_clock_without_a_rate_above_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="clock rate is 0"):
        Clock(0)


def test_at_rate_20_the_cluster_has_lived_20_times_as_long_since_the_epoch() -> None:
    epoch = datetime.now(UTC) - timedelta(seconds=10)
    lived = (Clock(20, epoch=epoch).now() - epoch).total_seconds()
    assert lived == pytest.approx(200, abs=2)


def test_elapsed_time_and_deadlines_are_cluster_seconds() -> None:
    clock = Clock(1000)
    deadline = clock.deadline(5)
    assert not deadline.passed
    clock.sleep(6)
    assert deadline.passed
    assert deadline.spent_s >= 6
    assert deadline.left_s == 0
    assert 99 <= clock.deadline(100).left_s <= 100


def test_a_reading_of_the_axis_can_be_told_as_cluster_time_of_day() -> None:
    clock = Clock(20)
    before = clock.monotonic_s() - 3
    assert (clock.now() - clock.at(before)).total_seconds() == pytest.approx(60, abs=2)
