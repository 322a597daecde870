"""API services that are dead, and a message bus or a database that is frozen: what then happens to requests.

Everything here stands behind one address, as behind a load balancer: a dead service answers 503, where a service of its own would
refuse the connection. A frozen bus holds the requests that change something, a frozen database holds all of them, until it is thawed.
"""

import threading
from collections.abc import Callable

SERVICES = ("keystone", "nova", "cinder")
BUS, DATABASE = "rabbit", "mariadb"
LONGEST_HOLD_S = 120.0  # wall seconds, in case nobody thaws it


class Outages:
    """What is dead, and what is frozen."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._dead: set[str] = set()
        self._frozen: set[str] = set()

    def kill(self, service: str) -> None:
        """Let an API service die."""
        self._note(self._dead.add, service, SERVICES)

    def start(self, service: str) -> None:
        """Let it live again."""
        self._note(self._dead.discard, service, SERVICES)

    def freeze(self, part: str) -> None:
        """Stop the bus or the database in the middle of what it does."""
        self._note(self._frozen.add, part, (BUS, DATABASE))

    def thaw(self, part: str) -> None:
        """Let it carry on."""
        self._note(self._frozen.discard, part, (BUS, DATABASE))

    def is_dead(self, service: str) -> bool:
        """Whether an API service is dead."""
        return service in self._dead

    def hold(self, service: str, method: str) -> None:
        """Wait, outside of the world's step, while a request of that kind cannot be answered."""
        with self._changed:
            self._changed.wait_for(lambda: not self._holds(service, method), LONGEST_HOLD_S)

    def _holds(self, service: str, method: str) -> bool:
        changes = service != "keystone" and method not in ("GET", "HEAD")
        return DATABASE in self._frozen or (changes and BUS in self._frozen)

    def _note(self, change: Callable[[str], None], name: str, known: tuple[str, ...]) -> None:
        if name not in known:
            raise ValueError(f"{name!r} is no part that can fail (wanted one of {', '.join(known)})")
        with self._changed:
            change(name)
            self._changed.notify_all()
