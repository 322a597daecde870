"""Every experiment on every profile of the sandbox, with and without remediation, run whole with the commands that people type.

Too long for `make test`; run by `make experiments`, which prints what it measured. What is expected is
written by hand in CELLS. Where a combination is not played, OMITTED says why: none is missing silently (test_matrix.py sees to that).
"""

import json
import re
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from chaoscinder.sandbox import profiles
from tests.interrupted import directory_of
from tests.lent import CHAOS, CHAOSCINDER, ROOT, run

EXPERIMENTS = tuple(sorted(path.stem for path in (ROOT / "experiments").glob("*.json")))
CSI = ("1.36-csi", "1.29-csi", "1.20-csi")
IN_TREE = ("1.20-intree", "1.10-intree", "1.9-intree")
TAINT, NONE = "out-of-service", "none"
LIMIT_S = 200  # of wall time, for one cell

Place = tuple[str, str, str]  # experiment, profile, remediation
MET = ("baseline", "fault", "samples", "outage", "recovery", "volume", "writes", "restored")


@dataclass(frozen=True)
class Cell:
    """One run and what it must end with. restored None: either, and then the exit code is 1 or 6.

    missed names every required objective that was missed; those in either may be missed or not, by what the returned node does.
    says are patterns, each of which must be found in reason, remediation or a finding.
    """

    verdict: str
    says: tuple[str, ...]
    missed: tuple[str, ...] = ()
    either: tuple[str, ...] = ()
    restored: bool | None = True
    rate: int = 20
    deadline_s: str | None = None

    @property
    def takes(self) -> int:
        """A rough measure of how long it takes: the longest are played first, so that no worker is left alone with one."""
        return (self.verdict == "FAIL") + (self.restored is None)

    @property
    def codes(self) -> tuple[int, ...]:
        """What `chaoscinder verdict` may exit with."""
        if self.restored is None:
            return (1, 6)
        return (0,) if self.verdict == "PASS" else (1,)


MOVED = r"the volume moved from worker-\d to worker-\d, all three views agree"
STAYED = r"the volume stayed on worker-\d, where test-cinder-\S+ is ready, all three views agree"
TWO_PODS = r"for [\d.]+ s two pods could hold volume \w+ on worker-\d: test-cinder-\S+ \(deleted\) and test-cinder-\S+"
MULTI_ATTACH = r"Multi-Attach of volume \w+ was told [\d.]+ s after the fault and was over [\d.]+ s after it: the volume was attached$"
BY_TAINT = r"^out-of-service taint on worker-\d, [\d.]+ s after the fault$"
BY_DELETION = r"^Node worker-\d deleted, [\d.]+ s after the fault$"
FOR_EVER = r"no recovery within 600 s \(looked for [\d.]+ s\): the volume stays on a server that is off, and nothing would end it"
NO_RECOVERY = r"no recovery within 600 s \(looked for [\d.]+ s\)"
UNHEEDED = rf"{NO_RECOVERY}; away for at least [\d.]+ s .*; the volume stayed on worker-\d$"
HANGS = r"the volume hung where Kubernetes knew nothing of it any more: Volume \S+ hangs on server worker-\d \("

SAME_NODE = Cell("PASS", (STAYED, TWO_PODS))
OTHER_NODE = Cell("PASS", (MOVED, MULTI_ATTACH))
FREED = Cell("PASS", (MOVED, BY_TAINT))
NODE_GOES = Cell("PASS", (MOVED, BY_DELETION))
STAYS = Cell("FAIL", (FOR_EVER,), missed=("outage", "recovery", "volume"), rate=30, deadline_s="600")
IN_VAIN = Cell("FAIL", (UNHEEDED, BY_TAINT), missed=("outage", "recovery", "volume"), rate=30, deadline_s="600")
HANGS_ON = Cell(
    "FAIL", (NO_RECOVERY,), missed=("outage", "recovery", "volume"), either=("writes", "restored"), restored=None, rate=30, deadline_s="600"
)  # fmt: skip
NAMED = Cell(
    "FAIL", (NO_RECOVERY, HANGS), missed=("outage", "recovery", "volume"), either=("writes", "restored"), restored=None, rate=30,
    deadline_s="600",
)  # fmt: skip


def _shut_down(experiment: str, on_1_9: Cell) -> dict[Place, Cell]:
    """A server is shut down: its volume is freed where the taint is known, and before 1.11 its Node goes; in between nothing helps."""
    known = {(experiment, profile, TAINT): FREED for profile in ("1.36-csi", "1.29-csi")}
    nobody = {(experiment, profile, NONE): STAYS for profile in ("1.36-csi", "1.29-csi")}
    unknown = {(experiment, profile, TAINT): IN_VAIN for profile in ("1.20-csi", "1.20-intree")}
    return known | nobody | unknown | {(experiment, "1.10-intree", TAINT): NODE_GOES, (experiment, "1.9-intree", TAINT): on_1_9}


CELLS: dict[Place, Cell] = {
    **{("pod-delete", profile, TAINT): SAME_NODE for profile in (*CSI, *IN_TREE)},
    **{("pod-reschedule", profile, TAINT): OTHER_NODE for profile in (*CSI, *IN_TREE)},
    **_shut_down("node-shutdown", HANGS_ON),
    **_shut_down("node-shutdown-ssh", HANGS_ON),
    **_shut_down("stuck-attachment", NAMED),
}
NODE_LIVES = "the node lives, so there is nothing that remediation would do"
TAINT_UNKNOWN = "the out-of-service taint came with 1.24 and frees nothing before: without it the volume stays as well"
NODE_DELETED = "the cloud provider deletes the Node of a server that is off, whatever remediation does"
OMITTED: dict[Place, str] = {
    **{(name, profile, NONE): NODE_LIVES for name in ("pod-delete", "pod-reschedule") for profile in (*CSI, *IN_TREE)},
    **{(name, profile, NONE): TAINT_UNKNOWN for name in EXPERIMENTS if "pod-" not in name for profile in ("1.20-csi", "1.20-intree")},
    **{(name, profile, NONE): NODE_DELETED for name in EXPERIMENTS if "pod-" not in name for profile in ("1.10-intree", "1.9-intree")},
}


def holes(cells: Collection[Place] = CELLS, omitted: Collection[Place] = OMITTED) -> list[str]:
    """What is neither played nor omitted with a reason, or both, or of nothing that there is."""
    wanted = list(product(EXPERIMENTS, profiles.names(), (TAINT, NONE)))
    told = [*cells, *omitted]
    missing = [f"{' '.join(place)}: no cell" for place in wanted if place not in told]
    strange = [f"{' '.join(place)}: there is no such experiment, profile or remediation" for place in told if place not in wanted]
    return missing + strange + [f"{' '.join(place)}: both played and omitted" for place in cells if place in omitted]


@dataclass(frozen=True)
class Played:
    """One run: its exit codes, its verdict, what the clouds had at its end, and how long it took on the wall."""

    said: str
    codes: tuple[int, int]
    verdict: dict[str, Any]
    clouds: dict[str, Any]
    wall_s: float
    tries: int = 1

    @property
    def is_measured(self) -> bool:
        """Whether the machine was quiet enough for the run to be one."""
        results = {row["name"]: row["result"] for row in self.verdict["objectives"]}
        return (results["baseline"], results["samples"]) == ("met", "met")

    @property
    def told(self) -> list[str]:
        """Reason, remediation and findings."""
        return [self.verdict["reason"], self.verdict["remediation"], *self.verdict["findings"]]

    @property
    def missed(self) -> set[str]:
        """The objectives that were not met."""
        return {row["name"] for row in self.verdict["objectives"] if row["result"] != "met"}

    @property
    def away(self) -> str:
        """How long the application was away, in cluster seconds."""
        (measured,) = [row["measured"] for row in self.verdict["objectives"] if row["name"] == "outage"]
        return str(measured).partition(" s")[0] or "-"

    def figures(self, cell: Cell) -> list[str]:
        """What stands in the table."""
        end = [f"{cell.rate}", str(self.verdict["verdict"]), str(self.verdict["restored"]), self.away]
        told = [self.seconds(r"for ([\d.]+) s two pods could"), self.seconds(r"Multi-Attach .* was over ([\d.]+) s after")]
        return [*end, *told, f"{self.wall_s:.0f}", f"{self.tries}"]

    def seconds(self, pattern: str) -> str:
        """The figures of the first line that matches, "-" for none."""
        found = [match for line in self.told if (match := re.search(pattern, line))]
        return " to ".join(found[0].groups()) if found else "-"


def play(tmp_path: Path, place: Place, cell: Cell) -> Played:
    """Run it, and once more where the machine was too busy to measure anything, which the run then says of itself."""
    (tmp_path / "1").mkdir()
    played = once(tmp_path / "1", place, cell)
    if played.is_measured:
        return played
    (tmp_path / "2").mkdir()
    return replace(once(tmp_path / "2", place, cell), tries=2)


def once(tmp_path: Path, place: Place, cell: Cell) -> Played:
    """Run one experiment in a sandbox of its own, as a person would, and ask for its verdict."""
    name, profile, remediation = place
    world = ["--dir", str(tmp_path / "world"), "--profile", profile, "--remediation", remediation, "--rate", str(cell.rate)]
    command = [CHAOS, "--no-version-check", "run", str(ROOT / "experiments" / f"{name}.json")]
    begun_s = time.monotonic()
    environment = {"CHAOSCINDER_RECOVERY_DEADLINE_S": cell.deadline_s}
    done = run([CHAOSCINDER, "sandbox", "exec", *world, "--", *command], cwd=tmp_path, env=environment, limit_s=LIMIT_S)
    wall_s = time.monotonic() - begun_s
    code = run([CHAOSCINDER, "verdict", "last"], cwd=tmp_path).code
    directory = directory_of(tmp_path)
    verdict, clouds = (json.loads((directory / file).read_text()) for file in ("verdict.json", "clouds.json"))
    return Played(done.out, (done.code, code), verdict, clouds, wall_s)


def traces(clouds: dict[str, Any]) -> Iterator[str]:
    """What is left of us in the clouds: servers that are off, metadata, cordons, annotations."""
    for server in clouds["servers"]:
        if (server["status"], server["metadata"]) != ("ACTIVE", {}):
            yield f"server {server['name']} is {server['status']} with metadata {server['metadata']}"
    for node in clouds["kubernetes"]["nodes"]:
        meta = node["metadata"]
        ours = [key for key in meta.get("annotations", {}) if key.startswith("chaoscinder/")]
        if node["spec"].get("unschedulable") or ours:
            yield f"node {meta['name']} is cordoned or has {ours}"


HEADER = (
    "experiment",
    "profile",
    "remediation",
    "rate",
    "verdict",
    "restored",
    "away s",
    "two pods s",
    "Multi-Attach s",
    "wall s",
    "tries",
)


def table(rows: list[list[str]]) -> list[str]:
    """What was measured, one line per cell, in the order of experiments and profiles."""
    lines = [list(HEADER), *sorted(rows, key=lambda row: [(*CELLS,).index((row[0], row[1], row[2]))])]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADER))]
    return ["  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() for line in lines]


@pytest.mark.timeout(2 * LIMIT_S + 60)
@pytest.mark.parametrize("place", sorted(CELLS, key=lambda place: CELLS[place].takes, reverse=True), ids=" ".join)
def test_a_cell(place: Place, tmp_path: Path, record_property: Any) -> None:
    cell = CELLS[place]
    played = play(tmp_path, place, cell)
    verdict = played.verdict
    record_property("cell", [*place, *played.figures(cell)])
    assert (verdict["verdict"], played.codes[0]) == (cell.verdict, int(cell.verdict != "PASS")), played.said
    assert played.codes[1] in cell.codes, played.said
    assert verdict["restored"] is cell.restored or (cell.restored is None and verdict["restored"] in (True, False)), played.said
    assert [row["name"] for row in verdict["objectives"]] == list(MET)
    assert played.missed - set(cell.either) == set(cell.missed), played.said
    assert [said for said in cell.says if not any(re.search(said, line) for line in played.told)] == [], played.told
    assert list(traces(played.clouds)) == []


def test_every_experiment_has_a_cell_for_every_profile() -> None:
    assert holes() == []
