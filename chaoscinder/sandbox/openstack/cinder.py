"""Cinder's model: volumes and their attachments. It knows no HTTP, and of Nova only whether it holds an attachment."""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from chaoscinder.sandbox.openstack.backend import Backend
from chaoscinder.sandbox.openstack.caller import Caller
from chaoscinder.sandbox.openstack.durations import Durations
from chaoscinder.sandbox.openstack.refusals import bad_request, no_volume, not_found, nova_holds, over_limit
from chaoscinder.sandbox.openstack.releases import Release
from chaoscinder.sandbox.openstack.snapshots import Message, Snapshot, Snapshots
from chaoscinder.sandbox.openstack.volume_types import DEFAULT_TYPE, VolumeType, VolumeTypes
from chaoscinder.sandbox.openstack.volumes import Attachment, Volume
from chaoscinder.sandbox.world import World

MOST_VOLUMES = 10  # Cinder's default quota_volumes
MOST_GIB = 1000  # Cinder's default quota_gigabytes
CANNOT_DELETE = (
    "must not be migrating, attached, belong to a group, have snapshots, awaiting a transfer, "
    "or be disassociated from snapshots after volume transfer."
)
NOT_DETACHABLE = "Unable to detach volume. Volume status must be 'in-use' and attach_status must be 'attached' to detach."


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a request to make a volume asks for."""

    name: str
    size_gib: int
    zone: str
    type: VolumeType = DEFAULT_TYPE
    metadata: Mapping[str, str] = field(default_factory=dict)
    description: str | None = None


class Cinder:
    """All volumes. nova_attachment tells the attachment id that Nova believes in for a server and a volume, None for none."""

    def __init__(
        self,
        world: World,
        durations: Durations,
        *,
        release: Release,
        zone: str,
        nova_attachment: Callable[[str, str], str | None],
    ) -> None:
        self.world = world
        self.backend = Backend(world, durations, zone)
        self.types = VolumeTypes(world)
        self.snapshots = Snapshots(world, durations, self.backend)
        self.messages: list[Message] = []
        self._durations = durations
        self._release = release
        self._nova_attachment = nova_attachment
        self._volumes: dict[str, Volume] = {}
        self._numbers = itertools.count(1)

    def list(self, caller: Caller, *, all_projects: bool = False) -> list[Volume]:
        """The volumes of the caller's project, or of all, the latest first."""
        rows = [volume for volume in self._volumes.values() if all_projects or volume.project_id == caller.project_id]
        return sorted(rows, key=lambda volume: volume.number, reverse=True)

    def everything(self) -> Sequence[Volume]:
        """All volumes, whoever owns them."""
        return [*self._volumes.values()]

    def find(self, volume_id: str) -> Volume | None:
        """Look a volume up, whoever owns it."""
        return self._volumes.get(volume_id)

    def get(self, caller: Caller, volume_id: str) -> Volume:
        """Look a volume up for a caller, or refuse with 404."""
        volume = self._volumes.get(volume_id)
        if volume is None or not caller.may_see(volume.project_id):
            raise no_volume(volume_id)
        return volume

    def create(self, caller: Caller, wanted: Wanted) -> Volume:
        """Begin to make a volume."""
        self._check_quota(caller, wanted.size_gib)
        volume = self.add(caller, wanted.name, wanted.size_gib, zone=wanted.zone, metadata=wanted.metadata)
        volume.type, volume.description, volume.phase = wanted.type, wanted.description, "creating"
        volume.is_placed = self.backend.is_up
        if volume.is_placed:
            self._later(self._durations.creating_s, lambda: self._end_phase(volume), "volume created")
        else:
            self.world.call_later(self._durations.creating_s, lambda: self._fail(caller, volume), "volume not placed")
        return volume

    def add(self, caller: Caller, name: str, size_gib: int, *, zone: str, metadata: Mapping[str, str]) -> Volume:
        """Have a volume that is available at once."""
        now = self.world.now
        volume_id, number = self.world.new_uuid(), next(self._numbers)
        volume = Volume(volume_id, number, name, size_gib, zone, caller.project_id, caller.user_id, now, now, dict(metadata))
        self._volumes[volume.id] = volume
        return volume

    def delete(self, caller: Caller, volume_id: str, *, force: bool = False) -> None:
        """Begin to delete a volume that is not attached; force takes one of any status. One without a backend is gone at once."""
        volume = self.get(caller, volume_id)
        deletable = force or volume.status in ("available", "error", "error_restoring", "error_extending", "error_managing")
        if volume.attachments or self.snapshots.of(volume.id) or not deletable:
            states = " " if force else "status must be available or error or error_restoring or error_extending or error_managing and "
            raise bad_request(f"Invalid volume: Volume {states}{CANNOT_DELETE}")
        volume.touch(self.world.now)
        volume.phase = "deleting"
        if volume.is_placed:
            self._later(self._durations.volume_deleting_s, lambda: self._forget(volume), "volume deleted")
        else:
            self._forget(volume)

    def extend(self, caller: Caller, volume: Volume, size_gib: int, *, attached: bool) -> None:
        """Begin to make a volume larger; one in use only where attached allows it (from 3.42 on)."""
        expected = "in-use" if attached and volume.status == "in-use" else "available"
        if size_gib <= volume.size_gib:
            sizes = f"(current: {volume.size_gib}, extended: {size_gib})"
            raise bad_request(f"Invalid input received: New size for extend must be greater than current size. {sizes}.")
        if volume.status != expected:
            wanted = {"status": expected}
            raise bad_request(f"Invalid volume: Volume {volume.id} status must be '{wanted}' to extend, currently {volume.status}.")
        self._check_gigabytes(caller, size_gib - volume.size_gib)
        volume.touch(self.world.now)
        volume.phase = "extending"
        self._later(self._durations.extending_s, lambda: self._extended(volume, size_gib), "volume extended")

    def snapshot(self, caller: Caller, volume_id: str, name: str | None, description: str | None) -> Snapshot:
        """Begin to make a snapshot of a volume."""
        volume = self.get(caller, volume_id)
        if volume.status not in ("available", "in-use"):
            wanted = "status must be ('available', 'in-use')"
            raise bad_request(f"Invalid volume: Volume {volume.id} {wanted}, but current status is: {volume.status}.")
        return self.snapshots.create(caller, volume.id, volume.size_gib, name, description)

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
        free = ("available", "in-use", "downloading") if volume.multiattach else ("available", "downloading")
        if volume.status not in free:
            wanted = " or ".join(free)
            raise bad_request(
                f"Invalid volume: Volume {volume.id} status must be {wanted} to reserve, but the current status is {volume.status}."
            )
        return self.add_attachment(volume, server_id)

    def add_attachment(self, volume: Volume, server_id: str | None) -> Attachment:
        """Add an attachment record without asking, as for a server that has the volume already."""
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
        if not self._release.cinder_asks_nova_before_it_detaches:
            return
        if caller.service or attachment.server_id is None or not attachment.is_connected:
            return
        if self._nova_attachment(attachment.server_id, attachment.volume_id) == attachment.id:
            raise nova_holds(attachment.server_id)

    def usage(self, project_id: str) -> tuple[int, int]:
        """How many volumes a project has, and how many GiB."""
        mine = [volume for volume in self._volumes.values() if volume.project_id == project_id]
        return len(mine), sum(volume.size_gib for volume in mine)

    @property
    def used_gib(self) -> int:
        """What all projects together have taken of the backend."""
        return sum(volume.size_gib for volume in self._volumes.values() if volume.is_placed)

    def _check_quota(self, caller: Caller, size_gib: int) -> None:
        self._check_gigabytes(caller, size_gib)
        if self.usage(caller.project_id)[0] >= MOST_VOLUMES:
            raise over_limit(f"VolumeLimitExceeded: Maximum number of volumes allowed ({MOST_VOLUMES}) exceeded for quota 'volumes'.")

    def _check_gigabytes(self, caller: Caller, size_gib: int) -> None:
        used_gib = self.usage(caller.project_id)[1]
        if used_gib + size_gib > MOST_GIB:
            raise over_limit(
                "VolumeSizeExceedsAvailableQuota: Requested volume or snapshot exceeds allowed gigabytes quota. "
                f"Requested {size_gib}G, quota is {MOST_GIB}G and {used_gib}G has been consumed."
            )

    def _later(self, after_s: float, act: Callable[[], None], name: str) -> None:
        self.world.call_later(after_s, lambda: self.backend.cast(act), name)

    def _forget(self, volume: Volume) -> None:
        self._volumes.pop(volume.id, None)

    def _extended(self, volume: Volume, size_gib: int) -> None:
        volume.size_gib = size_gib
        self._end_phase(volume)

    def _end_phase(self, volume: Volume) -> None:
        volume.phase = None
        volume.updated_at = self.world.now

    def _fail(self, caller: Caller, volume: Volume) -> None:
        volume.phase = "error"
        volume.updated_at = self.world.now
        text = "schedule allocate volume:Could not find any available weighted backend."
        self.messages.append(Message(self.world.new_uuid(), "VOLUME_VOLUME_001_003", text, volume.id, caller, self.world.now))
