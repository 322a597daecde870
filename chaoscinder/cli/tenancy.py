"""How a sandbox comes, is lent to a command, and goes: the parent's side of the sandbox process."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

import click

from chaoscinder.errors import ChaoscinderError, Refused, SettingsError, TimedOut

STATE = "sandbox.json"
LOG = "sandbox.log"
START_LIMIT_S = 20.0  # a start takes 1 to 2 s; a busy machine gets more before we give up
STOP_LIMIT_S = 10.0
CLOUD = "chaoscinder-sandbox"
Found = dict[str, Any]


def running(directory: Path) -> Found | None:
    """Tell what sandbox.json says of the sandbox that lives in a directory; None when it does not live."""
    try:
        found = dict(json.loads((directory / STATE).read_text()))
    except (OSError, ValueError):
        return None
    return found if _alive(found) else None


def start(directory: Path, world: Mapping[str, Any], *, owner: int | None = None) -> Found:
    """Start a sandbox in a directory and wait until it is ready."""
    if running(directory):
        raise Refused(f"a sandbox already runs in {directory} (stop it with chaoscinder sandbox down, or choose another --dir)")
    directory.mkdir(parents=True, exist_ok=True)
    (directory / STATE).unlink(missing_ok=True)
    words = [word for name, value in world.items() for word in (f"--{name}", str(value))]
    command = [sys.executable, "-m", "chaoscinder.sandbox", "--dir", str(directory), *words]
    with (directory / LOG).open("wb") as log:
        process = subprocess.Popen(
            command + (["--owner", str(owner)] if owner else []), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    return _wait_ready(directory, process)


def stop(directory: Path) -> str:
    """Stop the sandbox of a directory and wait until it is gone."""
    found = running(directory)
    if not found:
        return f"no sandbox runs in {directory}"
    _signal(found, signal.SIGTERM)
    deadline = time.monotonic() + STOP_LIMIT_S
    while _alive(found):
        if time.monotonic() > deadline:
            _signal(found, signal.SIGKILL)
            (directory / STATE).unlink(missing_ok=True)
            return f"sandbox {found['pid']} did not stop within {STOP_LIMIT_S:g} s and was killed"
        time.sleep(0.02)
    return f"sandbox {found['pid']} stopped"


def described(found: Found) -> str:
    """The few lines a person wants to see of a running sandbox."""
    rows = {
        "sandbox": f"pid {found['pid']}, Kubernetes {found['profile']}, OpenStack {found['openstack']}, rate {found['rate']:g}",
        "remediation": found["remediation"],
        "kubeconfig": found["kubeconfig"],
        "clouds.yaml": f"{found['clouds']} (cloud {CLOUD})",
        "application": found["environment"]["CHAOSCINDER_APP_URL"],
    }
    return "\n".join(f"{name:12} {value}" for name, value in rows.items())


def refuse_contradiction(found: Found, asked: Mapping[str, Any]) -> None:
    """Refuse to lend a running sandbox that is not the one asked for."""
    for name, value in asked.items():
        if found[name] != value and not (name == "port" and value == 0):
            raise SettingsError(f"a sandbox with {name} {found[name]} already runs (wanted {value}; stop it or leave --{name} out)")


def lend_own(directory: Path, world: Mapping[str, Any], command: Sequence[str]) -> int:
    """Start a sandbox, lend it to the command, and stop it when the command and its rollbacks are over."""
    held = _Signals()
    with held.caught():
        found = start(directory, world, owner=os.getpid())
        try:
            return lend(found, command, held)
        finally:
            stop(directory)


def lend(found: Found, command: Sequence[str], held: "_Signals | None" = None) -> int:
    """Run a command with the sandbox's environment; its exit code, or 128 plus the signal that ended it."""
    held = held or _Signals()
    began = datetime.now(UTC)
    with held.caught():
        code = _run(command, environment(found), held)
        keep_final_state(found, began)
    return code


def environment(found: Found) -> dict[str, str]:
    """The environment in which a command finds the sandbox and nothing else: no OS_* of another cloud."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OS_")}
    return kept | dict(found["environment"])


def keep_final_state(found: Found, began: datetime) -> None:
    """Write the clouds' state into every run that was made since began, before the sandbox goes."""
    from chaoscinder import runs

    root = Path(os.environ.get("CHAOSCINDER_RUNS_DIR", "chaoscinder-runs"))
    made = runs.made_since(root, began)
    if not made:
        return
    try:
        state = _get(found, "/_sandbox/state")
    except ChaoscinderError as error:
        click.echo(f"chaoscinder: the clouds' final state is not on record: {error}", err=True)
        return
    for run in made:
        run.write_json("clouds.json", state)


def profiles() -> str:
    """Tell the profiles that come with the sandbox."""
    from chaoscinder.sandbox import profiles as known
    from chaoscinder.sandbox.openstack.releases import RELEASES

    rows = [f"{name:12} {known.load(name).git_version}, {known.load(name).driver}" for name in known.names()]
    return "\n".join(["Kubernetes (--profile)", *rows, "OpenStack (--openstack)", *RELEASES])


class _Signals:
    """SIGINT and SIGTERM while a command runs: each is handed on to the command once; we stay until it is done."""

    def __init__(self) -> None:
        self.child: subprocess.Popen[bytes] | None = None
        self.early: int | None = None
        self._depth = 0

    @contextlib.contextmanager
    def caught(self) -> Iterator[None]:
        """Catch both signals inside; nested use is one."""
        if self._depth:
            yield
            return
        self._depth += 1
        before = {number: signal.signal(number, self._hand_on) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            self._depth -= 1
            for number, handler in before.items():
                signal.signal(number, handler)

    def _hand_on(self, number: int, _frame: FrameType | None) -> None:
        if self.child is None:
            self.early = number
        elif self.child.poll() is None:
            self.child.send_signal(number)


def _run(command: Sequence[str], env: Mapping[str, str], held: _Signals) -> int:
    if held.early is not None:
        return 128 + held.early
    with _foreground() as hand_over:
        held.child = subprocess.Popen(command, env=dict(env), process_group=0)
        hand_over(held.child.pid)
        code = held.child.wait()
    return 128 - code if code < 0 else code


@contextlib.contextmanager
def _foreground() -> Iterator[Any]:
    """Give the terminal to the command's process group, so that Ctrl-C reaches it once and us never; take it back afterwards."""
    if not sys.stdin.isatty():
        yield lambda _group: None
        return
    terminal = sys.stdin.fileno()
    blocked = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    try:
        yield lambda group: os.tcsetpgrp(terminal, group)
    finally:
        os.tcsetpgrp(terminal, os.getpgrp())
        signal.signal(signal.SIGTTOU, blocked)


def _wait_ready(directory: Path, process: subprocess.Popen[bytes]) -> Found:
    deadline = time.monotonic() + START_LIMIT_S
    while True:
        found = running(directory)
        if found:
            return found
        if process.poll() is not None:
            said = (directory / LOG).read_text(errors="replace").strip().splitlines()
            raise Refused(said[-1] if said else f"the sandbox ended with {process.returncode} before it was ready")
        if time.monotonic() > deadline:
            process.kill()
            raise TimedOut(f"the sandbox was not ready after {START_LIMIT_S:g} s (its log: {directory / LOG})")
        time.sleep(0.02)


def _alive(found: Found) -> bool:
    try:
        stat = Path(f"/proc/{found['pid']}/stat").read_text()
    except OSError:
        return False
    state, *rest = stat.rpartition(")")[2].split()
    return state != "Z" and rest[18] == found["started"]


def _signal(found: Found, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(found["pid"], number)


def _get(found: Found, path: str) -> Any:
    import requests

    try:
        answer = requests.get(found["url"] + path, timeout=5, headers={"Authorization": f"Bearer {found['token']}"})
        answer.raise_for_status()
        return answer.json()
    except (requests.RequestException, ValueError) as error:
        raise ChaoscinderError(f"sandbox {found['pid']} did not tell {path} ({type(error).__name__})") from error
