"""The lab's processes, each leader of a session of its own, known by pid and start time.

Some services rewrite their command line and environment, so only pid, start time, session and working directory can be trusted.
What is left of a session whose leader died is found by session and by a working directory inside the lab.
"""

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.lab.openstack.places import Places

EVERY_S = 0.1


@dataclass(frozen=True)
class Record:
    """What was written down when a process was started."""

    pid: int
    born: str


@dataclass(frozen=True)
class Process:
    """What /proc tells about a process."""

    state: str
    session: int
    born: str


def start(places: Places, name: str, command: Sequence[str], env: Mapping[str, str]) -> None:
    """Start a process in a session of its own and write down who it is."""
    with (places.log / f"{name}.out").open("ab") as out:
        begun = subprocess.Popen(
            command, env=dict(env), cwd=places.state, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
        )
    begun.returncode = 0  # it is to outlive us: nobody waits for it
    (places.run / f"{name}.pid").write_text(f"{begun.pid} {_look(begun.pid).born}\n")


def leader(places: Places, name: str) -> int | None:
    """The pid that was written down, if that very process still lives."""
    record = _record(places, name)
    return record.pid if record and _lives(record) else None


def members(places: Places, name: str) -> list[int]:
    """Every living process of a service, its leader first."""
    record = _record(places, name)
    if record is None:
        return []
    found = [pid for pid in _pids() if pid != record.pid and _belongs(pid, record, places)]
    return ([record.pid] if _lives(record) else []) + found


def send(places: Places, name: str, what: signal.Signals) -> int:
    """Send a signal to every process of a service and tell how many there were."""
    pids = members(places, name)
    for pid in pids:
        try:
            os.kill(pid, what)
        except ProcessLookupError:
            continue
    return len(pids)


def stop(places: Places, name: str, limit_s: float) -> None:
    """End a service: asked first, killed when it is still there after limit_s; frozen ones are thawed to hear it."""
    send(places, name, signal.SIGCONT)
    send(places, name, signal.SIGTERM)
    if not _gone(places, name, limit_s):
        kill(places, name)


def kill(places: Places, name: str) -> None:
    """End a service at once."""
    send(places, name, signal.SIGKILL)
    _gone(places, name, 5.0)


def frozen(places: Places, name: str) -> bool:
    """Whether a service was stopped by a signal."""
    pids = members(places, name)
    return bool(pids) and all(_look(pid).state == "T" for pid in pids)


def memory_mib(pids: Sequence[int]) -> float:
    """The proportional share of memory of these processes."""
    return sum(_pss_kib(pid) for pid in pids) / 1024


def _gone(places: Places, name: str, limit_s: float) -> bool:
    until = time.monotonic() + limit_s
    while members(places, name):
        if time.monotonic() > until:
            return False
        time.sleep(EVERY_S)
    return True


def _record(places: Places, name: str) -> Record | None:
    try:
        pid, born = (places.run / f"{name}.pid").read_text().split()
    except (FileNotFoundError, ValueError):
        return None
    return Record(int(pid), born)


def _lives(record: Record) -> bool:
    seen = _look(record.pid)
    return seen.born == record.born and seen.state != "Z"


def _belongs(pid: int, record: Record, places: Places) -> bool:
    seen = _look(pid)
    if seen.session != record.pid or seen.state == "Z":
        return False
    try:
        return Path(f"/proc/{pid}/cwd").readlink().is_relative_to(places.root)
    except OSError:
        return False


def _look(pid: int) -> Process:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return Process("Z", 0, "")
    return Process(fields[0], int(fields[3]), fields[19])


def _pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _pss_kib(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
