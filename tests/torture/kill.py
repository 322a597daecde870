"""Kill at every step: a run is ended at one call, and afterwards nothing of it may be left."""

import os
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path

from tests.lent import CHAOSCINDER
from tests.torture import world
from tests.torture.points import RENEWAL_S, SETTINGS, Point, path_of
from tests.torture.proxy import Site, Stop
from tests.torture.stage import Played, Stage

KILLS = ("SIGKILL", "machine")  # of the run; of all its processes
SIGNALS = ("SIGTERM", "SIGINT")
# Where the experiment is over and measured, a signal takes nothing from its verdict; an undo at work is not cut short (docs/safety.md).
OVER = ("controls.recording.after_experiment_control", "controls.recording.cleanup_control")
LAST = ("DELETE app /users/{row}",)  # the ledger asks over sockets of its own, which carry no caller
UNDOING = re.compile(r"recovery\.(undo|uncordon|replacement|late|steps)\.")


def play(stage: Stage, point: Point, how: str) -> dict[str, object]:
    """End one run at one point in one way; what came of it, with one line for each thing that is wrong."""
    cwd = stage.place()
    stop = stage.proxy.stop = Stop(_the(point.site), point.after, point.number, drop=how in KILLS)
    longer = {"CHAOSCINDER_BASELINE_S": RENEWAL_S} if point.site.thread == "lease" else {}
    played = stage.play(path_of(point.experiment), cwd, at=_ender(how, str(cwd)), **SETTINGS.get(point.experiment, {}), **longer)
    stage.proxy.clear()
    wrong = list(played.findings)
    if how in KILLS:
        wrong += _after_kill(stage, played, cwd, point)
    elif stop.reached.is_set():
        wrong += _after_signal(played, point)
    left = stage.residue(str(cwd))
    wrong += [f"left behind: {line}" for line in left]
    result = {
        "what": f"{how} {point}", "reached": stop.reached.is_set(), "wrong": wrong, "verdict": played.verdict, "code": played.code,
        "took_s": round(played.took_s, 1), "told": played.out[-3000:] if wrong else "", "cwd": str(cwd),
    }  # fmt: skip
    if left:
        stage.wipe(cwd)
        stage.before = stage.settled()
    return result


def _the(site: Site) -> Callable[[Site], bool]:
    """The same site, whoever of the rooms it goes through: the thread that a poll runs in does not matter."""
    return lambda seen: seen == site


def _ender(how: str, mark: str) -> Callable[[int], None]:
    def end(pid: int) -> None:
        if how == "machine":
            for number in (pid, *(int(row.split()[0]) for row in world.processes(mark))):
                _kill(number, signal.SIGKILL)
        elif how == "SIGINT":
            os.killpg(pid, signal.SIGINT)
        else:
            _kill(pid, signal.Signals[how])
        time.sleep(0.05)

    return end


def _kill(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _after_kill(stage: Stage, played: Played, cwd: Path, point: Point) -> list[str]:
    """Recover, twice; what is wrong with it."""
    wrong = []
    named = played.directory is not None and not point.after
    done = stage.recover(cwd, "last" if named else "--all")
    wrong += [f"recover: {line}" for line in done.findings]
    if done.code != 0:
        wrong.append(f"recover ended with {done.code}: {done.out[-600:]}")
    if point.site.mutates:
        again = stage.recover(cwd, "last" if named else "--all")
        if (again.code, again.out) != (0, "nothing is left over\n"):
            wrong.append(f"recover found something twice ({again.code}): {again.out[-300:]}")
    if played.directory is not None:
        judged = stage.command([CHAOSCINDER, "verdict", "last"], cwd)
        wrong += [f"verdict: {line}" for line in judged.findings]
        ended = "recording_ended" in played.marks()
        if judged.code == 0 and not ended:
            wrong.append(f"PASS for a run that was killed: {judged.out[:200]}")
    return wrong


def _after_signal(played: Played, point: Point) -> list[str]:
    wrong = []
    over = point.site.outer in OVER or point.site.call in LAST or UNDOING.match(point.site.inner) is not None
    if played.verdict == "PASS" and not over:
        wrong.append("PASS for a run that was interrupted")
    if played.code == 0 and not over:
        wrong.append("exit code 0 for a run that was interrupted")
    if played.directory is not None and not played.verdict:
        wrong.append("no verdict")
    return wrong
