"""The latency scatter."""

from xml.etree import ElementTree

import pytest

from chaoscinder.model.sample import Outcome, Sample
from chaoscinder.reports.axis import Axis
from chaoscinder.reports.latency import Scale, cells, dots, draw_latency, scale_for
from chaoscinder.reports.svg import Drawing

AXIS = Axis(0.0, 10.0, 0.0, "start", 0.0, 100.0)
SCALE = Scale(0.001, 1.0, 0.0, 90.0)


def test_a_decade_is_the_same_height_everywhere() -> None:
    assert [round(SCALE.y(wall_s), 6) for wall_s in (0.001, 0.01, 0.1, 1.0, 50.0, 0.0)] == [90.0, 60.0, 30.0, 0.0, 0.0, 90.0]


def test_the_scale_holds_every_latency_and_the_deadline() -> None:
    samples = (Sample(0.0, Outcome.OK, 0.0, 0.012), Sample(1.0, Outcome.REFUSED, 0.0, 0.0004), Sample(2.0, Outcome.MISSED, 0.0, 0.0))
    scale = scale_for(samples, 0.9, 0.0, 100.0)
    assert scale.least_s == pytest.approx(0.0001)
    assert scale.most_s == pytest.approx(0.9 * 2.6)
    assert list(scale.decades()) == [0.0001, 0.001, 0.01, 0.1, 1.0]


def test_timeouts_lie_on_the_deadline_whatever_their_latency_says() -> None:
    samples = (Sample(1.0, Outcome.CONNECT_TIMEOUT, 0.0, 0.9003), Sample(2.0, Outcome.READ_TIMEOUT, 0.0, 0.0))
    assert cells(samples, AXIS, SCALE, 0.1) == {Outcome.CONNECT_TIMEOUT: {(10, 30)}, Outcome.READ_TIMEOUT: {(20, 30)}}


def test_many_samples_of_one_outcome_make_one_mark_a_pixel() -> None:
    samples = tuple(Sample(1.0, Outcome.OK, 0.0, 0.01) for _ in range(50))
    assert cells(samples, AXIS, SCALE, 0.9) == {Outcome.OK: {(10, 60)}}


def test_what_was_never_asked_or_lies_outside_has_no_mark() -> None:
    assert cells((Sample(1.0, Outcome.MISSED, 0.0, 0.0), Sample(11.0, Outcome.OK, 0.0, 0.01)), AXIS, SCALE, 0.9) == {}


def test_neighbours_above_each_other_become_one_stroke() -> None:
    assert dots({(1, 5), (1, 6), (1, 7), (1, 9), (2, 7)}) == "M1 5v2M1 9v0M2 7v0"


def test_failures_are_drawn_after_answers_so_that_none_is_covered() -> None:
    drawing = Drawing(100, 100, "latency")
    samples = (Sample(1.0, Outcome.REFUSED, 0.0, 0.01), Sample(1.0, Outcome.OK, 0.0, 0.01))
    draw_latency(drawing, AXIS, samples, SCALE, 0.9)
    paths = [path.attrib["class"] for path in ElementTree.fromstring(drawing.render()).iter("path")]
    assert paths == ["dots", "dots bad"]
