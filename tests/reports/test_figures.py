"""The figures as they are drawn."""

from dataclasses import replace
from itertools import combinations
from xml.etree import ElementTree

import pytest

from chaoscinder.checks.verdict import judge
from chaoscinder.model.run import Run
from chaoscinder.model.sample import Outcome
from chaoscinder.model.timeline import Mark
from chaoscinder.model.verdict import Verdict
from chaoscinder.reports.figures import figures_of
from chaoscinder.reports.palette import FAULT_SHADE, OUTCOMES
from chaoscinder.reports.svg import Box, text_box
from tests.reports import examples

EVERY = {
    "passing, rate 20": examples.passing(),
    "passing, rate 1": examples.passing(1.0),
    "stuck": examples.stuck(),
    "without fault": examples.without_fault(),
    "short outage": examples.short_outage(),
    "hostile": examples.hostile(),
}


def drawn(run: Run, verdict: Verdict) -> list[ElementTree.Element]:
    return [ElementTree.fromstring(figure.svg) for figure in figures_of(run, verdict)]


def boxes(figure: ElementTree.Element) -> list[Box]:
    def box(text: ElementTree.Element) -> Box:
        at = text.attrib
        said = "".join(text.itertext()) if text.find("title") is None else str(text[0].tail)
        return text_box(float(at["x"]), float(at["y"]), said, float(at["font-size"]), at.get("text-anchor", "start"))

    return [box(text) for text in figure.iter("text")]


@pytest.mark.parametrize("example", EVERY.values(), ids=EVERY)
def test_no_two_words_lie_on_each_other(example: tuple[Run, Verdict]) -> None:
    for figure in drawn(*example):
        overlapping = [(one.text, other.text) for one, other in combinations(boxes(figure), 2) if one.overlaps(other)]
        assert overlapping == []


@pytest.mark.parametrize("example", EVERY.values(), ids=EVERY)
def test_no_word_leaves_the_picture(example: tuple[Run, Verdict]) -> None:
    for figure in drawn(*example):
        _, _, width, height = (float(number) for number in figure.attrib["viewBox"].split())
        outside = [box.text for box in boxes(figure) if box.left < 0 or box.right > width or box.top < 0 or box.bottom > height]
        assert outside == []


def test_a_run_of_one_series_has_two_figures_on_the_same_axis() -> None:
    one, two = figures_of(*examples.passing())
    assert one.title == "Figure 1. Availability and latency of the web UI"
    assert two.title == "Figure 2. Who said what, when"
    ticks = [[box.text for box in boxes(figure) if box.text.startswith(("+", "−"))] for figure in drawn(*examples.passing())]
    assert ticks[0] == ticks[1]


def test_an_outage_of_a_third_of_a_second_in_half_an_hour_is_drawn_twice() -> None:
    figure = drawn(*examples.short_outage())[0]
    bands = [rect for rect in figure.iter("rect") if rect.attrib["fill"] == OUTCOMES[Outcome.RESET] and rect.attrib.get("class") == "bad"]
    assert [float(band.attrib["width"]) for band in bands] == [2.0, 9.0]
    marks = [path for path in figure.iter("path") if path.attrib.get("class") == "dots bad"]
    assert [path.attrib["stroke"] for path in marks] == [OUTCOMES[Outcome.RESET]]


def test_an_enlarged_run_has_its_states_enlarged_and_whole() -> None:
    assert [figure.title for figure in figures_of(*examples.short_outage())] == [
        "Figure 1. Availability and latency of the web UI (whole run above, the outage enlarged below)",
        "Figure 2a. Who said what, when, around the outage",
        "Figure 2b. Who said what, when, the whole run",
    ]


def test_the_fault_is_shaded_from_its_start_to_its_undo() -> None:
    shades = [rect for rect in drawn(*examples.passing())[0].iter("rect") if rect.attrib["fill"] == FAULT_SHADE]
    assert [(rect.attrib["x"], rect.attrib["width"]) for rect in shades] == [("318.7", "358")]


def test_without_a_fault_nothing_is_shaded() -> None:
    assert [
        rect for figure in drawn(*examples.without_fault()) for rect in figure.iter("rect") if rect.attrib.get("class") == "shade"
    ] == []


def test_every_mark_is_a_line_that_tells_its_moment() -> None:
    lines = [line for line in drawn(*examples.passing())[0].iter("line") if line.attrib.get("class") == "mark"]
    assert sorted(str(line[0].text) for line in lines) == [
        "accepted, +0.6 s",
        "baseline met, −6.0 s",
        "baseline started, −38.0 s",
        "confirmed, +1.3 s: status=SHUTOFF",
        "fault, +0.0 s: action=stop_server, server=node-2",
        "recording ended, +150.0 s",
        "recovered, +90.2 s: stable_s=10.0",
        "undo, +95.0 s",
        "undone, +105.5 s",
    ]


def test_labels_of_many_marks_at_one_moment_are_dropped_but_the_fault_keeps_its_own() -> None:
    run, verdict = examples.passing()
    crowd = tuple(Mark(examples.FAULT + 0.01 * n, f"something_long_{n}") for n in range(30))
    figure = drawn(replace(run, marks=(*run.marks, *crowd)), verdict)[0]
    said = [box.text for box in boxes(figure)]
    assert "fault" in said
    assert sum(text.startswith("something long") for text in said) < 4


def test_nothing_recorded_draws_nothing() -> None:
    assert figures_of(*examples.empty()) == ()


def test_states_alone_are_drawn_without_the_web_ui() -> None:
    run, verdict = examples.passing()
    only = replace(run, samples=())
    assert [figure.title for figure in figures_of(only, verdict)] == ["Figure 2. Who said what, when"]


def test_a_flapping_web_ui_does_not_make_the_picture_grow() -> None:
    run, verdict = examples.passing(1.0)
    flapping = tuple(replace(sample, outcome=Outcome.RESET if n % 2 else Outcome.OK) for n, sample in enumerate(run.samples))
    assert len(figures_of(replace(run, samples=flapping), verdict)[0].svg) < 100_000


def test_the_judged_stories_are_drawn_without_a_collision(passing_run: Run, failing_run: Run) -> None:
    for run in (passing_run, failing_run):
        for figure in drawn(run, judge(run)):
            assert [(one.text, other.text) for one, other in combinations(boxes(figure), 2) if one.overlaps(other)] == []
