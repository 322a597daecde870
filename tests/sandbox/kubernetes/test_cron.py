"""Cron schedules: which times are meant, and what is no schedule."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from chaoscinder.sandbox.kubernetes import cron

START = datetime(2026, 11, 23, 4, 7, 30, tzinfo=UTC)  # a Monday


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("* * * * *", "2026-11-23T04:08"), ("*/15 * * * *", "2026-11-23T04:15"), ("0 3 * * *", "2026-11-24T03:00"),
        ("5,10-12 * * * *", "2026-11-23T04:10"), ("0 0 29 2 *", "2028-02-29T00:00"), ("0 9 * * fri", "2026-11-27T09:00"),
        ("0 9 13 * 5", "2026-11-27T09:00"), ("0 9 */2 * 5", "2026-11-23T09:00"), ("7/20 * * * *", "2026-11-23T04:27"),
        ("@hourly", "2026-11-23T05:00"), ("@weekly", "2026-11-29T00:00"), ("0 0 1 jan ?", "2027-01-01T00:00"),
    ],
)  # fmt: skip
def test_the_next_time(schedule: str, expected: str):
    found = cron.parse(schedule).after(START)
    assert found is not None
    assert found.strftime("%Y-%m-%dT%H:%M") == expected


def test_a_time_that_never_comes():
    assert cron.parse("0 0 30 2 *").after(START) is None


def test_every_counts_from_the_time_before():
    assert cron.parse("@every 1h30m").after(START) == datetime(2026, 11, 23, 5, 37, 30, tzinfo=UTC)


def test_an_hour_that_the_clocks_skip_does_not_exist():
    berlin = ZoneInfo("Europe/Berlin")
    found = cron.parse("30 2 * * *").after(datetime(2027, 3, 28, 0, 0, tzinfo=UTC), berlin)  # at 2 it becomes 3
    assert found == datetime(2027, 3, 29, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("schedule", "text"),
    [
        ("", "empty spec string"), ("* *", "expected exactly 5 fields, found 2: [* *]"), ("@often", "unrecognized descriptor: @often"),
        ("60 * * * *", "end of range (60) above maximum (59): 60"), ("* * 0 * *", "beginning of range (0) below minimum (1): 0"),
        ("5-1 * * * *", "beginning of range (5) beyond end of range (1): 5-1"), ("1-2-3 * * * *", "too many hyphens: 1-2-3"),
        ("*/2/3 * * * *", "too many slashes: */2/3"), ("*/0 * * * *", "step of range should be a positive number: */0"),
        ("x * * * *", 'failed to parse int from x: strconv.Atoi: parsing "x": invalid syntax'),
        ("* * * * 7", "end of range (7) above maximum (6): 7"),
    ],
)  # fmt: skip
def test_what_is_no_schedule_is_said_in_the_parsers_words(schedule: str, text: str):
    with pytest.raises(cron.Unparseable) as caught:
        cron.parse(schedule)
    assert str(caught.value) == text
