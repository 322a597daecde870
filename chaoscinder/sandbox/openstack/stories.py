"""Long work on one server, told as a generator: each pause says how long it lasts and which host carries on afterwards.

A host that is silent when its turn comes carries on when it returns. Whatever was begun later on the same server ends the story.
"""

from collections.abc import Callable, Iterator

from chaoscinder.sandbox.openstack.hosts import Hosts
from chaoscinder.sandbox.openstack.servers import Server
from chaoscinder.sandbox.world import World

Pause = tuple[float, str]  # cluster seconds; the host, or "" for Nova's own conductor
Story = Iterator[Pause]


class Stories:
    """Tells stories, pause by pause."""

    def __init__(self, world: World, hosts: Hosts) -> None:
        self._world = world
        self._hosts = hosts

    def begin(self, server: Server, story: Story, name: str) -> None:
        """Let a story begin now; it ends every other one of that server."""
        server.turn += 1
        self._go_on(server, story, server.turn, name)

    def _go_on(self, server: Server, story: Story, turn: int, name: str) -> None:
        if server.turn != turn or server.vm_state == "deleted":
            return
        pause = next(story, None)
        if pause is None:
            return
        after_s, host = pause
        carry_on: Callable[[], None] = lambda: self._hosts.cast(host, lambda: self._go_on(server, story, turn, name))  # noqa: E731
        self._world.call_later(after_s, carry_on, f"{name} {server.name}")
