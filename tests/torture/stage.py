"""One sandbox with a proxy before it, on which run after run is played, and what each came to."""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.lent import CHAOS, CHAOSCINDER, ROOT, Lent, merged, sandbox
from tests.torture import world
from tests.torture.proxy import Asked, Fail, Proxy, Site, Stop

RATE = 100.0
UNPLAYED = "not played for lack of time"
HERE = Path(__file__).parent
EXPERIMENTS = ROOT / "experiments"
RUN_LIMIT_S = float(os.environ.get("TORTURE_RUN_LIMIT_S", "150"))  # wall seconds: a run that is not over by then is a finding
SETTLED_WITHIN_S = 25.0
NOBODY_FREES = {"--remediation", "none"}
EVICTED_AFTER_S = 30
# Short where nothing is measured, long where a busy machine needs it: a wall second is a hundred cluster seconds.
SETTINGS = {
    "CHAOSCINDER_BASELINE_S": "40",
    "CHAOSCINDER_STABLE_FOR_S": "10",
    "CHAOSCINDER_KEPT_CONNECTIONS": "0",
    "CHAOSCINDER_CONTROL_URL": "none",
    "CHAOSCINDER_OUTAGE_BUDGET_S": "2000",
    "CHAOSCINDER_RECOVERY_DEADLINE_S": "2000",
    "CHAOSCINDER_SERVER_TIMEOUT_S": "1000",
    "CHAOSCINDER_RESTORE_TIMEOUT_S": "1000",
    "CHAOSCINDER_REQUEST_TIMEOUT_S": "5",
    "CHAOSCINDER_POLL_EVERY_S": "40",
}
TRACEBACK = re.compile(r"^\S*Traceback \(most recent call last\)", re.MULTILINE)


@dataclass(slots=True)
class Played:
    """What one command came to."""

    code: int | None
    out: str
    took_s: float
    log: list[Asked] = field(default_factory=list)
    reached: bool = False
    directory: Path | None = None
    findings: list[str] = field(default_factory=list)

    @property
    def verdict(self) -> str:
        """The run's word; empty where it has none."""
        return str((self.document("verdict.json") or {}).get("verdict", ""))

    @property
    def restored(self) -> bool | None:
        """Whether the run says that all is as before."""
        found = (self.document("verdict.json") or {}).get("restored")
        return found if isinstance(found, bool) else None

    def document(self, name: str) -> Any:
        """One of the run's documents; None where it has none."""
        path = self.directory / name if self.directory is not None else None
        try:
            return json.loads(path.read_text()) if path is not None else None
        except (OSError, ValueError):
            return None

    def marks(self) -> list[str]:
        """The names of the run's marks."""
        try:
            lines = (self.directory / "marks.jsonl").read_text().splitlines() if self.directory is not None else []
        except OSError:
            return []
        return [json.loads(line)["name"] for line in lines if line.endswith("}")]

    def logs(self) -> str:
        """What the recording processes complained of."""
        if self.directory is None or not self.directory.is_dir():
            return ""
        return "".join(path.read_text(errors="replace") for path in sorted(self.directory.glob("*.log")))


class Preloaded:
    """Starts commands from a process that has imported everything already."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        ours, theirs = socket.socketpair()
        self._process = subprocess.Popen(
            [sys.executable, str(HERE / "preloaded.py"), str(theirs.fileno())],
            env=dict(environment), pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, cwd=ROOT,
        )  # fmt: skip
        theirs.close()
        self._socket = ours
        self._lines = ours.makefile("rw")

    def start(self, command: list[str], cwd: Path, env: Mapping[str, str], out: Path) -> int:
        """Start a command; its pid."""
        self._lines.write(json.dumps({"command": command, "cwd": str(cwd), "env": dict(env), "out": str(out)}) + "\n")
        self._lines.flush()
        return int(json.loads(self._lines.readline())["pid"])

    def wait(self, pid: int, limit_s: float) -> int | None:
        """Wait for its end; None where it did not end and was killed."""
        self._socket.settimeout(None)
        import select

        ready, _, _ = select.select([self._socket], [], [], limit_s)
        if not ready:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
        code = json.loads(self._lines.readline())["code"]
        return int(code) if ready else None

    def close(self) -> None:
        """End it."""
        self._lines.close()
        self._socket.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class Stage:
    """A sandbox, its proxy, and a place for runs."""

    def __init__(self, lent: Lent, directory: Path) -> None:
        self.lent = lent
        self.directory = directory
        self.count = 0
        app = lent.environment["CHAOSCINDER_APP_URL"]
        self.proxy = Proxy({"apis": lent.found["url"], "app": app})
        self.witness = world.Witness(lent.found["url"], lent.found["token"], app)
        self.environment = self._environment()
        self.preloaded = Preloaded(merged(self.environment))
        self.before = self.settled()

    def close(self) -> None:
        """Stop what is ours."""
        self.preloaded.close()
        self.proxy.close()
        self.witness.close()

    def settled(self, limit_s: float = SETTLED_WITHIN_S) -> world.World:
        """Wait until the world stands still with its application answering."""
        ends = time.monotonic() + limit_s
        seen = self.witness.look()
        while time.monotonic() < ends:
            time.sleep(0.1)
            last, seen = seen, self.witness.look()
            whole = all(row["ready"] == "True" for row in seen["nodes"].values()) and all(all(rows) for rows in seen["workload"].values())
            if last == seen and whole and self.witness.answers():
                return seen
        raise RuntimeError(f"the sandbox never came to rest: {seen}")

    def residue(self, mark: str, limit_s: float = SETTLED_WITHIN_S) -> list[str]:
        """What differs from before and stays so, processes included."""
        left = [f"process {row}" for row in world.all_ended(mark, limit_s)]
        ends = time.monotonic() + limit_s
        while (found := world.differences(self.before, self.witness.look())) and time.monotonic() < ends:
            time.sleep(0.1)
        return left + found

    def place(self) -> Path:
        """A directory for the next run."""
        self.count += 1
        path = self.directory / f"run-{self.count:04d}"
        path.mkdir()
        return path

    def command(self, words: list[str], cwd: Path, limit_s: float = RUN_LIMIT_S, **changes: str) -> Played:
        """A command of ours to its end."""
        began = time.monotonic()
        env, out = self._env(cwd, changes), cwd / f"out-{int(began * 1000)}"
        code = self.preloaded.wait(self.preloaded.start(words, cwd, env, out), limit_s)
        return self._played(code, out, began, cwd)

    def play(
        self, experiment: Path, cwd: Path, *, at: Callable[[int], None] | None = None, limit_s: float = RUN_LIMIT_S, **changes: str
    ) -> Played:
        """Play an experiment to its end; at is called with its pid when the proxy's stop was reached, then the call goes on."""
        began = time.monotonic()
        self.proxy.log.clear()
        env, out = self._env(cwd, changes), cwd / "out"
        pid = self.preloaded.start([CHAOS, "--no-version-check", "run", str(experiment)], cwd, env, out)
        stop = self.proxy.stop
        if stop is not None and at is not None:
            self._wait_for(stop, pid, limit_s)
            if stop.reached.is_set():
                at(pid)
                stop.go_on.set()
        code = self.preloaded.wait(pid, limit_s)
        done = self._played(code, out, began, cwd)
        done.reached = stop is not None and stop.reached.is_set()
        return done

    def recover(self, cwd: Path, *words: str, **changes: str) -> Played:
        """`chaoscinder recover`."""
        return self.command([CHAOSCINDER, "recover", *words], cwd, **changes)

    def wipe(self, cwd: Path) -> None:
        """Bring the sandbox back by whatever means, so that what one point left is not the next one's fault."""
        self.proxy.clear()
        cwd.mkdir(exist_ok=True)
        self.recover(cwd, "--all")
        self.witness.clear_rows()
        shutil.rmtree(cwd, ignore_errors=True)

    def _wait_for(self, stop: Stop, pid: int, limit_s: float) -> None:
        ends = time.monotonic() + limit_s
        while not stop.reached.wait(0.02) and time.monotonic() < ends and _runs(pid):
            pass

    def _played(self, code: int | None, out: Path, began: float, cwd: Path) -> Played:
        text = out.read_text(errors="replace") if out.exists() else ""
        runs = cwd / "chaoscinder-runs"
        found = sorted(path for path in runs.iterdir() if path.is_dir()) if runs.is_dir() else []
        done = Played(code, text, time.monotonic() - began, list(self.proxy.log), directory=found[-1] if found else None)
        if code is None:
            done.findings.append("it never ended")
        if TRACEBACK.search(text):
            done.findings.append("a traceback reached the user")
        return done

    def _env(self, cwd: Path, changes: Mapping[str, str]) -> dict[str, str]:
        return merged({**self.environment, world.MARKER: str(cwd), **changes})

    def _environment(self) -> dict[str, str]:
        theirs, ours = self.lent.environment, self.directory / "proxied"
        ours.mkdir(exist_ok=True)
        for name in ("KUBECONFIG", "OS_CLIENT_CONFIG_FILE"):
            text = Path(theirs[name]).read_text().replace(self.lent.found["url"], self.proxy.urls["apis"])
            (ours / name).write_text(text)
        moved = {name: str(ours / name) for name in ("KUBECONFIG", "OS_CLIENT_CONFIG_FILE")}
        app = {"CHAOSCINDER_APP_URL": self.proxy.urls["app"] + "/"}
        paths = f"{HERE / 'told'}{os.pathsep}{ROOT}"
        return {**theirs, **SETTINGS, **moved, **app, "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"}


@contextlib.contextmanager
def stage(directory: Path, *options: str, rate: float = RATE) -> Iterator[Stage]:
    """A stage of its own."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "world").mkdir()
    with sandbox(directory / "world", "--rate", f"{rate:g}", *options) as lent:
        if {*options} >= NOBODY_FREES:
            _evict_soon(lent)
        made = Stage(lent, directory)
        try:
            yield made
        finally:
            made.close()


def _evict_soon(lent: Lent) -> None:
    """Give the application short tolerations: where nobody frees its volume, all that its experiment waits for is the eviction.

    The roll-out has begun when this is answered, and Stage waits for its end.
    """
    import requests

    keys = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")
    rows = [{"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": EVICTED_AFTER_S} for key in keys]
    path = f"/apis/apps/v1/namespaces/default/deployments/{lent.environment['CHAOSCINDER_WORKLOAD'].rpartition('/')[2]}"
    headers = {"Authorization": f"Bearer {lent.found['token']}", "Content-Type": "application/merge-patch+json"}
    body = {"spec": {"template": {"spec": {"tolerations": rows}}}}
    requests.patch(lent.found["url"] + path, json=body, headers=headers, timeout=5).raise_for_status()


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except OSError:
        return False


def matching(site: Site) -> Callable[[Site], bool]:
    """A rule for exactly this site."""
    return lambda seen: seen == site


__all__ = ["Fail", "Played", "Site", "Stage", "Stop", "matching", "stage"]
