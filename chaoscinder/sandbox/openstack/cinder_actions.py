"""The volume actions of Cinder (POST /volumes/ID/action) that the sandbox knows, with their policies and refusals."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from chaoscinder.sandbox.openstack.caller import Caller
from chaoscinder.sandbox.openstack.cinder import Cinder
from chaoscinder.sandbox.openstack.refusals import bad_request, forbidden, not_in_the_sandbox
from chaoscinder.sandbox.openstack.releases import Microversion
from chaoscinder.sandbox.openstack.volumes import Attachment, Volume

EXTENDS_ATTACHED_SINCE = (3, 42)
STATUSES = (  # cinder.objects.fields.VolumeStatus, in the order of Cinder's own refusal
    "creating", "available", "deleting", "error", "error_deleting", "error_managing", "managing", "attaching", "in-use", "detaching",
    "maintenance", "restoring-backup", "error_restoring", "reserved", "awaiting-transfer", "backing-up", "error_backing-up",
    "error_extending", "downloading", "uploading", "retyping", "extending",
)  # fmt: skip
KNOWN_BUT_MISSING = frozenset(
    {
        "os-attach", "os-extend_volume_completion", "os-initialize_connection", "os-migrate_volume",
        "os-migrate_volume_completion", "os-reimage", "os-retype", "os-set_bootable", "os-set_image_metadata", "os-show_image_metadata",
        "os-unmanage", "os-unset_image_metadata", "os-update_readonly_flag", "os-volume_upload_image", "revert",
    }
)  # fmt: skip
ADMIN_RULES = {  # Cinder's default policies
    "os-reset_status": "volume_extension:volume_admin_actions:reset_status",
    "os-force_detach": "volume_extension:volume_admin_actions:force_detach",
    "os-force_delete": "volume_extension:volume_admin_actions:force_delete",
}


@dataclass(frozen=True, slots=True)
class Deed:
    """What somebody wants done to a volume."""

    caller: Caller
    version: Microversion
    volume: Volume
    body: Mapping[str, Any]


class VolumeActions:
    """Does one named action to one volume for one caller."""

    def __init__(self, cinder: Cinder) -> None:
        self._cinder = cinder
        self._acts: dict[str, Callable[[Deed], None]] = {
            "os-reset_status": self._reset_status,
            "os-detach": self._detach,
            "os-force_detach": self._detach,
            "os-terminate_connection": self._terminate_connection,
            "os-begin_detaching": lambda deed: cinder.begin_detaching(deed.volume),
            "os-roll_detaching": lambda deed: cinder.roll_detaching(deed.volume),
            "os-extend": self._extend,
            "os-reserve": self._reserve,
            "os-unreserve": self._unreserve,
            "os-force_delete": lambda deed: cinder.delete(deed.caller, deed.volume.id, force=True),
        }

    def do(self, caller: Caller, version: Microversion, volume_id: str, name: str, body: Mapping[str, Any]) -> None:
        """Do it, or refuse."""
        if name in KNOWN_BUT_MISSING:
            raise not_in_the_sandbox(f"the volume action {name}")
        if name not in self._acts:
            raise bad_request(f"There is no such action: {name}")
        volume = self._cinder.get(caller, volume_id)
        if name in ADMIN_RULES and not caller.is_admin:
            raise forbidden(ADMIN_RULES[name])
        self._acts[name](Deed(caller, version, volume, body))

    def _reset_status(self, deed: Deed) -> None:
        volume, status = deed.volume, deed.body.get("status")
        _check_reset(status)
        detached = deed.body.get("attach_status") == "detached"
        if status == "in-use" and not volume.attachments:
            raise bad_request("Cannot reset-state to in-use because volume does not have any attachments.")
        if detached:
            volume.attachments.clear()
        volume.touch(self._cinder.world.now)
        if status is not None:
            volume.is_detaching, volume.phase = False, None
            volume.forced = status if status != volume.status else None

    def _detach(self, deed: Deed) -> None:
        attachment = _chosen(deed.volume, deed.body.get("attachment_id"))
        if attachment is None:
            return
        self._cinder.check_nova_lets_go(deed.caller, attachment)
        self._cinder.remove(deed.volume, attachment)

    def _terminate_connection(self, deed: Deed) -> None:
        for attachment in deed.volume.attachments:
            self._cinder.check_nova_lets_go(deed.caller, attachment)

    def _extend(self, deed: Deed) -> None:
        size_gib = deed.body.get("new_size")
        if isinstance(size_gib, bool) or not str(size_gib).isdecimal():
            raise bad_request(f"Invalid input for field/attribute new_size. Value: {size_gib}. {size_gib!r} is not of type 'integer'")
        self._cinder.extend(deed.caller, deed.volume, int(str(size_gib)), attached=deed.version >= EXTENDS_ATTACHED_SINCE)

    def _reserve(self, deed: Deed) -> None:
        if deed.volume.status != "available":
            status = deed.volume.status
            raise bad_request(f"Invalid volume: Volume status must be available to reserve, but the status is {status}.")
        deed.volume.touch(self._cinder.world.now)
        deed.volume.forced = "attaching"

    def _unreserve(self, deed: Deed) -> None:
        if deed.volume.forced == "attaching":
            deed.volume.touch(self._cinder.world.now)


def _check_reset(status: object) -> None:
    if status is not None and status not in STATUSES:
        raise bad_request(f"Volume status: {status} is invalid, valid statuses are: {STATUSES!r}.")
    if status == "deleting":
        raise bad_request("Cannot reset-state to deleting")


def _chosen(volume: Volume, attachment_id: str | None) -> Attachment | None:
    """The attachment that is meant; None for a volume without any, which Cinder lets go of without a word."""
    candidates = [attachment for attachment in volume.attachments if attachment_id in (None, attachment.id)]
    if len(candidates) == 1:
        return candidates[0]
    if candidates:
        raise bad_request("Invalid volume: Detach volume failed: More than one attachment, but no attachment_id provided.")
    return None
