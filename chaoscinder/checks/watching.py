"""Until when each view was watched: what was last seen before that says nothing about later."""

import re

from chaoscinder.checks.sentences import listed, seconds
from chaoscinder.checks.states import Moments
from chaoscinder.model.attachment import View
from chaoscinder.model.run import Run

# Where no undo bounds the judgement, the record's last line is its end; the recorder says that it lives once in a wall second.
HEARD_WITHIN_WALL_S = 2.0
DEFAULT_TIMEOUT_S = 10.0
SPAN = re.compile(r"\((?:at (?P<at>[0-9.]+) s|[0-9]+ times from (?P<first>[0-9.]+) to (?P<last>[0-9.]+) s)\)$")
TIMEOUT = re.compile(r"timed out|timeout|not answer|no answer", re.IGNORECASE)
NAMES = {View.KUBERNETES: ("kubernetes", "/api"), View.NOVA: ("nova",), View.CINDER: ("cinder",)}


def unseen_at(run: Run, when: Moments) -> str:
    """Tell why nobody knows what the views said at the end of the system's own doing; "" where all of them were watched then."""
    slack_s = HEARD_WITHIN_WALL_S * run.header.rate if when.undo_s is None else 0.0
    heard_s = min(run.watched_to_s.values(), default=when.judged_to_s)
    if heard_s < when.judged_to_s - slack_s:
        return f"the recorder's last sign of life is at {seconds(heard_s)}, {seconds(when.judged_to_s - heard_s)} too early"
    silent = [view for view in View if _is_silent(run, view, when.judged_to_s)]
    return f"{listed(silent)} did not answer the recorder at {seconds(when.judged_to_s)}" if silent else ""


def heard_at(run: Run, at_s: float) -> bool:
    """Whether every view was still watched at a moment, as far as the recorder's signs of life tell."""
    return all(bound_s >= at_s - HEARD_WITHIN_WALL_S * run.header.rate for bound_s in run.watched_to_s.values())


def _is_silent(run: Run, view: View, at_s: float) -> bool:
    """Whether the recorder's problems span a moment for a view; one that is a timeout began as long before as it lasted."""
    lines = [line for line in run.problems if line.startswith("recorder: ") and any(name in line.lower() for name in NAMES[view])]
    return any(_spans(line, at_s, _timeout_s(run)) for line in lines)


def _spans(line: str, at_s: float, timeout_s: float) -> bool:
    found = SPAN.search(line)
    if found is None:
        return False
    first_s, last_s = float(found["first"] or found["at"]), float(found["last"] or found["at"])
    return first_s - (timeout_s if TIMEOUT.search(line) else 0.0) <= at_s <= last_s


def _timeout_s(run: Run) -> float:
    try:
        return float(run.header.settings.get("request_timeout_s", DEFAULT_TIMEOUT_S)) * run.header.rate
    except ValueError:
        return DEFAULT_TIMEOUT_S * run.header.rate
