"""How figures are put into words, the same everywhere. Lower bounds are rounded down and upper bounds up, so the printed interval holds."""

import math
from collections.abc import Iterable

SHOWN_ID = 8


def seconds(value_s: float, decimals: int = 1) -> str:
    """Write a duration or a moment: `98.0 s`."""
    return f"{value_s:.{decimals}f} s"


def interval(least_s: float, most_s: float | None) -> str:
    """Write what a duration lies in: `98.0 to 100.0 s`, or `at least 853.0 s` while it is open."""
    if most_s is None:
        return f"at least {seconds(_down(least_s, 1))}"
    decimals = 1 if most_s - least_s >= 0.5 else 2
    low, high = _down(least_s, decimals), _up(most_s, decimals)
    return seconds(low, decimals) if low == high else f"{low:.{decimals}f} to {seconds(high, decimals)}"


def with_wall(least_s: float, most_s: float | None, rate: float) -> str:
    """Write a cluster duration with its wall figure beside it where they differ: `98.0 to 100.0 s (4.90 to 5.00 s wall at rate 20)`."""
    text = interval(least_s, most_s)
    return text if rate == 1 else f"{text} ({wall(least_s, most_s, rate)})"


def figure(least_s: float, most_s: float | None, rate: float, within_s: float) -> str:
    """Write a duration of which the deadline for answers is a part: `98.0 to 100.0 s (4.90 to 5.00 s wall at rate 20; D = 0.9 s)`."""
    beside = [] if rate == 1 else [wall(least_s, most_s, rate)]
    return f"{interval(least_s, most_s)} ({'; '.join([*beside, deadline(within_s)])})"


def deadline(within_s: float) -> str:
    """Write the time within which an answer is due, beside every figure that depends on it: `D = 0.9 s`."""
    return f"D = {within_s:g} s"


def wall(least_s: float, most_s: float | None, rate: float) -> str:
    """Write the wall figure of a cluster duration: `4.90 to 5.00 s wall at rate 20`."""
    return f"{interval(least_s / rate, None if most_s is None else most_s / rate)} wall at rate {rate:g}"


def share(value: float | None) -> str:
    """Write a share with two decimals, rounded down, so that 100 % means all: `99.95 %`; `unknown` for None."""
    return "unknown" if value is None else f"{_down(value * 100, 2):.2f} %"


def shares(least: float, most: float | None) -> str:
    """Write what a share lies in: `5.2 to 5.5 %`, or `at least 24.1 %`."""
    low = _down(least * 100, 1)
    if most is None:
        return f"at least {low:.1f} %"
    high = _up(most * 100, 1)
    return f"{low:.1f} %" if low == high else f"{low:.1f} to {high:.1f} %"


def counted(number: int, thing: str) -> str:
    """Write a number with its thing: `1 write`, `33 writes`."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def listed(parts: Iterable[str]) -> str:
    """Join parts into one phrase: `a, b and c`."""
    *head, last = list(parts) or [""]
    return f"{', '.join(head)} and {last}" if head else last


def few(ids: Iterable[str], most: int = 5) -> str:
    """Write the first ids, and how many more there are: `a, b and 3 more`."""
    rows = list(ids)
    more = [f"{len(rows) - most} more"] if len(rows) > most else []
    return listed([*rows[:most], *more])


def short(uid: str) -> str:
    """Write the first part of an id, enough to find it."""
    return uid[:SHOWN_ID]


def _down(value: float, decimals: int) -> float:
    return math.floor(round(value * 10.0**decimals, 6)) / 10.0**decimals


def _up(value: float, decimals: int) -> float:
    return math.ceil(round(value * 10.0**decimals, 6)) / 10.0**decimals
