"""Figures as a person reads them: seconds with the digits their bound allows, moments since the fault, wall time beside cluster time.

All seconds that come in are cluster seconds unless a name says wall.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chaoscinder.checks.sentences import interval
from chaoscinder.model.run import Run
from chaoscinder.model.verdict import Verdict

MINUS = "\u2212"
NONE = "—"


def number(value: float, digits: int = 0) -> str:
    """Write a number with a comma between thousands and a real minus sign."""
    written = f"{value:,.{digits}f}"
    return written.lstrip("-") if float(written.replace(",", "")) == 0 else written.replace("-", MINUS)


def seconds(value: float | None, digits: int = 1) -> str:
    """Write a duration in seconds, a dash for none."""
    return NONE if value is None else f"{number(value, digits)} s"


def digits_for(bound_s: float) -> int:
    """Tell how many decimals a figure with that bound deserves."""
    return 1 if bound_s >= 0.5 else 2 if bound_s >= 0.02 else 3


def kept_together(said: str) -> str:
    """Keep numbers and their units, and D with its value, on one line."""
    return re.sub(r"(?<=[0-9=D]) (?=[0-9=]|m?s\b|%)", "\u00a0", said)


def milliseconds(wall_s: float) -> str:
    """Write a wall duration in milliseconds, with decimals only where they matter."""
    value = wall_s * 1000
    return f"{number(value, 0 if value >= 100 else 1 if value >= 1 else 2)} ms"


def rate(value: float) -> str:
    """Write a clock's rate without trailing zeros."""
    return f"{value:g}"


def pairs(detail: Mapping[str, object]) -> str:
    """Write a mapping as name=value, in the order of the names."""
    return ", ".join(f"{name}={detail[name]}" for name in sorted(detail))


def listed(names: Sequence[str], limit: int = 20) -> str:
    """Write names with commas between; after the limit only how many more there are."""
    if not names:
        return "none"
    return ", ".join(names[:limit]) + (f" and {len(names) - limit} more" if len(names) > limit else "")


@dataclass(frozen=True, slots=True)
class Words:
    """The words that need to know the run: its rate, its zero and how fine its figures are."""

    rate: float
    zero_s: float
    zero_name: str
    digits: int

    @classmethod
    def of(cls, run: Run, verdict: Verdict) -> "Words":
        """Take the fault as zero, or the start of the run when there was none."""
        zero_s = verdict.fault_at_s
        period_s = verdict.availability.period_s if verdict.availability else 1 / run.header.aims.samples_per_s
        digits = digits_for(period_s * run.header.rate)
        return cls(run.header.rate, zero_s or 0.0, "start" if zero_s is None else "fault", digits)

    def since(self, at_s: float, digits: int = 1) -> str:
        """Tell a moment as seconds since the fault (or since the start), with its sign."""
        value = at_s - self.zero_s
        return f"{'+' if value >= 0 else ''}{number(value, digits)} s"

    def wall(self, least: float, most: float | None) -> str:
        """Tell the same duration in wall time; empty where the two are the same."""
        if self.rate == 1:
            return ""
        return f"wall {interval(least / self.rate, None if most is None else most / self.rate)}"
