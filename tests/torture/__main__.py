"""`python -m tests.torture`: stop at every step, fail every call, break the guards, the judgement and the input; and count.

Exit code 1 when anything was left behind, said PASS without right, or showed a traceback; 3 when nothing of it was found, but the time was
too short for all that was asked for. What is found is printed at once, and kept in the directory that is named at the end.
"""

import argparse
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tests.torture import explained, fuzz, guards, kill, mutants, points
from tests.torture.crew import Crew, Job, Result, job, plain
from tests.torture.fail import HOWS, LOST
from tests.torture.proxy import Asked, Site
from tests.torture.stage import UNPLAYED

Part = Callable[[], tuple[dict[str, int], list[str]]]
PARTS = ("kill", "fail", "guards", "mutants", "fuzz")
MINUTES = 44.0
COUNTS = "counts.json"
BESIDE = ("guards", "fuzz")
UNFINISHED = 3  # the exit code where something was not played
ALONE_MINUTES = 4.0  # of the time, for the mutants, whose tests may not be disturbed


class Torture:
    """One whole run: what was found, and the counts."""

    def __init__(self, asked: argparse.Namespace, directory: Path) -> None:
        self.asked = asked
        self.directory = directory
        self.ends = time.monotonic() + asked.minutes * 60
        self.crew_ends = self.ends - (60 * min(ALONE_MINUTES, asked.minutes / 2) if "mutants" in asked.parts else 0.0)
        self.counts: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.beside: subprocess.Popen[bytes] | None = None

    def hurry(self) -> None:
        """Begin nothing any more, and end in order."""
        self.ends = self.crew_ends = time.monotonic()
        if self.beside is not None and self.beside.poll() is None:
            self.beside.send_signal(signal.SIGINT)

    def over(self) -> bool:
        """Whether nothing is begun any more."""
        return time.monotonic() > self.ends

    def run(self) -> int:
        """All parts that were asked for, and the counts; the exit code."""
        began = time.monotonic()
        crewed = bool({"kill", "fail"} & set(self.asked.parts))
        beside = [name for name in BESIDE if crewed and name in self.asked.parts]
        if beside:
            self._begin_beside(beside)
        if crewed:
            self._with_a_crew()
        if beside:
            self._end_beside()
        for name, part in self._alone().items():
            if name in self.asked.parts and name not in beside:
                self._add(name, part)
        took_s = time.monotonic() - began
        self._say(f"\nseed {self.asked.seed}")
        self._say(f"{'in all':12}{took_s / 60:.1f} minutes on {self.asked.workers} workers; kept in {self.directory}")
        (self.directory / COUNTS).write_text(json.dumps({"counts": self.counts, "wrong": self.wrong}, indent=1))
        for name, count in self.counts.items():
            self._say(f"{name:40}{count}")
        for line in self.wrong:
            self._say(f"WRONG  {line}")
        unplayed = self.counts[UNPLAYED]
        said = f"{len(self.wrong)} findings" if self.wrong else "no residue, no false PASS, no traceback"
        self._say(f"{said}; but {unplayed} were not played for lack of time" if unplayed else said)
        return 1 if self.wrong else UNFINISHED if unplayed else 0

    def _alone(self) -> dict[str, Part]:
        return {
            "guards": lambda: guards.run(self.directory / "guards", seed=self.asked.seed, short=self.asked.short, over=self.over),
            "fuzz": lambda: fuzz.run(self.directory / "fuzz", examples=self.asked.inputs, over=self.over),
            "mutants": lambda: mutants.run(self.directory, limit_s=max(60.0, self.ends - time.monotonic()), sample=self.asked.mutants),
        }

    def _add(self, name: str, part: Part) -> None:
        if self.over():
            self.counts[UNPLAYED] += 1
            return
        counts, wrong = part()
        self.counts.update(counts)
        self.wrong += [f"{name}: {line}" for line in wrong]

    def _begin_beside(self, parts: list[str]) -> None:
        """What mostly waits goes on while points and calls are played; in another process, since fuzz calls the commands in its own."""
        words = ["--parts", ",".join(parts), "--inputs", str(self.asked.inputs), "--minutes", str(self.asked.minutes)]
        words += ["--seed", str(self.asked.seed)]
        words += ["--short"] if self.asked.short else []
        command = [sys.executable, "-m", "tests.torture", *words, "--keep", str(self.directory / "beside")]
        with (self.directory / "beside.out").open("w") as out:
            self.beside = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, start_new_session=True)

    def _end_beside(self) -> None:
        assert self.beside is not None
        self.beside.wait()
        try:
            found = json.loads((self.directory / "beside" / COUNTS).read_text())
        except (OSError, ValueError):
            self.wrong.append(f"{' '.join(map(str, self.beside.args))} broke: {(self.directory / 'beside.out').read_text()[-2000:]}")
            return
        self.counts.update(found["counts"])
        self.wrong += found["wrong"]

    def _with_a_crew(self) -> None:
        crew = Crew(self.directory, self.asked.workers)
        try:
            logs = self._rehearse(crew)
            jobs: list[Job] = [
                *(self._kills(logs) if "kill" in self.asked.parts else []),
                *(self._fails(logs) if "fail" in self.asked.parts else []),
            ]
            chosen = [*filter(_mutates, jobs), *[row for row in jobs if not _mutates(row)][:: self.asked.every]]
            chance = random.Random(self.asked.seed)
            chance.shuffle(chosen)
            chosen.sort(key=lambda row: (_rank(row), row["options"]))
            self.counts["points and calls there are"], self.counts["of them chosen"] = len(jobs), len(chosen)
            done = crew.do(chosen, lambda: self.crew_ends, self._heard)
            self.counts[UNPLAYED] += len(chosen) - len(done)
        finally:
            crew.close()

    def _rehearse(self, crew: Crew) -> dict[str, list[Asked]]:
        jobs = [job("rehearse", name) for name in points.experiments(self.asked.experiments)]
        logs: dict[str, list[Asked]] = {}
        for done in crew.do(jobs, lambda: self.ends, self._heard):
            logs[done["job"]["experiment"]] = [Asked(0.0, Site(**row["site"]), row["status"]) for row in done.get("log", [])]
        self.wrong += [f"{name} was never played undisturbed" for name in self.asked.experiments if not logs.get(name)]
        return {name: logs[name] for name in points.experiments(self.asked.experiments) if name in logs}

    def _kills(self, logs: dict[str, list[Asked]]) -> list[Job]:
        """Each point is ended by SIGTERM, by SIGINT, and by SIGKILL of the run or of all its processes in turn."""
        known: set[tuple[str, ...]] = set()
        jobs = []
        for name, log in logs.items():
            for number, point in enumerate(points.points(name, log, known)):
                kills = kill.KILLS if self.asked.both else (kill.KILLS[number % 2],)
                jobs += self._in_turn("kill", name, number, (*kills, *kill.SIGNALS), point=plain(point))
        return jobs

    def _fails(self, logs: dict[str, list[Asked]]) -> list[Job]:
        """Each call has all the answers: what changes something through every door, a read through the first one that was seen."""
        known: set[tuple[str, ...]] = set()
        jobs = []
        for name, log in logs.items():
            for site in points.sites(log):
                call = (*points.call_of(site), *([site.outer] if site.mutates or self.asked.doors else []))
                if call not in known:
                    known.add(call)
                    hows: tuple[int | str, ...] = (*HOWS, LOST) if site.mutates else HOWS
                    jobs += self._in_turn("fail", name, len(known), hows, site=plain_site(site))
        return jobs

    def _in_turn(self, kind: str, name: str, number: int, hows: tuple[Any, ...], **where: Any) -> list[Job]:
        first = number % len(hows)
        hows = (hows[first:] + hows[:first])[: self.asked.ways]
        return [job(kind, name, how=how, turn=turn, **where) for turn, how in enumerate(hows)]

    def _heard(self, result: Result) -> None:
        """Count a result, and say what is wrong with it."""
        kind = result["job"]["kind"] if "job" in result else "kill"
        wrong = [*result["wrong"], *(["the torture itself broke: " + result["broke"]] if "broke" in result else [])]
        if kind == "fail" and result.get("despite"):
            why = explained.pass_despite(result["what"])
            self.counts["PASS although a call failed, explained"] += bool(why)
            wrong += [] if why else ["PASS although this call failed"]
        self.counts[{"kill": "points killed", "fail": "calls failed"}.get(kind, "experiments rehearsed")] += 1
        if kind != "rehearse" and not result.get("reached", True):
            self.counts["not reached, so played whole"] += 1
        for line in wrong:
            self.wrong.append(f"{result['what']}: {line}")
            self._say(f"WRONG  {result['what']}: {line}")
        with (self.directory / "results.jsonl").open("a") as file:
            file.write(json.dumps({key: value for key, value in result.items() if key not in ("log", "job")}) + "\n")

    def _say(self, line: str) -> None:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


def _mutates(row: Job) -> bool:
    return Site(**(row["site"] if "site" in row else row["point"]["site"])).mutates


def _rank(row: Job) -> int:
    """What changes something comes first, then each read in one way, then the rest."""
    return 0 if _mutates(row) else 1 if row["turn"] == 0 else 2


def plain_site(site: Site) -> dict[str, str]:
    """Write a site for a job."""
    return {"process": site.process, "thread": site.thread, "call": site.call, "inner": site.inner, "outer": site.outer}


def _some_of(known: Sequence[str]) -> Callable[[str], tuple[str, ...]]:
    """Read names, between commas; whoever misspells one shall not believe that it was played."""

    def read(text: str) -> tuple[str, ...]:
        names = tuple(text.split(","))
        if unknown := [name for name in names if name not in known]:
            raise argparse.ArgumentTypeError(f"unknown: {', '.join(map(repr, unknown))}; there are {', '.join(known)}")
        return names

    return read


def _from_one(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"wanted a whole number from 1 on, got {text!r}")
    return int(text)


def _minutes(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = 0.0
    if not 0 < found < float("inf"):
        raise argparse.ArgumentTypeError(f"wanted minutes above 0, got {text!r}")
    return found


def arguments() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("--parts", type=_some_of(PARTS), default=PARTS, help="default: %(default)s")
    parser.add_argument("--experiments", type=_some_of(points.experiments()), default=points.experiments(), help="default: %(default)s")
    parser.add_argument("--workers", type=_from_one, default=3, help="sandboxes at a time")
    parser.add_argument("--minutes", type=_minutes, default=MINUTES, help="begin nothing after these")
    parser.add_argument("--every", type=_from_one, default=1, help="of the reads, play only every n-th")
    parser.add_argument("--ways", type=_from_one, default=7, help="at each point and call, only so many of the ways to end it, in turn")
    parser.add_argument("--both", action="store_true", help="SIGKILL of the run and of all its processes at each point, not in turn")
    parser.add_argument("--doors", action="store_true", help="reads fail through every door of the pack that they come through")
    parser.add_argument("--short", action="store_true", help="a sample of the guards")
    parser.add_argument("--inputs", type=_from_one, default=300, help="fuzzed inputs of each kind")
    parser.add_argument("--mutants", type=int, default=0, help="mutants to try at most; 0 means all")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="which of what is left for the end come first")
    parser.add_argument("--keep", type=Path, help="where to keep what was found")
    asked = parser.parse_args()
    if asked.keep and asked.keep.exists() and (not asked.keep.is_dir() or any(asked.keep.iterdir())):
        parser.error(f"argument --keep: {asked.keep} is no empty directory")
    return asked


def main() -> int:
    """Run it."""
    asked = arguments()
    directory = asked.keep or Path(tempfile.mkdtemp(prefix="chaoscinder-torture-"))
    directory.mkdir(parents=True, exist_ok=True)
    torture = Torture(asked, directory)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: torture.hurry())
    return torture.run()


if __name__ == "__main__":
    sys.exit(main())
