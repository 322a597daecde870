"""Connections that are kept between requests, as a client with a pool keeps them.

Slot k asks over connection k modulo their number. Where that one is busy or gone the slot gets a new one, so that nothing ever waits for a
connection; of two for one place the later is closed. A connection that the other end closed while it was idle is not used: that is no
retry, nothing was sent.
"""

import select
import socket
import threading


class Connections:
    """A fixed number of places for connections; 0 keeps none. May be used from any thread."""

    def __init__(self, places: int) -> None:
        self._places: list[socket.socket | None] = [None] * places
        self._lock = threading.Lock()

    @property
    def kept(self) -> bool:
        """Whether connections are kept at all."""
        return bool(self._places)

    def take(self, slot: int) -> socket.socket | None:
        """Take the idle connection of a slot's place; None where there is none that could be asked."""
        link = self._swap(slot, None)
        if link is not None and _has_something_to_say(link):
            link.close()
            return None
        return link

    def give(self, slot: int, link: socket.socket) -> None:
        """Give a connection back to its place."""
        old = self._swap(slot, link)
        if old is not None:
            old.close()

    def close(self) -> None:
        """Close them all."""
        for place in range(len(self._places)):
            link = self._swap(place, None)
            if link is not None:
                link.close()

    def _swap(self, slot: int, link: socket.socket | None) -> socket.socket | None:
        if not self._places:
            return link
        with self._lock:
            place = slot % len(self._places)
            old, self._places[place] = self._places[place], link
            return old


def _has_something_to_say(link: socket.socket) -> bool:
    """Tell whether bytes, or an end, came in while nobody had asked."""
    waiting = select.poll()
    waiting.register(link, select.POLLIN)
    return bool(waiting.poll(0))
