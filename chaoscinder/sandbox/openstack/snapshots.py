"""Cinder's snapshots, and the messages that it leaves for users when something failed behind their back."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from chaoscinder.sandbox.openstack.backend import Backend
from chaoscinder.sandbox.openstack.caller import Caller
from chaoscinder.sandbox.openstack.durations import Durations
from chaoscinder.sandbox.openstack.refusals import bad_request, not_found
from chaoscinder.sandbox.world import World


@dataclass(slots=True)
class Snapshot:
    """One snapshot; status is creating, available or deleting."""

    id: str
    name: str | None
    volume_id: str
    size_gib: int
    project_id: str
    user_id: str
    created_at: datetime
    updated_at: datetime | None = None
    status: str = "creating"
    description: str | None = None


class Snapshots:
    """All snapshots."""

    def __init__(self, world: World, durations: Durations, backend: Backend) -> None:
        self._world = world
        self._durations = durations
        self._backend = backend
        self._rows: dict[str, Snapshot] = {}

    def mine(self, caller: Caller) -> list[Snapshot]:
        """The snapshots of the caller's project, the latest first."""
        return [row for row in list(self._rows.values())[::-1] if row.project_id == caller.project_id]

    def of(self, volume_id: str) -> list[Snapshot]:
        """The snapshots of a volume."""
        return [row for row in self._rows.values() if row.volume_id == volume_id]

    def get(self, caller: Caller, snapshot_id: str) -> Snapshot:
        """Look a snapshot up, or refuse with 404."""
        row = self._rows.get(snapshot_id)
        if row is None or not caller.may_see(row.project_id):
            raise not_found(f"Snapshot {snapshot_id} could not be found.")
        return row

    def create(self, caller: Caller, volume_id: str, size_gib: int, name: str | None, description: str | None) -> Snapshot:
        """Begin to make a snapshot."""
        row = Snapshot(self._world.new_uuid(), name, volume_id, size_gib, caller.project_id, caller.user_id, self._world.now)
        row.description = description
        self._rows[row.id] = row
        self._later(lambda: self._become(row, "available"))
        return row

    def delete(self, caller: Caller, snapshot_id: str) -> None:
        """Begin to delete a snapshot."""
        row = self.get(caller, snapshot_id)
        if row.status not in ("available", "error"):
            raise bad_request("Invalid snapshot: Snapshot status must be available or error, and must not be part of a group snapshot.")
        self._become(row, "deleting")
        self._later(lambda: self._rows.pop(row.id, None))

    def _become(self, row: Snapshot, status: str) -> None:
        row.status, row.updated_at = status, self._world.now

    def _later(self, act: Callable[[], object]) -> None:
        self._world.call_later(self._durations.snapshot_s, lambda: self._backend.cast(lambda: _do(act)), "snapshot")


@dataclass(frozen=True, slots=True)
class Message:
    """One message to a user about a volume of theirs."""

    id: str
    event: str
    text: str
    volume_id: str
    caller: Caller
    created_at: datetime


def _do(act: Callable[[], object]) -> None:
    act()
