"""Reading an answer before a deadline, and telling when its bytes came in.

The kernel notes when each byte came in (SO_TIMESTAMPNS), whatever this process was busy with then: after a stall many answers come at once,
and on a busy machine a thread may get its turn late. Neither makes an answer late that was in time. Where the kernel does not tell, as with
TLS, it is the moment of reading; where that is after the deadline, nobody can tell (StoodStill).
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
SLEW_S = 0.005  # by how much the wall clock may have gone otherwise than the monotonic one meanwhile: NTP slews by at most 0.5 ms a second


class StoodStill(Exception):
    """This process did not get its turn before the deadline: it could not ask, or cannot tell whether the answer was in time."""


class Times(Protocol):
    """Where the moments are noted."""

    first_byte: float
    done: float


class Stream(io.RawIOBase):
    """What http.client reads an answer from: each read waits for no longer than what is left of the whole, and then takes what is there.

    asked is when the request was sent, as now tells it: no byte is older.
    """

    def __init__(self, link: socket.socket, times: Times, asked: float, deadline: float, now: Callable[[], float]) -> None:
        self._link, self._times, self._asked, self._deadline, self._now = link, times, asked, deadline, now
        self._bytes = 0

    def makefile(self, mode: str) -> io.BufferedReader:
        """Give http.client the file that it asks a socket for."""
        assert mode == "rb"
        return io.BufferedReader(self, 65536)

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: object) -> int:
        """Read what is there, or wait for it until the deadline; TimeoutError where nothing came, StoodStill where nobody can tell when."""
        self._link.settimeout(max(0.0, self._deadline - self._now()))
        try:
            count, age_s = _receive(self._link, cast(bytearray, buffer))
        except (BlockingIOError, ssl.SSLWantReadError) as nothing:
            raise TimeoutError("nothing was there when the time for an answer was over") from nothing
        done = self._now()
        if age_s is not None and -SLEW_S <= age_s <= done - self._asked + SLEW_S:
            done = min(done, max(self._asked, done - age_s))
        elif done > self._deadline:  # the kernel did not tell, or the wall clock was set meanwhile
            raise StoodStill("what was there when the time for an answer was over may have come in time")
        self._times.done = done
        self._times.first_byte = self._times.first_byte or self._times.done
        self._bytes += count
        if self._bytes > 2 * MOST_BYTES:
            raise ValueError(f"the answer is longer than {MOST_BYTES} bytes")
        return count


def limit(link: socket.socket, deadline: float, now: Callable[[], float]) -> float:
    """Let the next act on a connection take what is left until the deadline, and tell what time it is; StoodStill where nothing is left."""
    at = now()
    if at >= deadline:
        raise StoodStill("its time was over before it could be asked")
    link.settimeout(deadline - at)
    return at


def ask_for_stamps(link: socket.socket) -> None:
    """Ask the kernel to note when bytes come in, where it can."""
    try:
        link.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    except OSError:
        return


def keep_stamping() -> socket.socket:
    """A connection that is never used: the kernel begins to note a little after the first asked for it, and ends with the last."""
    kept = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    ask_for_stamps(kept)
    return kept


def _receive(link: socket.socket, buffer: bytearray) -> tuple[int, float | None]:
    """Receive bytes; how many, and how long ago the last of them came in by the wall clock, None where the kernel does not tell."""
    if isinstance(link, ssl.SSLSocket):
        return link.recv_into(buffer), None
    count, told, _, _ = link.recvmsg_into([buffer], socket.CMSG_SPACE(STAMP.size))
    for level, kind, data in told:
        if (level, kind, len(data)) == (socket.SOL_SOCKET, SO_TIMESTAMPNS, STAMP.size):
            seconds, nanoseconds = STAMP.unpack(data)
            return count, Clock().wall_now().timestamp() - (seconds + nanoseconds / 1e9)
    return count, None
