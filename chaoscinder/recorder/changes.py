"""The last known state of everything that is recorded, so that only real differences are written."""

import threading
from collections.abc import Callable, Collection
from typing import Any

from chaoscinder.clock import Clock
from chaoscinder.model.attachment import View
from chaoscinder.runs import RunDirectory

State = dict[str, Any]


class Changes:
    """States by ledger, kind and uid; may be told from any thread."""

    def __init__(self, run: RunDirectory) -> None:
        self._run = run
        self._clock = Clock()
        self._lock = threading.Lock()
        self._known: dict[tuple[View, str], dict[str, tuple[str, State]]] = {}

    def note(self, ledger: View, kind: str, name: str, uid: str, state: State) -> None:
        """Write a state down if it differs from the last one of the same object."""
        with self._lock:
            rows = self._known.setdefault((ledger, kind), {})
            if rows.get(uid) != (name, state):
                rows[uid] = (name, state)
                self._run.changed(self._clock.monotonic_s(), ledger, kind, name, uid, state)

    def gone(self, ledger: View, kind: str, uid: str) -> None:
        """Write down that an object went away, if it was known."""
        with self._lock:
            row = self._known.get((ledger, kind), {}).pop(uid, None)
            if row is not None:
                self._run.changed(self._clock.monotonic_s(), ledger, kind, row[0], uid, None)

    def keep_only(self, ledger: View, kind: str, uids: Collection[str]) -> None:
        """Write down what went away unseen: everything known but these."""
        for uid in set(self._known.get((ledger, kind), {})) - set(uids):
            self.gone(ledger, kind, uid)

    def knows(self, ledger: View, kind: str, uid: str) -> bool:
        """Whether an object is known and there."""
        return uid in self._known.get((ledger, kind), {})

    def states(self, ledger: View, kind: str) -> list[tuple[str, State]]:
        """Name and state of everything of a kind that is there now."""
        with self._lock:
            return list(self._known.get((ledger, kind), {}).values())


class Problems:
    """What could not be observed: one line each, with how often and from when to when, in cluster seconds on the run's axis."""

    MOST = 50

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s
        self._lock = threading.Lock()
        self._rows: dict[str, tuple[int, float, float]] = {}
        self._more = 0

    def note(self, text: str) -> None:
        """Note a problem; the same text again is the same problem."""
        at_s = self._now_s()
        with self._lock:
            if text not in self._rows and len(self._rows) >= self.MOST:
                self._more += 1
                return
            count, first_s, _ = self._rows.get(text, (0, at_s, at_s))
            self._rows[text] = (count + 1, first_s, at_s)

    def lines(self) -> list[str]:
        """Tell them all."""
        with self._lock:
            lines = [f"{text} ({_when(*row)})" for text, row in self._rows.items()]
            return [*lines, f"and {self._more} more problems"] if self._more else lines


def _when(count: int, first_s: float, last_s: float) -> str:
    return f"at {first_s:.1f} s" if count == 1 else f"{count} times from {first_s:.1f} to {last_s:.1f} s"
