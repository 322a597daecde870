"""Nova's record of servers that went from one host to another, as os-migrations tells it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from chaoscinder.sandbox.openstack.caller import Caller
from chaoscinder.sandbox.openstack.servers import Server
from chaoscinder.sandbox.world import World

DEST_HOST = "192.168.0.1"  # nova.virt.fake: the address of every host


@dataclass(slots=True)
class Migration:
    """One move. kind is migration, resize, live-migration or evacuation."""

    number: int
    id: str
    server_id: str
    kind: str
    source: str
    caller: Caller
    created_at: datetime
    updated_at: datetime
    status: str
    dest: str | None = None
    dest_address: str | None = None
    old_flavor: int | None = None
    new_flavor: int | None = None


class Migrations:
    """All moves, the latest first."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._rows: list[Migration] = []

    def __iter__(self) -> Iterator[Migration]:
        return iter(self._rows[::-1])

    def start(self, caller: Caller, server: Server, kind: str, status: str) -> Migration:
        """Write down that a server will leave its host."""
        now = self._world.now
        row = Migration(len(self._rows) + 1, self._world.new_uuid(), server.id, kind, server.host, caller, now, now, status)
        if kind != "evacuation":
            row.old_flavor = row.new_flavor = server.flavor.number
        self._rows.append(row)
        return row

    def note(self, row: Migration, status: str) -> None:
        """Write down how far it has come."""
        row.status, row.updated_at = status, self._world.now

    def evacuations_from(self, host: str, status: str) -> list[Migration]:
        """The evacuations of a host that are in that status."""
        return [row for row in self._rows if (row.kind, row.source, row.status) == ("evacuation", host, status)]
