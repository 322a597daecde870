"""Connections that are kept between requests."""

import socket
from collections.abc import Iterator

import pytest

from chaoscinder.recorder.connections import Connections


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Both ends of a connection."""
    ours, theirs = socket.socketpair()
    yield ours, theirs
    ours.close()
    theirs.close()


def test_a_slot_gets_the_connection_of_its_place_back(pair: tuple[socket.socket, socket.socket]) -> None:
    connections = Connections(4)
    connections.give(5, pair[0])
    assert connections.take(2) is None
    assert connections.take(9) is pair[0]
    assert connections.take(9) is None


def test_of_two_connections_for_one_place_the_later_given_stays(pair: tuple[socket.socket, socket.socket]) -> None:
    older, other_end = socket.socketpair()
    connections = Connections(1)
    with other_end:
        connections.give(0, older)
        connections.give(1, pair[0])
        assert older.fileno() == -1
        assert connections.take(2) is pair[0]


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 408 Request Timeout\r\n\r\n"])
def test_a_connection_that_ended_or_spoke_while_it_was_idle_is_not_used(pair: tuple[socket.socket, socket.socket], said: bytes) -> None:
    ours, theirs = pair
    connections = Connections(1)
    connections.give(0, ours)
    if said:
        theirs.send(said)
    else:
        theirs.close()
    assert connections.take(0) is None
    assert ours.fileno() == -1


def test_without_places_every_connection_is_closed(pair: tuple[socket.socket, socket.socket]) -> None:
    connections = Connections(0)
    connections.give(0, pair[0])
    assert not connections.kept
    assert (connections.take(0), pair[0].fileno()) == (None, -1)


def test_closing_closes_them_all(pair: tuple[socket.socket, socket.socket]) -> None:
    connections = Connections(2)
    connections.give(0, pair[0])
    connections.give(1, pair[1])
    connections.close()
    assert (pair[0].fileno(), pair[1].fileno()) == (-1, -1)
