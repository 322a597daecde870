"""Recordings of real control planes, as text: seconds, kind, change, name and the fields that changed.

Lines of the kind ACTION tell what was done to the cluster and what was answered. What follows the action "== end" belongs to nobody.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.timelines.rows import Change, Row, changes

HERE = Path(__file__).parent.parent / "recordings" / "kubernetes"
LINE = re.compile(r"^ *(\d+\.\d+) (\w+) +(ADDED|MODIFIED|DELETED)? *(.*)$")


@dataclass(frozen=True, slots=True)
class Action:
    """What was done, and what came of it."""

    at_s: float
    text: str
    answer: dict[str, Any]


@dataclass(frozen=True)
class Recording:
    """One recording; name is like 1.36-a."""

    name: str
    rows: Sequence[Row]
    actions: Sequence[Action]

    @property
    def version(self) -> str:
        """1.36 or 1.20."""
        return self.name.partition("-")[0]

    @property
    def letter(self) -> str:
        """The letter of the scenario, which is also that of its nodes, namespace and volumes."""
        return self.name.partition("-")[2]

    @property
    def end_s(self) -> float:
        """When the scenario was over."""
        return next(action.at_s for action in self.actions if action.text == "== end")

    @cached_property
    def epoch_s(self) -> float:
        """POSIX time of second 0, from the times in deletionTimestamp (whole seconds, cut off): the middle of what they all allow."""
        marks = [row for row in self.rows if row.type == "MODIFIED" and "deletionTimestamp" in row.fields]
        at = [
            datetime.fromisoformat(row.fields["deletionTimestamp"]).timestamp() - row.fields["deletionGracePeriodSeconds"] - row.at_s
            for row in marks
        ]
        return (max(at) + min(at) + 1) / 2 if at else 0.0

    @cached_property
    def changes(self) -> list[Change]:
        """What changed, field by field."""
        return changes(self.rows, self.epoch_s)


def names() -> list[str]:
    """The recordings there are."""
    return sorted(path.stem for path in HERE.glob("1.*-?.txt"))


def load(name: str) -> Recording:
    """Read a recording."""
    lines = (HERE / f"{name}.txt").read_text(encoding="utf-8").split("\n")
    found = [match for line in lines if (match := LINE.match(line))]
    actions = [_action(match) for match in found if match[2] == "ACTION"]
    end_s = next(action.at_s for action in actions if action.text == "== end")
    rows = [_row(match) for match in found if match[2] != "ACTION" and float(match[1]) <= end_s]
    return Recording(name, [row for row in rows if not _is_foreign(row)], actions)


def _action(match: re.Match[str]) -> Action:
    fields = json.loads(match[4].partition(" ")[2])
    return Action(float(match[1]), fields.pop("action"), fields)


def _row(match: re.Match[str]) -> Row:
    at_s, kind, type_, rest = float(match[1]), match[2], match[3], match[4]
    if kind == "Event" and not rest.startswith("{"):
        return Row(at_s, kind, type_, "", event=rest)
    name, _, fields = rest.partition("{")
    return Row(at_s, kind, type_, name.strip(), json.loads("{" + fields))


def _is_foreign(row: Row) -> bool:
    """A repeated event that stands at the same second of every recording of a version, with counts up to 34: not one of the scenario's."""
    return row.kind == "Event" and row.type == "MODIFIED" and 642 <= row.at_s <= 644
