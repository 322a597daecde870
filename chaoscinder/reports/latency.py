"""The latency scatter: every look at the web UI as one mark, wall milliseconds on a logarithmic axis."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from chaoscinder.model.sample import Outcome, Sample
from chaoscinder.reports.axis import Axis
from chaoscinder.reports.palette import OUTCOMES
from chaoscinder.reports.svg import GREY, INK, RULE, Drawing
from chaoscinder.reports.words import milliseconds

TIMEOUTS = frozenset({Outcome.CONNECT_TIMEOUT, Outcome.READ_TIMEOUT})
LOWEST_S, HIGHEST_S = 1e-4, 1e2
HEADROOM = 2.6  # above the highest value, so that the deadline's label has a place
MANY = 800  # marks; fewer are drawn larger
Cell = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Scale:
    """Seconds of wall time to pixels, logarithmic, the largest on top."""

    least_s: float
    most_s: float
    top: float
    bottom: float

    def y(self, wall_s: float) -> float:
        """Tell the pixel of a latency; one outside lies on the edge."""
        inside = min(max(wall_s, self.least_s), self.most_s)
        share = math.log(inside / self.least_s) / math.log(self.most_s / self.least_s)
        return self.bottom - share * (self.bottom - self.top)

    def decades(self) -> Iterator[float]:
        """Tell the powers of ten that it holds."""
        power = round(math.log10(self.least_s))
        while 10.0**power <= self.most_s:
            yield 10.0**power
            power += 1


def scale_for(samples: Iterable[Sample], deadline_s: float, top: float, bottom: float) -> Scale:
    """Choose a scale that holds every latency and the deadline, starting at a power of ten."""
    known = [sample.latency_s for sample in samples if sample.outcome.is_known and sample.latency_s > 0]
    least_s = min(max(min(known, default=0.01), LOWEST_S), deadline_s / 10)
    most_s = min(max(max(known, default=deadline_s), deadline_s), HIGHEST_S)
    return Scale(10.0 ** math.floor(math.log10(least_s)), most_s * HEADROOM, top, bottom)


def cells(samples: Sequence[Sample], axis: Axis, scale: Scale, deadline_s: float) -> dict[Outcome, set[Cell]]:
    """Tell the pixels to be marked, by outcome: one for many samples of one outcome, and timeouts on the deadline's line."""
    marked: dict[Outcome, set[Cell]] = {}
    for sample in samples:
        if sample.outcome.is_known and axis.holds(sample.at_s):
            wall_s = deadline_s if sample.outcome in TIMEOUTS else sample.latency_s
            marked.setdefault(sample.outcome, set()).add((round(axis.x(sample.at_s)), round(scale.y(wall_s))))
    return marked


def dots(marked: set[Cell]) -> str:
    """Write pixels as one path; neighbours above each other become one stroke."""
    written: list[str] = []
    column, start, end = -1, -1, -1
    for x, y in sorted(marked):
        if x == column and y == end + 1:
            end = y
            continue
        written.append(_stroke(column, start, end))
        column, start, end = x, y, y
    return "".join([*written, _stroke(column, start, end)])


def _stroke(x: int, start: int, end: int) -> str:
    return "" if x < 0 else f"M{x} {start}v{end - start}"


def draw_latency(drawing: Drawing, axis: Axis, samples: Sequence[Sample], scale: Scale, deadline_s: float) -> None:
    """Draw the scatter with its vertical axis and the deadline's line."""
    _draw_decades(drawing, axis, scale)
    marked = cells(samples, axis, scale, deadline_s)
    for outcome, colour in OUTCOMES.items():
        if outcome in marked:
            title = f"{outcome.value}: {len(marked[outcome]):,} distinct marks"
            if outcome.is_up:
                width = 1.7 if len(marked[outcome]) > MANY else 2.6
                drawing.path(dots(marked[outcome]), stroke=colour, width=width, title=title, css="dots")
            else:
                drawing.path(dots(marked[outcome]), stroke=colour, width=3, title=title, css="dots bad")


def _draw_decades(drawing: Drawing, axis: Axis, scale: Scale) -> None:
    for wall_s in scale.decades():
        y = scale.y(wall_s)
        drawing.line(axis.left, y, axis.right, y, stroke=RULE)
        drawing.text(axis.left - 8, y + 3.5, f"{wall_s:g} s" if wall_s >= 1 else f"{wall_s * 1000:g} ms", size=10, anchor="end", fill=GREY)
    middle = (scale.top + scale.bottom) / 2
    drawing.text(12, middle - 2, "latency", size=11, fill=INK)
    drawing.text(12, middle + 11, "(wall, log)", size=10, fill=GREY)


def draw_deadline(drawing: Drawing, axis: Axis, scale: Scale, deadline_s: float) -> None:
    """Draw the line on which timeouts lie, and say so; after everything else, so that the words stay readable."""
    y = scale.y(deadline_s)
    label = f"answer due in {milliseconds(deadline_s)}; timeouts lie on this line"
    drawing.line(axis.left, y, axis.right, y, stroke=GREY, dash="4 3", title=label)
    drawing.text(axis.right - 4, y - 5, label, size=9.5, anchor="end", fill=GREY, css="halo")
