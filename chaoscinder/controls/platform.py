"""What Chaos Toolkit's journal says of its own end."""

from collections.abc import Mapping
from typing import Any


def told_by(journal: Mapping[str, Any]) -> dict[str, Any]:
    """Tell the platform's own end from its journal, for platform.json."""
    states = journal.get("steady_states") or {}
    activities = [*(journal.get("run") or []), *(journal.get("rollbacks") or [])]
    return {
        "status": journal.get("status"),
        "deviated": bool(journal.get("deviated")),
        "interrupted": journal.get("status") in ("interrupted", "aborted"),
        "baseline_met": _met(states.get("before")),
        "after_met": _met(states.get("after")),
        "failed_activities": [_failed(row) for row in activities if row.get("status") not in (None, "succeeded")],
        "failed_probes": [_failed(row) for row in _probes(states) if row.get("status") not in (None, "succeeded")],
    }


def _met(state: Mapping[str, Any] | None) -> bool | None:
    return None if not state else bool(state.get("steady_state_met"))


def _probes(states: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [row for when in ("before", "after") for row in (states.get(when) or {}).get("probes", [])]


def _failed(row: Mapping[str, Any]) -> str:
    said = [line for line in row.get("exception") or [] if line.strip()]
    return f"{row['activity'].get('name', '?')}: {said[-1].strip() if said else row.get('status')}"
