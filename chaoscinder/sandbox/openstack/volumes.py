"""Cinder's volumes and attachment records: what is known of each, and the word that follows from it.

A volume's status is worked out from its attachments. Only what cannot be worked out is kept: that it is being made or deleted, that a
detach was begun, and the word an administrator forced on it (os-reset_status), until the next real change takes that away.
"""

from dataclasses import dataclass, field
from datetime import datetime

from chaoscinder.sandbox.openstack.volume_types import DEFAULT_TYPE, VolumeType

STATUS_BY_ATTACHMENT = {"attached": "in-use", "attaching": "attaching", "reserved": "reserved"}  # the first that any attachment has wins


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
    """One volume. phase is creating, deleting, extending, error or None; forced is the word of os-reset_status or None.

    is_placed says whether the scheduler found a backend for it.
    """

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
    type: VolumeType = DEFAULT_TYPE
    description: str | None = None
    is_placed: bool = True
    phase: str | None = None
    forced: str | None = None
    is_detaching: bool = False
    attachments: list[Attachment] = field(default_factory=list)

    @property
    def multiattach(self) -> bool:
        """Whether several servers may have it."""
        return self.type.multiattach

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
