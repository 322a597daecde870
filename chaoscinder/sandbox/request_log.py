"""Every request that the sandbox's APIs were asked: counted by call site, and the last ones one by one."""

import threading
from collections import Counter, deque
from dataclasses import dataclass
from typing import Any

from chaoscinder.sandbox.call_sites import Call

KEPT = 5_000


@dataclass(slots=True)
class Entry:
    """One request. status is None until it is answered, and for ever where it is not; carried_out tells whether the service saw it."""

    number: int
    at_s: float
    call: Call
    agent: str
    status: int | None = None
    carried_out: bool = False
    fault: str = ""

    def shown(self) -> dict[str, Any]:
        """As JSON."""
        call = self.call
        seen = {"number": self.number, "at_s": round(self.at_s, 3), "site": call.site, "path": call.path, "changes": call.changes}
        return {**seen, "agent": self.agent, "status": self.status, "carried_out": self.carried_out, "fault": self.fault}


class RequestLog:
    """The log. It has a lock of its own, because requests come from many threads outside of the world's."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[Call] = Counter()
        self._entries: deque[Entry] = deque(maxlen=KEPT)
        self._total = 0

    def begin(self, call: Call, at_s: float, agent: str) -> Entry:
        """Note a request as it comes; at_s is cluster time."""
        with self._lock:
            self._total += 1
            entry = Entry(self._total, at_s, call, agent)
            self._counts[Call(call.service, call.method, "", call.site_path, call.act)] += 1
            self._entries.append(entry)
            return entry

    def forget(self) -> None:
        """Count from nothing; numbers go on."""
        with self._lock:
            self._counts.clear()
            self._entries.clear()

    def shown(self, since: int = 0) -> dict[str, Any]:
        """The counts in the order in which the sites were first seen, and the requests with a number above since."""
        with self._lock:
            sites = [{"site": call.site, "changes": call.changes, "count": count} for call, count in self._counts.items()]
            return {"total": self._total, "sites": sites, "requests": [row.shown() for row in self._entries if row.number > since]}
