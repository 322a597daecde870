"""An answer is as late as it came in, and no later because we were busy."""

import socket
from dataclasses import dataclass

import pytest

from chaoscinder.clock import Clock
from chaoscinder.recorder.stream import Stream, ask_for_stamps

clock = Clock()
BUSY_S = 0.1


@dataclass
class Noted:
    first_byte: float = 0.0
    done: float = 0.0


def connection() -> tuple[socket.socket, socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ours = socket.create_connection(listener.getsockname())
        ask_for_stamps(ours)
        return ours, listener.accept()[0]


def test_bytes_that_were_read_late_count_from_when_they_came_in() -> None:
    ours, theirs = connection()
    with ours, theirs:
        theirs.send(b"answer")
        came_in = clock.monotonic_s()
        clock.sleep_wall(BUSY_S)
        noted, buffer = Noted(), bytearray(100)
        assert Stream(ours, noted, came_in + 1.0, clock.monotonic_s).readinto(buffer) == 6
    assert noted.first_byte == noted.done
    assert abs(noted.done - came_in) < BUSY_S / 2


def test_an_end_without_bytes_is_noted_when_it_was_read() -> None:
    ours, theirs = connection()
    with ours:
        theirs.close()
        noted, before = Noted(), clock.monotonic_s()
        assert Stream(ours, noted, before + 1.0, clock.monotonic_s).readinto(bytearray(100)) == 0
    assert before <= noted.done <= clock.monotonic_s()


def test_nothing_is_read_when_the_time_is_over() -> None:
    ours, theirs = connection()
    with ours, theirs, pytest.raises(TimeoutError, match="the time for an answer is over"):
        Stream(ours, Noted(), clock.monotonic_s() - 0.001, clock.monotonic_s).readinto(bytearray(1))
