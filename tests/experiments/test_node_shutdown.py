"""experiments/node-shutdown.json run whole, with the command that people type, in a sandbox of its own."""

import json
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.lent import CHAOS, CHAOSCINDER, NODE_SHUTDOWN, Done, merged, run

EXEC = [CHAOSCINDER, "sandbox", "exec"]
EXPERIMENT = [CHAOS, "--no-version-check", "run", str(NODE_SHUTDOWN)]


def play(tmp_path: Path, *options: str, **env: str) -> tuple[Done, Path, dict[str, Any]]:
    """Run the experiment in a sandbox of its own; what it printed, the run's directory and its verdict."""
    done = run([*EXEC, *options, "--", *EXPERIMENT], cwd=tmp_path, env=env)
    (directory,) = (path for path in (tmp_path / "chaoscinder-runs").iterdir() if path.is_dir())
    return done, directory, json.loads((directory / "verdict.json").read_text())


def servers_at_the_end(directory: Path) -> dict[str, str]:
    """What the clouds said of every server before the sandbox went."""
    return {row["name"]: row["status"] for row in json.loads((directory / "clouds.json").read_text())["servers"]}


def nothing_runs_of(tmp_path: Path) -> bool:
    """Whether no process has this directory as its working directory or in its arguments any more."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                if str(tmp_path) in str((entry / "cwd").readlink()) or str(tmp_path).encode() in (entry / "cmdline").read_bytes():
                    return False
            except OSError:
                continue
    return True


ALL_ACTIVE = dict.fromkeys(("control-plane-1", "worker-1", "worker-2", "worker-3", "worker-4"), "ACTIVE")


@dataclass(frozen=True)
class Played:
    """One run: where, what it printed, its directory and its verdict."""

    place: Path
    done: Done
    directory: Path
    verdict: dict[str, Any]


@pytest.fixture(scope="module")
def remedied(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """A run with somebody who frees the volume."""
    place = tmp_path_factory.mktemp("remedied")
    return Played(place, *play(place, "--remediation", "out-of-service"))


def test_with_remediation_the_application_survives(remedied: Played) -> None:
    done, directory, verdict, tmp_path = remedied.done, remedied.directory, remedied.verdict, remedied.place
    assert (done.code, verdict["verdict"], verdict["restored"]) == (0, "PASS", True), done.out
    assert {row["name"]: row["result"] for row in verdict["objectives"]} == dict.fromkeys(
        ("baseline", "fault", "samples", "outage", "recovery", "volume", "writes", "restored"), "met"
    )
    assert verdict["movement"]["from_node"] != verdict["movement"]["to_node"]
    assert servers_at_the_end(directory) == ALL_ACTIVE
    journal = json.loads((tmp_path / "journal.json").read_text())
    assert (journal["status"], journal["deviated"], journal["chaoscinder"]["outcome"]) == ("completed", False, "passed")
    said = run([CHAOSCINDER, "verdict", "last"], cwd=tmp_path)
    assert said.code == 0
    assert said.out.startswith("PASS  remediation: ")
    assert nothing_runs_of(tmp_path)


def test_a_powered_off_node_is_first_a_black_hole_and_then_refuses(remedied: Played) -> None:
    kinds = [kind for outage in remedied.verdict["availability"]["outages"] for kind, _ in outage["outcomes"]]
    assert [kind for kind in kinds if kind in ("connect-timeout", "refused")] == ["connect-timeout", "refused"]


def test_without_remediation_nothing_ends_it(tmp_path: Path) -> None:
    done, directory, verdict = play(tmp_path, "--rate", "60", "--remediation", "none", CHAOSCINDER_RECOVERY_DEADLINE_S="600")
    assert (done.code, verdict["verdict"], verdict["restored"]) == (1, "FAIL", True), done.out
    page = (directory / "report.html").read_text()
    for word in ("Terminating", "VolumeAttachment", "out-of-service"):
        assert word in page
    assert servers_at_the_end(directory) == ALL_ACTIVE
    journal = json.loads((tmp_path / "journal.json").read_text())
    assert (journal["deviated"], journal["chaoscinder"]["outcome"]) == (True, "deviated")
    assert run([CHAOSCINDER, "verdict", "last"], cwd=tmp_path).code == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_in_the_middle_of_the_fault_leaves_the_server_started(tmp_path: Path, number: signal.Signals) -> None:
    process = subprocess.Popen(
        [*EXEC, "--", *EXPERIMENT],
        cwd=tmp_path,
        env=merged(None),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    wait_for_mark(tmp_path, "fault_confirmed", process)
    process.send_signal(number)
    out, _ = process.communicate(timeout=100)
    (directory,) = (path for path in (tmp_path / "chaoscinder-runs").iterdir() if path.is_dir())
    verdict = json.loads((directory / "verdict.json").read_text())
    assert (verdict["verdict"], verdict["restored"]) == ("ABORTED", True), out.decode()
    assert process.returncode != 0
    assert servers_at_the_end(directory) == ALL_ACTIVE
    assert nothing_runs_of(tmp_path)


def wait_for_mark(tmp_path: Path, name: str, process: "subprocess.Popen[bytes]") -> None:
    """Wait until a run below a directory has a mark."""
    give_up = time.monotonic() + 60
    while time.monotonic() < give_up and process.poll() is None:
        if any(f'"{name}"' in path.read_text() for path in tmp_path.glob("chaoscinder-runs/*/marks.jsonl")):
            return
        time.sleep(0.05)
    process.kill()
    raise AssertionError(f"no mark {name}: {process.communicate()[0].decode()}")
