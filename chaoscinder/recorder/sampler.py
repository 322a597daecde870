"""Looks at one address on an absolute schedule, in a process of its own: python -m chaoscinder.recorder.sampler, its plan as JSON on stdin.

What is measured: A(t) = 1 if a request scheduled to start at t received a valid answer no later than t + D (answer_within_s), D covering
everything from the schedule's moment on: our own lateness, connecting, and the last byte of the answer. Slot k is due at t0 + k * period on
the monotonic clock, and no answer is ever waited for before the next request starts.

1. Every slot has a record. What could not be asked in time, or so late that an answer had no time, is MISSED and says nothing about the
   application.
2. Nothing is in the path of a request but the request: the address is looked up before, files are written by another thread.
3. It ends on SIGTERM and when its parent dies: no more requests, D for those under way, then the trailer. SIGINT is for others.
"""

import gc
import math
import os
import queue
import re
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from chaoscinder.clock import Clock
from chaoscinder.errors import ChaoscinderError, SettingsError
from chaoscinder.model.sample import Outcome
from chaoscinder.recorder import exchange
from chaoscinder.recorder.answers import Classifier
from chaoscinder.recorder.connections import Connections
from chaoscinder.recorder.plan import Plan
from chaoscinder.recorder.readiness import say_ready
from chaoscinder.recorder.stream import keep_stamping
from chaoscinder.recorder.tape import Tape
from chaoscinder.runs import files, layout, samples

SPARE_THREADS = 8
NAP_S = 0.2  # how long a signal or the death of the parent may go unnoticed, and how old what is on disk may be
START_AFTER_S = 0.1  # so that slot 0 is not late
LATEST_SHARE = 0.5  # of D; a look begun later than that had too little time left for its silence to be the application's
SWITCH_S = 0.0005  # a thread that computes gives way to one whose request is due; the interpreter's default is 5 ms


class Sampler:
    """One series, from its header line to its trailer."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._names = layout.series_files(plan.series)
        self._directory = Path(plan.directory)
        self._clock = Clock()
        self._now = self._clock.monotonic_s
        self._unit = samples.unit_us(plan.answer_within_s)
        self._connections = Connections(plan.kept_connections)
        self._target = exchange.endpoint(plan.url, plan.ca_file, verify=plan.verify, server_name=plan.server_name)
        keep = self._connections.kept
        self._request = exchange.request_bytes("GET", self._target, self._target.path, plan.headers, keep=keep)
        self._classifier = Classifier(plan, self._directory / self._names.backends)
        self._tape = Tape(self._directory / self._names.samples)
        self._address: exchange.Address | None = None
        self._due: queue.SimpleQueue[tuple[int, float] | None] = queue.SimpleQueue()
        self._threads = math.ceil(plan.answer_within_s / plan.period_s) + SPARE_THREADS
        self._idle = threading.Semaphore(self._threads)
        self._stopping = ""
        self._drained = threading.Event()
        self._problem = ""

    def run(self) -> None:
        """Sample until told to stop."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda *_: self._stop("asked to end"))
        self._look_up()
        workers = self._start_workers()
        writer = threading.Thread(target=self._write, name="writer", daemon=True)
        with keep_stamping():
            started = self._first_slot()
            self._tape.write(self._header_line(started))
            writer.start()
            gc.collect()
            gc.freeze()
            say_ready()
            scheduled = self._schedule(started)
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            self._finish(scheduled, workers, writer)

    def _first_slot(self) -> float:
        """The next moment on the grid of this period and phase, so that the series of one run never ask at the same moment."""
        period, phase = self._plan.period_s, self._plan.phase
        return (math.ceil((self._now() + START_AFTER_S) / period - phase) + phase) * period

    def _stop(self, why: str) -> None:
        self._stopping = self._stopping or why

    def _look_up(self) -> None:
        """Pin one address for the whole series; while there is none, ask again each second beside the schedule."""
        try:
            self._address = exchange.resolve(self._target)
        except OSError as error:
            self._problem = f"{self._target.host} has no address: {error}"
            threading.Thread(target=self._look_up_again, name="names", daemon=True).start()

    def _look_up_again(self) -> None:
        while self._address is None and not self._stopping:
            self._clock.sleep_wall(1.0)
            try:
                self._address = exchange.resolve(self._target)
                self._problem += "; found later"
            except OSError:
                continue

    def _start_workers(self) -> list[threading.Thread]:
        workers = [threading.Thread(target=self._work, name=f"worker-{number}", daemon=True) for number in range(self._threads)]
        for worker in workers:
            worker.start()
        return workers

    def _schedule(self, started: float) -> int:
        """Hand out slot after slot, each at its moment; the number of slots handed out."""
        slot, period = 0, self._plan.period_s
        while not self._stopping:
            due = started + slot * period
            self._wait_until(due)
            if self._stopping:
                break
            if self._now() - due < self._plan.answer_within_s and self._idle.acquire(blocking=False):
                self._due.put((slot, due))
            else:
                self._missed(slot, due)
            slot += 1
        return slot

    def _wait_until(self, due: float) -> None:
        while (left := due - self._now()) > 0 and not self._stopping:
            self._clock.sleep_wall(min(left, NAP_S))

    def _missed(self, slot: int, due: float) -> None:
        late = self._now() - due
        self._tape.put(slot, samples.encode(slot, Outcome.MISSED, self._unit, (late, 0.0, 0.0, 0.0)))

    def _work(self) -> None:
        while (job := self._due.get()) is not None:
            slot, due = job
            try:
                self._tape.put(slot, self._look(slot, due))
            except Exception as error:  # a fault of ours: the slot was not measured, and everybody must know
                self._problem = f"a request failed inside the sampler: {type(error).__name__}: {error}"
                self._missed(slot, due)
            self._idle.release()

    def _look(self, slot: int, due: float) -> bytes:
        began = self._now()
        if self._address is None:
            return samples.encode(slot, Outcome.DNS, self._unit, (began - due, 0.0, 0.0, began - due))
        answer = self._ask(self._address, slot, due + self._plan.answer_within_s)
        outcome, backend = (answer.outcome, 0) if answer.outcome is not Outcome.OK else self._classifier.outcome(answer, due)
        if outcome is Outcome.MISSED and not answer.stood_still and not self._problem:
            self._problem = f"a request could not be sent from here: {answer.why}"
        if outcome.waited_in_vain and began - due > LATEST_SHARE * self._plan.answer_within_s:
            outcome = Outcome.MISSED
        # Rounded outwards, because the application decided at some moment between being asked and done.
        asked_s, done_s = self._units(began - due, math.floor), self._units(answer.done - due, math.ceil)
        times = (asked_s, answer.connected - due, answer.first_byte - due, done_s)
        return samples.encode(slot, outcome, self._unit, times, backend=backend, status=answer.status)

    def _units(self, time_s: float, whole: Callable[[float], int]) -> float:
        """Round a time to whole units of the file."""
        return whole(time_s * 1e6 / self._unit) * self._unit / 1e6

    def _ask(self, address: exchange.Address, slot: int, deadline: float) -> exchange.Answer:
        keep = self._connections.kept
        link = self._connections.take(slot) if keep else None
        answer = exchange.exchange(address, self._target, self._request, deadline=deadline, now=self._now, link=link, keep=keep)
        if answer.link is not None:
            self._connections.give(slot, answer.link)
        return answer

    def _write(self) -> None:
        while not self._drained.wait(NAP_S):
            if self._plan.parent_pid and os.getppid() != self._plan.parent_pid:
                self._stop("its parent died")
            try:
                self._tape.flush()
            except OSError as error:
                self._problem = f"the samples could not be written: {error}"

    def _header_line(self, started: float) -> bytes:
        plan = self._plan
        checks = {"status": plan.expected_status, "body": bool(plan.body_pattern), "backend": bool(plan.backend_pattern)}
        return samples.header_line(
            t0=started,
            period_s=plan.period_s,
            answer_within_s=plan.answer_within_s,
            more={
                "series": plan.series,
                "pid": os.getpid(),
                "wall_at": self._clock.wall_now(),
                "slow_after_s": plan.slow_after_s,
                "host": self._target.authority,
                "path": self._target.path.partition("?")[0],
                "address": None if self._address is None else str(self._address[1][0]),
                "kept_connections": plan.kept_connections,
                "checks": checks,
                # Whether a pod was still one of the endpoints is told by changes.jsonl, afterwards.
                "stale_backend": "told by changes" if plan.backend_pattern else "not checked",
            },
        )

    def _finish(self, scheduled: int, workers: list[threading.Thread], writer: threading.Thread) -> None:
        """Give the requests under way their time, then write what is left and the trailer."""
        for _ in workers:
            self._due.put(None)
        limit = self._now() + self._plan.answer_within_s + 1.0
        for worker in workers:
            worker.join(max(0.0, limit - self._now()))
        self._connections.close()
        self._drained.set()
        writer.join()
        trailer = self._tape.close()
        if trailer["records"] != scheduled:
            self._problem = f"{scheduled} slots were scheduled and {trailer['records']} recorded"
        more = {"t": self._now(), "wall_at": self._clock.wall_now(), "ended": self._stopping, "problem": self._problem}
        files.replace_json(self._directory / self._names.trailer, trailer | more, sync=True)


def main() -> int:
    """Read a plan from standard input and follow it."""
    sys.setswitchinterval(SWITCH_S)
    try:
        Sampler(Plan.loads(sys.stdin.read())).run()
    except (ChaoscinderError, re.error, FileExistsError) as error:
        print(SettingsError(str(error)), file=sys.stderr)  # noqa: T201
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
