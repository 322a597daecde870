"""Where a volume is attached, by three views that must agree: Kubernetes, Nova and Cinder. Then: where it was, and where it went."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from chaoscinder.checks.sentences import short
from chaoscinder.checks.states import Moments, State, latest, moments, objects, server_id, server_name
from chaoscinder.checks.watching import unseen_at
from chaoscinder.model.attachment import Attachment, View
from chaoscinder.model.run import Run
from chaoscinder.model.timeline import Change
from chaoscinder.model.verdict import Movement
from chaoscinder.model.workload import Target

ATTACHED = "attached"


def agree(attachments: Sequence[Attachment]) -> str:
    """Tell in one line how the views disagree about one volume; "" when each says attached to exactly one server, and to the same one."""
    if holder(attachments) is not None:
        return ""
    return "; ".join(f"{view}: {_claims(row for row in attachments if row.view is view)}" for view in View)


def holder(attachments: Sequence[Attachment]) -> str | None:
    """Tell the one server that all three views say the volume is attached to; None when they do not agree on one."""
    claims = [(row.view, row.server_id, row.status) for row in attachments]
    servers = {row.server_id for row in attachments}
    wanted = [(view, server, ATTACHED) for view in View for server in servers]
    return next(iter(servers)) if len(servers) == 1 and sorted(map(str, claims)) == sorted(map(str, wanted)) else None


def attachments_at(changes: Sequence[Change], at_s: float, *, target: Target) -> tuple[Attachment, ...]:
    """Tell every view's claims about the target's volume at a moment of a run."""
    seen = [change for change in changes if change.at_s <= at_s]
    servers = servers_by_node(seen, target)
    return (*_by_kubernetes(seen, at_s, target, servers), *_by_nova(seen, at_s, target), *_by_cinder(seen, at_s, target))


def servers_by_node(changes: Iterable[Change], target: Target) -> dict[str, str]:
    """Map node names to server ids: by the node's own word, else by a server of that name; the target's is known from its resolution."""
    found: dict[str, str] = {}
    for change in changes:
        if change.view is View.NOVA and change.state is not None:
            found.setdefault(server_name(change), server_id(change))
        if change.kind == "Node" and (change.state or {}).get("server_id"):
            found[change.name] = str((change.state or {})["server_id"])
    return found | {target.node: target.server_id}


def movement(run: Run) -> Movement | None:
    """Tell where the volume was before the fault and where it was when the system was left to itself for the last time (before our undo).

    Views are polled at different moments. Where they disagree at that moment, the first later moment at which they agree counts, provided
    that one of them had named that server already. None without a target.
    """
    if run.target is None:
        return None
    when = moments(run)
    before = attachments_at(run.changes, when.judged_to_s if when.fault_s is None else when.fault_s, target=run.target)
    source = holder(before) or next((row.server_id for row in before if row.view is View.CINDER), None)
    unseen = unseen_at(run, when)
    destination, disagreement = (None, "") if unseen else _settled(run.changes, when, run.target)
    nodes = {server: node for node, server in servers_by_node(run.changes, run.target).items()}
    return Movement(
        volume_id=run.target.volume_id,
        from_server_id=source,
        from_node=nodes.get(source or ""),
        to_server_id=destination,
        to_node=nodes.get(destination or ""),
        views_agree=None if unseen or unwatched(run) else not disagreement,
        disagreement=disagreement,
        unseen=unseen,
    )


def unwatched(run: Run) -> tuple[str, ...]:
    """Name the views that no record of this run comes from, so that nothing may be said about their agreement."""
    return tuple(view for view in View if not any(change.view is view for change in run.changes))


def moved(where: Movement) -> bool | None:
    """Whether the volume went to another server; None where either end is unknown."""
    if where.from_server_id is None or where.to_server_id is None:
        return None
    return where.from_server_id != where.to_server_id


def _settled(changes: Sequence[Change], when: Moments, target: Target) -> tuple[str | None, str]:
    at_end = attachments_at(changes, when.judged_to_s, target=target)
    if holder(at_end) is not None:
        return holder(at_end), ""
    named = {row.server_id for row in at_end}
    for at_s in sorted({change.at_s for change in changes if change.at_s > when.judged_to_s}):
        later = holder(attachments_at(changes, at_s, target=target))
        if later is not None and later in named - {None}:
            return later, ""
    return _only_server(at_end), agree(at_end)


def _only_server(claims: Sequence[Attachment]) -> str | None:
    servers = {row.server_id for row in claims}
    return servers.pop() if len(servers) == 1 else None


def _claims(rows: Iterable[Attachment]) -> str:
    words = [f"{row.status} to {short(row.server_id) if row.server_id else 'an unknown server'}" for row in rows]
    return ", ".join(words) or "nothing"


def _by_kubernetes(changes: Sequence[Change], at_s: float, target: Target, servers: Mapping[str, str]) -> list[Attachment]:
    ours = [row for row in changes if row.kind == "VolumeAttachment"]
    states = objects(ours, View.KUBERNETES, "VolumeAttachment", at_s).values()
    rows = [state for state in states if state.get("persistent_volume") == target.persistent_volume]
    if ours:
        return [Attachment(View.KUBERNETES, target.volume_id, servers.get(str(row.get("node"))), _flag(row)) for row in rows]
    # The in-tree plugin (Kubernetes < 1.26) makes no VolumeAttachment objects; the controller's word is in the nodes' status.
    nodes = objects(changes, View.KUBERNETES, "Node", at_s)
    holders = [name for name, state in nodes.items() if _names(state.get("volumes_attached"), target.volume_id)]
    return [Attachment(View.KUBERNETES, target.volume_id, servers.get(name), ATTACHED) for name in holders]


def _flag(state: State) -> str:
    if state.get("deleting"):
        return "detaching"
    return ATTACHED if state.get("attached") else "attaching"


def _by_nova(changes: Sequence[Change], at_s: float, target: Target) -> list[Attachment]:
    servers = [row for row in latest(changes, at_s) if (row.view, row.kind) == (View.NOVA, "Server")]
    holders = [row for row in servers if _names((row.state or {}).get("volumes"), target.volume_id)]
    return [Attachment(View.NOVA, target.volume_id, server_id(row), ATTACHED) for row in holders]


def _by_cinder(changes: Sequence[Change], at_s: float, target: Target) -> list[Attachment]:
    volumes = [row for row in latest(changes, at_s) if (row.view, row.kind) == (View.CINDER, "Volume")]
    state = next((row.state or {} for row in volumes if target.volume_id in (row.uid, row.name)), {})
    rows = [_cinder_row(row) for row in state.get("attachments") or ()] or [
        (ATTACHED, str(server)) for server in state.get("servers") or ()
    ]
    return [Attachment(View.CINDER, target.volume_id, server or None, status) for status, server in rows]


def _cinder_row(row: Any) -> tuple[str, str]:
    """Read one attachment, an object or the line "id status server_id"."""
    if isinstance(row, Mapping):
        return str(row.get("status", ATTACHED)), str(row.get("server_id") or "")
    _, status, server = (*str(row).split(" "), "", "")[:3]
    return status, server


def _names(volumes: Iterable[str] | None, volume_id: str) -> bool:
    """Whether a list of volume ids, or of unique names that end with them, names the volume."""
    return any(str(name).replace("^", "/").split("/")[-1] == volume_id for name in volumes or ())
