"""One container as a real process of this machine, and the thread that starts it, looks at it, and sees it end."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from chaoscinder.sandbox import durable_watch
from chaoscinder.sandbox.containers import HOST, Probe
from chaoscinder.sandbox.durable import Shadow

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


# The same for a container's own command; 128 is what a runtime shows for one that cannot be started.
RUN = """
import ctypes, os, signal, sys
ctypes.CDLL(None).prctl(1, signal.SIGKILL)
if os.getppid() != int(sys.argv[1]):
    os._exit(1)
try:
    os.execvp(sys.argv[2], sys.argv[2:])
except OSError as error:
    sys.stderr.write(f'exec: "{sys.argv[2]}": {error.strerror}\\n')
    os._exit(128)
"""


class Process(threading.Thread):
    """One container: starts its process, looks at it, and sees it end. probe None means ready as soon as it runs.

    shadows are told what the process syncs, and wait delays it; without both nobody looks. on_change is called when the process may have
    come or gone.
    """

    def __init__(
        self,
        name: str,
        log: Path,
        environment: Mapping[str, str],
        probe: Probe | None,
        shadows: Sequence[Shadow] = (),
        on_change: Callable[[], None] = lambda: None,
        command: Sequence[str] = (),
        wait: durable_watch.Wait | None = None,
    ) -> None:
        super().__init__(name=f"pod {name}", daemon=True)
        self.shadows = tuple(shadows)
        self._wait = wait
        self._on_change = on_change
        self.command = tuple(command)
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
    def is_followed(self) -> bool:
        """Whether somebody sees what it syncs."""
        return bool(self.shadows) or self._wait is not None

    @property
    def pid(self) -> int | None:
        """The process's id; None before it starts."""
        return self._popen.pid if self._popen else None

    @property
    def exit_code(self) -> int | None:
        """How it ended, a signal as 128 and its number; None while it lives, or where it never started."""
        code = self._popen.poll() if self._popen else None
        return code if code is None or code >= 0 else 128 - code

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
                self._popen = self._followed(log) if self.is_followed else self._popen_with(log)
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
        durable_watch.Watch(ours, self.shadows, self._wait or (lambda _has_ended: None)).start()
        return popen

    def _popen_with(self, log: BinaryIO, *doors: int) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            self._line(*doors), env=self._environment, cwd="/", stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            pass_fds=doors,
        )  # fmt: skip

    def _line(self, *doors: int) -> list[str]:
        if not self.command:
            return _command(*doors)
        return [sys.executable, "-I", "-c", RUN, str(os.getpid()), *self.command]

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


def _command(door: int | str = "") -> list[str]:
    """The demo application on any free port, imported from where the sandbox has it, whatever the environment says."""
    path = os.pathsep.join([str(Path(__file__).parents[2]), *filter(None, sys.path)])
    return [sys.executable, "-I", "-c", BOOT, str(os.getpid()), path, str(door), "serve", "-H", HOST, "-p", "0"]
