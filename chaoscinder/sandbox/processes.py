"""The container runtime: every pod's container is the demo application as a real process.

1. A process never outlives the sandbox, not even a sandbox that was killed: the kernel kills it when its parent dies (PR_SET_PDEATHSIG).
   What the kernel calls the parent is the thread that forked, so each process has a thread of its own that starts it and stays until
   it has ended.
2. Nothing here waits for a process but kill(), and that only until the kernel has done its work. Readiness is looked at by the
   process's own thread and kept as a flag, because callers hold the world's lock.
3. A process listens on any free port of 127.0.0.1 and says which in its log, so that nobody can take the port in between.
4. Where volumes lose what was not synced (durable.py), a process is followed from its start; one that runs already cannot be.

Whatever image a container names, it is the demo application that runs, but for containers that may end and name a command, as in a Job:
that command runs. How often and how long a probe looks is wall time; how many looks make a pod ready is the kubelet's business.
"""

import signal
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from chaoscinder.sandbox.containers import HOST, Probe, command_of, environment_of, probe_of
from chaoscinder.sandbox.durable import Shadow, Shadows
from chaoscinder.sandbox.process import DEATH_S, Process
from chaoscinder.sandbox.slow_storage import SlowStorage

__all__ = ["HOST", "Probe", "Process", "Processes", "environment_of", "probe_of"]


class Processes:
    """All containers of the sandbox (sandbox.ports.Containers). directory holds a log file a pod, and what has no volume.

    on_change, where somebody sets it, is called without any lock held when a process listens or has ended.
    """

    def __init__(self, directory: Path, shadows: Shadows | None = None) -> None:
        self.on_change: Callable[[], None] = lambda: None
        self._directory = directory
        self._shadows = shadows
        self.slow = SlowStorage()
        self._processes: dict[str, Process] = {}

    def start(self, pod: dict[str, Any], volumes: dict[str, Path]) -> None:
        """Start the pod's container, or start it again after it ended; returns before it runs."""
        meta = pod["metadata"]
        if self.is_running(meta["uid"]):
            raise RuntimeError(f"pod {meta['name']} runs already")
        scratch = self._directory / meta["uid"]
        environment = environment_of(pod, volumes, scratch)
        log = self._directory / f"{meta['namespace']}_{meta['name']}_{meta['uid']}.log"
        command = command_of(pod, environment)
        shadows = [] if command else self._followed(pod, volumes)  # what a Job's command syncs is not seen
        wait = partial(self.slow.wait, pod["spec"].get("nodeName", "")) if not command and (shadows or self.slow.is_on) else None
        process = Process(meta["name"], log, environment, probe_of(pod), shadows, lambda: self.on_change(), command, wait)
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

    def exit_code(self, uid: str) -> int | None:
        """With which code its process ended; None while it lives, or where it never started."""
        process = self._processes.get(uid)
        return process.exit_code if process else None

    def terminate(self, uid: str) -> None:
        """Send SIGTERM."""
        if process := self._processes.get(uid):
            process.signal(signal.SIGTERM)

    def kill(self, uid: str) -> None:
        """Send SIGKILL; when this returns the process is dead."""
        if process := self._processes.get(uid):
            process.kill()

    def freeze(self, uid: str) -> None:
        """Send SIGSTOP."""
        if process := self._processes.get(uid):
            process.signal(signal.SIGSTOP)

    def thaw(self, uid: str) -> None:
        """Send SIGCONT."""
        if process := self._processes.get(uid):
            process.signal(signal.SIGCONT)

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
        return [uid for uid, process in self._running() if not process.is_followed]

    def unshadowed(self) -> list[str]:
        """The pods (uids) that run without anybody keeping what they sync."""
        return [uid for uid, process in self._running() if not process.shadows]

    def log(self, uid: str) -> str:
        """What it has written so far, of all its starts; empty for a pod that never started."""
        process = self._processes.get(uid)
        return process.log.read_text(errors="replace") if process and process.log.exists() else ""

    def close(self) -> None:
        """Kill what still runs and wait for it."""
        self.slow.close()
        for process in self._processes.values():
            process.kill()
        for process in self._processes.values():
            process.join(DEATH_S)

    def _running(self) -> list[tuple[str, Process]]:
        return [(uid, process) for uid, process in self._processes.items() if process.lives and not process.command]

    def _followed(self, pod: Mapping[str, Any], volumes: Mapping[str, Path]) -> list[Shadow]:
        if self._shadows is None or not self._shadows.on:
            return []
        node = pod["spec"].get("nodeName", "")
        return [shadow for path in volumes.values() if (shadow := self._shadows.mount(path, node))]
