"""Changes of objects in one form, whether they were recorded from a real control plane or seen in our store.

A row is one line of a recording: when, which object, and the fields that changed, as the recorder wrote them. From rows come changes, one
for each field, with the names that chance gave (pods, ReplicaSets, VolumeAttachments) replaced by names that say what is meant: web.2 is
the second pod of web that was spoken of, pv-a-data-web@a3 the attachment of that volume to that node.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

Fields = dict[str, Any]
POD = re.compile(r"\b(web|plain|test-cinder)-[0-9a-z]{8,10}-[0-9a-z]{5}\b")
SET = re.compile(r"\b(web|plain|test-cinder)-[0-9a-z]{8,10}\b")
GONE_S = 0.25  # the API server writes grace 0 into a pod and then deletes it; the two are one change here
BLINK_S = 0.3  # a forced deletion shows a pod as terminating for a moment, which the sandbox's API server skips
BLINKS = {"terminatingReplicas": ("1", "0"), "currentReplicas": ("null", "1"), "updatedReplicas": ("null", "1")}
TOGETHER_S = 0.5  # volumes that come or go together do so in any order


@dataclass(frozen=True, slots=True)
class Row:
    """One line: what happened to one object. An Event's row has its text and not its fields."""

    at_s: float
    kind: str
    type: str
    name: str
    fields: Fields = field(default_factory=dict)
    event: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """One field of one object took a value."""

    at_s: float
    about: str
    what: str
    value: str


class Names:
    """Gives the names that chance made a meaning, in the order in which they are first spoken of."""

    def __init__(self) -> None:
        self._pods: dict[str, str] = {}
        self._counts: dict[str, int] = {}
        self._attachments: dict[str, str] = {}

    def meet(self, row: Row) -> None:
        """Learn the names that a row brings."""
        for found in POD.finditer(row.name if row.kind == "Pod" else ""):
            self.pod(found[0])
        if row.kind == "VolumeAttachment" and {"pv", "node"} <= row.fields.keys():
            self._attachments[row.name] = f"{row.fields['pv']}@{row.fields['node']}"

    def pod(self, name: str) -> str:
        """web-5ffbc878cb-tvckz is web.1."""
        if name not in self._pods:
            app = name.rsplit("-", 2)[0]
            self._counts[app] = self._counts.get(app, 0) + 1
            self._pods[name] = f"{app}.{self._counts[app]}"
        return self._pods[name]

    def real(self, meant: str) -> str:
        """The name that chance gave."""
        return next((name for name, known in self._pods.items() if known == meant), meant)

    def in_text(self, text: str) -> str:
        """Replace what is named in a text; the name of a ReplicaSet becomes web-set."""
        text = POD.sub(lambda found: self.pod(found[0]), text)
        return SET.sub(lambda found: f"{found[1]}-set", text)

    def of(self, row: Row) -> str:
        """The object of a row."""
        name = self._attachments.get(row.name, row.name) if row.kind == "VolumeAttachment" else self.in_text(row.name)
        return f"{row.kind}/{name}"


def changes(rows: Iterable[Row], epoch_s: float, names: Names | None = None) -> list[Change]:
    """Break rows into changes. epoch_s is the POSIX time of second 0, from which the time in a deletionTimestamp is counted."""
    rows, names = list(rows), names or Names()
    for row in rows:
        names.meet(row)
    found = [change for row in rows for change in _of(row, names, epoch_s)]
    return _in_any_order(_without_blinks(_without_last_grace(found)))


def _of(row: Row, names: Names, epoch_s: float) -> list[Change]:
    if row.kind == "Event":
        return [_event(row, names)]
    about = names.of(row)
    if row.type == "DELETED":
        last = {key: row.fields[key] for key in ("phase", "node", "containers") if row.kind == "Pod" and key in row.fields}
        return [Change(row.at_s, about, "DELETED", _text(last))]
    head = [Change(row.at_s, about, "ADDED", "")] if row.type == "ADDED" else []
    return head + [Change(row.at_s, about, what, names.in_text(value)) for what, value in _flat(row, epoch_s)]


def _event(row: Row, names: Names) -> Change:
    if row.type == "MODIFIED":
        return Change(row.at_s, "Event", "again", _text(row.fields))
    head, _, text = row.event.partition(": ")
    what, _, about = head.rpartition("] ")
    return Change(
        row.at_s, f"Event of {names.in_text(about.rpartition(' ')[0])}", f"{what}]", f"{about.rpartition(' ')[2]} {names.in_text(text)}"
    )


def _flat(row: Row, epoch_s: float) -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for key, value in row.fields.items():
        if key == "conditions":
            rows += [(f"condition {type_}", text) for type_, text in value.items()]
        elif key == "deletionTimestamp":
            rows.append((key, _from_now(value, epoch_s + row.at_s)))
        elif key == "volumesAttached":
            rows.append((key, _text(sorted(value or []))))
        else:
            rows.append((key, _text(value)))
    return rows


def _from_now(stamp: str, now_s: float) -> str:
    """A time as seconds from now; the grace periods 0 and 30 s stand for what is within a second and a half of them."""
    from datetime import datetime

    ahead_s = datetime.fromisoformat(stamp).timestamp() - now_s
    return next((f"now+{grace}" for grace in (0, 30) if abs(ahead_s - grace) <= 1.5), f"now{ahead_s:+.0f}")


def _without_last_grace(found: list[Change]) -> list[Change]:
    ends = [(change.about, change.at_s) for change in found if change.what == "DELETED"]
    last = [
        change
        for change in found
        if (change.what, change.value) in (("deletionTimestamp", "now+0"), ("deletionGracePeriodSeconds", "0"))
        and change.about.startswith("Pod/")
        and any(about == change.about and 0 <= at_s - change.at_s <= GONE_S for about, at_s in ends)
    ]
    return [change for change in found if change not in last]


def _without_blinks(found: list[Change]) -> list[Change]:
    """Leave out what ReplicaSets, Deployments and StatefulSets count in that moment, there and back."""
    counts = [change for change in found if change.what == "terminatingReplicas" or change.about.startswith("StatefulSet")]
    counts = [change for change in counts if change.what in BLINKS]
    gone: list[Change] = []
    for first in counts:
        after = [
            row for row in counts if (row.about, row.what) == (first.about, first.what) and first.at_s <= row.at_s <= first.at_s + BLINK_S
        ]
        after = after[after.index(first) + 1 :]
        if after and (first.value, after[0].value) == BLINKS[first.what]:
            gone += [first, after[0]]
    return [change for change in found if change not in gone]


def _in_any_order(found: list[Change]) -> list[Change]:
    """Where one more volume follows within the moment, say how many there are and not which."""

    def turned(change: Change) -> Change:
        rows = [row for row in found if (row.about, row.what) == (change.about, change.what)]
        later = [row for row in rows if 0 <= row.at_s - change.at_s <= TOGETHER_S and rows.index(row) > rows.index(change)]
        if change.what != "volumesAttached" or not later:
            return change
        return Change(change.at_s, change.about, change.what, f"{len(json.loads(change.value))} of them")

    return [turned(change) for change in found]


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)
