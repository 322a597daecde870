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

from chaoscinder.errors import ChaoscinderError, NotFound, Refused, SettingsError, TimedOut

STATE = "sandbox.json"
LOG = "sandbox.log"
START_LIMIT_S = 20.0  # a start takes 1 to 2 s; a busy machine gets more before we give up
STOP_LIMIT_S = 10.0
ROLLBACK_LIMIT_S = 600.0  # wall seconds that what a command left running gets for its rollbacks before the sandbox goes
ASK_S = 15.0  # a fault may have to wait until processes are dead
CLOUD = "chaoscinder-sandbox"
OPENSTACK = "2026.2"  # the release unless told
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
    try:
        directory.mkdir(parents=True, exist_ok=True)
        (directory / STATE).unlink(missing_ok=True)
    except OSError as error:
        raise SettingsError(f"the sandbox's directory {directory} cannot be made: {error.strerror} (wanted another --dir)") from error
    words = [word for name, value in world.items() for word in (f"--{name.replace('_', '-')}", str(value))]
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
        "APIs": f"{found['url']} (Kubernetes), /identity /compute /volume below it (OpenStack)",
        "kubeconfig": found["kubeconfig"],
        "clouds.yaml": f"{found['clouds']} (cloud {CLOUD})",
        "application": found["environment"]["CHAOSCINDER_APP_URL"],
    }
    return "\n".join(f"{name:12} {value}" for name, value in rows.items())


def refuse_contradiction(found: Found, asked: Mapping[str, Any]) -> None:
    """Refuse to lend a running sandbox that is not the one asked for."""
    for name, value in asked.items():
        if found[name] != value and not (name == "port" and value == 0):
            option = name.replace("_", "-")
            raise SettingsError(f"a sandbox with {option} {found[name]} already runs (wanted {value}; stop it or leave --{option} out)")


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


def fault(directory: Path, name: str, arguments: Sequence[str]) -> str:
    """Ask a running sandbox for a fault; what it says that it did."""
    found = running(directory)
    if not found:
        raise NotFound(f"no sandbox runs in {directory} (wanted one: chaoscinder sandbox up)")
    return str(_ask(found, "/_sandbox/faults", {"name": name, "arguments": list(arguments)})["message"])


def faults() -> str:
    """Tell the faults that a sandbox can be asked for."""
    from chaoscinder.sandbox.faults import listed

    rows = listed()
    width = max(len(row["usage"]) for row in rows)
    return "\n".join(f"{row['usage']:{width}}  {row['does']}" for row in rows)


def profiles() -> str:
    """Tell what can be chosen, and then what each Kubernetes version does differently and where that is known from."""
    from chaoscinder.sandbox import profiles as known
    from chaoscinder.sandbox.openstack.releases import RELEASES

    chosen = {name: known.load(name) for name in known.names()}
    rows = [f"  {name:12} {found.git_version:8} {found.driver}{_default(name, known.DEFAULT)}" for name, found in chosen.items()]
    releases = [
        f"  {name:12} Nova up to {_version(found.nova_max)}, Cinder up to {_version(found.cinder_max)}{_default(name, OPENSTACK)}"
        for name, found in RELEASES.items()
    ]
    return "\n".join(["Kubernetes (--profile)", *rows, "", "OpenStack (--openstack)", *releases, "", known.differences()])


def _default(name: str, default: str) -> str:
    return "  (default)" if name == default else ""


def _version(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"


class _Signals:
    """SIGINT and SIGTERM while a command runs: each is handed on to the command once; we stay until it is done."""

    def __init__(self) -> None:
        self.child: subprocess.Popen[bytes] | None = None
        self.early: int | None = None
        self.handed_on = False
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
            self.handed_on = True
            _signal_group(self.child.pid, number)


def _run(command: Sequence[str], env: Mapping[str, str], held: _Signals) -> int:
    if held.early is not None:
        return 128 + held.early
    with _foreground() as hand_over:
        try:
            held.child = subprocess.Popen(command, env=dict(env), process_group=0)
        except OSError as error:
            raise SettingsError(f"{command[0]} cannot be run: {error.strerror}") from error
        hand_over(held.child.pid)
        code = held.child.wait()
        if held.handed_on:
            _wait_for_group(held.child.pid)
    return 128 - code if code < 0 else code


def _signal_group(group: int, number: int) -> bool:
    """Signal every process of a command (a script and what it runs); whether there was one."""
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    return True


def _wait_for_group(group: int) -> None:
    """Wait, for a while, until everything that the command started has ended: a script may go before its chaos has rolled back."""
    give_up = time.monotonic() + ROLLBACK_LIMIT_S
    while _signal_group(group, 0) and time.monotonic() < give_up:
        time.sleep(0.05)


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
    return _ask(found, path)


def _ask(found: Found, path: str, body: Mapping[str, Any] | None = None) -> Any:
    """Ask a sandbox for one of its own paths, with GET or, where there is a body, POST; Refused with its line where it will not."""
    import requests

    headers = {"Authorization": f"Bearer {found['token']}"}
    try:
        answer = requests.request("GET" if body is None else "POST", found["url"] + path, json=body, timeout=ASK_S, headers=headers)
        told = answer.json()
        if answer.status_code == 400:
            raise Refused(told["message"])
        answer.raise_for_status()
        return told
    except (requests.RequestException, ValueError, KeyError) as error:
        raise ChaoscinderError(f"sandbox {found['pid']} did not tell {path} ({type(error).__name__})") from error
