"""Chaos Toolkit itself: what its journal says of the end, and the signal that lib 1.44 swallows."""

import signal
from collections.abc import Mapping
from types import FrameType
from typing import Any

SIGNALS_MENDED = (1, 45)  # chaostoolkit-lib 1.45 lets SIGTERM interrupt a Python activity; before, it became "that activity failed"
GRACEFUL = 20  # chaoslib's own exit code for "interrupted, rollbacks per strategy"


def let_sigterm_interrupt() -> None:
    """Make SIGTERM end the experiment on chaostoolkit-lib < 1.45, where an activity would swallow it and the next one would run."""
    from importlib.metadata import version

    major, minor = (int(part) for part in version("chaostoolkit-lib").split(".")[:2])
    if (major, minor) < SIGNALS_MENDED:
        signal.signal(signal.SIGTERM, _leave)


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


def _leave(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(GRACEFUL)


def _met(state: Mapping[str, Any] | None) -> bool | None:
    return None if not state else bool(state.get("steady_state_met"))


def _probes(states: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [row for when in ("before", "after") for row in (states.get(when) or {}).get("probes", [])]


def _failed(row: Mapping[str, Any]) -> str:
    said = [line for line in row.get("exception") or [] if line.strip()]
    return f"{row['activity'].get('name', '?')}: {said[-1].strip() if said else row.get('status')}"
