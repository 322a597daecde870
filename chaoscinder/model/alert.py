"""What a metrics server answers to a query that is to stop a run."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Series:
    """One series of an instant answer: its labels as PromQL writes them, and its value now."""

    labels: str
    value: float

    @property
    def is_number(self) -> bool:
        """Whether it has a value at all: NaN is what a metrics server says when it has nothing to count."""
        return not math.isnan(self.value)

    def __str__(self) -> str:
        """As a reason tells it."""
        return f"{self.value:g}{f' at {self.labels}' if self.labels else ''}"


Answer = tuple[Series, ...]  # empty: no series matched


@dataclass(frozen=True, slots=True)
class Alert:
    """What an answer means: it holds (and why), nobody can tell (and why), or neither."""

    holds: str = ""
    unknown: str = ""
