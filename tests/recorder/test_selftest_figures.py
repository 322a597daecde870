"""Measured outages against true ones, on hand-written data."""

from collections.abc import Sequence

import pytest

from chaoscinder.checks.availability import outages
from chaoscinder.model.sample import Outcome, Sample
from chaoscinder.recorder.fault_process import Truth
from chaoscinder.recorder.fault_server import Fault
from chaoscinder.recorder.selftest_figures import Figures, figures, table

WORDS = {"+": Outcome.OK, "s": Outcome.SLOW, "-": Outcome.SERVER_ERROR, "t": Outcome.READ_TIMEOUT, "?": Outcome.MISSED}
LATENCIES_S = {"s": 0.8, "t": 0.9}


def measured(words: str, *truths: Truth) -> Figures:
    """Ten samples a second, one for each word."""
    found = [Sample(place / 10, WORDS[word], 0.001, LATENCIES_S.get(word, 0.003)) for place, word in enumerate(words)]
    return figures(10.0, found, outages(found), truths, 0.9)


def outage(started_s: float, ended_s: float, fault: Fault = Fault.SERVER_ERROR) -> Truth:
    return Truth(fault.value, fault, started_s, ended_s)


def errors_ms(found: Figures) -> Sequence[float]:
    return [round(error * 1000, 3) for error in found.errors_s]


def test_an_outage_is_measured_in_the_middle_of_its_interval_and_holds_the_truth() -> None:
    found = measured("+++---+++", outage(0.22, 0.59))
    assert errors_ms(found) == [-70.0]
    assert found.pairs[0].holds
    assert found.problems() == ()


def test_a_stall_is_as_long_as_it_was_less_the_deadline_and_slow_after_that() -> None:
    found = measured("++ttttssss+++", outage(0.15, 1.44, Fault.STALL))
    assert [round(pair.true_s, 3) for pair in found.pairs] == [0.39]
    assert found.problems() == ()


def test_a_stall_shorter_than_the_deadline_is_slow_and_no_outage() -> None:
    assert measured("+ssss+", outage(0.05, 0.6, Fault.STALL)).problems() == ()
    assert measured("++++++", outage(0.05, 0.6, Fault.STALL)).problems() == (
        "10/s: of 1 stalls shorter than the deadline 0 showed as slow",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ("+++++++++", "10/s: 503 of 370.0 ms was missed"),
        ("+++-+-+++", "10/s: 503 of 370.0 ms fell into 2 outages"),
        ("+++------", "10/s: 503 of 370.0 ms was seen without its begin or its end"),
        ("+++------+", "10/s: 503 of 370.0 ms is off by +230.0 ms (wanted at most 103.0: one period and the lateness)"),
        ("++++-+++++", "10/s: 503 of 370.0 ms is off by -269.0 ms (wanted at most 103.0: one period and the lateness)"),
        ("+++---+++-+", "10/s: an outage of 0.0 to 202.0 ms was invented at 0.903 s: 1 5xx"),
    ],
)
def test_what_is_wrong_is_one_line(words: str, problem: str) -> None:
    assert measured(words, outage(0.22, 0.59)).problems() == (problem,)


def test_a_truth_outside_of_the_interval_is_a_problem_even_where_the_error_is_small() -> None:
    found = measured("+++---+++", outage(0.2, 0.6025))
    assert found.problems() == ("10/s: 503 of 402.5 ms is not within 198.0 to 402.0 ms",)
    assert errors_ms(found) == [-102.5]
    assert not found.pairs[0].holds


def test_a_slot_that_was_never_asked_widens_the_interval_and_is_counted() -> None:
    found = measured("++?---+++", outage(0.14, 0.59))
    assert (found.missed, found.pairs[0].holds, found.problems()) == (1, True, ())


def test_an_edge_that_is_loosely_known_may_be_off_by_as_much() -> None:
    loose = Truth("killed", Fault.KILLED, 0.2, 0.604, loose_s=0.01)
    assert measured("+++---+++", loose).problems() == ()
    tight = Truth("killed", Fault.KILLED, 0.2, 0.604, loose_s=0.0015)
    assert measured("+++---+++", tight).problems() == ("10/s: killed of 404.0 ms is not within 198.0 to 402.0 ms",)
    assert len(measured("+++---+++", Truth("killed", Fault.KILLED, 0.2, 0.397, loose_s=0.01)).problems()) == 1


def test_the_truth_lies_in_the_interval_where_a_request_was_asked_before_an_edge_and_decided_after_it() -> None:
    """Good looks are asked at 0.201 and 0.601, bad ones at 0.301 and 0.501, and every answer takes 2 ms."""
    assert measured("+++---+++", outage(0.2011, 0.6029)).pairs[0].holds
    assert measured("+++---+++", outage(0.3029, 0.5011)).pairs[0].holds
    assert not measured("+++---+++", outage(0.2009, 0.6031)).pairs[0].holds
    assert not measured("+++---+++", outage(0.3031, 0.5009)).pairs[0].holds


def test_the_table_says_it_in_a_line_for_each_rate() -> None:
    assert table([measured("+++---+++", outage(0.22, 0.59))])[1] == (
        "     10        1      1     1/1    -70.0    0.0    40.8    70.0   100.0         0        0 of 9  1.0/1.0/1.0"
    )
