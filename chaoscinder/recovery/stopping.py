"""Stop conditions: while a run is on, a thread looks whether it must end, and then has it end and undone.

It never raises in the main thread: waits of ours end by themselves (halt), and where the main thread is stuck elsewhere, the fault is
undone beside it. What cannot be looked at for as long as it might be bad counts as bad.
"""

import logging
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

from chaoscinder.checks import availability
from chaoscinder.clients.site import Site
from chaoscinder.errors import CannotTell, ChaoscinderError
from chaoscinder.recovery.rescue import Rescue
from chaoscinder.runs import RunDirectory, layout
from chaoscinder.settings import Settings
from chaoscinder.waiting import halt

LOOK_EVERY_S = (0.2, 1.0)  # wall seconds: no faster, because a look may read the whole record, and no slower
LOOK_EVERY_CLUSTER_S = 10.0
PATIENCE_S = 3.0  # wall seconds in which the main thread may begin to undo by itself

logger = logging.getLogger("chaostoolkit")


class Stopping:
    """Watches one run's stop conditions until told to end."""

    def __init__(self, settings: Settings, run: RunDirectory, rescue: Rescue) -> None:
        self._settings = settings
        self._run = run
        self._rescue = rescue
        self._site = Site(settings)
        self._over = threading.Event()
        self._bad_since: dict[str, float] = {}
        self._thread = threading.Thread(target=self._watch, name="stop-conditions", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def end(self) -> None:
        """Stop watching; twice does no harm."""
        self._over.set()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(2 * self._settings.request_timeout_s + 1)

    def _watch(self) -> None:
        try:
            least_s, most_s = LOOK_EVERY_S
            every_s = min(most_s, max(least_s, LOOK_EVERY_CLUSTER_S / self._settings.rate))
            while not self._over.wait(every_s):
                reason = halt.reason or self._reason()
                if reason:
                    self._stop(reason)
                    return
        finally:
            self._site.close()

    def _stop(self, reason: str) -> None:
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

    def _reason(self) -> str:
        try:
            return next((line for line in self._conditions() if line), "")
        except Exception as error:  # a guard that breaks stops the run, it does not stop guarding
            return f"a stop condition broke: {type(error).__name__}: {error}"

    def _conditions(self) -> Iterator[str]:
        yield stop_file(self._settings, self._run.path)
        if self._settings.abort_outage_s:
            yield self._outage(self._settings.abort_outage_s)
        for name in self._settings.guarded_workloads:
            yield self._unhealthy(name)

    def _outage(self, limit_s: float) -> str:
        record = self._run.read()
        found = availability.outages(record.samples, rate=self._settings.rate)
        now_s = self._site.clock.elapsed_s(record.header.anchor_s)
        if not found or found[-1].ended_latest_s is not None:
            return ""
        away_s = now_s - found[-1].started_latest_s
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
        return self._lasting(name, bad)

    def _lasting(self, name: str, bad: str) -> str:
        """Tell what is bad once it has been so for long enough."""
        now = self._site.clock.monotonic_s()
        if not bad:
            self._bad_since.pop(name, None)
            return ""
        since = self._bad_since.setdefault(name, now)
        for_s = (now - since) * self._settings.rate
        return f"workload {name}: {bad}, for {for_s:.0f} s (guarded_workloads)" if for_s >= self._settings.guarded_for_s else ""


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
