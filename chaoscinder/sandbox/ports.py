"""What the halves of the sandbox see of each other, so that each can be built and tested alone.

Everything here is called inside the world's lock.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol


class CloudError(Exception):
    """Nova's or Cinder's refusal: HTTP code, fault name (badRequest, conflictingRequest, itemNotFound, ...) and message."""

    def __init__(self, code: int, fault: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.fault = fault
        self.message = message


class Cloud(Protocol):
    """OpenStack as a Kubernetes controller reaches it (CSI controller plugin, cloud controller manager, remediation)."""

    def server_status(self, server_id: str) -> str | None:
        """Nova's status word, None for 404."""

    def attach(self, server_id: str, volume_id: str) -> None:
        """Nova's POST os-volume_attachments: returns when accepted, raises CloudError when refused."""

    def detach(self, server_id: str, volume_id: str) -> None:
        """Nova's DELETE os-volume_attachments: returns when accepted, raises CloudError when refused."""

    def volume_status(self, volume_id: str) -> str | None:
        """Cinder's status word, None for 404."""

    def delete_volume(self, volume_id: str) -> None:
        """Cinder's DELETE volume: returns when accepted, raises CloudError when refused."""

    def attached_servers(self, volume_id: str) -> tuple[str, ...]:
        """Server ids in Cinder's volume.attachments (attached ones only, as the API shows them)."""


class Guests(Protocol):
    """The power of the machines that the servers are. The kubelets live and die with it."""

    def is_running(self, server_id: str) -> bool:
        """Whether the guest runs now."""

    def is_frozen(self, server_id: str) -> bool:
        """Whether the guest does not run but keeps its memory; still so while listeners are told that it goes on."""

    def on_power(self, listener: Callable[[str, bool], None]) -> None:
        """Call listener(server_id, running) at each change of a guest's power."""


class Containers(Protocol):
    """What a kubelet asks of its container runtime. A pod is known by its uid."""

    def start(self, pod: dict[str, Any], volumes: dict[str, Path]) -> None:
        """Start the pod's containers; volumes maps a volume's name in the pod to its directory."""

    def is_running(self, uid: str) -> bool:
        """Whether its process lives."""

    def is_ready(self, uid: str) -> bool:
        """Whether its readiness probe would succeed now."""

    def exit_code(self, uid: str) -> int | None:
        """With which code its process ended; None while it lives, and where that is not known."""

    def terminate(self, uid: str) -> None:
        """Send SIGTERM."""

    def kill(self, uid: str) -> None:
        """Send SIGKILL: grace is over, or the power went."""

    def freeze(self, uid: str) -> None:
        """Let it stand still: its machine is paused."""

    def thaw(self, uid: str) -> None:
        """Let it go on."""


class Traffic(Protocol):
    """The address of one Service: where its connections go now."""

    def send_to(self, uids: tuple[str, ...]) -> None:
        """Lead new connections to the ready pods with these uids; none: refuse."""

    def cut(self, uid: str) -> None:
        """The pod's node lost power: connections to it get no answer, not even a refusal, until send_to leads elsewhere."""

    def freeze(self, uid: str) -> None:
        """The pod's node was paused: as cut, but open connections wait for thaw."""

    def thaw(self, uid: str) -> None:
        """The pod's node goes on, and answers again."""
