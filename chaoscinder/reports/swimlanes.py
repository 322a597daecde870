"""Figure 2: lanes under each other on one time axis; the smallest interval can be seen and no two words touch."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chaoscinder.reports.axis import Axis
from chaoscinder.reports.lanes import Bar, Lane
from chaoscinder.reports.strip import draw_label
from chaoscinder.reports.svg import GREY, INK, RULE, Drawing, first_that_fits, text_width
from chaoscinder.reports.words import Words

ROW_PX = 19.0
BAR_PX = 15.0
GROUP_PX = 17.0
LEAST_PX = 2.0
WORD_SIZE = 10


def height_of(lanes: Sequence[Lane]) -> float:
    """Tell how high the lanes are with their group headings."""
    return len(lanes) * ROW_PX + len({lane.group for lane in lanes}) * GROUP_PX


def draw_lanes(drawing: Drawing, axis: Axis, lanes: Sequence[Lane], words: Words, top: float) -> None:
    """Draw every lane from top on, with a heading where the group changes."""
    y, group = top, ""
    for lane in lanes:
        if lane.group != group:
            group = lane.group
            drawing.line(0, y + 3, drawing.width, y + 3, stroke=RULE)
            drawing.text(0, y + 14, group, size=10, fill=GREY, css="strong")
            y += GROUP_PX
        draw_label(drawing, axis, y + 11.5, lane.label)
        _draw_bars(drawing, axis, lane, words, y)
        y += ROW_PX


def _draw_bars(drawing: Drawing, axis: Axis, lane: Lane, words: Words, y: float) -> None:
    found = tuple(placed(lane.bars, axis))
    free = axis.left
    for index, (bar, left, right) in enumerate(found):
        told = f"{lane.label}: {bar.look.said}, {words.since(bar.start_s)} to {words.since(bar.end_s)}"
        drawing.rect(left, y, right - left, BAR_PX, fill=bar.look.tone.value, css="state", title=told)
        until = found[index + 1][1] if index + 1 < len(found) else axis.right
        free = max(right, _write(drawing, bar.look.texts, Room(free, left, right, until), y + 11))


def _write(drawing: Drawing, texts: Sequence[str], room: "Room", y: float) -> float:
    """Write the longest wording that fits in the bar, else the shortest one beside it where the lane is empty; tell where it ends."""
    inside = first_that_fits(texts, room.right - room.left - 6, WORD_SIZE)
    if inside:
        drawing.text((room.left + room.right) / 2, y, inside, size=WORD_SIZE, anchor="middle", fill=INK, css="word")
        return room.right
    width = text_width(texts[-1], WORD_SIZE)
    if width + 8 <= room.until - room.right:
        drawing.text(room.right + 4, y, texts[-1], size=WORD_SIZE, fill=GREY, css="word")
        return room.right + 8 + width
    if width + 8 <= room.left - room.free:
        drawing.text(room.left - 4, y, texts[-1], size=WORD_SIZE, anchor="end", fill=GREY, css="word")
    return room.right


@dataclass(frozen=True, slots=True)
class Room:
    """A bar from left to right, and the empty parts of its lane: from free to left, and from right to until."""

    free: float
    left: float
    right: float
    until: float


def placed(found: Sequence[Bar], axis: Axis) -> Iterator[tuple[Bar, float, float]]:
    """Tell the pixels of each bar; a short one gets its least width at the cost of the next one's start, so that none covers another."""
    free = axis.left
    for bar in found:
        if not bar.look.texts or not axis.meets(bar.start_s, bar.end_s):
            continue
        left = min(max(axis.x(bar.start_s), free), axis.right - LEAST_PX)
        right = max(axis.x(bar.end_s), left + LEAST_PX)
        free = right
        yield bar, left, right
