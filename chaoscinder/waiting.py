"""Waiting, in cluster time, with a limit and a line of progress whenever nothing was said for two wall seconds.

A wait ends early when the run is told to stop (halt), unless it stands in a shelter: what undoes a fault is never cut short.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from chaoscinder.clock import Clock
from chaoscinder.errors import Stopped, TimedOut

T = TypeVar("T")
SAY_EVERY_S = 2.0  # wall seconds: what a person bears without a sign of life
POLL_WALL_S = 0.2  # pause between two questions to an API: at rate 1 five a second, and no faster at any rate

logger = logging.getLogger("chaostoolkit")


class Halt:
    """Why the run of this process must end, told once; and which threads are at work that must not be cut short."""

    def __init__(self) -> None:
        self._reason = ""
        self._here = threading.local()

    @property
    def reason(self) -> str:
        """Why the run must end; empty while it may go on."""
        return self._reason

    @property
    def sheltered(self) -> bool:
        """Whether this thread undoes something right now."""
        return bool(getattr(self._here, "depth", 0))

    def ask(self, reason: str) -> None:
        """Say that the run must end; the first reason stays."""
        self._reason = self._reason or reason

    def clear(self) -> None:
        """Forget the reason: a new run begins."""
        self._reason = ""

    def heed(self) -> None:
        """Raise Stopped if the run must end, unless this thread is sheltered."""
        if self._reason and not self.sheltered:
            raise Stopped(self._reason)

    @contextmanager
    def shelter(self) -> Iterator[None]:
        """Let nothing cut short what this thread does inside."""
        self._here.depth = getattr(self._here, "depth", 0) + 1
        try:
            yield
        finally:
            self._here.depth -= 1


halt = Halt()


class Progress:
    """Says a line at most every SAY_EVERY_S wall seconds."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._said_at = clock.monotonic_s()

    def say(self, line: Callable[[], str]) -> None:
        """Say a line if the last one is long enough ago; it is only made then."""
        if self._clock.monotonic_s() - self._said_at >= SAY_EVERY_S:
            self._said_at = self._clock.monotonic_s()
            logger.info(line())


def wait_for(
    clock: Clock, limit_s: float, look: Callable[[], T], *, until: Callable[[T], bool], describe: Callable[[T], str], wanted: str
) -> T:
    """Look until it is so, for at most limit_s cluster seconds; TimedOut tells what was wanted, seen, and how long."""
    deadline, progress = clock.deadline(limit_s), Progress(clock)
    while not until(seen := look()):
        halt.heed()
        if deadline.passed:
            raise TimedOut(f"{describe(seen)} after {deadline.spent_s:.0f} s (wanted {wanted} within {limit_s:g} s)")
        progress.say(lambda now=seen: f"waiting {deadline.spent_s:.0f} of {limit_s:g} s for {wanted}: {describe(now)}")  # type: ignore[misc]
        clock.sleep_wall(POLL_WALL_S)
    return seen
