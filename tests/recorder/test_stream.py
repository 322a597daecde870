"""An answer is as late as it came in, and no later because we were busy; where nobody can tell how late it was, that is said."""

import socket
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from chaoscinder.clock import Clock
from chaoscinder.recorder.stream import StoodStill, Stream, ask_for_stamps, keep_stamping, limit

clock = Clock()
BUSY_S = 0.1


@dataclass
class Noted:
    first_byte: float = 0.0
    done: float = 0.0


@pytest.fixture(scope="module", autouse=True)
def _stamping() -> Iterator[None]:
    with keep_stamping():
        clock.sleep_wall(BUSY_S)
        yield


def connection(*, stamps: bool = True) -> tuple[socket.socket, socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ours = socket.create_connection(listener.getsockname())
        if stamps:
            ask_for_stamps(ours)
        return ours, listener.accept()[0]


def read(ours: socket.socket, *, asked: float, deadline: float) -> Noted:
    """Read once, and what was noted of it."""
    noted = Noted()
    Stream(ours, noted, asked, deadline, clock.monotonic_s).readinto(bytearray(100))
    return noted


def test_bytes_that_were_read_late_count_from_when_they_came_in() -> None:
    ours, theirs = connection()
    with ours, theirs:
        asked = clock.monotonic_s()
        theirs.send(b"answer")
        came_in = clock.monotonic_s()
        clock.sleep_wall(BUSY_S)
        noted, buffer = Noted(), bytearray(100)
        assert Stream(ours, noted, asked, came_in + 1.0, clock.monotonic_s).readinto(buffer) == 6
    assert noted.first_byte == noted.done
    assert abs(noted.done - came_in) < BUSY_S / 2


def test_bytes_that_came_in_time_were_in_time_however_late_they_are_read() -> None:
    ours, theirs = connection()
    with ours, theirs:
        asked = clock.monotonic_s()
        theirs.send(b"answer")
        deadline = clock.monotonic_s() + BUSY_S / 2
        clock.sleep_wall(BUSY_S)
        assert asked <= read(ours, asked=asked, deadline=deadline).done < deadline


def test_bytes_that_came_too_late_were_too_late() -> None:
    ours, theirs = connection()
    with ours, theirs:
        deadline = clock.monotonic_s()
        clock.sleep_wall(BUSY_S)
        theirs.send(b"answer")
        assert read(ours, asked=deadline - 1.0, deadline=deadline).done > deadline + BUSY_S / 2


def test_bytes_that_seem_older_than_the_request_count_from_when_they_are_read() -> None:
    """As after a step of the wall clock."""
    ours, theirs = connection()
    with ours, theirs:
        theirs.send(b"answer")
        clock.sleep_wall(BUSY_S)
        asked = clock.monotonic_s()
        clock.sleep_wall(BUSY_S / 2)
        assert read(ours, asked=asked, deadline=asked + 1.0).done >= asked + BUSY_S / 2


def test_bytes_that_are_read_too_late_and_of_which_the_kernel_tells_nothing_are_neither_late_nor_in_time() -> None:
    ours, theirs = connection(stamps=False)
    with ours, theirs:
        theirs.send(b"answer")
        asked = clock.monotonic_s()
        with pytest.raises(StoodStill, match="may have come in time"):
            read(ours, asked=asked - 1.0, deadline=asked - 0.001)


def test_an_end_without_bytes_is_noted_when_it_was_read() -> None:
    ours, theirs = connection()
    with ours:
        theirs.close()
        noted, before = Noted(), clock.monotonic_s()
        assert Stream(ours, noted, before, before + 1.0, clock.monotonic_s).readinto(bytearray(100)) == 0
    assert before <= noted.done <= clock.monotonic_s()


def test_nothing_came_before_the_time_was_over() -> None:
    ours, theirs = connection()
    now = clock.monotonic_s()
    with ours, theirs, pytest.raises(TimeoutError, match="nothing was there when the time for an answer was over"):
        read(ours, asked=now - 1.0, deadline=now - 0.001)


def test_what_has_no_time_left_is_not_begun() -> None:
    ours, theirs = connection()
    with ours, theirs, pytest.raises(StoodStill, match="its time was over before it could be asked"):
        limit(ours, clock.monotonic_s() - 0.001, clock.monotonic_s)
