"""The time axis that the figures share: cluster seconds on the run's axis to pixels, and where its ticks are."""

from dataclasses import dataclass

from chaoscinder.model.run import Run
from chaoscinder.model.sample import Outage
from chaoscinder.model.verdict import Verdict
from chaoscinder.reports.svg import GREY, RULE, Drawing, text_width
from chaoscinder.reports.words import number

STEPS_S = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 86400)
LEFT = 168.0
RIGHT = 884.0
WIDTH = 900.0
TICK_PX = 78.0
BEFORE_S = 10.0
AFTER_S = 20.0
ZOOM_BELOW = 0.5  # zoom when the interesting part is less than this share of the run


@dataclass(frozen=True, slots=True)
class Axis:
    """A window of the run's axis between two pixels; zero_s is what ticks count from and zero_name what happened there."""

    start_s: float
    end_s: float
    zero_s: float
    zero_name: str
    left: float = LEFT
    right: float = RIGHT

    @property
    def length_s(self) -> float:
        """The seconds it shows."""
        return self.end_s - self.start_s

    def x(self, at_s: float) -> float:
        """Tell the pixel of a moment; a moment outside the window lies on its edge."""
        inside = min(max(at_s, self.start_s), self.end_s)
        return self.left + (inside - self.start_s) / self.length_s * (self.right - self.left)

    def holds(self, at_s: float) -> bool:
        """Whether a moment lies in the window."""
        return self.start_s <= at_s <= self.end_s

    def meets(self, start_s: float, end_s: float) -> bool:
        """Whether any of a stretch lies in the window."""
        return end_s > self.start_s and start_s < self.end_s

    def ticks(self) -> tuple[tuple[float, str], ...]:
        """Tell the moments to be labelled, and their labels."""
        wanted = self.length_s * TICK_PX / (self.right - self.left)
        step = next((step for step in STEPS_S if step >= wanted), STEPS_S[-1])
        first = -int((self.zero_s - self.start_s) / step + 1e-9)
        count = int((self.end_s - self.zero_s) / step + 1e-9)
        return tuple((self.zero_s + n * step, self._label(n * step, step)) for n in range(first, count + 1))

    def _label(self, since_s: float, step: float) -> str:
        if since_s == 0:
            return self.zero_name
        sign = "+" if since_s > 0 else ""
        if step >= 60:
            return f"{sign}{number(since_s / 60)} min"
        return f"{sign}{number(since_s, 0 if step >= 1 else 1)} s"


def draw_grid(drawing: Drawing, axis: Axis, top: float, bottom: float) -> None:
    """Draw the ticks as thin lines from top to bottom, with their labels below."""
    for at_s, label in axis.ticks():
        x = axis.x(at_s)
        drawing.line(x, top, x, bottom + 3, stroke=RULE)
        half = text_width(label, 10) / 2
        drawing.text(min(x, drawing.width - half - 1), bottom + 14, label, size=10, anchor="middle", fill=GREY)


def whole_run(run: Run, verdict: Verdict) -> Axis:
    """Take everything that was recorded; at least one second."""
    moments = [record.at_s for records in (run.samples, run.marks, run.changes, run.events, run.writes) for record in records]
    start_s, end_s = min(moments, default=0.0), max(moments, default=0.0)
    zero_s = verdict.fault_at_s
    return Axis(start_s, max(end_s, start_s + 1.0), zero_s or 0.0, "start" if zero_s is None else "fault")


def interesting_part(whole: Axis, verdict: Verdict) -> Axis | None:
    """Take from 10 s before the first failure (and the fault) to 20 s after recovery; None when that is no small part of the run."""
    outages = verdict.availability.outages if verdict.availability else ()
    for chosen in (outages, _longest(outages)):
        if chosen and all(outage.ended_latest_s is not None for outage in chosen):
            window = _around(whole, chosen, verdict.fault_at_s)
            if window.length_s < ZOOM_BELOW * whole.length_s:
                return window
    return None


def _longest(outages: tuple[Outage, ...]) -> tuple[Outage, ...]:
    return tuple(sorted(outages, key=lambda outage: -outage.shortest_s)[:1])


def _around(whole: Axis, outages: tuple[Outage, ...], fault_at_s: float | None) -> Axis:
    first_s = min(outage.started_earliest_s for outage in outages)
    last_s = max(outage.ended_latest_s or outage.ended_earliest_s for outage in outages)
    near = fault_at_s is not None and first_s - 60.0 < fault_at_s < first_s
    start_s = (fault_at_s if near and fault_at_s is not None else first_s) - BEFORE_S
    return Axis(max(start_s, whole.start_s), min(last_s + AFTER_S, whole.end_s), whole.zero_s, whole.zero_name)
