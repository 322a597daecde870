"""Workers with a sandbox each, in processes of their own, that take jobs from one queue: `python -m tests.torture.crew DIRECTORY`.

A job and its result are one JSON line each.
"""

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.lent import ROOT
from tests.torture import fail, kill, points
from tests.torture.points import Point
from tests.torture.proxy import Site
from tests.torture.stage import Stage, stage

Job = dict[str, Any]
Result = dict[str, Any]
AGAIN = 1  # how often a job is given to another worker where its own broke


def job(kind: str, experiment: str, **more: Any) -> Job:
    """One job, as plain data."""
    return {"kind": kind, "experiment": experiment, "options": list(points.options_of(experiment)), **more}


def point_of(found: Job) -> Point:
    """Read a point back."""
    row = found["point"]
    return Point(row["experiment"], Site(**row["site"]), row["after"], row["number"])


def plain(point: Point) -> dict[str, Any]:
    """Write a point for a job."""
    return asdict(point)


def work(on: Stage, found: Job) -> Result:
    """Do one job."""
    if found["kind"] == "rehearse":
        played, left = points.rehearse(on, found["experiment"])
        if left:
            on.wipe(on.directory / "wiped")
            on.before = on.settled()
        log = [{"site": asdict(row.site), "status": row.status} for row in played.log]
        wrong = [*played.findings, *(f"left behind: {line}" for line in left)]
        return {
            "what": f"rehearsal of {found['experiment']}",
            "wrong": wrong,
            "verdict": played.verdict,
            "log": log,
            "told": played.out[-3000:],
        }
    if found["kind"] == "kill":
        return kill.play(on, point_of(found), found["how"])
    return fail.play(on, found["experiment"], Site(**found["site"]), found["how"])


def main() -> None:
    """Take jobs from standard input until there are no more."""
    directory = Path(sys.argv[1])
    with contextlib.ExitStack() as held:
        stages: dict[tuple[str, ...], Stage] = {}
        for line in sys.stdin:
            found = json.loads(line)
            options = tuple(found["options"])
            try:
                if options not in stages:
                    held.pop_all().close()
                    stages = {options: held.enter_context(stage(directory / f"stage-{time.monotonic_ns()}", *options))}
                result = work(stages[options], found)
            except Exception:
                result = {"what": f"{found['kind']} {found['experiment']}", "broke": traceback.format_exc()[-2000:], "wrong": []}
                held.pop_all().close()
                stages = {}
            sys.stdout.write(json.dumps(result) + "\n")
            sys.stdout.flush()


class Crew:
    """Several workers."""

    def __init__(self, directory: Path, count: int) -> None:
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        self._workers = [
            subprocess.Popen(
                [sys.executable, "-m", "tests.torture.crew", str(_made(directory / f"worker-{number}"))],
                cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True,
            )
            for number in range(count)
        ]  # fmt: skip

    def close(self) -> None:
        """Let them end."""
        for worker in self._workers:
            assert worker.stdin is not None
            worker.stdin.close()
        for worker in self._workers:
            try:
                worker.wait(30)
            except subprocess.TimeoutExpired:
                worker.kill()

    def do(self, jobs: Sequence[Job], until: Callable[[], float], say: Callable[[Result], None]) -> list[Result]:
        """Have all jobs done, none begun after a moment of the monotonic clock; a result for each that was."""
        waiting = [(found, 0) for found in reversed(jobs)]
        done: list[Result] = []
        lock = threading.Lock()

        def feed(worker: "subprocess.Popen[str]") -> None:
            for found, tries in _taken(waiting, lock, until):
                result = _done_by(worker, found)
                if "broke" in result and tries < AGAIN:
                    with lock:
                        waiting.append((found, tries + 1))
                    continue
                with lock:
                    done.append({**result, "job": found})
                    say(done[-1])

        threads = [threading.Thread(target=feed, args=(worker,)) for worker in self._workers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return done


def _taken(waiting: list[tuple[Job, int]], lock: threading.Lock, until: Callable[[], float]) -> Iterator[tuple[Job, int]]:
    while True:
        with lock:
            if not waiting or time.monotonic() > until():
                return
            taken = waiting.pop()
        yield taken


def _done_by(worker: "subprocess.Popen[str]", found: Job) -> Result:
    assert worker.stdin is not None
    assert worker.stdout is not None
    try:
        worker.stdin.write(json.dumps(found) + "\n")
        worker.stdin.flush()
        line = worker.stdout.readline()
    except OSError:
        line = ""
    return dict(json.loads(line)) if line else {"what": str(found)[:200], "broke": "the worker died", "wrong": []}


def _made(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    return path


if __name__ == "__main__":
    main()
