"""The processes that record a run, as the process that runs the experiment holds them.

Each lives in a session of its own, so that Ctrl-C in a terminal reaches neither, and gets what it must know on its standard input.
"""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from chaoscinder.clock import Clock
from chaoscinder.errors import CannotTell, SettingsError
from chaoscinder.model.workload import Target
from chaoscinder.recorder.plan import Plan
from chaoscinder.recorder.readiness import heard_in
from chaoscinder.runs import RunDirectory, files, layout
from chaoscinder.settings import Settings

START_WITHIN_S = 30.0  # wall seconds; a start takes 0.2 s for the sampler and 2 s for the recorder, more where a cloud is slow
USAGE = 2


class Child:
    """One recording process. stop() may be called more than once, and after it has died."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], log: Path, ends_within_s: float) -> None:
        self.name = name
        self.pid = process.pid
        self._process = process
        self._log = log
        self._ends_within_s = ends_within_s
        self._asked = False

    @property
    def running(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def ask_to_end(self) -> None:
        """Tell it to end in order, without waiting for it; once, because a second signal may meet an interpreter that is half gone."""
        if not self._asked:
            self._asked = True
            self._process.terminate()

    def stop(self) -> str:
        """End it in order, so that it writes its trailer; one line about what went wrong, empty when nothing did."""
        self.ask_to_end()
        if self._process.stdout is not None:
            self._process.stdout.close()
        try:
            code = self._process.wait(self._ends_within_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            return f"the {self.name} did not end within {self._ends_within_s:g} s and was killed"
        return f"the {self.name} ended with code {code}: {self.last_words()}" if code else ""

    def last_words(self) -> str:
        """The last line that it wrote to its log."""
        lines = self._log.read_text(errors="replace").split("\n") if self._log.exists() else []
        return next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")

    def wait_until_ready(self) -> None:
        """Wait for its word that it records; its own last words as an error where it never gives it."""
        assert self._process.stdout is not None
        deadline = Clock().deadline(START_WITHIN_S)
        with self._process.stdout as said:
            os.set_blocking(said.fileno(), False)
            heard = b""
            while self.running and not deadline.passed:
                heard += said.read() or b""
                if heard_in(heard):
                    return
                Clock().sleep_wall(0.01)
        if self.stop() and self._process.returncode == USAGE:
            raise SettingsError(self.last_words())
        raise CannotTell(f"the {self.name} did not start within {deadline.spent_s:.1f} s: {self.last_words()}")


def start_sampler(run: RunDirectory, plan: Plan) -> Child:
    """Start sampling into a run; returns once the schedule has begun."""
    child = launch_sampler(run, plan)
    child.wait_until_ready()
    return child


def launch_sampler(run: RunDirectory, plan: Plan) -> Child:
    """Start a sampler without waiting until its schedule has begun."""
    names = layout.series_files(plan.series)
    text = replace(plan, directory=str(run.path), parent_pid=os.getpid()).dumps()
    name = f"sampler {plan.series}".strip()
    return launch(name, "chaoscinder.recorder.sampler", run.path / names.log, text, plan.answer_within_s + 10.0)


def start_recorder(run: RunDirectory, settings: Settings, target: Target) -> Child:
    """Start everything else: watches, polls and the ledger; returns once each has looked, or had the time to."""
    child = launch_recorder(run, settings, target)
    child.wait_until_ready()
    return child


def launch_recorder(run: RunDirectory, settings: Settings, target: Target) -> Child:
    """Start a recorder without waiting until it has looked."""
    plan = {"directory": str(run.path), "parent_pid": os.getpid(), "target": files.plain(target), "settings": settings.dumps()}
    text = json.dumps(plan)
    return launch("recorder", "chaoscinder.recorder", run.path / layout.RECORDER_LOG, text, 2 * settings.request_timeout_s + 10.0)


def launch(name: str, module: str, log: Path, text: str, ends_within_s: float) -> Child:
    """Start a module of ours in a session of its own and hand it text; it says "ready" when it is."""
    with log.open("ab") as errors:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
        )
    assert process.stdin is not None
    try:
        process.stdin.write(text.encode())
        process.stdin.close()
    except BrokenPipeError:
        pass  # it died at once; its log says why
    return Child(name, process, log, ends_within_s)
