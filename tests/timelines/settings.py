"""How a recording is replayed: the stand-ins it was made with, and the phases that it shows.

The stand-in kubelets of the recordings start a container in 1 s, stop it in 1.5 s whatever its grace, and call every stopped pod Failed;
their external-attacher (and in 1.20 the cloud itself) needs 3 s for an attach or a detach. None of this is Kubernetes, so it is kept
here, out of the profiles that people use.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from chaoscinder.sandbox import profiles
from chaoscinder.sandbox.kubernetes.controllers.cluster import Chance
from chaoscinder.sandbox.kubernetes.store import Object
from chaoscinder.sandbox.profiles import Profile
from chaoscinder.sandbox.world import World
from tests.timelines.compare import TOLERANCE_S
from tests.timelines.recording import Recording
from tests.timelines.rows import Change

PROFILES = {"1.36": "1.36-csi", "1.20": "1.20-intree"}
START_S, STOP_S, CLOUD_S = 1.0, 1.5, 3.0
GRACE_S, MONITOR_S = {"1.36": 50.0, "1.20": 40.0}, 5.0  # of the recorded control planes: what ours does must not move the phases
FAULT_S = 300.0  # world seconds that have gone by when a recording begins


def profile(recording: Recording) -> Profile:
    """The profile of a recording's version, with the stand-ins in the place of what people's applications and clouds do."""
    stand_in = replace(
        profiles.load(PROFILES[recording.version]),
        container_start_s=START_S, first_probe_s=0.0, stop_poll_s=0.1, stopped_exit_code=1, attacher_mark_s=0.05, csi_calls_s=CLOUD_S,
    )  # fmt: skip
    backlog_s = _backlog_s(recording)
    return stand_in if backlog_s is None else replace(stand_in, taint_pass_s=backlog_s)


def _backlog_s(recording: Recording) -> float | None:
    """How long the NoExecute taint came after NotReady, where it came in the same look.

    In the 1.36 recordings nine nodes were lost in the same second, and the controller's client (20 requests a second) was behind by up to
    3 s. With one lost node it takes 0.1 s (recordings/whole).
    """
    unknown, taint = _first(recording, "condition Ready", "Unknown"), _first(recording, "taints", "NoExecute")
    if unknown is None or taint is None or taint - unknown >= 4:
        return None
    return taint - unknown


def _first(recording: Recording, what: str, part: str) -> float | None:
    return next((change.at_s for change in recording.changes if change.what == what and part in change.value), None)


def tolerance(recording: Recording) -> Callable[[Change], float]:
    """1 s; in the moments in which the controller's client was behind, as much more as it was behind."""
    unknown_s, backlog_s = _first(recording, "condition Ready", "Unknown"), _backlog_s(recording) or 0.0

    def tolerance_s(change: Change) -> float:
        behind = unknown_s is not None and backlog_s > 1 and 0 <= change.at_s - unknown_s <= backlog_s + TOLERANCE_S
        return TOLERANCE_S + backlog_s if behind else TOLERANCE_S

    return tolerance_s


class Recorded(Chance):
    """Phases and ties as a recording shows them; what it does not show stays with the world's own chance."""

    def __init__(self, world: World, recording: Recording) -> None:
        super().__init__(world)
        self._world = world
        self._ticks = {name: [FAULT_S + at_s for at_s in ticks] for name, ticks in ticks(recording).items()}
        self._nodes = _nodes(recording)

    def first_s(self, name: str, period_s: float) -> float:
        """The phase that hits the first moment at which the recording shows the loop at work."""
        if name not in self._ticks:
            return super().first_s(name, period_s)
        return (self._ticks[name][0] - self._world.now_s) % period_s

    def next_s(self, name: str, period_s: float) -> float:
        """One period; between two moments at which the recording shows the loop, the drift is shared out evenly."""
        shown, now_s = self._ticks.get(name, []), self._world.now_s + 0.001
        before, after = [at_s for at_s in shown if at_s <= now_s], [at_s for at_s in shown if at_s > now_s]
        if not before or not after:
            return period_s
        return (after[0] - before[-1]) / max(1, round((after[0] - before[-1]) / period_s))

    def node(self, pod: Object, nodes: Sequence[Object]) -> Object:
        """The node that the recording shows for the next pod of this application."""
        app = (pod["metadata"].get("labels") or {}).get("app", "")
        wanted = self._nodes.get(app, [])
        name = wanted.pop(0) if wanted and self._world.now_s >= FAULT_S else ""
        return next((node for node in nodes if node["metadata"]["name"] == name), nodes[0])


def ticks(recording: Recording) -> Mapping[str, list[float]]:
    """Seconds at which a recording shows each loop at work."""
    found: dict[str, list[float]] = {}
    for change in recording.changes:
        kind, _, name = change.about.partition("/")
        if change.what == "volumesInUse":
            found.setdefault(f"status/{name}", []).append(change.at_s)
        if change.what == "condition Ready" and kind == "Node" and change.value.startswith("Unknown"):
            found.setdefault("node-monitor", []).append(change.at_s)
            found.setdefault(f"lease/{name}", []).append(_renewed_s(recording, change.at_s))
        if "node-monitor" in found and (_clears(recording, change) or "RemovingNode" in change.what):
            found["node-monitor"].append(change.at_s)
        if (change.what, change.value) == ("phase", "Failed") and _is_collected(recording, change.at_s):
            found.setdefault("pod-gc", []).append(change.at_s)
    return {name: _apart(rows) for name, rows in found.items()}


def _renewed_s(recording: Recording, unknown_s: float) -> float:
    """When the last Lease was renewed, given that a look noticed it, and that another one grace period later missed the next."""
    return min(unknown_s - GRACE_S[recording.version] - MONITOR_S / 2, -0.1)


def _clears(recording: Recording, change: Change) -> bool:
    """Whether the NoExecute taint of a lost node was taken off, which only a look does."""
    rows = [row for row in recording.changes if (row.about, row.what) == (change.about, "taints")]
    key = "unreachable=:NoExecute"
    return change in rows[1:] and key in rows[rows.index(change) - 1].value and key not in change.value


def _is_collected(recording: Recording, at_s: float) -> bool:
    """Whether pods failed by the pod GC's hand: it fails several at once, with their containers still shown as running."""
    return sum(change.value == "Failed" and abs(change.at_s - at_s) < 0.5 for change in recording.changes) > 1


def _apart(rows: list[float]) -> list[float]:
    """Moments of one loop, without those that belong to the same run."""
    return [at_s for number, at_s in enumerate(rows) if number == 0 or at_s - rows[number - 1] > 1]


def _nodes(recording: Recording) -> dict[str, list[str]]:
    """The nodes that each application's pods were bound to, in order."""
    found: dict[str, list[str]] = {}
    for change in recording.changes:
        if change.what == "node" and change.about.startswith("Pod/"):
            found.setdefault(change.about.removeprefix("Pod/").partition(".")[0].removesuffix("-0"), []).append(change.value)
    return found
