"""The two figures of the page, put together: availability with latency, and the swimlanes, on the same time axis."""

from collections.abc import Sequence
from dataclasses import dataclass

from chaoscinder.checks.control import step_s
from chaoscinder.checks.series import as_judged
from chaoscinder.model.run import Run
from chaoscinder.model.sample import Sample
from chaoscinder.model.verdict import Verdict
from chaoscinder.reports.axis import WIDTH, Axis, draw_grid, interesting_part, whole_run
from chaoscinder.reports.lanes import Lane, lanes_of
from chaoscinder.reports.latency import draw_deadline, draw_latency, scale_for
from chaoscinder.reports.marks import draw_marks, shade_fault
from chaoscinder.reports.strip import draw_label, draw_legend, draw_outage_numbers, draw_strip, stretches
from chaoscinder.reports.svg import GREY, Drawing
from chaoscinder.reports.swimlanes import draw_lanes, height_of
from chaoscinder.reports.words import Words, number, rate

LABELS_PX = 26.0
STRIP_PX = 20.0
LATENCY_PX = 170.0
OVERVIEW_PX = 56.0
SERIES_PX = 12.0
SERIES_ROW_PX = 16.0
AXIS_PX = 22.0


@dataclass(frozen=True, slots=True)
class Figure:
    """One drawn figure and the words below it."""

    title: str
    svg: str
    caption: str


@dataclass(frozen=True, slots=True)
class Scene:
    """What every figure of one run needs."""

    run: Run
    verdict: Verdict
    words: Words
    whole: Axis
    zoom: Axis | None

    @property
    def period_s(self) -> float:
        """Cluster seconds between two looks at the web UI."""
        aims = self.run.header.aims
        wall_s = self.verdict.availability.period_s if self.verdict.availability else 0.0
        return (wall_s or 1 / aims.samples_per_s) * self.run.header.rate

    @property
    def further(self) -> tuple[tuple[str, tuple[Sample, ...]], ...]:
        """The series beside the headline one, by name."""
        return tuple((name, self.run.series[name]) for name in sorted(self.run.series) if self.run.series[name])


def figures_of(run: Run, verdict: Verdict) -> tuple[Figure, ...]:
    """Draw every figure for which there is something to draw, from the samples as they are judged."""
    run = as_judged(run)
    whole = whole_run(run, verdict)
    scene = Scene(run, verdict, Words.of(run, verdict), whole, interesting_part(whole, verdict))
    lanes = lanes_of(run, verdict, whole.end_s)
    figures = [_availability(scene)] if run.samples else []
    if lanes:
        figures += [_swimlanes(scene, lanes, axis) for axis in (scene.zoom, whole) if axis is not None]
    return tuple(figures)


def _availability(scene: Scene) -> Figure:
    axis = scene.zoom or scene.whole
    drawing = Drawing(WIDTH, 0, "Availability and latency of the web UI over time")
    top = _overview(drawing, scene) if scene.zoom else 0.0
    strip_top = top + LABELS_PX
    latency_top = strip_top + STRIP_PX + 14 + SERIES_ROW_PX * len(scene.further)
    bottom = latency_top + LATENCY_PX
    shade_fault(drawing, scene.run, axis, strip_top, bottom)
    draw_grid(drawing, axis, strip_top + STRIP_PX, bottom)
    _strip(drawing, scene, axis, strip_top, STRIP_PX)
    deadline_s = scene.run.header.aims.answer_within_s
    _further_strips(drawing, scene, axis, strip_top + STRIP_PX + 14)
    scale = scale_for(scene.run.samples, deadline_s, latency_top, bottom)
    draw_latency(drawing, axis, scene.run.samples, scale, deadline_s)
    draw_marks(drawing, scene.run, axis, scene.words, top, bottom)
    draw_deadline(drawing, axis, scale, deadline_s)
    _numbers(drawing, scene, axis, strip_top + STRIP_PX + 10)
    every = [*scene.run.samples, *(row for _, rows in scene.further for row in rows)]
    drawing.height = draw_legend(drawing, axis, every, bottom + AXIS_PX + 14) + 6
    title = "Figure 1. Availability and latency of the web UI" + (" (whole run above, the outage enlarged below)" if scene.zoom else "")
    return Figure(title, drawing.render(), _availability_caption(scene))


def _strip(drawing: Drawing, scene: Scene, axis: Axis, top: float, height: float, *, words: bool = True) -> None:
    draw_label(drawing, axis, top + height / 2 + 4, "web UI")
    draw_strip(drawing, axis, stretches(scene.run.samples, axis, scene.period_s), top, height, words=words)


def _further_strips(drawing: Drawing, scene: Scene, axis: Axis, top: float) -> None:
    """Draw a thinner strip for each further series below the headline one."""
    for row, (name, samples) in enumerate(scene.further):
        y = top + row * SERIES_ROW_PX
        draw_label(drawing, axis, y + 10, name)
        found = stretches(samples, axis, step_s(samples) or scene.period_s)
        draw_strip(drawing, axis, found, y, SERIES_PX, words=False)


def _numbers(drawing: Drawing, scene: Scene, axis: Axis, y: float) -> None:
    outages = scene.verdict.availability.outages if scene.verdict.availability else ()
    draw_outage_numbers(drawing, axis, outages, y)


def _overview(drawing: Drawing, scene: Scene) -> float:
    """Draw the whole run as a thin strip with the enlarged part framed; tell where the enlarged figure may begin."""
    axis, zoom = scene.whole, scene.zoom or scene.whole
    draw_label(drawing, axis, 11, "whole run", fill=GREY, size=10)
    found = stretches(scene.run.samples, axis, scene.period_s)
    draw_strip(drawing, axis, found, 2, 12, words=False)
    draw_grid(drawing, axis, 14, 17)
    left, right = axis.x(zoom.start_s), max(axis.x(zoom.end_s), axis.x(zoom.start_s) + 2)
    drawing.rect(left - 1, 0, right - left + 2, 16, fill="none", stroke="#1f2933", css="frame")
    shape = f"M{left - 1:.1f} 16L{zoom.left} {OVERVIEW_PX}H{zoom.right}L{right + 1:.1f} 16Z"
    drawing.path(shape, fill="#1f2933", css="lens", title="the part that is enlarged below")
    return OVERVIEW_PX


def _swimlanes(scene: Scene, every: Sequence[Lane], axis: Axis) -> Figure:
    lanes = [lane for lane in every if any(bar.look.texts and axis.meets(bar.start_s, bar.end_s) for bar in lane.bars)]
    drawing = Drawing(WIDTH, 0, "States of server, nodes, pods, attachments and volume over time")
    top = LABELS_PX + STRIP_PX
    bottom = top + height_of(lanes) + 2
    shade_fault(drawing, scene.run, axis, LABELS_PX, bottom)
    draw_grid(drawing, axis, LABELS_PX, bottom)
    if scene.run.samples:
        _strip(drawing, scene, axis, LABELS_PX, 12, words=False)
    draw_marks(drawing, scene.run, axis, scene.words, 0, bottom)
    draw_lanes(drawing, axis, lanes, scene.words, top)
    drawing.height = bottom + AXIS_PX
    name = "2" if scene.zoom is None else "2a" if axis is scene.zoom else "2b"
    part = {"2": "", "2a": ", around the outage", "2b": ", the whole run"}[name]
    return Figure(f"Figure {name}. Who said what, when{part}", drawing.render(), _lanes_caption(scene))


def _availability_caption(scene: Scene) -> str:
    bound = f"{number(scene.period_s, 2)} s"
    return (
        f"{_time(scene)} Latency is wall time. One mark per pixel and outcome; a failure is at least 2 pixels wide. "
        f"One look at the web UI every {bound}, so nothing shorter than {bound} is seen for certain. ▲ numbers the outages."
        + (" Figures in the legend are over all series; latency is that of the web UI." if scene.further else "")
    )


def _lanes_caption(scene: Scene) -> str:
    return (
        f"{_time(scene)} Only what ever held the volume or a pod of the workload is shown. The shortest state is drawn 2 pixels wide. "
        "A word that does not fit is in the bar's tooltip."
    )


def _time(scene: Scene) -> str:
    zero = "the fault" if scene.whole.zero_name == "fault" else "the start of the run"
    if scene.words.rate == 1:
        return f"Seconds since {zero}."
    return f"Cluster seconds since {zero}; one wall second is {rate(scene.words.rate)} of them (simulated time)."
