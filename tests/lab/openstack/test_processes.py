"""A process of the lab is known by pid and start time; nobody else's is ever touched."""

import os
import signal
import sys
import time

from tests.lab.openstack import processes
from tests.lab.openstack.places import Places

SLEEPER = (sys.executable, "-c", "import time; time.sleep(60)")
FAMILY = (sys.executable, "-c", "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(60)'])")


def begun(places: Places, name: str, command: tuple[str, ...], count: int) -> list[int]:
    """Start it and wait until it has that many processes."""
    processes.start(places, name, command, {})
    until = time.monotonic() + 10
    while len(pids := processes.members(places, name)) < count:
        assert time.monotonic() < until
        time.sleep(0.02)
    return pids


def test_a_started_process_is_its_own_leader_until_it_is_stopped(places: Places) -> None:
    (pid,) = begun(places, "one", SLEEPER, 1)
    assert processes.leader(places, "one") == pid
    processes.stop(places, "one", 5.0)
    assert (processes.leader(places, "one"), processes.members(places, "one")) == (None, [])


def test_a_pid_that_is_somebody_elses_by_now_is_not_ours(places: Places) -> None:
    (pid,) = begun(places, "one", SLEEPER, 1)
    (places.run / "two.pid").write_text(f"{pid} 1\n")
    assert processes.leader(places, "two") is None
    (places.run / "two.pid").unlink()
    assert processes.leader(places, "one") == pid


def test_what_a_dead_leader_left_is_still_found_and_killed(places: Places) -> None:
    leader, child = begun(places, "one", FAMILY, 2)
    os.kill(leader, signal.SIGKILL)
    until = time.monotonic() + 10
    while processes.members(places, "one") != [child]:
        assert time.monotonic() < until
        time.sleep(0.02)
    processes.kill(places, "one")
    assert processes.members(places, "one") == []


def test_a_frozen_service_is_told_and_can_be_stopped(places: Places) -> None:
    begun(places, "one", SLEEPER, 1)
    assert processes.send(places, "one", signal.SIGSTOP) == 1
    until = time.monotonic() + 10
    while not processes.frozen(places, "one"):
        assert time.monotonic() < until
        time.sleep(0.02)
    processes.stop(places, "one", 5.0)
    assert processes.members(places, "one") == []


def test_a_service_that_was_never_started_has_nothing(places: Places) -> None:
    assert (processes.leader(places, "one"), processes.members(places, "one"), processes.send(places, "one", signal.SIGKILL)) == (
        None,
        [],
        0,
    )
