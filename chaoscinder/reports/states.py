"""What a state is called and what kind of news it is; each state has wordings from long to short, so that the drawing can choose."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from chaoscinder.reports.palette import Tone
from chaoscinder.reports.story import names_in

State = Mapping[str, Any]
OUT_OF_SERVICE = "out-of-service"
SERVER_TONES = {"ACTIVE": Tone.GOOD, "SHUTOFF": Tone.BAD, "ERROR": Tone.BAD, "DELETED": Tone.BAD, "SUSPENDED": Tone.BAD, "PAUSED": Tone.BAD}
VOLUME_TONES = {"in-use": Tone.GOOD, "available": Tone.IDLE}
POD_LETTERS = 5  # as many random ones as a ReplicaSet puts at the end of a pod's name


@dataclass(frozen=True, slots=True)
class Look:
    """A state as it is drawn: wordings from long to short, and its tone. Without a wording nothing is drawn."""

    texts: tuple[str, ...]
    tone: Tone

    @property
    def said(self) -> str:
        """The whole of it."""
        return self.texts[0] if self.texts else ""


def look(tone: Tone, *texts: str) -> Look:
    """Build a look from its wordings; empty ones and repetitions are dropped."""
    return Look(tuple(dict.fromkeys(text for text in texts if text)), tone)


def _text(state: State, key: str) -> str:
    value = state.get(key)
    return "" if value is None else str(value)


def node(state: State) -> Look:
    """Ready, NotReady (False or Unknown) and whether it is cordoned."""
    ready = _text(state, "ready")
    cordoned = ", cordoned" if state.get("schedulable") is False else ""
    if ready == "True":
        return look(Tone.GOOD, f"Ready{cordoned}", "Ready")
    if ready == "False":
        return look(Tone.BAD, f"NotReady{cordoned}", "NotReady")
    return look(Tone.BAD, f"NotReady ({ready or 'no condition'}){cordoned}", "NotReady")


def taints(state: State) -> Look:
    """The taints by the last word of their key; out-of-service first, and in a tone of its own."""
    keys = sorted({_last_word(taint) for taint in names_in(state.get("taints"))}, key=lambda key: (key != OUT_OF_SERVICE, key))
    tone = Tone.FORCED if OUT_OF_SERVICE in keys else Tone.CHANGING
    short = f"{keys[0]} +{len(keys) - 1}" if len(keys) > 1 else ""
    return look(tone, ", ".join(keys), short, keys[0] if keys else "")


def _last_word(taint: str) -> str:
    return taint.rpartition(":")[0].partition("=")[0].rpartition("/")[2] or taint


def pod(state: State) -> Look:
    """Phase, readiness, deletion, what its first container waits for, and its node."""
    phase, on = _text(state, "phase"), _text(state, "node")
    where = f" on {on}" if on else ""
    if state.get("deleting"):
        return look(Tone.BAD, f"Terminating{where}", "Terminating")
    if phase == "Running" and state.get("ready"):
        return look(Tone.GOOD, f"Running{where}", "Running")
    if phase == "Running":
        return look(Tone.CHANGING, f"Running, not ready{where}", "Running, not ready", "not ready")
    if phase == "Pending":
        waiting = _text(state, "waiting") if on else "not scheduled"
        return look(Tone.CHANGING, f"Pending{where}: {waiting}" if waiting else f"Pending{where}", f"Pending{where}", "Pending")
    return look(Tone.BAD if phase == "Failed" else Tone.IDLE, f"{phase or 'unknown'}{where}", phase or "unknown")


def volume_attachment(state: State) -> Look:
    """Attached, attaching or detaching; an error is told."""
    error = _text(state, "detach_error") or _text(state, "attach_error")
    if state.get("deleting"):
        return look(Tone.BAD if error else Tone.CHANGING, f"detaching: {error}" if error else "detaching", "detaching")
    if state.get("attached"):
        return look(Tone.GOOD, "attached")
    return look(Tone.BAD if error else Tone.CHANGING, f"attaching: {error}" if error else "attaching", "attaching")


def endpoints(present: Mapping[str, State]) -> Look | None:
    """The pods that traffic is sent to, over all slices of the service."""
    ready = [name for state in present.values() for name in names_in(state.get("ready"))]
    if ready:
        return look(Tone.GOOD, ", ".join(ready), ", ".join(f"…{name[-POD_LETTERS:]}" for name in ready), f"{len(ready)} ready")
    return look(Tone.BAD, "none ready", "none")


def server(state: State) -> Look:
    """Nova's status and, while it has one, its task."""
    status, task = _text(state, "status"), _text(state, "task_state")
    if task:
        return look(Tone.CHANGING, f"{status}, {task}", task, status)
    return look(SERVER_TONES.get(status, Tone.IDLE), status)


def nova_volume(volume_id: str, name_of: Callable[[str], str]) -> Callable[[Mapping[str, State]], Look]:
    """Make the look of "on which servers Nova says that the volume is"."""

    def of(present: Mapping[str, State]) -> Look:
        servers = [name_of(uid) for uid, state in present.items() if volume_id in names_in(state.get("volumes"))]
        return _on(servers, "")

    return of


def cinder_volume(name_of: Callable[[str], str]) -> Callable[[State], Look]:
    """Make the look of "Cinder's status, and on which servers"."""

    def of(state: State) -> Look:
        status = _text(state, "status")
        found = _on([name_of(server_id) for server_id in names_in(state.get("servers"))], status)
        return Look(found.texts, VOLUME_TONES.get(status, Tone.CHANGING)) if found.tone is not Tone.BAD else found

    return of


def _on(servers: list[str], status: str) -> Look:
    names = " and ".join(servers)
    if not servers:
        return look(Tone.IDLE, f"{status}, on no server" if status else "no server", status)
    return look(
        Tone.GOOD if len(servers) == 1 else Tone.BAD, f"{status} on {names}" if status else names, status or f"{len(servers)} servers"
    )
