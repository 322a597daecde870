"""What every ledger's objects were like at a moment, out of the changes that this run saw; and when something became so."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chaoscinder.model.attachment import View
from chaoscinder.model.run import Run
from chaoscinder.model.timeline import Change

OUT_OF_SERVICE = "node.kubernetes.io/out-of-service"
SHUTDOWN = 4  # Nova's power_state of a server that is off

State = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Moments:
    """The moments that a judgement turns on, on the run's axis; None where they never came.

    judged_to_s is where the system's own doing ends: at the first undo, or with the last record.
    """

    fault_s: float | None
    undo_s: float | None
    end_s: float
    interrupted: bool

    @property
    def judged_to_s(self) -> float:
        """The end of what may be put down to the system."""
        return self.end_s if self.undo_s is None else self.undo_s


def moments(run: Run) -> Moments:
    """Find the moments of a run."""
    fault_s = marked_at(run, "fault_started")
    undo_s = min((mark.at_s for mark in run.marks if mark.name == "undo_started" and mark.at_s >= (fault_s or 0.0)), default=None)
    last = [rows[-1].at_s for rows in (run.marks, run.samples, run.changes) if rows]
    interrupted = marked_at(run, "interrupted") is not None or bool(run.platform.get("interrupted"))
    return Moments(fault_s, undo_s, max(last, default=0.0), interrupted or run.platform.get("status") == "interrupted")


def marked_at(run: Run, name: str) -> float | None:
    """Tell when this run first set a mark of that name."""
    return next((mark.at_s for mark in run.marks if mark.name == name), None)


def latest(changes: Iterable[Change], at_s: float) -> tuple[Change, ...]:
    """Tell the last change of every object that existed at a moment."""
    found: dict[tuple[View, str, str], Change] = {}
    for change in changes:
        if change.at_s <= at_s:
            found[change.view, change.kind, change.name] = change
    return tuple(change for change in found.values() if change.state is not None)


def objects(changes: Iterable[Change], view: View, kind: str, at_s: float) -> dict[str, State]:
    """Tell the state of every object of one kind at a moment, by name."""
    rows = latest((change for change in changes if (change.view, change.kind) == (view, kind)), at_s)
    return {row.name: row.state for row in rows if row.state is not None}


def first(changes: Sequence[Change], kind: str, since_s: float, wanted: Callable[[Change], bool]) -> Change | None:
    """Find the first change of a kind, from a moment on, that is as wanted."""
    return next((change for change in changes if change.kind == kind and change.at_s >= since_s and wanted(change)), None)


def server_id(change: Change) -> str:
    """Tell the server's id in a change of NOVA's."""
    return change.uid or change.name


def server_name(change: Change) -> str:
    """Tell the server's name in a change of NOVA's."""
    return str((change.state or {}).get("name") or change.name)


def is_target_server(change: Change, run: Run) -> bool:
    """Whether a change is about the target's server."""
    return change.view is View.NOVA and run.target is not None and run.target.server_id in (change.uid, change.name)


def taint_of(state: State | None, key: str) -> str | None:
    """Tell a node's taint of that key as key=value:Effect, None where it has none."""
    taints = (state or {}).get("taints") or ()
    return next((str(taint) for taint in taints if str(taint).split("=")[0].split(":")[0] == key), None)
