"""Cinder's model: volumes and their attachments. It knows no HTTP, and of Nova only whether it holds an attachment.

A volume's status is worked out from its attachments. Only what cannot be worked out is kept: that it is being made or deleted, that a
detach was begun, and the word an administrator forced on it (os-reset_status), until the next real change takes that away.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from chaoscinder.sandbox.openstack.caller import Caller
from chaoscinder.sandbox.openstack.durations import Durations
from chaoscinder.sandbox.openstack.refusals import bad_request, no_volume, not_found, nova_holds, over_limit
from chaoscinder.sandbox.ports import CloudError
from chaoscinder.sandbox.world import World

MOST_VOLUMES = 10  # Cinder's default quota_volumes
MOST_GIB = 1000  # Cinder's default quota_gigabytes
STATUS_BY_ATTACHMENT = {"attached": "in-use", "attaching": "attaching", "reserved": "reserved"}  # the first that any attachment has wins
CANNOT_DELETE = (
    "must not be migrating, attached, belong to a group, have snapshots, awaiting a transfer, "
    "or be disassociated from snapshots after volume transfer."
)
NOT_DETACHABLE = "Unable to detach volume. Volume status must be 'in-use' and attach_status must be 'attached' to detach."


@dataclass(slots=True)
class Attachment:
    """One attachment record: reserved, then attaching (host and device are known), then attached."""

    id: str
    volume_id: str
    server_id: str | None
    status: str = "reserved"
    host: str = ""
    device: str = ""
    attached_at: datetime | None = None

    @property
    def is_connected(self) -> bool:
        """Whether there is connection information, which protects it from everyone but Nova."""
        return self.status != "reserved"


@dataclass(slots=True)
class Volume:
    """One volume. phase is creating, deleting or None; forced is the word of os-reset_status or None."""

    id: str
    number: int
    name: str
    size_gib: int
    zone: str
    project_id: str
    user_id: str
    created_at: datetime
    updated_at: datetime
    metadata: dict[str, str]
    description: str | None = None
    phase: str | None = None
    forced: str | None = None
    is_detaching: bool = False
    attachments: list[Attachment] = field(default_factory=list)

    @property
    def status(self) -> str:
        """Cinder's word for it."""
        if self.phase or self.forced:
            return self.forced or self.phase or ""
        if self.is_detaching:
            return "detaching"
        present = {attachment.status for attachment in self.attachments}
        return next((word for status, word in STATUS_BY_ATTACHMENT.items() if status in present), "available")

    @property
    def attached(self) -> list[Attachment]:
        """What the API shows as the volume's attachments: the finished ones only."""
        return [attachment for attachment in self.attachments if attachment.status == "attached"]

    def touch(self, now: datetime) -> None:
        """Note a real change: it ends what was forced, as Cinder then writes the status anew."""
        self.forced = None
        self.updated_at = now


class Cinder:
    """All volumes. nova_attachment tells the attachment id that Nova believes in for a server and a volume, None for none."""

    def __init__(self, world: World, durations: Durations, *, nova_attachment: Callable[[str, str], str | None]) -> None:
        self.world = world
        self._durations = durations
        self._nova_attachment = nova_attachment
        self._volumes: dict[str, Volume] = {}
        self._numbers = itertools.count(1)

    def list(self, caller: Caller, *, all_projects: bool = False) -> list[Volume]:
        """The volumes of the caller's project, or of all, the latest first."""
        rows = [volume for volume in self._volumes.values() if all_projects or volume.project_id == caller.project_id]
        return sorted(rows, key=lambda volume: volume.number, reverse=True)

    def find(self, volume_id: str) -> Volume | None:
        """Look a volume up, whoever owns it."""
        return self._volumes.get(volume_id)

    def get(self, caller: Caller, volume_id: str) -> Volume:
        """Look a volume up for a caller, or refuse with 404."""
        volume = self._volumes.get(volume_id)
        if volume is None or not caller.may_see(volume.project_id):
            raise no_volume(volume_id)
        return volume

    def create(self, caller: Caller, name: str, size_gib: int, *, zone: str, metadata: dict[str, str], description: str | None) -> Volume:
        """Begin to make a volume."""
        self._check_quota(caller, size_gib)
        volume = self.add(caller, name, size_gib, zone=zone, metadata=metadata)
        volume.description = description
        volume.phase = "creating"
        self.world.call_later(self._durations.creating_s, lambda: self._end_phase(volume), "volume created")
        return volume

    def add(self, caller: Caller, name: str, size_gib: int, *, zone: str, metadata: dict[str, str]) -> Volume:
        """Have a volume that is available at once."""
        now = self.world.now
        volume_id, number = self.world.new_uuid(), next(self._numbers)
        volume = Volume(volume_id, number, name, size_gib, zone, caller.project_id, caller.user_id, now, now, dict(metadata))
        self._volumes[volume.id] = volume
        return volume

    def delete(self, caller: Caller, volume_id: str, *, force: bool = False) -> None:
        """Begin to delete a volume that is not attached; force takes one of any status."""
        volume = self.get(caller, volume_id)
        deletable = force or volume.status in ("available", "error", "error_restoring", "error_extending", "error_managing")
        if volume.attachments or not deletable:
            states = " " if force else "status must be available or error or error_restoring or error_extending or error_managing and "
            raise bad_request(f"Invalid volume: Volume {states}{CANNOT_DELETE}")
        volume.touch(self.world.now)
        volume.phase = "deleting"
        self.world.call_later(self._durations.volume_deleting_s, lambda: self._forget(volume), "volume deleted")

    def attachments(self, caller: Caller, *, all_projects: bool = False) -> Sequence[Attachment]:
        """All attachment records, unfinished ones included."""
        return [attachment for volume in self.list(caller, all_projects=all_projects) for attachment in volume.attachments]

    def get_attachment(self, caller: Caller, attachment_id: str) -> tuple[Volume, Attachment]:
        """Look an attachment up for a caller, with its volume, or refuse with 404."""
        for volume in self._volumes.values():
            for attachment in volume.attachments:
                if attachment.id == attachment_id and caller.may_see(volume.project_id):
                    return volume, attachment
        raise not_found(f"Volume attachment could not be found with filter: attachment_id = {attachment_id}.")

    def reserve(self, volume: Volume, server_id: str | None) -> Attachment:
        """Reserve a volume for a server, the first step of attaching."""
        if "error" in volume.status:
            raise bad_request(
                "Invalid volume: Volume attachments can not be created if the volume is in an error state. "
                f"The Volume {volume.id} currently has a status of: {volume.status} "
            )
        if volume.status not in ("available", "downloading"):
            raise bad_request(
                f"Invalid volume: Volume {volume.id} status must be available or downloading to reserve, "
                f"but the current status is {volume.status}."
            )
        attachment = Attachment(self.world.new_uuid(), volume.id, server_id)
        volume.attachments.append(attachment)
        volume.touch(self.world.now)
        return attachment

    def connect(self, volume: Volume, attachment: Attachment, *, host: str, device: str) -> None:
        """Give an attachment its connection: attaching."""
        attachment.status, attachment.host, attachment.device = "attaching", host, device
        volume.touch(self.world.now)

    def complete(self, volume: Volume, attachment: Attachment) -> None:
        """Finish an attachment: attached."""
        attachment.status, attachment.attached_at = "attached", self.world.now
        volume.touch(self.world.now)

    def begin_detaching(self, volume: Volume) -> None:
        """Note that a detach begins; a second one is refused."""
        if volume.status != "in-use" or not volume.attached:
            raise bad_request(f"Invalid volume: {NOT_DETACHABLE}")
        volume.touch(self.world.now)
        volume.is_detaching = True

    def roll_detaching(self, volume: Volume) -> None:
        """Take a begun detach back."""
        if volume.status == "detaching":
            volume.touch(self.world.now)
            volume.is_detaching = False

    def remove(self, volume: Volume, attachment: Attachment) -> None:
        """Remove an attachment record, on Nova's word."""
        if attachment in volume.attachments:
            volume.attachments.remove(attachment)
        volume.is_detaching = False
        volume.touch(self.world.now)

    def check_nova_lets_go(self, caller: Caller, attachment: Attachment) -> None:
        """Refuse to touch an attachment that Nova holds, unless Nova itself asks. Ghosts that Nova does not know may go."""
        if caller.service or attachment.server_id is None or not attachment.is_connected:
            return
        if self._nova_attachment(attachment.server_id, attachment.volume_id) == attachment.id:
            raise nova_holds(attachment.server_id)

    def _check_quota(self, caller: Caller, size_gib: int) -> None:
        mine = [volume for volume in self._volumes.values() if volume.project_id == caller.project_id]
        used_gib = sum(volume.size_gib for volume in mine)
        if used_gib + size_gib > MOST_GIB:
            raise over_limit(
                "VolumeSizeExceedsAvailableQuota: Requested volume or snapshot exceeds allowed gigabytes quota. "
                f"Requested {size_gib}G, quota is {MOST_GIB}G and {used_gib}G has been consumed."
            )
        if len(mine) >= MOST_VOLUMES:
            raise _too_many_volumes()

    def _forget(self, volume: Volume) -> None:
        self._volumes.pop(volume.id, None)

    def _end_phase(self, volume: Volume) -> None:
        volume.phase = None
        volume.updated_at = self.world.now


def _too_many_volumes() -> CloudError:
    return over_limit(f"VolumeLimitExceeded: Maximum number of volumes allowed ({MOST_VOLUMES}) exceeded for quota 'volumes'.")
