"""The rule by which the bench compares."""

import pytest

from chaoscinder.recorder.fault_process import Truth
from chaoscinder.recorder.fault_server import Fault
from tests.bench.edges import Look, Score, score


def truth(started_s: float, ended_s: float) -> Truth:
    return Truth("503", Fault.SERVER_ERROR, started_s, ended_s)


def looks(up: str, period_s: float = 1.0) -> list[Look]:
    return [Look(place * period_s, word == "+") for place, word in enumerate(up)]


def test_an_edge_lies_in_the_middle_between_two_looks() -> None:
    found = score(looks("++---++"), [truth(1.7, 4.9)])
    assert found.errors_s == pytest.approx((0.2, 0.4))
    assert (found.missed, found.invented, found.looks, found.mean_error_s) == (0, 0, 7, pytest.approx(0.3))


def test_what_nobody_saw_is_missed_and_what_was_not_there_is_invented() -> None:
    assert score(looks("+++++-+"), [truth(1.2, 1.8)]) == Score((), 1, 1, 7)


def test_two_outages_are_two_pairs_of_edges() -> None:
    found = score(looks("+-+-+"), [truth(0.5, 1.5), truth(2.5, 3.5)])
    assert found == Score((0.0, 0.0, 0.0, 0.0), 0, 0, 5)
