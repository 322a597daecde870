"""Figures in words."""

import pytest

from chaoscinder.checks.sentences import counted, deadline, few, figure, interval, listed, seconds, share, shares, short, wall, with_wall


@pytest.mark.parametrize(
    ("least_s", "most_s", "text"),
    [
        (98.0, 100.0, "98.0 to 100.0 s"),
        (853.0, None, "at least 853.0 s"),
        (76.21, 76.29, "76.21 to 76.29 s"),
        (98.07, 100.01, "98.0 to 100.1 s"),
        (5.0, 5.0, "5.00 s"),
        (0.0, 0.0, "0.00 s"),
        (853.99, None, "at least 853.9 s"),
        (10.0, 10.5, "10.0 to 10.5 s"),
        (10.0, 10.25, "10.00 to 10.25 s"),
    ],
)
def test_an_interval_is_never_printed_narrower_than_it_is(least_s: float, most_s: float | None, text: str) -> None:
    assert interval(least_s, most_s) == text


def test_the_wall_figure_stands_beside_the_cluster_figure_where_they_differ() -> None:
    assert with_wall(98.0, 100.0, 20.0) == "98.0 to 100.0 s (4.90 to 5.00 s wall at rate 20)"
    assert with_wall(98.0, 100.0, 1.0) == "98.0 to 100.0 s"
    assert with_wall(98.0, 100.0, 0.5) == "98.0 to 100.0 s (196.0 to 200.0 s wall at rate 0.5)"
    assert wall(853.0, None, 20.0) == "at least 42.6 s wall at rate 20"


def test_the_deadline_for_answers_stands_beside_every_figure_that_depends_on_it() -> None:
    assert deadline(0.9) == "D = 0.9 s"
    assert figure(98.0, 100.0, 20.0, 0.9) == "98.0 to 100.0 s (4.90 to 5.00 s wall at rate 20; D = 0.9 s)"
    assert figure(98.0, 100.0, 0.5, 2.0) == "98.0 to 100.0 s (196.0 to 200.0 s wall at rate 0.5; D = 2 s)"
    assert figure(98.0, 100.0, 1.0, 2.0) == "98.0 to 100.0 s (D = 2 s)"
    assert figure(853.0, None, 20.0, 0.9) == "at least 853.0 s (at least 42.6 s wall at rate 20; D = 0.9 s)"


@pytest.mark.parametrize(
    ("least", "most", "text"),
    [
        (0.052, 0.055, "5.2 to 5.5 %"),
        (0.0529, 0.0541, "5.2 to 5.5 %"),
        (0.25, 0.25, "25.0 %"),
        (0.0, 0.0, "0.0 %"),
        (1.5, 2.0, "150.0 to 200.0 %"),
        (0.2419, None, "at least 24.1 %"),
    ],
)
def test_what_a_share_lies_in_is_never_printed_narrower_than_it_is(least: float, most: float | None, text: str) -> None:
    assert shares(least, most) == text


def test_a_share_is_rounded_down_so_that_100_means_all() -> None:
    assert [share(1.0), share(0.99999), share(0.5), share(None)] == ["100.00 %", "99.99 %", "50.00 %", "unknown"]


def test_words_are_counted_and_listed() -> None:
    assert (counted(0, "write"), counted(1, "write"), counted(33, "write")) == ("0 writes", "1 write", "33 writes")
    assert (listed([]), listed(["a"]), listed(["a", "b", "c"])) == ("", "a", "a, b and c")
    assert (few("abc"), few("abcdefg", most=2)) == ("a, b and c", "a, b and 5 more")
    assert (few("abcde"), few("abcdef")) == ("a, b, c, d and e", "a, b, c, d, e and 1 more")
    assert (seconds(1.25), short("e3f30380-0d6c-4aee")) == ("1.2 s", "e3f30380")
