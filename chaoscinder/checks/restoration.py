"""Whether everything this run touched is as it was before: the audit before against the audit after, and every intent undone.

An audit is what before.json and after.json hold:

    {"server": {"id", "status", "power_state", "metadata": {...}} or null when it is gone,
     "node": {"name", "ready", "schedulable", "taints": [...], "annotations": {...} of ours} or null when it is gone,
     "attachments": [{"view", "server_id", "status"}, ...],
     "volume": {"id", "status"} or null when it is gone,
     "others": [{"node": as above, "server": as above}, ...] for every other node of the cluster,
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
THINGS = ("server", "node", "volume")


def restored(
    before: Audit | None, after: Audit | None, touched: Sequence[Touched], *, wrote: bool = False, deletes: bool | None = None
) -> tuple[bool | None, tuple[str, ...]]:
    """Tell whether the environment is as before, with one line for each thing that is not.

    None when nothing was touched, and when nothing speaks against it but an audit is missing, or the one before did not find what the fault
    was for: then the lines say which. wrote: this run has rows of its own in the application, which counts as touched; deletes: whether its
    ledger can delete them, None where nobody said. True with a line: the environment is as before, but nobody counted those rows.
    """
    if not touched and not wrote:
        return None, ()
    wrong = (*_not_undone(touched), *_differences(before or {}, after or {}))
    if wrong:
        return False, wrong
    audits = (*_unseen(before, "before"), *_unseen(after, "after")) if touched else ()
    uncounted = tuple(_uncounted(after or {}, deletes, bool(touched))) if wrote else ()
    if audits or (uncounted and not touched):
        return None, (*audits, *uncounted)
    return True, uncounted


def expected(before: Audit, after: Audit) -> Mapping[str, str]:
    """Tell, by section, why an audited fact may differ although everything is as before."""
    found: dict[str, str] = {}
    had, has = before.get("attachments") or (), after.get("attachments") or ()
    if had and has and {row.get("server_id") for row in had} != {row.get("server_id") for row in has} and not list(_attachments(after)):
        found["attachments"] = "the volume went with its pod, and stays there; all views agree"
    if after.get("rows") == 0 and not before.get("rows"):
        found["rows"] = "this run's own rows were taken away again"
    return found


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
        *_volume(before.get("volume") or {}, after),
        *_others(before.get("others") or (), after),
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
    ours = sorted(now.get("annotations") or {})
    if ours:
        yield f"Node {now.get('name', '')} still carries our annotations: {listed(ours)}"


def _attachments(after: Audit) -> Iterator[str]:
    if "attachments" not in after:
        return
    rows = [Attachment(View(row["view"]), "", row.get("server_id"), str(row.get("status"))) for row in after["attachments"]]
    disagreement = agree(rows)
    if disagreement:
        yield f"The volume is not attached to exactly one server in all views: {disagreement}"


def _volume(before: Audit, after: Audit) -> Iterator[str]:
    now = after.get("volume")
    if now is None:
        if "volume" in after and before:
            yield f"Volume {before.get('id', '')} is gone"
    elif "status" in before and now.get("status") != before["status"]:
        yield f"Volume {now.get('id', '')} is {now.get('status')} (before the fault {before['status']})"


def _others(before: Sequence[Audit], after: Audit) -> Iterator[str]:
    """Compare every other node that was there before, and its server; one that came since is nobody's fault."""
    now = {str((row.get("node") or {}).get("name")): row for row in after.get("others") or ()}
    for row in before if "others" in after else ():
        node, server = row.get("node") or {}, row.get("server")
        seen = now.get(str(node.get("name"))) or {}
        yield from _node(node, {"node": seen.get("node")})
        if server is not None:
            yield from _server(server, {"server": seen.get("server")})


def _rows(after: Audit) -> Iterator[str]:
    left = after.get("rows")
    if left:
        yield f"{counted(left, 'row')} of this run left in the application"


def _uncounted(after: Audit, deletes: bool | None, touched: bool) -> Iterator[str]:
    """Tell why nobody knows whether this run's own rows are gone; that they are to stay only where nothing else was touched."""
    stay = deletes is False or (deletes is None and "rows" in after)
    if after.get("rows") is None and not stay:
        yield "nobody counted this run's own rows after the run"
    elif after.get("rows") is None and not touched:
        yield "this run's own rows are meant to stay in the application"


def _unseen(audit: Audit | None, word: str) -> Iterator[str]:
    if audit is None:
        yield f"nobody audited the environment {word} the fault"
        return
    missing = [section for section in SECTIONS if section not in audit and not (section == "attachments" and word == "before")]
    if missing:
        yield f"the audit {word} the fault lacks {listed(missing)}"
    if word == "before" and (absent := [section for section in THINGS if section in audit and audit[section] is None]):
        yield f"the audit before the fault did not find the {listed(absent)} that the fault was for"
