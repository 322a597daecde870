"""Stop conditions: while a run is on, two threads look whether it must end, and then have it end and undone.

One asks what is on this machine and in the cluster, the other a metrics server: one that hangs keeps nobody else from stopping the run.
Neither ever raises in the main thread: waits of ours end by themselves (halt), and where the main thread is stuck elsewhere, the fault is
undone beside it. What cannot be looked at for as long as it might be bad counts as bad.
"""

import logging
import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from chaoscinder.checks import availability, series
from chaoscinder.clients.site import Site
from chaoscinder.errors import CannotTell, ChaoscinderError
from chaoscinder.model.alert import Alert
from chaoscinder.recovery.querying import Query
from chaoscinder.recovery.rescue import Rescue
from chaoscinder.runs import RunDirectory, layout
from chaoscinder.settings import Settings
from chaoscinder.waiting import halt

LOOK_EVERY_S = (0.2, 1.0)  # wall seconds: no faster, because a look may read the whole record, and no slower
LOOK_EVERY_CLUSTER_S = 10.0
PATIENCE_S = 3.0  # wall seconds in which the main thread may begin to undo by itself

Conditions = Callable[[], Iterator[str]]

logger = logging.getLogger("chaostoolkit")


class Stopping:
    """Watches one run's stop conditions until told to end."""

    def __init__(self, settings: Settings, run: RunDirectory, rescue: Rescue, query: Query) -> None:
        self._settings = settings
        self._run = run
        self._rescue = rescue
        self._query = query
        self._site = Site(settings)
        self._over = threading.Event()
        self._acting = threading.Lock()
        self._bad_since: dict[str, float] = {}
        watched: dict[str, Conditions] = {"stop-conditions": self._conditions}
        if settings.abort_query:
            watched["stop-query"] = self._queried
        self._threads = [threading.Thread(target=self._watch, args=(row,), name=name, daemon=True) for name, row in watched.items()]

    def start(self) -> None:
        """Begin to watch."""
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Stop watching; twice does no harm."""
        self._over.set()
        for thread in self._threads:
            if thread.is_alive() and thread is not threading.current_thread():
                thread.join(2 * self._settings.request_timeout_s + 1)

    def _watch(self, conditions: Conditions) -> None:
        try:
            least_s, most_s = LOOK_EVERY_S
            every_s = min(most_s, max(least_s, LOOK_EVERY_CLUSTER_S / self._settings.rate))
            while not self._over.wait(every_s):
                reason = halt.reason or _reason(conditions)
                if reason:
                    self._stop(reason)
                    return
        finally:
            (self._query if conditions == self._queried else self._site).close()

    def _stop(self, reason: str) -> None:
        """Have the run end; only the first who comes here acts."""
        if self._acting.acquire(blocking=False):
            self._end(reason)

    def _end(self, reason: str) -> None:
        halt.ask(reason)
        self._run.note("stopped", reason=reason)
        logger.warning("chaoscinder: stopping: %s", reason)
        if self._over.wait(PATIENCE_S):
            return
        if self._rescue.needed:
            self._rescue.begin()
        self._rescue.wait()
        if not self._over.is_set():
            os.kill(os.getpid(), signal.SIGTERM)  # the main thread is in somebody else's code: all is undone, so it may be torn out of it

    def _conditions(self) -> Iterator[str]:
        yield stop_file(self._settings, self._run.path)
        if self._settings.abort_outage_s:
            yield self._outage(self._settings.abort_outage_s)
        for name in self._settings.guarded_workloads:
            yield self._unhealthy(name)

    def _queried(self) -> Iterator[str]:
        try:
            found = self._query.look()
        except ChaoscinderError as error:
            found = Alert(unknown=str(error))
        yield found.holds or self._lasting("abort_query", found.unknown)

    def _outage(self, limit_s: float) -> str:
        record = series.as_judged(self._run.read())
        now_s = self._site.clock.elapsed_s(record.header.anchor_s)
        found = availability.outages(record.samples, rate=self._settings.rate)
        if not found or found[-1].ended_latest_s is not None:
            return ""
        away_s = now_s - found[-1].started_latest_s  # also while nothing is known: it might be away
        return (
            f"the application has been away for {away_s:.0f} s (wanted at most {limit_s:g} s: abort_outage_s)" if away_s > limit_s else ""
        )

    def _unhealthy(self, name: str) -> str:
        namespace, _, workload = name.partition("/")
        try:
            seen = self._site.kubernetes.workload(namespace, workload)
            bad = f"{seen.ready} of {seen.desired} replicas are ready" if seen.ready < seen.desired else ""
        except ChaoscinderError as error:
            bad = str(error)
        return self._lasting(f"workload {name}", bad)

    def _lasting(self, name: str, bad: str) -> str:
        """Tell what is bad once it has been so for long enough."""
        now = self._site.clock.monotonic_s()
        if not bad:
            self._bad_since.pop(name, None)
            return ""
        since = self._bad_since.setdefault(name, now)
        for_s = (now - since) * self._settings.rate
        return f"{name}: {bad}, for {for_s:.0f} s (guarded_for_s)" if for_s >= self._settings.guarded_for_s else ""


def _reason(conditions: Conditions) -> str:
    try:
        return next((line for line in conditions() if line), "")
    except Exception as error:  # a guard that breaks stops the run, it does not stop guarding
        return f"a stop condition broke: {type(error).__name__}: {error}"


def stop_file(settings: Settings, run: Path | None = None) -> str:
    """Tell which stop file lies there and what it says; empty where there is none. Without a run its own is not looked for."""
    named = [Path(settings.stop_file)] if settings.stop_file else []
    own = [run / layout.STOP] if run is not None else []
    for path in (*own, Path(settings.runs_dir) / layout.STOP, *named):
        if path.exists():
            return f"stop file {path}: {_first_line(path)}"
    return ""


def ask_to_stop(run: RunDirectory, why: str) -> Path:
    """Put the stop file into a run's directory."""
    if not run.path.is_dir():
        raise CannotTell(f"{run.path} is gone")
    return run.write_text(layout.STOP, f"{why}\n")


def _first_line(path: Path) -> str:
    try:
        return (path.read_text(errors="replace").strip().splitlines() or ["asked to stop"])[0]
    except OSError as error:
        return f"asked to stop ({error.strerror})"
