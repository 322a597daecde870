"""What happened in the cluster, by the API server's own watches: each change of pods, nodes and events with the moment it was seen.

Moments are cluster seconds since the walk began: wall seconds times the sandbox's rate. A watch delivers within some milliseconds.
"""

import json
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import requests

Object = dict[str, Any]
PATHS = {"Pod": "/api/v1/namespaces/default/pods", "Node": "/api/v1/nodes", "Event": "/api/v1/events"}
WATCH_S = 3600


@dataclass(frozen=True)
class Seen:
    """One change of one object."""

    at_s: float
    type: str
    object: Object

    @property
    def name(self) -> str:
        """Of the object."""
        return str(self.object["metadata"]["name"])


class Stopwatch:
    """Cluster seconds since it was made."""

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self._began = time.monotonic()

    def now_s(self) -> float:
        """Cluster seconds gone by."""
        return (time.monotonic() - self._began) * self.rate

    def at_s(self, monotonic: float) -> float:
        """A moment of time.monotonic() in these seconds."""
        return (monotonic - self._began) * self.rate


class History:
    """Follows pods, nodes and events as long as the API server is there: its end ends the watches, and the threads with them."""

    def __init__(self, url: str, token: str, watch: Stopwatch) -> None:
        self._url, self._watch = url, watch
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers["Authorization"] = f"Bearer {token}"
        self._seen: dict[str, list[Seen]] = {kind: [] for kind in PATHS}
        self._changed = threading.Condition()
        for kind, path in PATHS.items():
            answer = self._session.get(f"{url}{path}", params={"watch": "1", "timeoutSeconds": WATCH_S}, stream=True, timeout=(5, None))
            answer.raise_for_status()
            threading.Thread(target=self._follow, args=(kind, answer), daemon=True, name=f"history-{kind}").start()

    def all(self, kind: str) -> list[Seen]:
        """Every change of a kind so far."""
        with self._changed:
            return list(self._seen[kind])

    def now(self, kind: str) -> dict[str, Object]:
        """The objects of a kind that are there, by name."""
        found: dict[str, Object] = {}
        for seen in self.all(kind):
            found[seen.name] = seen.object
            if seen.type == "DELETED":
                del found[seen.name]
        return found

    def first(self, kind: str, is_it: Callable[[Seen], bool], since_s: float = 0.0) -> Seen | None:
        """The first change that is it."""
        return next((seen for seen in self.all(kind) if seen.at_s >= since_s and is_it(seen)), None)

    def wait(self, is_so: Callable[[], Any], what: str, limit_s: float) -> Any:
        """Wait until something is so, at most limit_s cluster seconds (and never less than 20 s of the wall); gives back what it said."""
        give_up = time.monotonic() + max(20.0, limit_s / self._watch.rate)
        with self._changed:
            while not (found := is_so()):
                if time.monotonic() > give_up:
                    raise TimeoutError(f"not so after {limit_s:g} cluster seconds: {what}")
                self._changed.wait(0.05)
        return found

    def _follow(self, kind: str, answer: requests.Response) -> None:
        with suppress(requests.RequestException):  # the server went away
            for line in answer.iter_lines(chunk_size=1):
                told = json.loads(line)
                if told["type"] in ("ADDED", "MODIFIED", "DELETED"):
                    self._keep(kind, Seen(self._watch.now_s(), told["type"], told["object"]))

    def _keep(self, kind: str, seen: Seen) -> None:
        with self._changed:
            self._seen[kind].append(seen)
            self._changed.notify_all()


def status(pod: Object) -> str:
    """The word that kubectl shows for a pod, as far as this walk meets them."""
    if pod["metadata"].get("deletionTimestamp"):
        return "Terminating"
    for row in pod.get("status", {}).get("containerStatuses") or []:
        if waiting := (row.get("state") or {}).get("waiting"):
            return str(waiting.get("reason"))
    return str(pod.get("status", {}).get("phase", "Pending"))


def is_ready(pod: Object) -> bool:
    """Whether a pod is Ready and stays."""
    rows = pod.get("status", {}).get("conditions") or []
    return not pod["metadata"].get("deletionTimestamp") and any(row["type"] == "Ready" and row["status"] == "True" for row in rows)


def has_ended(pod: Object) -> bool:
    """Whether its container was seen to have ended."""
    return any("terminated" in (row.get("state") or {}) for row in pod.get("status", {}).get("containerStatuses") or [])
