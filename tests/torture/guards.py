"""Guards fail closed: one that crashes, is missing, is silent or hangs stops the fault; and of two runs only one acts."""

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

from tests.lent import CHAOS
from tests.torture import spares, world
from tests.torture.points import path_of
from tests.torture.proxy import Fail, Site, Stop
from tests.torture.stage import UNPLAYED, Played, Preloaded, Stage, stage

EXPERIMENT = "node-shutdown"
FAULT = "actions.server.stop_server"
STOPPED = ("POST /compute/v2.1/servers/{id}/action", "stop")
LAST_PROBE = "GET app /users"  # the last thing that the hypothesis asks before the method
SILENT_S = 8.0  # wall seconds: longer than chaoscinder.runs.liveness.SILENT_AFTER_S and the answers' own deadline
# Answers 200 that are none: no guard may be able to read an answer out of them.
GARBAGE = ("null", "[]", '"text"', "{}", '{"items": null}', '{"items": [{}]}', '{"items": [null]}', '{"items": {"a": 1}}', "not JSON", "")
# What the fault looks at before it acts, each of which a guard needs.
LOOKS = (
    "GET /api/v1/pods", "GET /api/v1/nodes", "GET /apis/storage.k8s.io/v1/csinodes", "GET /apis/storage.k8s.io/v1/volumeattachments",
    "GET /apis/policy/v1/poddisruptionbudgets", "GET /apis", "GET /api/v1/namespaces/default/pods/{pod}",
    "POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews", "GET /compute/v2.1/servers/detail", "GET /volume/v3/attachments/detail",
    "GET /compute/v2.1/servers/{id}/os-volume_attachments",
)  # fmt: skip
# An empty list is a true answer of these: nothing that limits, nothing that heals, nobody else's volume.
MAY_BE_EMPTY = {
    "GET /apis/policy/v1/poddisruptionbudgets": ("{}", '{"items": null}'),
    "GET /api/v1/pods": (), "GET /apis/storage.k8s.io/v1/csinodes": ("{}", '{"items": null}'),
}  # fmt: skip
HANGING = ("GET /api/v1/pods", "GET /compute/v2.1/servers/detail")  # each takes the survey's whole minute, so not all of them
HANGS_LIMIT_S = 120.0


def run(directory: Path, *, seed: int, short: bool = False, over: Callable[[], bool] = bool) -> tuple[dict[str, int], list[str]]:
    """Break every guard, each in every other way: an odd seed has the ways that an even one has not; the counts and what was wrong.

    Nothing is begun any more once it is over; what is left then is counted.
    """
    counts = {"guards broken": 0, "races for the Lease": 0, UNPLAYED: 0}
    wrong: list[str] = []
    with stage(directory) as on:
        cases = [*_children(), *_looks(short)][seed % 2 :: 6 if short else 2]
        plays = [("guards broken", name, play) for name, play in cases]
        plays += [("races for the Lease", f"race {number}", _races(bool(number % 2))) for number in range(1 if short else 4)]
        for count, name, play in plays:
            if over():
                counts[UNPLAYED] += 1
                continue
            counts[count] += 1
            wrong += [f"{name}: {line}" for line in play(on)]
    return counts, wrong


Case = tuple[str, Callable[[Stage], list[str]]]


def _children() -> list[Case]:
    """The recorder and the sampler are guards: nobody acts unwatched."""
    return [
        (f"{name} of the {who}", lambda on, who=who, number=number, hold=hold: _child(on, who, number, hold))  # type: ignore[misc]
        for who, module in (("sampler", "chaoscinder.recorder.sampler"), ("recorder", "chaoscinder.recorder"))
        for name, number, hold in (("SIGKILL", signal.SIGKILL, 0.2), ("SIGSTOP", signal.SIGSTOP, SILENT_S))
    ]


def _looks(short: bool) -> list[Case]:
    found: list[Case] = []
    for call in LOOKS:
        drip = ("drip",) if call in HANGING else ()
        for how in ("timeout", "reset", 500, *drip, *(GARBAGE if not short else GARBAGE[:2])):
            if how not in MAY_BE_EMPTY.get(call, ()):
                found.append((f"{how!r} for {call}", lambda on, call=call, how=how: look(on, call, how)))  # type: ignore[misc]
    return found


def look(on: Stage, call: str, how: int | str) -> list[str]:
    """One look of the survey inside the fault is answered otherwise: nothing may be stopped."""
    cwd = on.place()
    fail = on.proxy.fail = Fail(lambda site: site.call == call and site.outer == FAULT and site.thread == "survey", how)
    played = on.play(path_of(EXPERIMENT), cwd, limit_s=HANGS_LIMIT_S, CHAOSCINDER_REQUEST_TIMEOUT_S="1")
    on.proxy.clear()
    reached = [] if fail.seen else ["it was never asked"]
    return reached + _nothing_done(on, played, cwd)


def _child(on: Stage, who: str, number: signal.Signals, hold_s: float) -> list[str]:
    """A recording process is killed or stopped between the baseline and the fault."""
    cwd = on.place()

    def end(_: int) -> None:
        for row in world.processes(str(cwd)):
            pid, _, words = row.partition(" ")
            if (who == "sampler") == ("recorder.sampler" in words) and "chaoscinder.recorder" in words:
                os.kill(int(pid), number)
        time.sleep(hold_s)

    on.proxy.stop = Stop(lambda site: site.call == LAST_PROBE, after=True)
    played = on.play(path_of(EXPERIMENT), cwd, at=end, **{spares.COUNT: "0"})
    on.proxy.clear()
    return ([] if played.reached else ["the moment never came"]) + _nothing_done(on, played, cwd)


def _nothing_done(on: Stage, played: Played, cwd: Path) -> list[str]:
    wrong = list(played.findings)
    if "fault_accepted" in played.marks() or "fault_started" in played.marks():
        wrong.append(f"the fault was done all the same (verdict {played.verdict})")
    if played.verdict == "PASS":
        wrong.append("PASS")
    left = on.residue(str(cwd))
    wrong += [f"left behind: {line}" for line in left]
    if left:
        on.wipe(cwd)
        on.before = on.settled()
    return wrong


def _races(held: bool) -> Callable[[Stage], list[str]]:
    return lambda on: _race(on, held=held)


def _race(on: Stage, *, held: bool) -> list[str]:
    """Two runs at one moment; held: the first one's question for the Lease is kept back until the second one has it."""
    first, second = on.place(), on.place()
    if held:
        on.proxy.stop = Stop(lambda site: site.call.endswith("/leases") and site.mutates, after=False)
    other = Preloaded(on._env(second, {}))
    try:
        done: list[Played] = []
        thread = threading.Thread(target=lambda: done.append(on.play(path_of(EXPERIMENT), first)))
        thread.start()
        if on.proxy.stop is not None:
            on.proxy.stop.reached.wait(30)
        command = [CHAOS, "--no-version-check", "run", str(path_of(EXPERIMENT))]
        pid = other.start(command, second, on._env(second, {}), second / "out")
        if on.proxy.stop is not None:
            _until(lambda: bool(list(second.glob("chaoscinder-runs/*/run.json"))), 30)
            on.proxy.stop.go_on.set()
        other.wait(pid, 75)
        thread.join(90)
    finally:
        other.close()
        on.proxy.clear()
    began = [
        path for place in (first, second) for path in place.glob("chaoscinder-runs/*/marks.jsonl") if "fault_accepted" in path.read_text()
    ]
    wrong = [] if len(began) <= 1 else ["both acted"]
    wrong += [] if began else ["neither acted"]
    return wrong + [f"left behind: {line}" for place in (first, second) for line in on.residue(str(place))]


def _until(so: Callable[[], bool], limit_s: float) -> None:
    ends = time.monotonic() + limit_s
    while not so() and time.monotonic() < ends:
        time.sleep(0.05)


__all__ = ["Site", "run"]
