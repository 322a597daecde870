"""A fault may only act while somebody records: that is told by pid and by what is on disk."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from chaoscinder import runs
from chaoscinder.clock import Clock
from chaoscinder.model.run import Aims, Header
from chaoscinder.model.sample import Outcome
from chaoscinder.runs import RunDirectory, processes, samples

HEADER = Header("0a1b2c3d" + "0" * 24, "x", "e3b0", datetime.now(UTC), 100.0, 1.0, False, Aims())
clock = Clock()


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    """A run that seems to be recorded by this very process."""
    made = runs.create(tmp_path, HEADER)
    beat(made)
    sample(made)
    return made


def beat(run: RunDirectory, *, pid: int | None = None, ago_s: float = 0.0, ended: str = "") -> None:
    run.write_json("recorder.json", {"pid": pid or os.getpid(), "t": clock.monotonic_s() - ago_s, "ended": ended, "problems": []})


def sample(run: RunDirectory, *, pid: int | None = None, ago_s: float = 0.0) -> None:
    t0 = clock.monotonic_s() - ago_s - 0.05
    line = samples.header_line(t0=t0, period_s=0.05, answer_within_s=0.9, more={"pid": pid or os.getpid()})
    (run.path / "samples.bin").write_bytes(line + samples.encode(0, Outcome.OK, 50, (0.0, 0.0, 0.0, 0.0)))


def dead_pid() -> int:
    process = subprocess.Popen([sys.executable, "-S", "-c", ""])
    process.wait()
    return process.pid


def test_a_run_with_two_fresh_writers_is_being_recorded(run: RunDirectory) -> None:
    assert runs.why_not_recording(run) == ""
    assert runs.is_recording(run)
    assert (runs.recorder_alive(run), runs.sampler_alive(run)) == (True, True)


def test_no_run_is_not_being_recorded() -> None:
    assert not runs.is_recording(None)
    assert runs.why_not_recording(None).startswith("no run is being recorded")


def test_a_dead_recorder_is_seen(run: RunDirectory) -> None:
    beat(run, pid=(pid := dead_pid()))
    assert runs.why_not_recording(run) == f"the recorder is dead (process {pid})"


def test_a_hanging_recorder_is_seen(run: RunDirectory) -> None:
    beat(run, ago_s=60.0)
    assert runs.why_not_recording(run) == "the recorder has written nothing for 60.0 s (wanted at most 5.0 s)"


def test_a_recorder_that_ended_is_seen(run: RunDirectory) -> None:
    beat(run, ended="asked to end")
    assert runs.why_not_recording(run) == "the recorder has ended (asked to end)"


def test_a_recorder_that_never_started_is_seen(run: RunDirectory) -> None:
    (run.path / "recorder.json").unlink()
    assert runs.why_not_recording(run).startswith("the recorder never started")


def test_a_dead_sampler_is_seen_though_the_recorder_lives(run: RunDirectory) -> None:
    sample(run, pid=(pid := dead_pid()))
    assert runs.why_not_recording(run) == f"the sampler of the web UI is dead (process {pid})"
    assert runs.recorder_alive(run)


def test_a_sampler_whose_file_does_not_grow_is_seen(run: RunDirectory) -> None:
    sample(run, ago_s=30.0)
    assert runs.why_not_recording(run).startswith("the sampler of the web UI has written nothing for 30.0 s")


def test_a_sampler_that_ended_or_never_started_is_seen(run: RunDirectory) -> None:
    run.write_json("samples.json", {})
    assert runs.why_not_recording(run) == "the sampler of the web UI has ended"
    (run.path / "samples.json").unlink()
    (run.path / "samples.bin").unlink()
    assert runs.why_not_recording(run).startswith("the sampler of the web UI never started")


def test_a_process_that_ended_and_was_not_waited_for_does_not_live() -> None:
    process = subprocess.Popen([sys.executable, "-S", "-c", ""], stdout=subprocess.PIPE)
    assert process.stdout is not None
    with process.stdout:
        process.stdout.read()
    deadline = clock.deadline(5.0)
    while processes.alive(process.pid) and not deadline.passed:
        clock.sleep_wall(0.01)
    assert not processes.alive(process.pid)
    process.wait()


def test_this_process_lives_and_nobody_has_pid_zero() -> None:
    assert processes.alive(os.getpid())
    assert not processes.alive(0)


def test_the_live_run_of_this_process_is_remembered(run: RunDirectory) -> None:
    assert runs.live() is None
    runs.set_live(run)
    assert runs.live() is run
    runs.set_live(None)
    assert runs.live() is None
