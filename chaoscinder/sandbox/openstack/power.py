"""The guests: what really runs, whatever Nova has written down."""

from collections.abc import Callable

from chaoscinder.sandbox.openstack.servers import RUNNING, SHUTDOWN

Listener = Callable[[str, bool], None]


class Power:
    """The state of each guest in the hypervisor's numbers, None for one that it does not know; and who wants to know.

    A paused guest does not run: its processors stand still.
    """

    def __init__(self) -> None:
        self._guests: dict[str, int | None] = {}
        self._listeners: list[Listener] = []

    def is_running(self, server_id: str) -> bool:
        """Whether the guest runs now."""
        return self._guests.get(server_id) == RUNNING

    def state(self, server_id: str) -> int | None:
        """What the hypervisor says of the guest."""
        return self._guests.get(server_id)

    def on_power(self, listener: Listener) -> None:
        """Call listener(server_id, running) at each change of a guest's power."""
        self._listeners.append(listener)

    def switch(self, server_id: str, running: bool) -> None:
        """Give a guest power, or take it; nothing happens if it is so already."""
        if self.is_running(server_id) != running or self._guests.get(server_id) is None:
            self.put(server_id, RUNNING if running else SHUTDOWN)

    def put(self, server_id: str, state: int | None) -> None:
        """Bring a guest into any state of the hypervisor; None makes it unknown there."""
        ran = self.is_running(server_id)
        self._guests[server_id] = state
        runs = self.is_running(server_id)
        for listener in self._listeners if ran != runs else []:
            listener(server_id, runs)
