"""The command of a Job is a real process: its exit code, its output, its variables; and the power that ends it."""

import os
import time
from pathlib import Path
from typing import Any

import pytest

from chaoscinder.sandbox.processes import Processes


def pod(command: list[str], *arguments: str, **environment: str) -> dict[str, Any]:
    """A pod of a Job."""
    variables = [{"name": name, "value": value} for name, value in environment.items()]
    container = {"name": "main", "image": "registry.invalid/app:1", "command": command, "args": list(arguments), "env": variables}
    meta = {"name": "work", "namespace": "default", "uid": "uid-1"}
    return {"metadata": meta, "spec": {"restartPolicy": "Never", "containers": [container]}}


def ended(processes: Processes) -> int | None:
    """Wait for the end of the process; its exit code."""
    give_up = time.monotonic() + 10
    while processes.is_running("uid-1"):
        assert time.monotonic() < give_up
        time.sleep(0.005)
    return processes.exit_code("uid-1")


@pytest.mark.parametrize(
    ("command", "code", "output"),
    [
        (["sh", "-c", "echo out; echo err >&2; exit 3"], 3, "out\nerr\n"),
        (["sh", "-c", "kill -9 $$"], 137, ""),
        (["no-such-command"], 128, 'exec: "no-such-command": No such file or directory\n'),
        (["echo", "$(GREETING),", "$$(GREETING)", "$(NOBODY)"], 0, "hello, $(GREETING) $(NOBODY)\n"),
        (["python", "-c", "import os; print(os.environ['GREETING'])"], 0, "hello\n"),
    ],
)  # fmt: skip
def test_a_command_runs_and_its_end_is_known(tmp_path: Path, command: list[str], code: int, output: str):
    processes = Processes(tmp_path)
    processes.start(pod(command, GREETING="hello"), {})
    assert (ended(processes), processes.log("uid-1")) == (code, output)
    processes.close()


def test_a_command_dies_with_its_machine(tmp_path: Path):
    processes = Processes(tmp_path)
    processes.start(pod(["sleep", "60"]), {})
    while processes.pid("uid-1") is None:
        time.sleep(0.005)
    pid = processes.pid("uid-1")
    assert (processes.exit_code("uid-1"), processes.unfollowed()) == (None, [])
    processes.kill("uid-1")
    assert processes.exit_code("uid-1") == 137
    assert not Path(f"/proc/{pid}/cmdline").exists() or os.read(os.open(f"/proc/{pid}/cmdline", os.O_RDONLY), 1) == b""
    processes.close()


def test_a_pod_that_starts_again_for_ever_is_the_demo_application_whatever_its_command(tmp_path: Path):
    always = pod(["sleep", "60"])
    always["spec"]["restartPolicy"] = "Always"
    processes = Processes(tmp_path)
    processes.start(always, {})
    give_up = time.monotonic() + 10
    while processes.port("uid-1") is None:
        assert time.monotonic() < give_up
        time.sleep(0.01)
    processes.close()
