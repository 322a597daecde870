"""The container runtime: every pod's container is the demo application as a real process.

1. A process never outlives the sandbox, not even a sandbox that was killed: the kernel kills it when its parent dies (PR_SET_PDEATHSIG).
   What the kernel calls the parent is the thread that forked, so each process has a thread of its own that starts it and stays until
   it has ended.
2. Nothing here waits for a process but kill(), and that only until the kernel has done its work. Readiness is looked at by the
   process's own thread and kept as a flag, because callers hold the world's lock.
3. A process listens on any free port of 127.0.0.1 and says which in its log, so that nobody can take the port in between.

Whatever image and command a container names, it is the demo application that runs. How often and how long a probe looks is wall time;
how many looks make a pod ready is the kubelet's business.
"""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HOST = "127.0.0.1"
LOOK_S = 0.1  # how old the flag of is_ready may be
FIRST_LOOK_S = 0.01  # the same while a process starts, which takes about 0.15 s
STARTING_S = 2.0
DEATH_S = 1.0  # SIGKILL takes milliseconds; longer means that the process hangs in the kernel
SERVING = re.compile(rb"^serving on http://127\.0\.0\.1:(\d+)$", re.MULTILINE)

# What the process does before it becomes the demo application. Its thread could be gone before the kernel was told, hence getppid.
BOOT = """
import ctypes, os, runpy, signal, sys
ctypes.CDLL(None).prctl(1, signal.SIGKILL)
if os.getppid() != int(sys.argv[1]):
    os._exit(1)
sys.path[:0] = sys.argv[2].split(os.pathsep)
del sys.argv[1:3]
runpy.run_module("chaoscinder.demoapp", run_name="__main__", alter_sys=True)
"""


@dataclass(frozen=True, slots=True)
class Probe:
    """A readiness probe: an HTTP GET of path, or a connection where path is None. timeout_s is wall time."""

    path: str | None
    timeout_s: float

    def succeeds(self, port: int) -> bool:
        """Look once. HTTP codes from 200 to 399 are success, as for the kubelet."""
        try:
            if self.path is None:
                socket.create_connection((HOST, port), self.timeout_s).close()
                return True
            return 200 <= self._status(port, self.path) < 400
        except (OSError, http.client.HTTPException):
            return False

    def _status(self, port: int, path: str) -> int:
        connection = http.client.HTTPConnection(HOST, port, timeout=self.timeout_s)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        finally:
            connection.close()


class Process(threading.Thread):
    """One container: starts its process, looks at it, and sees it end. probe None means ready as soon as it runs."""

    def __init__(self, name: str, log: Path, environment: Mapping[str, str], probe: Probe | None) -> None:
        super().__init__(name=f"pod {name}", daemon=True)
        self.log = log
        self.port: int | None = None
        self._environment = environment
        self._probe = probe
        self._answers = False
        self._popen: subprocess.Popen[bytes] | None = None
        self._doomed = False
        self._lock = threading.Lock()
        self._log_start = log.stat().st_size if log.exists() else 0

    @property
    def lives(self) -> bool:
        """Whether it has not ended; a process that is about to start lives."""
        return self._popen.poll() is None if self._popen else not self._doomed

    @property
    def pid(self) -> int | None:
        """The process's id; None before it starts."""
        return self._popen.pid if self._popen else None

    @property
    def is_ready(self) -> bool:
        """Whether it lives and the last look found it ready."""
        return self.lives and (self._probe is None or self._answers)

    def run(self) -> None:
        """Start the process and stay until it has ended."""
        popen = self._start_process()
        if popen is None:
            return
        waited_s = 0.0
        while popen.returncode is None:
            pause_s = LOOK_S if self._answers or waited_s > STARTING_S else FIRST_LOOK_S
            waited_s += pause_s
            try:
                popen.wait(pause_s)
            except subprocess.TimeoutExpired:
                self._look()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal; one that has not started yet never will."""
        with self._lock:
            if self._popen:
                self._popen.send_signal(number)
            else:
                self._doomed = True

    def kill(self) -> None:
        """Send SIGKILL and wait until it is dead, so that nobody else finds it still writing to its volume."""
        self.signal(signal.SIGKILL)
        if self._popen:
            with suppress(subprocess.TimeoutExpired):  # it hangs in the kernel, and will die as soon as it does not
                self._popen.wait(DEATH_S)

    def _start_process(self) -> subprocess.Popen[bytes] | None:
        with self._lock, self.log.open("ab") as log:
            if self._doomed:
                return None
            try:
                self._popen = subprocess.Popen(
                    _command(), env=self._environment, cwd="/", stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
                )
            except OSError as error:
                log.write(f"cannot start: {error}\n".encode())
                self._doomed = True
            return self._popen

    def _look(self) -> None:
        if self.port is None:
            self.port = self._told_port()
        if self.port is not None and self._probe is not None:
            self._answers = self._probe.succeeds(self.port)

    def _told_port(self) -> int | None:
        with self.log.open("rb") as log:
            log.seek(self._log_start)
            found = SERVING.search(log.read())
        return int(found[1]) if found else None


class Processes:
    """All containers of the sandbox (sandbox.ports.Containers). directory holds a log file a pod, and what has no volume."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._processes: dict[str, Process] = {}

    def start(self, pod: dict[str, Any], volumes: dict[str, Path]) -> None:
        """Start the pod's container, or start it again after it ended; returns before it runs."""
        meta = pod["metadata"]
        if self.is_running(meta["uid"]):
            raise RuntimeError(f"pod {meta['name']} runs already")
        scratch = self._directory / meta["uid"]
        environment = environment_of(pod, volumes, scratch)
        log = self._directory / f"{meta['namespace']}_{meta['name']}_{meta['uid']}.log"
        process = self._processes[meta["uid"]] = Process(meta["name"], log, environment, probe_of(pod))
        process.start()

    def is_running(self, uid: str) -> bool:
        """Whether its process lives."""
        process = self._processes.get(uid)
        return process is not None and process.lives

    def is_ready(self, uid: str) -> bool:
        """Whether its readiness probe succeeded within the last 0.1 s."""
        process = self._processes.get(uid)
        return process is not None and process.is_ready

    def terminate(self, uid: str) -> None:
        """Send SIGTERM."""
        if process := self._processes.get(uid):
            process.signal(signal.SIGTERM)

    def kill(self, uid: str) -> None:
        """Send SIGKILL; when this returns the process is dead."""
        if process := self._processes.get(uid):
            process.kill()

    def port(self, uid: str) -> int | None:
        """The port of 127.0.0.1 it listens on; None while it does not. Takes no lock."""
        process = self._processes.get(uid)
        return process.port if process and process.lives else None

    def pid(self, uid: str) -> int | None:
        """The id of its process; None while it has none."""
        process = self._processes.get(uid)
        return process.pid if process and process.lives else None

    def log(self, uid: str) -> str:
        """What it has written so far, of all its starts; empty for a pod that never started."""
        process = self._processes.get(uid)
        return process.log.read_text(errors="replace") if process and process.log.exists() else ""

    def close(self) -> None:
        """Kill what still runs and wait for it."""
        for process in self._processes.values():
            process.kill()
        for process in self._processes.values():
            process.join(DEATH_S)


def probe_of(pod: Mapping[str, Any]) -> Probe | None:
    """Read the first container's readiness probe; None where it has none that can be looked at from here (exec, grpc)."""
    spec = pod["spec"]["containers"][0].get("readinessProbe", {})
    timeout_s = float(spec.get("timeoutSeconds", 1))  # Kubernetes' own default
    if "httpGet" in spec:
        return Probe(spec["httpGet"].get("path", "/"), timeout_s)
    return Probe(None, timeout_s) if "tcpSocket" in spec else None


def environment_of(pod: Mapping[str, Any], volumes: Mapping[str, Path], scratch: Path) -> dict[str, str]:
    """Make the process's environment from the first container's, and from nothing else.

    DATABASE_DIR, or the first mount where it is not set, becomes the directory of the volume that is mounted there. Where none is,
    scratch is made and used: that is the container's own file system, gone with the pod.
    """
    container = pod["spec"]["containers"][0]
    mounts = {mount["mountPath"]: volumes[mount["name"]] for mount in container.get("volumeMounts", ()) if mount["name"] in volumes}
    environment = {entry["name"]: _value(pod, entry) for entry in container.get("env", ())}
    directory = _behind(environment.get("DATABASE_DIR") or next(iter(mounts), ""), mounts)
    if directory is None:
        scratch.mkdir(parents=True, exist_ok=True)
        directory = scratch
    return {"PATH": os.defpath, "LANG": "C.UTF-8", **environment, "DATABASE_DIR": str(directory)}


def _behind(path: str, mounts: Mapping[str, Path]) -> Path | None:
    """Translate a path in the container to the directory behind it; the longest mount path wins."""
    for mount in sorted(mounts, key=len, reverse=True):
        if Path(path).is_relative_to(mount):
            return mounts[mount] / Path(path).relative_to(mount)
    return None


def _value(pod: Mapping[str, Any], entry: Mapping[str, Any]) -> str:
    """The value of one variable: literal, or one of the downward API's fields; empty for what is not known here."""
    path = entry.get("valueFrom", {}).get("fieldRef", {}).get("fieldPath")
    if path is None:
        return str(entry.get("value", ""))
    found: Any = pod
    for key in path.split("."):
        found = found.get(key, {})
    return found if isinstance(found, str) else ""


def _command() -> list[str]:
    """The demo application on any free port, imported from where the sandbox has it, whatever the environment says."""
    path = os.pathsep.join([str(Path(__file__).parents[2]), *filter(None, sys.path)])
    return [sys.executable, "-I", "-c", BOOT, str(os.getpid()), path, "serve", "-H", HOST, "-p", "0"]
