"""Whether a volume hangs on a server that Kubernetes forgot, and whether taking it off by hand would be safe now. Pure.

It is not the other kind of being stuck, in which Kubernetes itself holds on to the old node (chaoscinder.checks.recovery.why_stuck): there
Kubernetes would attach again what a person takes off, so this repair is never told for it.
"""

import re
from collections.abc import Iterable

from chaoscinder.checks.sentences import listed
from chaoscinder.model.attachment import Attachment, View
from chaoscinder.model.stuck import Refusal, Scene, Stuck
from chaoscinder.model.workload import Node, Pod, Server

SHUTDOWN = 4  # Nova's power_state of a server that is off
ID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
# In-tree plugin until 1.25: "disk V is attached to a different instance (S)", since 1.10 "disk V path P is ...".
# Nova's own refusal, as the CSI driver passes it on: "volume V is already attached to instances: S".
REFUSALS = (
    re.compile(rf"disk (?P<volume>{ID})(?: path \S*)? is attached to a different instance \((?P<server>{ID})\)"),
    re.compile(rf"volume (?P<volume>{ID}) is already attached to instances?: (?P<server>{ID})"),
)
DETACHABLE = ("ACTIVE", "PAUSED", "SHUTOFF")  # states in which Nova lets go of a volume when asked


def find(scene: Scene) -> Stuck | None:
    """Tell what hangs where; None where nobody waits in vain, or where Kubernetes itself still holds the volume there."""
    waiting = _waiting(scene)
    server_id = _held_by_clouds(scene.attachments)
    if waiting is None or server_id is None or _wanted(scene, waiting) == server_id:
        return None
    if any(row.server_id == server_id for row in scene.attachments if row.view is View.KUBERNETES):
        return None
    said = refusal(scene.messages, scene.volume_id)
    repair, safe, why = _repair(scene, server_id, said)
    name = scene.holder.name if scene.holder is not None else "that does not exist"
    event = said.message if said is not None else ""
    return Stuck(scene.volume_id, server_id, name, waiting.name, waiting.node or "", event, views(scene.attachments), repair, safe, why)


def refusal(messages: Iterable[str], volume_id: str) -> Refusal | None:
    """Find the last sentence that names a volume and the server that has it."""
    found = [(rule.search(message), message) for message in messages for rule in REFUSALS]
    rows = [Refusal(hit["volume"].lower(), hit["server"].lower(), message) for hit, message in found if hit is not None]
    return next((row for row in reversed(rows) if row.volume_id == volume_id), None)


def views(attachments: Iterable[Attachment]) -> str:
    """Say what each of the three claims, with whole ids: a person will copy them."""
    rows = list(attachments)
    return "; ".join(f"{view.value}: {_claims(row for row in rows if row.view is view)}" for view in View)


def _claims(rows: Iterable[Attachment]) -> str:
    return listed(f"{row.status} to {row.server_id or 'an unknown server'}" for row in rows) or "nothing"


def _waiting(scene: Scene) -> Pod | None:
    """Pick a pod that has a node and cannot start there."""
    rows = [pod for pod in scene.pods if pod.node and not pod.ready and not pod.deleting]
    return None if any(pod.ready and not pod.deleting for pod in scene.pods) else next(iter(rows), None)


def _wanted(scene: Scene, pod: Pod) -> str | None:
    return next((node.server_id for node in scene.nodes if node.name == pod.node), None)


def _held_by_clouds(attachments: Iterable[Attachment]) -> str | None:
    """Tell the one server that Nova and Cinder both say has the volume."""
    claims = {view: [row.server_id for row in attachments if row.view is view] for view in (View.NOVA, View.CINDER)}
    nova, cinder = claims[View.NOVA], claims[View.CINDER]
    return nova[0] if len(nova) == 1 and nova == cinder else None


def _repair(scene: Scene, server_id: str, said: Refusal | None) -> tuple[str, bool, str]:
    if said is not None and said.server_id != server_id:
        return "", False, f"the event names server {said.server_id}, Nova and Cinder name {server_id}: nothing is told until they agree"
    safe, why = safety(scene.holder, _node_of(scene, server_id), scene)
    return f"openstack server remove volume {server_id} {scene.volume_id}", safe, why


def safety(holder: Server | None, node: Node | None, scene: Scene) -> tuple[bool, str]:
    """Tell whether nobody can be writing to the volume through that server, and whether Nova would let go of it; and why."""
    if holder is None:
        return False, "the server does not exist; its attachment is Cinder's alone, and an administrator's to remove"
    if holder.task_state:
        return False, f"Nova is at work on the server ({holder.task_state}) and would refuse; look again when that is over"
    if holder.status not in DETACHABLE:
        return False, f"the server is {holder.status}, in which Nova lets no volume go"
    if holder.status == "SHUTOFF" and holder.power_state == SHUTDOWN:
        return True, "Nova says that the server is SHUTOFF and powered off, so nothing writes through it; do not start it in between"
    return _while_running(holder, node, scene)


def _while_running(holder: Server, node: Node | None, scene: Scene) -> tuple[bool, str]:
    if node is None or scene.in_use is None:
        return False, f"the server is {holder.status} and no node of the cluster: nobody can tell whether something writes through it"
    if node.ready != "True":
        return False, f"the server is {holder.status} and its node {node.name} is Ready={node.ready}: its pods may still be writing"
    here = [pod.name for pod in scene.pods if pod.node == node.name]
    if here:
        return False, f"the server is {holder.status} and {listed(here)} is still on its node {node.name}"
    if scene.volume_id in scene.in_use:
        return False, f"the server is {holder.status} and the kubelet of {node.name} says that it uses the volume"
    return True, f"the kubelet of {node.name} is Ready and does not use the volume, and no pod of the workload is there"


def _node_of(scene: Scene, server_id: str) -> Node | None:
    return next((node for node in scene.nodes if node.server_id == server_id), None)
