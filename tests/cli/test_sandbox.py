"""chaoscinder sandbox: up, status, down, exec, as people type them."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from tests.lent import CHAOSCINDER, merged, run, sandbox

SANDBOX = [CHAOSCINDER, "sandbox"]


def test_up_status_down(tmp_path: Path) -> None:
    directory = str(tmp_path / "world")
    up = run([*SANDBOX, "up", "--dir", directory, "--rate", "50"], cwd=tmp_path)
    found = json.loads((tmp_path / "world" / "sandbox.json").read_text())
    assert up.code == 0
    assert up.out.splitlines()[0] == f"sandbox      pid {found['pid']}, Kubernetes 1.36-csi, OpenStack 2026.2, rate 50"
    status = run([*SANDBOX, "status", "--dir", directory], cwd=tmp_path)
    assert (status.code, status.out.splitlines()[0]) == (0, up.out.splitlines()[0])
    down = run([*SANDBOX, "down", "--dir", directory], cwd=tmp_path)
    assert (down.code, down.out) == (0, f"sandbox {found['pid']} stopped\n")
    after = run([*SANDBOX, "status", "--dir", directory], cwd=tmp_path)
    assert (after.code, after.out) == (1, f"no sandbox runs in {directory}\n")


def test_a_second_sandbox_in_the_same_place_is_refused(tmp_path: Path) -> None:
    directory = tmp_path / "world"
    with sandbox(directory):
        second = run([*SANDBOX, "up", "--dir", str(directory)], cwd=tmp_path)
    wanted = f"a sandbox already runs in {directory} (stop it with chaoscinder sandbox down, or choose another --dir)"
    assert (second.code, second.out) == (2, f"chaoscinder: {wanted}\n")


def test_a_port_that_is_taken_is_named_and_nothing_is_left(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        up = run([*SANDBOX, "up", "--dir", str(tmp_path / "world"), "--port", str(port)], cwd=tmp_path)
    line = f"the sandbox cannot start: port {port} of 127.0.0.1 cannot be used (Address already in use; wanted a free one, or --port 0)"
    assert (up.code, up.out) == (2, f"chaoscinder: {line}\n")
    assert not (tmp_path / "world" / "sandbox.json").exists()


def test_an_unknown_profile_and_an_unknown_release_are_named(tmp_path: Path) -> None:
    for option, value in (("--profile", "0.9"), ("--openstack", "diablo")):
        up = run([*SANDBOX, "up", "--dir", str(tmp_path / "world"), option, value], cwd=tmp_path)
        assert up.code == 2
        assert up.out.startswith("chaoscinder: the sandbox cannot start: ")
        assert value in up.out
        assert len(up.out.splitlines()) == 1


def test_exec_passes_the_exit_code_on_and_takes_foreign_clouds_away(tmp_path: Path) -> None:
    script = 'test -z "$OS_PASSWORD" && test "$OS_CLOUD" = chaoscinder-sandbox && test -s "$KUBECONFIG" && exit 42'
    done = run([*SANDBOX, "exec", "--", "sh", "-c", script], cwd=tmp_path, env={"OS_PASSWORD": "of-another-cloud"})
    assert done.code == 42, done.out


def test_exec_uses_the_sandbox_that_runs_and_leaves_it_running(tmp_path: Path) -> None:
    with sandbox(tmp_path / "world", "--rate", "50") as lent:
        done = run([*SANDBOX, "exec", "--dir", str(lent.directory), "--", "sh", "-c", "echo $CHAOSCINDER_RATE"], cwd=tmp_path)
        assert (done.code, done.out) == (0, "50\n")
        other = run([*SANDBOX, "exec", "--dir", str(lent.directory), "--rate", "1", "--", "true"], cwd=tmp_path)
        assert (other.code, other.out) == (
            2,
            "chaoscinder: a sandbox with rate 50.0 already runs (wanted 1.0; stop it or leave --rate out)\n",
        )
        assert run([*SANDBOX, "status", "--dir", str(lent.directory)], cwd=tmp_path).code == 0


def test_exec_of_a_command_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    done = run([*SANDBOX, "exec", "--", "no-such-command"], cwd=tmp_path)
    assert (done.code, done.out) == (2, "chaoscinder: there is no command no-such-command (wanted something to run in the sandbox)\n")


def test_a_sandbox_goes_when_the_exec_that_owns_it_is_killed(tmp_path: Path) -> None:
    command = [*SANDBOX, "exec", "--dir", str(tmp_path / "world"), "--", "sleep", "60"]
    process = subprocess.Popen(command, cwd=tmp_path, env=merged(None), stdin=subprocess.DEVNULL)
    state = tmp_path / "world" / "sandbox.json"
    wait_until(state.exists)
    pid = json.loads(state.read_text())["pid"]
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    process.kill()
    process.wait()
    wait_until(lambda: not Path(f"/proc/{pid}").exists())
    for child in children:
        if Path(f"/proc/{child}").exists():
            os.kill(int(child), signal.SIGKILL)


def wait_until(true: "object") -> None:
    """Wait up to ten seconds for something to become so."""
    assert callable(true)
    give_up = time.monotonic() + 10
    while not true():
        assert time.monotonic() < give_up
        time.sleep(0.02)


def test_help_says_what_there_is() -> None:
    done = run([CHAOSCINDER, "--help"], cwd=Path.cwd())
    assert done.code == 0
    for word in ("sandbox", "verdict", "report", "lint"):
        assert word in done.out


def test_what_leads_nowhere_goes_with_the_sandbox_and_its_logs_stay(tmp_path: Path) -> None:
    script = 'test -s "$KUBECONFIG" && test -s "$OS_CLIENT_CONFIG_FILE" && test -s "$CHAOSCINDER_SSH_CONFIG"'
    done = run([*SANDBOX, "exec", "--dir", "world", "--ssh", "--", "sh", "-c", script], cwd=tmp_path)
    left = {path.name for path in (tmp_path / "world").iterdir()}
    assert (done.code, left & {"kubeconfig", "clouds.yaml", "sandbox.json", "ssh", "pki"}) == (0, set())
    assert left >= {"sandbox.log", "pods", "volumes"}


def test_what_a_killed_sandbox_left_is_taken_away_by_who_lent_it(tmp_path: Path) -> None:
    script = "import json, os; os.kill(json.load(open('world/sandbox.json'))['pid'], 9)"
    done = run([*SANDBOX, "exec", "--dir", "world", "--", sys.executable, "-c", script], cwd=tmp_path)
    left = {path.name for path in (tmp_path / "world").iterdir()}
    assert (done.code, left & {"kubeconfig", "clouds.yaml", "sandbox.json", "ssh", "pki"}) == (0, set())


def test_faults_are_listed_with_those_that_are_active_and_healed(tmp_path: Path) -> None:
    directory = tmp_path / "world"
    nobody = run([*SANDBOX, "faults", "--dir", str(directory)], cwd=tmp_path)
    assert (nobody.code, nobody.last) == (0, f"no sandbox runs in {directory}")
    with sandbox(directory, "--rate", "50") as lent:
        for fault in (["api-cut", "worker-4"], ["api-error", "cinder", "delay=2", "count=1"]):
            assert run([*SANDBOX, "fault", *fault], cwd=tmp_path, env=lent.environment).code == 0
        lines = run([*SANDBOX, "faults"], cwd=tmp_path, env=lent.environment).out.splitlines()
        told = [line.partition("  (for ")[0] for line in lines[lines.index("active:") + 1 :]]
        words = "delay 2 s before it is carried out: cinder (number 1); struck 0 of 0"
        assert told == ["api-cut worker-4", "api-error cinder delay=2 count=1", f"API fault 1: {words}"]
        one = run([*SANDBOX, "heal", "api-cut", "worker-4"], cwd=tmp_path, env=lent.environment)
        assert (one.code, one.out) == (0, "worker-4 reaches the API server\n")
        everything = run([*SANDBOX, "heal", "--all"], cwd=tmp_path, env=lent.environment)
        assert (everything.code, everything.out) == (0, "cinder answers as it should\n")
        again = run([*SANDBOX, "heal", "api-cut"], cwd=tmp_path, env=lent.environment)
        assert (again.code, again.out) == (2, "chaoscinder: the fault cannot be had: api-cut is not active\n")
