"""One claim, by one of the three views, that a volume is attached to a server."""

from dataclasses import dataclass
from enum import StrEnum


class View(StrEnum):
    """Who says so."""

    KUBERNETES = "KUBERNETES"
    NOVA = "NOVA"
    CINDER = "CINDER"


@dataclass(frozen=True, slots=True)
class Attachment:
    """One view's claim about one volume and one server.

    status is the view's own word: attached, attaching or detaching (a VolumeAttachment's flags) for Kubernetes,
    attached for Nova, the attachment's status for Cinder. server_id is None where a Node cannot be mapped to a server.
    """

    view: View
    volume_id: str
    server_id: str | None
    status: str
    device: str = ""
