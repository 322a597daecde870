"""Watches: what a client is told of one resource, as JSON lines, until its time is up, it leaves, or the sandbox ends.

A watch listens inside the world's lock and writes outside of it. The WSGI server does not notice that a client left until a write
fails, so every watch ends at its timeout (wall time), and one with bookmarks writes one every few seconds.
"""

import json
import queue
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from chaoscinder.clock import Clock, Deadline
from chaoscinder.sandbox.kubernetes.resources import Resource
from chaoscinder.sandbox.kubernetes.selectors import Matches
from chaoscinder.sandbox.kubernetes.statuses import failure
from chaoscinder.sandbox.kubernetes.store import Happened, Object, Store, StoreError

INITIAL_EVENTS_END = "k8s.io/initial-events-end"

Render = Callable[[Object], Object]
_Entry = tuple[str, Object]


@dataclass(frozen=True, slots=True)
class Limits:
    """What a watch may take: wall seconds until it ends and between bookmarks, and how many events its client may lag behind."""

    longest_s: float = 300.0  # kube-apiserver ends a watch after --min-request-timeout (1800 s) to twice that
    bookmark_s: float = 10.0  # kube-apiserver sends one a minute
    backlog: int = 10_000


class Watch:
    """One client's watch. Make and start() it inside the world's lock; a WSGI server then iterates and closes it."""

    def __init__(
        self, store: Store, resource: Resource, matches: Matches, render: Render, *, bookmark: Object | None, limits: Limits | None = None
    ) -> None:
        """Prepare a watch; bookmark is the empty object that bookmarks are made of, None for a client that wants none."""
        self._limits = limits or Limits()
        self._store = store
        self._resource = resource
        self._matches = matches
        self._render = render
        self._bookmark = bookmark
        self._entries: queue.SimpleQueue[_Entry | None] = queue.SimpleQueue()
        self._lines: Iterator[bytes] = iter(())
        self._on_close: Callable[[Watch], None] | None = None
        self._listening = False

    def start(
        self,
        version: int | None,
        *,
        timeout_s: float = 0.0,
        initial_end: bool = False,
        on_close: "Callable[[Watch], None] | None" = None,
    ) -> None:
        """Begin with everything there is (version None) or with what happened since a version.

        It goes on for timeout_s of wall time; 0 means as long as the limits allow.
        """
        self._on_close = on_close
        longest_s = self._limits.longest_s
        self._lines = self._write(Clock().deadline(min(timeout_s or longest_s, longest_s)))
        try:
            self._begin(version, initial_end)
        except StoreError as refusal:
            self._entries.put(("ERROR", failure(refusal)))
            self._entries.put(None)
            return
        self._listening = True
        self._store.listen(self._hear)

    def end(self) -> None:
        """Let the client's stream end after what is already on its way."""
        self._entries.put(None)

    def close(self) -> None:
        """Stop listening; called by the WSGI server when the stream ended, for whatever reason."""
        with self._store.world.lock:
            if self._listening:
                self._listening = False
                self._store.unlisten(self._hear)
            if self._on_close is not None:
                self._on_close(self)

    def __iter__(self) -> "Watch":
        return self

    def __next__(self) -> bytes:
        return next(self._lines)

    def _begin(self, version: int | None, initial_end: bool) -> None:
        if version is not None:
            for event in self._store.since(version, self._resource):
                self._hear(event)
            return
        for obj in self._store.list(self._resource):
            if self._matches(obj):
                self._entries.put(("ADDED", obj))
        if initial_end and self._bookmark is not None:
            self._entries.put(("BOOKMARK", self._bookmark_of(self._store.version, {INITIAL_EVENTS_END: "true"})))

    def _hear(self, event: Happened) -> None:
        if event.resource is not self._resource:
            return
        before = event.previous is not None and self._matches(event.previous)
        after = event.type != "DELETED" and self._matches(event.object)
        if after:
            self._entries.put(("MODIFIED" if before else "ADDED", event.object))
        elif before:
            self._entries.put(("DELETED", event.object))
        if self._entries.qsize() > self._limits.backlog:
            self.end()

    def _write(self, deadline: Deadline) -> Iterator[bytes]:
        yield b""  # makes the server send the headers now: a client waits for them before it waits for events
        while not deadline.passed:
            try:
                entry = self._entries.get(timeout=max(0.001, self._pause_s(deadline)))
            except queue.Empty:
                yield from self._mark()
                continue
            if entry is None:
                return
            yield self._line(entry)
        yield from self._mark()

    def _pause_s(self, deadline: Deadline) -> float:
        left_s = deadline.limit_s - deadline.spent_s
        return left_s if self._bookmark is None else min(left_s, self._limits.bookmark_s)

    def _mark(self) -> Iterator[bytes]:
        if self._bookmark is None:
            return
        with self._store.world.lock:  # nothing may happen between the look at the queue and the look at the version
            version = self._store.version if self._entries.empty() else None
        if version is not None:
            yield self._line(("BOOKMARK", self._bookmark_of(version)))

    def _bookmark_of(self, version: int, annotations: dict[str, str] | None = None) -> Object:
        noted = {"annotations": annotations} if annotations else {}
        return {**(self._bookmark or {}), "metadata": {"resourceVersion": str(version), "creationTimestamp": None, **noted}}

    def _line(self, entry: _Entry) -> bytes:
        type_, obj = entry
        shown = self._render(obj) if type_ in ("ADDED", "MODIFIED", "DELETED") else obj
        return json.dumps({"type": type_, "object": shown}, separators=(",", ":")).encode() + b"\n"


class Watches:
    """All watches that are under way, so that they can be ended together."""

    def __init__(self) -> None:
        self._running: set[Watch] = set()
        self.closed = False

    def __len__(self) -> int:
        return len(self._running)

    def add(self, watch: Watch) -> None:
        """Keep a watch that starts; one that comes after close() ends at once."""
        self._running.add(watch)
        if self.closed:
            watch.end()

    def remove(self, watch: Watch) -> None:
        """Forget a watch that ended."""
        self._running.discard(watch)

    def close(self) -> None:
        """End every watch, now and from now on."""
        self.closed = True
        for watch in list(self._running):
            watch.end()
