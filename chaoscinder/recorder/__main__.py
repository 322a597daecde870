"""Records everything but the web UI, in a process of its own: python -m chaoscinder.recorder, its plan as JSON on stdin.

The plan is {"directory", "parent_pid", "target", "settings"}. It ends on SIGTERM and when its parent
dies: one last look at the clouds, one last heartbeat, and where nobody else is left to do it one last reading of the ledger.
SIGINT is for others.
"""

import json
import os
import signal
import sys
import threading
import traceback
from pathlib import Path
from typing import Protocol

from chaoscinder.clock import Clock
from chaoscinder.errors import CannotTell, ChaoscinderError, SettingsError
from chaoscinder.model.attachment import View
from chaoscinder.model.workload import Target
from chaoscinder.recorder import cluster
from chaoscinder.recorder.changes import Changes, Problems
from chaoscinder.recorder.clouds import Poll, Servers, Volumes
from chaoscinder.recorder.ledger import Ledger
from chaoscinder.recorder.readiness import say_ready
from chaoscinder.runs import RunDirectory, layout, reading
from chaoscinder.settings import Settings

HEARTBEAT_S = 1.0
NAP_S = 0.1
ORPHANED = "its parent died"


class Part(Protocol):
    """Something that records in a thread of its own."""

    path: str
    looked: threading.Event

    def run(self, stop: threading.Event) -> None:
        """Record until told to stop."""


class Recorder:
    """All threads of this process."""

    def __init__(self, run: RunDirectory, target: Target, settings: Settings, parent_pid: int) -> None:
        self._run = run
        self._settings = settings
        self._parent_pid = parent_pid
        self._clock = Clock()
        self._stop = threading.Event()
        self._ending = ""
        self._problems = Problems(lambda: (self._clock.monotonic_s() - run.header.anchor_s) * run.header.rate)
        self._changes = Changes(run)
        self._polls: dict[View, Poll] = {}
        self._parts = self._make_parts(target)
        self._ledger = Ledger(run, settings) if settings.ledger else None

    def run(self) -> None:
        """Record until told to end."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda *_: self._end("asked to end"))
        threading.excepthook = self._broke
        threads = [threading.Thread(target=part.run, args=(self._stop,), name=part.path, daemon=True) for part in self._parts]
        if self._ledger:
            threads.append(threading.Thread(target=self._ledger.run, args=(self._stop,), name="ledger", daemon=True))
        for thread in threads:
            thread.start()
        self._wait_for_first_look()
        self._heartbeat()
        say_ready()
        self._beat()
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        self._finish(threads)

    def _make_parts(self, target: Target) -> list[Part]:
        from chaoscinder.clients.kubernetes import Kubernetes
        from chaoscinder.clients.openstack import OpenStack

        kubernetes, now = Kubernetes(self._settings), self._clock.monotonic_s
        selector = kubernetes.workload(target.namespace, f"{target.kind.value}/{target.workload}").selector
        watches = cluster.watches(kubernetes, self._run, target, selector, self._changes, self._problems, now)
        # A client of its own for each cloud, so that one that hangs does not hold the other up.
        looks = {
            View.KUBERNETES: cluster.Pulse(kubernetes, watches).look,
            View.NOVA: Servers(OpenStack(self._settings), target, self._changes).look,
            View.CINDER: Volumes(OpenStack(self._settings), target, self._changes).look,
        }
        every_s = self._settings.poll_every_s / self._run.header.rate
        self._polls = {view: Poll(view.lower(), look, self._problems, every_s=every_s, now=now) for view, look in looks.items()}
        return [*watches, *self._polls.values()]

    def _end(self, why: str) -> None:
        self._ending = self._ending or why

    def _broke(self, hooked: threading.ExceptHookArgs) -> None:
        """A thread of ours that dies is a fault of ours: say so in the run, and where in the log."""
        traceback.print_exception(hooked.exc_type, hooked.exc_value, hooked.exc_traceback)
        name = hooked.thread.name if hooked.thread else "?"
        self._problems.note(f"recording of {name} broke: {hooked.exc_type.__name__}: {hooked.exc_value}")

    def _wait_for_first_look(self) -> None:
        deadline = self._clock.monotonic_s() + self._settings.request_timeout_s
        for part in self._parts:
            while not part.looked.wait(NAP_S) and self._clock.monotonic_s() < deadline and not self._ending:
                self._watch_parent()
            if not part.looked.is_set():
                self._problems.note(f"{part.path} had not answered when the recording began")

    def _beat(self) -> None:
        due = self._clock.monotonic_s()
        while not self._ending:
            if self._clock.monotonic_s() >= due:
                self._heartbeat()
                due += HEARTBEAT_S
            self._clock.sleep_wall(NAP_S)
            self._watch_parent()

    def _watch_parent(self) -> None:
        if self._parent_pid and os.getppid() != self._parent_pid:
            self._end(ORPHANED)

    def _heartbeat(self, ended: str = "") -> None:
        record = {"pid": os.getpid(), "t": self._clock.monotonic_s(), "ended": ended, "problems": self._problems.lines()}
        anchor_s = self._run.header.anchor_s
        looked = {view: anchor_s if poll.looked_s is None else poll.looked_s for view, poll in self._polls.items()}
        self._run.write_json(layout.RECORDER, record | {"looked": looked, "writes": self._ledger.writes if self._ledger else None})

    def _finish(self, threads: list[threading.Thread]) -> None:
        """Let the polls and the ledger end in order; a watch that waits for its next event is left behind."""
        self._stop.set()
        limit = self._clock.monotonic_s() + 1.5 * self._settings.request_timeout_s
        for thread in threads:
            if not thread.name.startswith("/"):
                thread.join(max(0.0, limit - self._clock.monotonic_s()))
        if self._ledger and self._ending == ORPHANED:
            try:
                self._ledger.read_back()
            except CannotTell as error:
                self._problems.note(str(error))
        self._heartbeat(self._ending)


def main() -> int:
    """Read a plan from standard input and follow it."""
    plan = json.loads(sys.stdin.read())
    run, target = RunDirectory(Path(plan["directory"])), reading.target(plan["target"])
    try:
        Recorder(run, target, Settings.loads(plan["settings"]), plan["parent_pid"]).run()
    except ChaoscinderError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2 if isinstance(error, SettingsError) else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
