"""The guests: what really runs, whatever Nova has written down."""

from collections.abc import Callable

from chaoscinder.sandbox.openstack.servers import PAUSED, RUNNING, SHUTDOWN

Listener = Callable[[str, bool], None]


class Power:
    """The state of each guest in the hypervisor's numbers, None for one that it does not know; and who wants to know.

    A paused or suspended guest does not run, but keeps its memory: it goes on where it was.
    """

    def __init__(self) -> None:
        self._guests: dict[str, int | None] = {}
        self._hung: set[str] = set()
        self._frozen: set[str] = set()
        self._listeners: list[Listener] = []

    def is_running(self, server_id: str) -> bool:
        """Whether the guest runs now."""
        return self._guests.get(server_id) == RUNNING and server_id not in self._hung

    def state(self, server_id: str) -> int | None:
        """What the hypervisor says of the guest."""
        return self._guests.get(server_id)

    def is_frozen(self, server_id: str) -> bool:
        """Whether the guest does not run and keeps its memory. Still so while listeners are told that it goes on."""
        return server_id in self._frozen

    def freeze(self, server_id: str, state: int) -> None:
        """Pause or suspend a guest."""
        self._frozen.add(server_id)
        self.put(server_id, state)

    def on_power(self, listener: Listener) -> None:
        """Call listener(server_id, running) at each change of a guest's power."""
        self._listeners.append(listener)

    def switch(self, server_id: str, running: bool) -> None:
        """Give a guest power, or take it; nothing happens if it is so already."""
        if not running and server_id in self._frozen:
            self._frozen.discard(server_id)
            self._guests[server_id] = SHUTDOWN
            self._tell(server_id, False)
        elif self.is_running(server_id) != running or self._guests.get(server_id) is None:
            self.put(server_id, RUNNING if running else SHUTDOWN)

    def hang(self, server_id: str) -> None:
        """Let the guest's kernel stop for good while its hypervisor goes on calling it running; whatever is done to its power mends it."""
        if self.is_running(server_id):
            self._hung.add(server_id)
            self._tell(server_id, False)

    def put(self, server_id: str, state: int | None) -> None:
        """Bring a guest into any state of the hypervisor; None makes it unknown there."""
        ran = self.is_running(server_id)
        self._guests[server_id] = state
        self._hung.discard(server_id)
        if state == PAUSED:
            self._frozen.add(server_id)
        runs = self.is_running(server_id)
        if ran != runs:
            self._tell(server_id, runs)
        if runs:
            self._frozen.discard(server_id)

    def _tell(self, server_id: str, runs: bool) -> None:
        for listener in self._listeners:
            listener(server_id, runs)
