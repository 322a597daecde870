"""A volume that hangs on a server of which Kubernetes knows nothing any more, while a pod waits for it elsewhere."""

from dataclasses import dataclass

from chaoscinder.model.attachment import Attachment
from chaoscinder.model.workload import Node, Pod, Server


@dataclass(frozen=True, slots=True)
class Refusal:
    """What an event said of an attach that failed: the volume, the server that has it, and the sentence as it was."""

    volume_id: str
    server_id: str
    message: str


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that is known about one volume at one moment: who wants it, who says where it is, and who has it.

    nodes are all of the cluster, pods the workload's; messages what events say of the volume, the latest last. holder is the server that
    Cinder names, None where it names none or one that does not exist. in_use are the volumes that its kubelet says it uses, None where it
    has no node.
    """

    volume_id: str
    attachments: tuple[Attachment, ...]
    pods: tuple[Pod, ...]
    nodes: tuple[Node, ...]
    messages: tuple[str, ...]
    holder: Server | None
    in_use: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Stuck:
    """What hangs where, who waits for it, and how it could be freed.

    event is the sentence that an event said, "" where none named it; views is one line for the three. repair is a command, "" where the
    views and the event do not agree on what to free; safe tells whether it may be given now, and why says why.
    """

    volume_id: str
    server_id: str
    server_name: str
    pod: str
    node: str
    event: str
    views: str
    repair: str
    safe: bool
    why: str

    @property
    def lines(self) -> tuple[str, ...]:
        """Say it all, one line each."""
        said = f"An event says so: {self.event}" if self.event else "No event names it."
        repair = f"To free it: {self.repair} ({'safe' if self.safe else 'not yet safe'}: {self.why})" if self.repair else self.why
        return (
            f"Volume {self.volume_id} hangs on server {self.server_name} ({self.server_id}); pod {self.pod} on {self.node} waits for it.",
            said,
            f"The views: {self.views}.",
            repair,
        )
