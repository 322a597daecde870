"""Follows what a container syncs: each of its sync calls waits until the shadows of its volumes have taken it in.

The kernel shows the calls (seccomp user notification, Linux 5.9) and says which thread asked. The copy is made before the call goes on,
so it may survive a moment before the application is told; never the other way round. Where no copy can be made the call fails with EIO.

ptrace would do the same and was turned down: its owner alone may wait for the process, which the process's own thread already does; it
stops threads at every signal; and it shuts out strace and gdb.
"""

import errno
import fcntl
import os
import select
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from chaoscinder.sandbox import durable_calls
from chaoscinder.sandbox.durable import Shadow

RECEIVE, SEND = 0xC0502100, 0xC0182101  # SECCOMP_IOCTL_NOTIF_RECV, _SEND
NOTE, ANSWER = struct.Struct("QIIiIQ6Q"), struct.Struct("QqiI")  # struct seccomp_notif, struct seccomp_notif_resp
CONTINUE = 1  # SECCOMP_USER_NOTIF_FLAG_CONTINUE
HAND_OVER_S = 20.0  # wall seconds for a process to begin; a busy machine needs 1
LOOK_MS = 1000
REHEARSAL_S = 20.0
# What a rehearsal does: put the filter on and sync one file.
REHEARSAL = """
import os, sys
sys.path[:0] = sys.argv[1].split(os.pathsep)
from chaoscinder.sandbox import durable_calls
durable_calls.show(int(sys.argv[2]))
with open(sys.argv[3], "w") as file:
    file.write("synced")
    file.flush()
    os.fsync(file.fileno())
    file.write(", not synced")
"""


Wait = Callable[[Callable[[], bool]], None]


class Watch(threading.Thread):
    """The thread that answers one container's sync calls. door is the socket through which the process hands its listener over.

    wait is called before each of them, with what tells whether the process has ended.
    """

    def __init__(self, door: socket.socket, shadows: Sequence[Shadow], wait: Wait = lambda _has_ended: None) -> None:
        super().__init__(name="page cache", daemon=True)
        self.seen = 0
        self._door = door
        self._shadows = tuple(shadows)
        self._wait = wait
        self._names = {number: name for name, number in durable_calls.machine().numbers.items()}

    def run(self) -> None:
        """Answer until the last process behind the filter is gone."""
        listener = self._received()
        if listener is None:
            return
        poll = select.poll()
        poll.register(listener, select.POLLIN)
        try:
            while True:
                found = poll.poll(LOOK_MS)
                if found and found[0][1] & select.POLLHUP:
                    return
                if found:
                    self._answer(listener)
        finally:
            os.close(listener)

    def _received(self) -> int | None:
        with self._door as door:
            door.settimeout(HAND_OVER_S)
            try:
                _, handles, _, _ = socket.recv_fds(door, 1, 1)
            except OSError:
                return None
        return handles[0] if handles else None

    def _answer(self, listener: int) -> None:
        note = bytearray(NOTE.size)
        try:
            fcntl.ioctl(listener, RECEIVE, note)
            id_, thread, _, number, _, _, *arguments = NOTE.unpack(note)
            self._wait(lambda: _has_ended(listener))
            answer = self._take(self._names[number], thread, arguments)
            fcntl.ioctl(listener, SEND, ANSWER.pack(id_, 0, *answer))
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.EINTR):  # the caller died, or was interrupted and will ask again
                raise

    def _take(self, name: str, thread: int, arguments: Sequence[int]) -> tuple[int, int]:
        """Take a sync in; (error, flags) of the answer."""
        self.seen += 1
        try:
            self._sync(name, thread, arguments)
        except OSError:
            return -errno.EIO, 0
        return 0, CONTINUE

    def _sync(self, name: str, thread: int, arguments: Sequence[int]) -> None:
        if name in ("sync", "syncfs"):
            for shadow in self._shadows:
                shadow.flush()
            return
        handle = f"/proc/{thread}/fd/{arguments[0] & 0xFFFFFFFF}"
        for path in _mapped(thread, *arguments[:2]) if name == "msync" else [handle]:
            if Path(path).exists():  # else the kernel knows what to say
                for shadow in self._shadows:
                    shadow.sync(path)


def _has_ended(listener: int) -> bool:
    poll = select.poll()
    poll.register(listener, select.POLLIN)
    found = poll.poll(0)
    return bool(found and found[0][1] & select.POLLHUP)


def door() -> tuple[socket.socket, socket.socket]:
    """Our end and the process's end of what the listener is handed over through."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)


def refuse_where_unable() -> None:
    """Rehearse with a process of its own; OSError in one line where this machine does not let us see what a process syncs."""
    durable_calls.machine()
    with tempfile.TemporaryDirectory(prefix="chaoscinder-rehearsal-") as place:
        volume, said = Path(place) / "volume", ""
        volume.mkdir()
        shadow = Shadow(volume, Path(place) / "synced", "rehearsal")
        try:
            said = _rehearse(volume / "file", shadow)
            shadow.sync(str(volume))
            shadow.lose(Path(place) / "evidence")
            seen = (volume / "file").read_text() if (volume / "file").exists() else ""
        finally:
            shadow.close()
    if seen != "synced":
        why = said or f"of a file that was synced in part it saw {seen!r}"
        raise OSError(f"power loss with unflushed cache cannot be had on this machine: {why} (wanted seccomp user notification, Linux 5.9)")


def _rehearse(file: Path, shadow: Shadow) -> str:
    ours, theirs = door()
    path = os.pathsep.join([str(Path(__file__).parents[2]), *filter(None, sys.path)])
    with theirs:
        command = [sys.executable, "-I", "-S", "-c", REHEARSAL, path, str(theirs.fileno()), str(file)]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, pass_fds=[theirs.fileno()])
    watch = Watch(ours, [shadow])
    watch.start()
    _, said = process.communicate(timeout=REHEARSAL_S)
    watch.join()
    return said.strip().rpartition("\n")[2]


def _mapped(thread: int, start: int, length: int) -> list[str]:
    """The files that a stretch of memory is mapped from."""
    rows = [line.split(maxsplit=5) for line in Path(f"/proc/{thread}/maps").read_text().splitlines()]
    found = []
    for row in rows:
        first, last = (int(edge, 16) for edge in row[0].split("-"))
        if len(row) == 6 and row[5].startswith("/") and first < start + max(length, 1) and start < last:
            found.append(row[5])
    return found
