"""Commands that do one thing and end: run with a line of progress, a log of their own, and another try where a network is in between."""

import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests.lab.openstack.places import Places
from tests.lab.openstack.saying import LabError, progress

LOOK_EVERY_S = 1.0
STILL_EVERY_S = 10.0
PAUSE_S = 5.0


def step(
    places: Places,
    label: str,
    command: Sequence[str | Path],
    env: Mapping[str, str],
    *,
    tries: int = 1,
    cwd: Path | None = None,
    given: str | None = None,
    meanwhile: Callable[[], None] | None = None,
) -> str:
    """Run one command to its end and return what it printed; raises LabError with its last line when every try failed.

    meanwhile is called every second; what it raises ends the command.
    """
    places.log.mkdir(parents=True, exist_ok=True)
    log = places.log / f"step-{label.replace(' ', '-').replace('/', '-')}.log"
    for left in reversed(range(tries)):
        started = time.monotonic()
        code = _run(label, command, env, cwd, given, log, meanwhile)
        if code == 0:
            progress(f"{label}: done in {time.monotonic() - started:.1f} s")
            return log.read_text(errors="replace")
        if left:
            progress(f"{label}: failed ({_last_line(log)}), {left} more tries")
            time.sleep(PAUSE_S)
    raise LabError(f"{label} failed with exit code {code}: {_last_line(log)} (all of it in {log})")


def _run(
    label: str,
    command: Sequence[str | Path],
    env: Mapping[str, str],
    cwd: Path | None,
    given: str | None,
    log: Path,
    meanwhile: Callable[[], None] | None,
) -> int:
    source = log.with_suffix(".in")
    source.write_text(given or "")
    with log.open("wb") as out, source.open("rb") as into:
        working = subprocess.Popen(list(map(str, command)), env=dict(env), cwd=cwd, stdin=into, stdout=out, stderr=subprocess.STDOUT)
        try:
            return _wait(working, label, log, meanwhile)
        except BaseException:
            working.kill()
            working.wait()
            raise
        finally:
            source.unlink()


def _wait(working: "subprocess.Popen[bytes]", label: str, log: Path, meanwhile: Callable[[], None] | None) -> int:
    started = said = time.monotonic()
    while True:
        try:
            return working.wait(timeout=LOOK_EVERY_S)
        except subprocess.TimeoutExpired:
            now = time.monotonic()
            if meanwhile is not None:
                meanwhile()
            if now - said >= STILL_EVERY_S:
                progress(f"{label}: {now - started:.0f} s so far ({_last_line(log)})")
                said = now


def _last_line(log: Path) -> str:
    """What a command said last, a warning only where it said nothing else."""
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    told = [line for line in lines if not line.startswith("WARNING")] or lines
    return told[-1][:120] if told else "it said nothing"
