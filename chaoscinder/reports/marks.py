"""What the figures lay over the time axis: the fault as a shaded band, our own acts as lines, and labels that never touch."""

from collections.abc import Sequence

from chaoscinder.model.run import Run
from chaoscinder.model.timeline import Mark
from chaoscinder.reports.axis import Axis
from chaoscinder.reports.palette import FAULT_SHADE, UNDO_SHADE
from chaoscinder.reports.svg import GREY, INK, Drawing, text_box
from chaoscinder.reports.words import Words, pairs

WORDS = {
    "fault_started": "fault",
    "fault_confirmed": "confirmed",
    "fault_accepted": "accepted",
    "undo_started": "undo",
    "not_recovered": "not recovered",
    "recording_ended": "",
}
# Who gets a place first when there is not room for every label.
FIRST = ("fault_started", "interrupted", "undo_started", "recovered", "not_recovered", "undone", "fault_confirmed")
ROW_PX = 12.0


def said(mark: Mark) -> str:
    """Name a mark in plain words."""
    return WORDS.get(mark.name, mark.name.replace("_", " "))


def first_at(run: Run, *names: str) -> float | None:
    """Tell when the first mark of one of these names was set."""
    return min((mark.at_s for mark in run.marks if mark.name in names), default=None)


def shade_fault(drawing: Drawing, run: Run, axis: Axis, top: float, bottom: float) -> None:
    """Shade the time from the fault to its undo, and, in another colour, the undo itself."""
    started_s = first_at(run, "fault_started")
    if started_s is None:
        return
    undo_s, undone_s = first_at(run, "undo_started"), first_at(run, "undone")
    fault_ended_s = next((at_s for at_s in (undo_s, undone_s) if at_s is not None), axis.end_s)
    _band(drawing, axis, started_s, fault_ended_s, top, bottom, FAULT_SHADE, "the fault is on")
    if undo_s is not None:
        _band(drawing, axis, undo_s, axis.end_s if undone_s is None else undone_s, top, bottom, UNDO_SHADE, "the fault is being undone")


def _band(drawing: Drawing, axis: Axis, start_s: float, end_s: float, top: float, bottom: float, fill: str, title: str) -> None:
    if axis.meets(start_s, end_s):
        left, right = axis.x(start_s), axis.x(end_s)
        drawing.rect(left, top, max(1.0, right - left), bottom - top, fill=fill, title=title, css="shade")


def draw_marks(drawing: Drawing, run: Run, axis: Axis, words: Words, top: float, bottom: float, *, rows: int = 2) -> None:
    """Draw each mark as a line through the figure, and its word above it in the first row that has room."""
    seen = [mark for mark in sorted(run.marks, key=_precedence) if axis.holds(mark.at_s)]
    for mark in seen:
        told = f"{said(mark) or mark.name.replace('_', ' ')}, {words.since(mark.at_s)}" + (f": {pairs(mark.detail)}" if mark.detail else "")
        x, strong = axis.x(mark.at_s), mark.name == "fault_started"
        drawing.line(x, top, x, bottom, stroke=INK if strong else GREY, dash="" if strong else "2 3", title=told, css="mark")
    taken = [axis.left, *(axis.x(mark.at_s) for mark in seen)]
    for mark in seen:
        _place(drawing, said(mark), axis.x(mark.at_s), top, rows, taken)


def _precedence(mark: Mark) -> tuple[int, float]:
    return FIRST.index(mark.name) if mark.name in FIRST else len(FIRST), mark.at_s


def _place(drawing: Drawing, label: str, x: float, top: float, rows: int, taken: Sequence[float]) -> None:
    """Write a label right of its line, else left of it where no other line stands between; nowhere when there is no room."""
    css, fill = ("halo strong", INK) if label == WORDS["fault_started"] else ("halo", GREY)
    for anchor, at in (("start", x + 3), ("end", x - 3)):
        for row in range(rows):
            y = top + ROW_PX * (row + 1) - 3
            box = text_box(at, y, label, 10, anchor)
            crossed = anchor == "end" and any(box.left <= line < at for line in taken)
            if drawing.label_fits(box) and not crossed:
                drawing.text(at, y, label, size=10, anchor=anchor, fill=fill, css=css)
                return
