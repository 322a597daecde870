"""Reading an answer before a deadline, and telling when its bytes came in.

The kernel notes when each byte came in (SO_TIMESTAMPNS), whatever this process was busy with then: after a stall many answers come at once,
and on a busy machine a thread may get its turn late. Neither makes an answer late that was in time. Where the kernel does not tell, as with
TLS, it is the moment of reading.
"""

import io
import socket
import ssl
import struct
from collections.abc import Callable
from typing import Protocol, cast

from chaoscinder.clock import Clock

MOST_BYTES = 16 * 1024 * 1024  # a longer answer is not the page that was asked for
SO_TIMESTAMPNS = 35  # asm-generic/socket.h; Python has no name for it
STAMP = struct.Struct("@ll")  # a timespec of the wall clock
OLDEST_S = 1.0  # a stamp older than this is one from before a step of the wall clock


class Times(Protocol):
    """Where the moments are noted."""

    first_byte: float
    done: float


class Stream(io.RawIOBase):
    """What http.client reads an answer from: each read waits for no longer than what is left of the whole."""

    def __init__(self, link: socket.socket, times: Times, deadline: float, now: Callable[[], float]) -> None:
        self._link, self._times, self._deadline, self._now = link, times, deadline, now
        self._bytes = 0

    def makefile(self, mode: str) -> io.BufferedReader:
        """Give http.client the file that it asks a socket for."""
        assert mode == "rb"
        return io.BufferedReader(self, 65536)

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: object) -> int:
        """Read what is there, or wait for it until the deadline."""
        limit(self._link, self._deadline, self._now)
        count, age_s = _receive(self._link, cast(bytearray, buffer))
        self._times.done = self._now() - age_s
        self._times.first_byte = self._times.first_byte or self._times.done
        self._bytes += count
        if self._bytes > 2 * MOST_BYTES:
            raise ValueError(f"the answer is longer than {MOST_BYTES} bytes")
        return count


def limit(link: socket.socket, deadline: float, now: Callable[[], float]) -> None:
    """Let the next act on a connection take what is left until the deadline; TimeoutError where nothing is."""
    left = deadline - now()
    if left <= 0:
        raise TimeoutError("the time for an answer is over")
    link.settimeout(left)


def ask_for_stamps(link: socket.socket) -> None:
    """Ask the kernel to note when bytes come in, where it can."""
    try:
        link.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    except OSError:
        return


def _receive(link: socket.socket, buffer: bytearray) -> tuple[int, float]:
    """Receive bytes; how many, and how long ago the last of them came in."""
    if isinstance(link, ssl.SSLSocket):
        return link.recv_into(buffer), 0.0
    count, told, _, _ = link.recvmsg_into([buffer], socket.CMSG_SPACE(STAMP.size))
    for level, kind, data in told:
        if (level, kind, len(data)) == (socket.SOL_SOCKET, SO_TIMESTAMPNS, STAMP.size):
            seconds, nanoseconds = STAMP.unpack(data)
            age_s = Clock().wall_now().timestamp() - (seconds + nanoseconds / 1e9)
            return count, age_s if 0 <= age_s <= OLDEST_S else 0.0
    return count, 0.0
