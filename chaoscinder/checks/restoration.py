"""Whether everything this run touched is as it was before: the audit before against the audit after, and every intent undone.

An audit is what before.json and after.json hold:

    {"server": {"id", "status", "power_state", "metadata": {...}} or null when it is gone,
     "node": {"name", "ready", "schedulable", "taints": [...]} or null when it is gone,
     "attachments": [{"view", "server_id", "status"}, ...],
     "rows": number of this run's own rows left in the application, null where they are meant to stay or nobody could count}

A section that an audit does not have was not looked at.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from chaoscinder.checks.attachments import agree
from chaoscinder.checks.sentences import counted, listed
from chaoscinder.model.attachment import Attachment, View
from chaoscinder.model.run import Touched

Audit = Mapping[str, Any]
OUR_METADATA = "chaoscinder"  # what the name of every key of ours begins with
SECTIONS = ("server", "node", "attachments")


def restored(before: Audit | None, after: Audit | None, touched: Sequence[Touched]) -> tuple[bool | None, tuple[str, ...]]:
    """Tell whether the environment is as before, with one line for each thing that is not.

    None when nothing was touched, and when nothing speaks against it but an audit is missing: then the lines say which.
    """
    if not touched:
        return None, ()
    wrong = (*_not_undone(touched), *_differences(before or {}, after or {}))
    if wrong:
        return False, wrong
    unseen = tuple(_unseen(before, "before")) + tuple(_unseen(after, "after"))
    return (None, unseen) if unseen else (True, ())


def _not_undone(touched: Sequence[Touched]) -> Iterator[str]:
    for one in touched:
        if not one.undone:
            seen = f"; last seen {one.end_state}" if one.end_state else ""
            yield f"{one.what} {one.name} was {one.did} by this run and not seen undone{seen} (undo: {one.undo})"


def _differences(before: Audit, after: Audit) -> tuple[str, ...]:
    return (
        *_server(before.get("server") or {}, after),
        *_node(before.get("node") or {}, after),
        *_attachments(after),
        *_rows(after),
    )


def _server(before: Audit, after: Audit) -> Iterator[str]:
    if "server" not in after:
        return
    now = after["server"]
    if now is None:
        yield f"Server {before.get('id', '')} is gone"
        return
    for key in ("status", "power_state"):
        if key in before and now.get(key) != before[key]:
            yield f"Server {now.get('id', '')} has {key} {now.get(key)} (before the fault {before[key]})"
    ours = sorted(key for key in now.get("metadata") or {} if key.startswith(OUR_METADATA))
    if ours:
        yield f"Server {now.get('id', '')} still carries our metadata: {listed(ours)}"


def _node(before: Audit, after: Audit) -> Iterator[str]:
    if "node" not in after:
        return
    now = after["node"]
    if now is None:
        yield f"Node {before.get('name', '')} is gone"
        return
    for key, word in (("ready", "Ready"), ("schedulable", "schedulable")):
        if key in before and now.get(key) != before[key]:
            yield f"Node {now.get('name', '')} has {word}={now.get(key)} (before the fault {before[key]})"
    if "taints" in before:
        had, has = set(before["taints"]), set(now.get("taints") or ())
        yield from (f"Node {now.get('name', '')} has a taint that it did not have before: {taint}" for taint in sorted(has - had))
        yield from (f"Node {now.get('name', '')} lost a taint: {taint}" for taint in sorted(had - has))


def _attachments(after: Audit) -> Iterator[str]:
    if "attachments" not in after:
        return
    rows = [Attachment(View(row["view"]), "", row.get("server_id"), str(row.get("status"))) for row in after["attachments"]]
    disagreement = agree(rows)
    if disagreement:
        yield f"The volume is not attached to exactly one server in all views: {disagreement}"


def _rows(after: Audit) -> Iterator[str]:
    left = after.get("rows")
    if left:
        yield f"{counted(left, 'row')} of this run left in the application"


def _unseen(audit: Audit | None, word: str) -> Iterator[str]:
    if audit is None:
        yield f"nobody audited the environment {word} the fault"
        return
    missing = [section for section in SECTIONS if section not in audit and not (section == "attachments" and word == "before")]
    if missing:
        yield f"the audit {word} the fault lacks {listed(missing)}"
