"""The container runtime: every pod's container is the demo application as a real process.

1. A process never outlives the sandbox, not even a sandbox that was killed: the kernel kills it when its parent dies (PR_SET_PDEATHSIG).
   What the kernel calls the parent is the thread that forked, so each process has a thread of its own that starts it and stays until
   it has ended.
2. Nothing here waits for a process but kill(), and that only until the kernel has done its work. Readiness is looked at by the
   process's own thread and kept as a flag, because callers hold the world's lock.
3. A process listens on any free port of 127.0.0.1 and says which in its log, so that nobody can take the port in between.
4. Where volumes lose what was not synced (durable.py), a process is followed from its start; one that runs already cannot be.

Whatever image and command a container names, it is the demo application that runs. How often and how long a probe looks is wall time;
how many looks make a pod ready is the kubelet's business.
"""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from chaoscinder.sandbox import durable_watch
from chaoscinder.sandbox.containers import HOST, Probe, environment_of, probe_of
from chaoscinder.sandbox.durable import Shadow, Shadows

__all__ = ["HOST", "Probe", "Process", "Processes", "environment_of", "probe_of"]

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
if sys.argv[3]:
    from chaoscinder.sandbox import durable_calls
    try:
        durable_calls.show(int(sys.argv[3]))
    except OSError as error:
        sys.exit(f"error: what is synced cannot be followed: {error}")
del sys.argv[1:4]
runpy.run_module("chaoscinder.demoapp", run_name="__main__", alter_sys=True)
"""


class Process(threading.Thread):
    """One container: starts its process, looks at it, and sees it end. probe None means ready as soon as it runs.

    shadows are told what the process syncs; none: nobody looks. on_change is called when the process may have come or gone.
    """

    def __init__(
        self,
        name: str,
        log: Path,
        environment: Mapping[str, str],
        probe: Probe | None,
        shadows: Sequence[Shadow] = (),
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(name=f"pod {name}", daemon=True)
        self.shadows = tuple(shadows)
        self._on_change = on_change
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
        self._on_change()

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
                self._popen = self._followed(log) if self.shadows else self._popen_with(log)
            except OSError as error:
                log.write(f"cannot start: {error}\n".encode())
                self._doomed = True
            return self._popen

    def _followed(self, log: BinaryIO) -> "subprocess.Popen[bytes]":
        ours, theirs = durable_watch.door()
        with theirs:
            try:
                popen = self._popen_with(log, theirs.fileno())
            except OSError:
                ours.close()
                raise
        durable_watch.Watch(ours, self.shadows).start()
        return popen

    def _popen_with(self, log: BinaryIO, *doors: int) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            _command(*doors), env=self._environment, cwd="/", stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            pass_fds=doors,
        )  # fmt: skip

    def _look(self) -> None:
        if self.port is None:
            self.port = self._told_port()
            if self.port is not None:
                self._on_change()
        if self.port is not None and self._probe is not None:
            self._answers = self._probe.succeeds(self.port)

    def _told_port(self) -> int | None:
        with self.log.open("rb") as log:
            log.seek(self._log_start)
            found = SERVING.search(log.read())
        return int(found[1]) if found else None


class Processes:
    """All containers of the sandbox (sandbox.ports.Containers). directory holds a log file a pod, and what has no volume.

    on_change, where somebody sets it, is called without any lock held when a process listens or has ended.
    """

    def __init__(self, directory: Path, shadows: Shadows | None = None) -> None:
        self.on_change: Callable[[], None] = lambda: None
        self._directory = directory
        self._shadows = shadows
        self._processes: dict[str, Process] = {}

    def start(self, pod: dict[str, Any], volumes: dict[str, Path]) -> None:
        """Start the pod's container, or start it again after it ended; returns before it runs."""
        meta = pod["metadata"]
        if self.is_running(meta["uid"]):
            raise RuntimeError(f"pod {meta['name']} runs already")
        scratch = self._directory / meta["uid"]
        environment = environment_of(pod, volumes, scratch)
        log = self._directory / f"{meta['namespace']}_{meta['name']}_{meta['uid']}.log"
        shadows = self._followed(pod, volumes)
        process = Process(meta["name"], log, environment, probe_of(pod), shadows, lambda: self.on_change())
        self._processes[meta["uid"]] = process
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

    def unfollowed(self) -> list[str]:
        """The pods (uids) that run without anybody seeing what they sync."""
        return [uid for uid, process in self._processes.items() if process.lives and not process.shadows]

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

    def _followed(self, pod: Mapping[str, Any], volumes: Mapping[str, Path]) -> list[Shadow]:
        if self._shadows is None or not self._shadows.on:
            return []
        node = pod["spec"].get("nodeName", "")
        return [shadow for path in volumes.values() if (shadow := self._shadows.mount(path, node))]


def _command(door: int | str = "") -> list[str]:
    """The demo application on any free port, imported from where the sandbox has it, whatever the environment says."""
    path = os.pathsep.join([str(Path(__file__).parents[2]), *filter(None, sys.path)])
    return [sys.executable, "-I", "-c", BOOT, str(os.getpid()), path, str(door), "serve", "-H", HOST, "-p", "0"]
