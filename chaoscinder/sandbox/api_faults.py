"""Faults of the APIs themselves: which requests are answered wrongly, late, or not at all.

A rule chooses requests (service, method, path, act, agent), skips the first of them, and strikes a number of those that follow:

1. When it strikes "before", the request is not carried out, or only later; "after", it is carried out and the answer is what suffers.
2. What a client gets is a status, a reset connection, a late answer (delay), or none until somebody lets it go (hang).
3. A request that hangs "before" and whose client leaves is never carried out. One that is delayed is, as by a server that is slow.
4. Rules count for themselves, each from its own beginning. Where several want one request the oldest has it.

Seconds here are wall time, like the timeouts of the clients that meet them.
"""

import itertools
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from fnmatch import fnmatchcase
from typing import Any

from chaoscinder.sandbox.call_sites import NAMES, Call
from chaoscinder.sandbox.request_log import Entry

WHATS = ("status", "reset", "delay", "hang")
WHENS = ("before", "after")
LOOK_S = 0.02  # how soon a held request notices that its client left


@dataclass(frozen=True, slots=True)
class Rule:
    """Which requests, and what becomes of them. count 0 means all from the first one on; "" and "*" choose everything.

    method may be several words separated by blanks, or "changing". path is a shell pattern for the path, or for the path without names.
    """

    what: str
    service: str = "*"
    method: str = "*"
    path: str = "*"
    act: str = "*"
    agent: str = "*"
    first: int = 1
    count: int = 0
    when: str = "before"
    status: int = 503
    delay_s: float = 0.0
    message: str = ""
    body: str = ""

    def __post_init__(self) -> None:
        _check("what", self.what, WHATS)
        _check("when", self.when, WHENS)
        _check("service", self.service, ("*", *NAMES))
        if self.first < 1 or self.count < 0 or self.delay_s < 0 or not 200 <= self.status <= 599:
            raise ValueError("first is at least 1, count and delay_s are not negative, and status is from 200 to 599")

    def chooses(self, call: Call, agent: str) -> bool:
        """Whether a request is one of those it is about."""
        if self.service not in ("*", call.service) or not self._has_method(call):
            return False
        path = any(fnmatchcase(name, self.path) for name in (call.path, call.site_path))
        return path and fnmatchcase(call.act, self.act or "*") and fnmatchcase(agent, self.agent)

    def _has_method(self, call: Call) -> bool:
        if self.method == "changing":
            return call.changes
        return self.method == "*" or call.method in self.method.upper().split()

    def in_words(self) -> str:
        """The rule in a line."""
        what = {"status": f"status {self.status}", "delay": f"delay {self.delay_s:g} s"}.get(self.what, self.what)
        many = f", {self.count} of them" if self.count else ""
        which = f"number {self.first}" if self.count == 1 else f"from number {self.first} on{many}"
        chosen = " ".join(word for word in (self.service, self.method, self.path, self.act) if word != "*") or "every request"
        return f"{what} {self.when} it is carried out: {chosen} ({which})"


@dataclass(slots=True)
class ApiFault:
    """A rule at work: what it has seen, struck, and holds."""

    id: str
    rule: Rule
    seen: int = 0
    struck: int = 0
    left: int = 0
    held: dict[int, Entry] = field(default_factory=dict)
    let_go: set[int] = field(default_factory=set)
    over: bool = False

    def shown(self) -> dict[str, Any]:
        """As JSON."""
        rule = {row.name: getattr(self.rule, row.name) for row in fields(self.rule)}
        counts = {"seen": self.seen, "struck": self.struck, "left": self.left}
        held = [entry.shown() for entry in self.held.values()]
        return {"id": self.id, "words": self.rule.in_words(), "rule": rule, **counts, "held": held}


class ApiFaults:
    """All rules. It has a lock of its own and never waits for the world's."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._faults: dict[str, ApiFault] = {}
        self._numbers = itertools.count(1)

    def add(self, asked: Mapping[str, Any]) -> ApiFault:
        """Begin a rule; ValueError for one that cannot be. It counts from now on."""
        rule = _rule(asked)
        with self._changed:
            fault = ApiFault(str(next(self._numbers)), rule)
            self._faults[fault.id] = fault
            return fault

    def remove(self, fault_id: str | None = None, *, missing_ok: bool = False) -> int:
        """End one rule, or all; what they held goes on. Tells how many ended; ValueError where there is none of that id."""
        with self._changed:
            if missing_ok and fault_id not in self._faults:
                return 0
            ended = list(self._faults.values()) if fault_id is None else [self._get(fault_id)]
            for fault in ended:
                fault.over = True
                del self._faults[fault.id]
            self._changed.notify_all()
            return len(ended)

    def release(self, fault_id: str) -> int:
        """Let go on what a rule holds now; tells how many requests that were."""
        with self._changed:
            fault = self._get(fault_id)
            fault.let_go |= fault.held.keys()
            self._changed.notify_all()
            return len(fault.held)

    def shown(self) -> list[dict[str, Any]]:
        """All rules as JSON."""
        with self._changed:
            return [fault.shown() for fault in self._faults.values()]

    def awaited(self, fault_id: str, struck: int, wait_s: float) -> dict[str, Any]:
        """One rule as JSON, as soon as it struck that often, or after that many wall seconds."""
        with self._changed:
            fault = self._get(fault_id)
            self._changed.wait_for(lambda: fault.struck >= struck or fault.over, wait_s)
            return fault.shown()

    def strike(self, entry: Entry) -> ApiFault | None:
        """Count a request with every rule it concerns; the oldest that strikes has it."""
        found = None
        with self._changed:
            for fault in self._faults.values():
                rule = fault.rule
                if rule.chooses(entry.call, entry.agent):
                    fault.seen += 1
                    in_time = fault.seen >= rule.first and (not rule.count or fault.seen < rule.first + rule.count)
                    found = fault if found is None and in_time else found
            if found:
                found.struck += 1
                entry.fault = found.id
                if found.rule.what == "hang":
                    found.held[entry.number] = entry
                self._changed.notify_all()
        return found

    def hold(self, fault: ApiFault, entry: Entry, has_left: Callable[[], bool]) -> bool:
        """Keep a request waiting for its rule's seconds, or until it is let go; False where its client left meanwhile."""
        ends = time.monotonic() + fault.rule.delay_s if fault.rule.what == "delay" else float("inf")
        with self._changed:
            try:
                while not (fault.over or entry.number in fault.let_go or time.monotonic() >= ends):
                    if has_left():
                        fault.left += 1
                        return False
                    self._changed.wait(min(LOOK_S, max(0.0, ends - time.monotonic())))
            finally:
                fault.held.pop(entry.number, None)
                self._changed.notify_all()
        return True

    def _get(self, fault_id: str) -> ApiFault:
        if fault_id not in self._faults:
            raise ValueError(f"there is no API fault {fault_id!r} (wanted one of {', '.join(self._faults) or 'none'})")
        return self._faults[fault_id]


def _rule(asked: Mapping[str, Any]) -> Rule:
    """Read a rule; numbers may be given as texts."""
    numbers: dict[str, Callable[[Any], Any]] = {"first": int, "count": int, "status": int, "delay_s": float}
    unknown = sorted(set(asked) - {row.name for row in fields(Rule)})
    if unknown or "what" not in asked:
        raise ValueError(f"a rule has no {', '.join(unknown)}" if unknown else f"a rule says what: {', '.join(WHATS)}")
    values: dict[str, Any] = {name: numbers.get(name, str)(value) for name, value in asked.items()}
    return Rule(**values)


def _check(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise ValueError(f"{name} is {value!r} (wanted one of {', '.join(known)})")
