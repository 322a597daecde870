"""SIGINT, SIGTERM and SIGHUP while a run is on: the first one interrupts the experiment, and none reaches what undoes it.

1. The first signal goes to whoever handled it before (Chaos Toolkit, Python), which interrupts the experiment and plays the rollbacks.
   chaostoolkit-lib < 1.45 lets an activity swallow SIGTERM and plays the next one, so there SystemExit is raised instead.
2. While an undo is at work every signal waits: it is told on standard error and goes no further.
3. A later signal, with something still to be undone, does not end the process: it has the undo begun at once, in a thread.
"""

import os
import signal
from collections.abc import Callable
from types import FrameType
from typing import Any

from chaoscinder.doors import INTERRUPT
from chaoscinder.waiting import halt

CAUGHT = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
MENDED = (1, 45)  # chaostoolkit-lib 1.45 lets SIGTERM interrupt a Python activity; before, it became "that activity failed"


class Signals:
    """The signals of one run. hold tells whether something is to be undone yet, rescue begins to undo it beside the main thread.

    lib is chaostoolkit-lib's version as (major, minor); the installed one unless said.
    """

    def __init__(self, hold: Callable[[], bool], rescue: Callable[[], None], *, lib: tuple[int, ...] = ()) -> None:
        self._hold = hold
        self._rescue = rescue
        self._lib = lib or _installed()
        self._before: dict[int, Any] = {}
        self.seen: list[str] = []

    def install(self) -> None:
        """Take the signals over; who had them before gets the first one all the same."""
        for number in CAUGHT:
            if signal.getsignal(number) != signal.SIG_IGN:  # nohup, a job in the background: ignored it was, ignored it stays
                self._before[number] = signal.signal(number, self._on)

    def remove(self) -> None:
        """Give them back; twice does no harm."""
        while self._before:
            number, handler = self._before.popitem()
            signal.signal(number, handler)

    def _on(self, number: int, frame: FrameType | None) -> None:
        name = signal.Signals(number).name
        again, self.seen = bool(self.seen), [*self.seen, name]
        if halt.sheltered:
            _say(f"{name}: the undo is at work and is not cut short (process {os.getpid()})")
        elif again and self._hold():
            _say(f"{name}: something is still to be undone; undoing it now (process {os.getpid()})")
            self._rescue()
        else:
            self._interrupt(number, frame)

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        before = self._before.get(number)
        if number == signal.SIGTERM and self._lib < MENDED:
            raise SystemExit(INTERRUPT)
        if callable(before):
            before(number, frame)
        else:
            raise SystemExit(INTERRUPT)


def _installed() -> tuple[int, ...]:
    from importlib.metadata import version

    return tuple(int(part) for part in version("chaostoolkit-lib").split(".")[:2])


def _say(line: str) -> None:
    """Say it past all buffers and locks: the signal may have come in the middle of a log line."""
    os.write(2, f"\nchaoscinder: {line}\n".encode())
