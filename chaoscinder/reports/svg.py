"""A drawing surface that writes SVG: rectangles, lines, texts, circles and paths, each with an optional tooltip.

It knows nothing of runs. Every text is cleaned and escaped here. The box of every text is kept, so that a test, and the code that places
labels, can tell whether two of them would lie on each other.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

INK = "#1f2933"
GREY = "#5f6b76"
RULE = "#dde2e7"

NARROW = frozenset("iljtfrI.,:;|'!()[]/ ·")
WIDE = frozenset("mwMW@%→…—")
# What XML refuses, lone surrogates, and the signs that turn the direction of writing (a name could pretend to be another one).
UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")


def clean(text: str) -> str:
    """Put the replacement sign in place of every character that cannot be printed or that would mislead."""
    return UNPRINTABLE.sub("\ufffd", text)


def text_width(text: str, size: float) -> float:
    """Tell, rather too large than too small, how wide a text is in an ordinary sans-serif face (measured over DejaVu Sans)."""
    ems = sum(0.36 if c in NARROW else 0.98 if c in WIDE else 1.0 if ord(c) > 0x2E7F else 0.74 if c.isupper() else 0.64 for c in text)
    return ems * size


def fit(text: str, width: float, size: float) -> str:
    """Shorten a text in its middle until it fits; the end of a pod's name tells more than its middle."""
    if text_width(text, size) <= width:
        return text
    for kept in range(len(text) - 1, 1, -1):
        head = kept // 2
        shorter = f"{text[:head]}…{text[len(text) - (kept - head) :]}"
        if text_width(shorter, size) <= width:
            return shorter
    return ""


def first_that_fits(texts: Sequence[str], width: float, size: float) -> str:
    """Choose the first wording that fits, nothing when none does."""
    return next((text for text in texts if text_width(text, size) <= width), "")


@dataclass(frozen=True, slots=True)
class Box:
    """Where a text lies."""

    left: float
    top: float
    right: float
    bottom: float
    text: str = ""

    def overlaps(self, other: "Box") -> bool:
        """Whether the two share any area."""
        return self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom


def text_box(x: float, y: float, text: str, size: float, anchor: str = "start") -> Box:
    """Tell the box of a text whose baseline is at y."""
    width = text_width(text, size)
    left = {"start": x, "middle": x - width / 2, "end": x - width}[anchor]
    return Box(left, y - 0.78 * size, left + width, y + 0.22 * size, text)


def coordinate(value: float) -> str:
    """Write a coordinate with at most one decimal."""
    written = f"{value:.1f}"
    return "0" if written == "-0.0" else written.removesuffix(".0")


def _attributes(pairs: dict[str, str | float]) -> str:
    written = ((name, coordinate(value) if isinstance(value, float | int) else value) for name, value in pairs.items())
    return "".join(f' {name}="{escape(clean(value), {chr(34): "&quot;"})}"' for name, value in written if value != "")


class Drawing:
    """One picture of a given width; its height may be set until it is rendered."""

    def __init__(self, width: float, height: float, label: str) -> None:
        self.width = width
        self.height = height
        self.label = label
        self.texts: list[Box] = []
        self._parts: list[str] = []

    def rect(self, x: float, y: float, width: float, height: float, *, fill: str, stroke: str = "", title: str = "", css: str = "") -> None:
        """Draw a rectangle."""
        self._add("rect", {"class": css, "x": x, "y": y, "width": width, "height": height, "fill": fill, "stroke": stroke}, title)

    def line(
        self, x1: float, y1: float, x2: float, y2: float, *, stroke: str = RULE, dash: str = "", title: str = "", css: str = ""
    ) -> None:
        """Draw a line, dashed when a dash pattern is given."""
        self._add("line", {"class": css, "x1": x1, "y1": y1, "x2": x2, "y2": y2, "stroke": stroke, "stroke-dasharray": dash}, title)

    def circle(self, x: float, y: float, radius: float, *, fill: str, title: str = "", css: str = "") -> None:
        """Draw a filled circle."""
        self._add("circle", {"class": css, "cx": x, "cy": y, "r": radius, "fill": fill}, title)

    def path(self, d: str, *, stroke: str = "", fill: str = "none", width: float = 1.0, title: str = "", css: str = "") -> None:
        """Draw a path given in SVG's own letters; what our code counts, never a text from outside."""
        self._add("path", {"class": css, "d": d, "stroke": stroke, "fill": fill, "stroke-width": width}, title)

    def text(
        self, x: float, y: float, content: str, *, size: float = 11, anchor: str = "start", fill: str = INK, css: str = "", title: str = ""
    ) -> None:
        """Write a text whose baseline is at y; an empty one writes nothing."""
        if not content:
            return
        self.texts.append(text_box(x, y, content, size, anchor))
        written: dict[str, str | float] = {
            "class": css,
            "x": x,
            "y": y,
            "font-size": size,
            "text-anchor": "" if anchor == "start" else anchor,
            "fill": fill,
        }
        self._add("text", written, title, content)

    def label_fits(self, box: Box) -> bool:
        """Whether a text could lie there without touching another one or leaving the picture."""
        return box.left >= 0 and box.right <= self.width and not any(box.overlaps(other) for other in self.texts)

    def render(self) -> str:
        """Write the whole picture as one svg element."""
        size = f'viewBox="0 0 {coordinate(self.width)} {coordinate(self.height)}"'
        return f'<svg {size} role="img"{_attributes({"aria-label": self.label})}>' + "\n".join(["", *self._parts, "</svg>"])

    def _add(self, tag: str, attributes: dict[str, str | float], title: str, content: str = "") -> None:
        inner = (f"<title>{escape(clean(title))}</title>" if title else "") + escape(clean(content))
        self._parts.append(f"<{tag}{_attributes(attributes)}>{inner}</{tag}>" if inner else f"<{tag}{_attributes(attributes)}/>")
