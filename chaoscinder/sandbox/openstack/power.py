"""The power of the guests: what really runs, whatever Nova has written down."""

from collections.abc import Callable

Listener = Callable[[str, bool], None]


class Power:
    """Whether each guest runs, and who wants to know. A paused guest does not run: its processors stand still."""

    def __init__(self) -> None:
        self._running: dict[str, bool] = {}
        self._listeners: list[Listener] = []

    def is_running(self, server_id: str) -> bool:
        """Whether the guest runs now."""
        return self._running.get(server_id, False)

    def on_power(self, listener: Listener) -> None:
        """Call listener(server_id, running) at each change of a guest's power."""
        self._listeners.append(listener)

    def switch(self, server_id: str, running: bool) -> None:
        """Give a guest power, or take it; nothing happens if it is so already."""
        if self.is_running(server_id) == running:
            return
        self._running[server_id] = running
        for listener in self._listeners:
            listener(server_id, running)
