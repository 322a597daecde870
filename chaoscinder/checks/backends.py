"""Which pod answered, and whether it still was one that traffic is meant for.

A good answer of a pod that was no ready endpoint any more is no answer of the application: the pod may show, and change, what nobody else
sees. It is looked for by name, so a StatefulSet's pod that came back under its old name cannot be told from the one that was lost.
"""

from collections.abc import Sequence
from dataclasses import replace

from chaoscinder.checks.sentences import counted, listed, seconds
from chaoscinder.checks.states import State
from chaoscinder.model.attachment import View
from chaoscinder.model.run import Run
from chaoscinder.model.sample import Outcome, Sample
from chaoscinder.model.timeline import Change

# How long traffic may still reach a pod that has just left its Service: kube-proxy's sync (cluster), and what our watch takes (wall).
SETTLED_S = 5.0
SEEN_WITHIN_WALL_S = 0.5

# When a pod became, and when it ceased to be, a ready endpoint: moments and which of the two.
Turns = dict[str, list[tuple[float, bool]]]


def tolerance_s(rate: float) -> float:
    """Tell how many cluster seconds after a pod left its Service its answers still count."""
    return SETTLED_S + SEEN_WITHIN_WALL_S * rate


def without_stale(samples: Sequence[Sample], changes: Sequence[Change], *, rate: float) -> tuple[Sample, ...]:
    """Call every good answer stale that came from a pod which had been a ready endpoint, and was none any more for too long."""
    turns = _turns(changes)
    if not turns:
        return tuple(samples)

    def is_stale(sample: Sample) -> bool:
        asked_s = sample.asked_at_s(rate)
        past = [turn for turn in turns.get(sample.backend or "", ()) if turn[0] <= asked_s]
        return bool(past) and not past[-1][1] and asked_s - past[-1][0] > tolerance_s(rate)

    return tuple(replace(row, outcome=Outcome.STALE_BACKEND) if row.outcome.is_up and is_stale(row) else row for row in samples)


def told(samples: Sequence[Sample], changes: Sequence[Change], *, rate: float) -> str:
    """Say what became of the look for stale answers, `not checked` and why included; samples are those that without_stale has seen."""
    names = {row.backend for row in samples if row.backend}
    if not names:
        return "not checked: no answer told which pod gave it (app_backend_pattern)"
    turns = _turns(changes)
    if not turns:
        return "not checked: no ready endpoint was recorded"
    if not names & set(turns):
        return f"not checked: {listed(sorted(names)[:3])} answered, which never was a ready endpoint"
    stale = [row for row in samples if row.outcome is Outcome.STALE_BACKEND]
    pods = listed(sorted({row.backend or "" for row in stale}))
    late = f"more than {tolerance_s(rate):g} s after it was no ready endpoint any more"
    return f"{counted(len(stale), 'answer')} of {pods}, {late}" if stale else "none"


def contradictions(run: Run) -> tuple[str, ...]:
    """Tell where every look was answered for longer than the tolerance though the Service had no ready endpoint: one of the two is wrong.

    The samples are those that without_stale has seen.
    """
    rate = run.header.rate
    found = []
    for began_s, ended_s in _without_endpoint(run):
        first_s, last_s = began_s + tolerance_s(rate), ended_s - SEEN_WITHIN_WALL_S * rate
        looks = [row for row in run.samples if row.outcome.is_known and first_s < row.asked_at_s(rate) < last_s]
        if looks and all(row.outcome.is_up for row in looks):
            answers = f"{counted(len(looks), 'answer')} though the Service had no ready endpoint"
            found.append(f"{answers} from {seconds(began_s)} to {seconds(ended_s)}: they may be a cache's or a lost pod's")
    return tuple(found)


def _without_endpoint(run: Run) -> list[tuple[float, float]]:
    """Find every stretch in which the Service had no ready endpoint, after it had had one, as long as somebody watched."""
    ready: set[str] = set()
    found: list[tuple[float, float]] = []
    began_s: float | None = None
    turns = sorted((at_s, is_ready, name) for name, rows in _turns(run.changes).items() for at_s, is_ready in rows)
    for at_s, is_ready, name in sorted(turns, key=lambda turn: turn[0]):
        had = bool(ready)
        ready = ready | {name} if is_ready else ready - {name}
        if ready and began_s is not None:
            found, began_s = [*found, (began_s, at_s)], None
        elif had and not ready:
            began_s = at_s
    end_s = min(max((row.at_s for row in run.samples), default=0.0), run.watched_to_s.get(View.KUBERNETES, float("inf")))
    return found if began_s is None else [*found, (began_s, end_s)]


def _turns(changes: Sequence[Change]) -> Turns:
    slices: dict[str, frozenset[str]] = {}
    turns: Turns = {}
    for change in changes:
        if (change.view, change.kind) == (View.KUBERNETES, "EndpointSlice"):
            before = frozenset().union(*slices.values())
            slices[change.name] = _ready(change.state)
            now = frozenset().union(*slices.values())
            for name in before ^ now:
                turns.setdefault(name, []).append((change.at_s, name in now))
    return turns


def _ready(state: State | None) -> frozenset[str]:
    return frozenset(str(name) for name in (state or {}).get("ready") or ())
