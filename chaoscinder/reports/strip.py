"""The availability strip: what every look at the web UI came to, as one coloured band in which no failure can vanish."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chaoscinder.model.sample import Outage, Outcome, Sample
from chaoscinder.reports.axis import Axis
from chaoscinder.reports.palette import LIGHT_OUTCOMES, OUTCOMES, RANK
from chaoscinder.reports.svg import GREY, INK, Drawing, fit, text_box, text_width

FAILURE_PX = 2
PERIODS_COVERED = 3  # a sample speaks for the time until the next one, but for no more than this many periods
UP, DOWN = "·", "█"


@dataclass(frozen=True, slots=True)
class Stretch:
    """Pixels left to right (counted from the axis' left edge) in which the worst outcome is the same."""

    left: int
    right: int
    outcome: Outcome


def stretches(samples: Sequence[Sample], axis: Axis, period_s: float, *, failure_px: int = FAILURE_PX) -> tuple[Stretch, ...]:
    """Fold samples into stretches of equal pixels; the worst outcome of a pixel wins, and a pixel without any sample is in none."""
    columns: list[Outcome | None] = [None] * max(1, round(axis.right - axis.left))
    for left, right, outcome in _covered(samples, axis, period_s, len(columns)):
        bad = not outcome.is_up and outcome.is_known
        left = min(left, len(columns) - failure_px) if bad else left
        for column in range(left, max(right, left + failure_px) if bad else right):
            present = columns[column]
            if present is None or RANK[outcome] > RANK[present]:
                columns[column] = outcome
    return tuple(_merged(columns))


def _covered(samples: Sequence[Sample], axis: Axis, period_s: float, width: int) -> Iterator[tuple[int, int, Outcome]]:
    pixels_per_s = width / axis.length_s
    longest_s = period_s * PERIODS_COVERED
    for index, sample in enumerate(samples):
        next_s = samples[index + 1].at_s if index + 1 < len(samples) else sample.at_s + period_s
        end_s = min(next_s, sample.at_s + longest_s)
        if end_s < axis.start_s or sample.at_s >= axis.end_s:
            continue
        left = min(max(0, int((sample.at_s - axis.start_s) * pixels_per_s)), width - 1)
        yield left, min(width, max(left + 1, int((end_s - axis.start_s) * pixels_per_s))), sample.outcome


def _merged(columns: Sequence[Outcome | None]) -> Iterator[Stretch]:
    start = 0
    for column in range(1, len(columns) + 1):
        if column == len(columns) or columns[column] != columns[start]:
            outcome = columns[start]
            if outcome is not None:
                yield Stretch(start, column, outcome)
            start = column


def draw_strip(drawing: Drawing, axis: Axis, found: Sequence[Stretch], top: float, height: float, *, words: bool = True) -> None:
    """Draw stretches as one band, each named in it where there is room for the word."""
    drawing.rect(axis.left, top, axis.right - axis.left, height, fill="#f1f3f5", title="not sampled")
    for stretch in found:
        x, width = axis.left + stretch.left, stretch.right - stretch.left
        bad = not stretch.outcome.is_up and stretch.outcome.is_known
        drawing.rect(x, top, width, height, fill=OUTCOMES[stretch.outcome], css="bad" if bad else "", title=stretch.outcome.value)
        word = stretch.outcome.value
        if words and text_width(word, 10) + 6 <= width:
            ink = INK if stretch.outcome in LIGHT_OUTCOMES else "#ffffff"
            drawing.text(x + width / 2, top + height / 2 + 3.5, word, size=10, anchor="middle", fill=ink)


def draw_outage_numbers(drawing: Drawing, axis: Axis, outages: Sequence[Outage], y: float) -> None:
    """Write each outage's number below its first failure, as far as the numbers do not touch."""
    for index, outage in enumerate(outages, start=1):
        if axis.holds(outage.started_latest_s):
            x = axis.x(outage.started_latest_s)
            if drawing.label_fits(text_box(x, y, f"▲{index}", 9, "middle")):
                drawing.text(x, y, f"▲{index}", size=9, anchor="middle", css="halo strong")


def draw_label(drawing: Drawing, axis: Axis, y: float, label: str, *, fill: str = INK, size: float = 11) -> None:
    """Write a row's name left of the axis, shortened in its middle when it is too long, whole in its tooltip."""
    shown = fit(label, axis.left - 12, size)
    drawing.text(axis.left - 8, y, shown, size=size, anchor="end", fill=fill, title=label if shown != label else "")


def legend(samples: Sequence[Sample]) -> tuple[tuple[Outcome, int], ...]:
    """Count samples by outcome, in the order of the palette."""
    counts = dict.fromkeys(OUTCOMES, 0)
    for sample in samples:
        counts[sample.outcome] += 1
    return tuple((outcome, count) for outcome, count in counts.items() if count)


def draw_legend(drawing: Drawing, axis: Axis, samples: Sequence[Sample], y: float) -> float:
    """Write every outcome that occurred with its colour and count; tell the baseline of the last row."""
    x = axis.left
    for outcome, count in legend(samples):
        written = f"{outcome.value} {count:,}"
        width = text_width(written, 10) + 26
        if x + width > drawing.width:
            x, y = axis.left, y + 15
        drawing.rect(x, y - 8, 9, 9, fill=OUTCOMES[outcome])
        drawing.text(x + 13, y, written, size=10, fill=GREY)
        x += width
    return y


def unicode_strip(samples: Sequence[Sample], axis: Axis, period_s: float, width: int = 60) -> str:
    """Draw the strip with characters: a dot is up, a block is down, a gap was not sampled. For tickets and terminals."""
    narrow = Axis(axis.start_s, axis.end_s, axis.zero_s, axis.zero_name, 0, width)
    signs = [" "] * width
    for stretch in stretches(samples, narrow, period_s, failure_px=1):
        if stretch.outcome.is_known:
            signs[stretch.left : stretch.right] = (UP if stretch.outcome.is_up else DOWN) * (stretch.right - stretch.left)
    return "".join(signs)
