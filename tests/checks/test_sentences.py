"""Figures in words."""

import pytest

from chaoscinder.checks.sentences import counted, few, interval, listed, seconds, share, short, wall, with_wall


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
    ],
)
def test_an_interval_is_never_printed_narrower_than_it_is(least_s: float, most_s: float | None, text: str) -> None:
    assert interval(least_s, most_s) == text


def test_the_wall_figure_stands_beside_the_cluster_figure_where_they_differ() -> None:
    assert with_wall(98.0, 100.0, 20.0) == "98.0 to 100.0 s (4.90 to 5.00 s wall at rate 20)"
    assert with_wall(98.0, 100.0, 1.0) == "98.0 to 100.0 s"
    assert wall(853.0, None, 20.0) == "at least 42.6 s wall at rate 20"


def test_a_share_is_rounded_down_so_that_100_means_all() -> None:
    assert [share(1.0), share(0.99999), share(0.5), share(None)] == ["100.00 %", "99.99 %", "50.00 %", "unknown"]


def test_words_are_counted_and_listed() -> None:
    assert (counted(1, "write"), counted(33, "write")) == ("1 write", "33 writes")
    assert (listed([]), listed(["a"]), listed(["a", "b", "c"])) == ("", "a", "a, b and c")
    assert (few("abc"), few("abcdefg", most=2)) == ("a, b and c", "a, b and 5 more")
    assert (seconds(1.25), short("e3f30380-0d6c-4aee")) == ("1.2 s", "e3f30380")
