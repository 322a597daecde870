"""Figures as words."""

from chaoscinder.reports.words import Words, digits_for, listed, milliseconds, number, pairs, rate, seconds
from tests.reports.examples import passing, without_fault


def test_numbers_have_separated_thousands_and_a_real_minus_sign() -> None:
    assert [number(1234567), number(-2.5, 1), number(-0.04, 1), number(0)] == ["1,234,567", "−2.5", "0.0", "0"]


def test_durations_have_the_digits_that_their_bound_deserves() -> None:
    assert [digits_for(bound_s) for bound_s in (1.0, 0.5, 0.05, 0.01)] == [1, 1, 2, 3]
    assert [seconds(80.25, 1), seconds(80.25, 2), seconds(None)] == ["80.2 s", "80.25 s", "—"]


def test_wall_milliseconds_have_decimals_only_where_they_matter() -> None:
    assert [milliseconds(wall_s) for wall_s in (0.9, 0.0123, 0.00042, 0.0)] == ["900 ms", "12.3 ms", "0.42 ms", "0.00 ms"]


def test_moments_are_told_since_the_fault() -> None:
    words = Words.of(*passing())
    assert [words.since(at_s) for at_s in (0.0, 40.0, 120.2)] == ["−40.0 s", "+0.0 s", "+80.2 s"]


def test_moments_are_told_since_the_start_when_there_was_no_fault() -> None:
    words = Words.of(*without_fault())
    assert (words.zero_name, words.since(3.0)) == ("start", "+3.0 s")


def test_wall_time_is_told_only_where_it_differs() -> None:
    assert Words.of(*passing(20.0)).wall(78.0, 80.0) == "wall 3.90 to 4.00 s"
    assert Words.of(*passing(20.0)).wall(78.0, None) == "wall at least 3.9 s"
    assert Words.of(*passing(1.0)).wall(78.0, 80.0) == ""


def test_mappings_and_lists_are_told_in_one_line() -> None:
    assert pairs({"b": 1, "a": "x"}) == "a=x, b=1"
    assert [listed([]), listed(["a", "b"]), listed(["a", "b", "c"], 2)] == ["none", "a, b", "a, b and 1 more"]
    assert [rate(20.0), rate(1.5)] == ["20", "1.5"]
