"""experiments/node-shutdown.json where a server that loses power loses what its volumes had not synced.

The truth is not taken from the run: the sandbox keeps the volume as the application last saw it and as the power loss left it, and the
SQLite files in both are opened here.
"""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.lent import CHAOS, CHAOSCINDER, NODE_SHUTDOWN, run

EXPERIMENT = [CHAOS, "--no-version-check", "run", str(NODE_SHUTDOWN)]
# What counts here is the writes; a busy machine may add a cluster minute to the outage.
ENVIRONMENT = {"CHAOSCINDER_WRITES_PER_S": "20", "CHAOSCINDER_OUTAGE_BUDGET_S": "600"}
OPTIONS = ["--rate", "20", "--power-loss", "unflushed"]


def play(tmp_path: Path, *options: str) -> tuple[int, dict[str, Any], list[dict[str, Any]]]:
    """Run the experiment in a sandbox of its own: exit code, verdict, and the lines of the ledger."""
    command = [CHAOSCINDER, "sandbox", "exec", "--dir", str(tmp_path / "world"), *OPTIONS, *options, "--", *EXPERIMENT]
    done = run(command, cwd=tmp_path, env=ENVIRONMENT)
    assert (tmp_path / "chaoscinder-runs").exists(), done.out
    (directory,) = (path for path in (tmp_path / "chaoscinder-runs").iterdir() if path.is_dir())
    writes = [json.loads(line) for line in (directory / "writes.jsonl").read_text().splitlines()]
    return done.code, json.loads((directory / "verdict.json").read_text()), writes


def ids_in(directory: Path) -> set[str]:
    """The ids of the ledger that a volume's SQLite file holds."""
    with closing(sqlite3.connect(directory / "database.db")) as connection:
        return {name for (name,) in connection.execute("SELECT name FROM users") if name.startswith("chaoscinder-")}


def truly_lost(tmp_path: Path, writes: list[dict[str, Any]]) -> list[str]:
    """What was acknowledged before the power went and is not in the file that came back, in the order in which it was written."""
    (evidence,) = (tmp_path / "world" / "power-losses" / "1").iterdir()
    before, after = ids_in(evidence / "before"), ids_in(evidence / "after")
    acknowledged = [write["id"] for write in writes if write["outcome"] == "ACKNOWLEDGED"]
    last_before = max(before)
    assert {id_ for id_ in acknowledged if id_ <= last_before} <= before  # a killed process loses nothing by itself
    assert any(id_ > last_before for id_ in acknowledged)  # and the application was written to again afterwards
    return [id_ for id_ in acknowledged if id_ <= last_before and id_ not in after]


def test_an_application_that_syncs_nothing_fails_with_exactly_the_lost_ids(tmp_path: Path) -> None:
    code, verdict, writes = play(tmp_path, "--app-synchronous", "OFF")
    assert (code, verdict["verdict"], verdict["restored"]) == (1, "FAIL", True), verdict
    lost = truly_lost(tmp_path, writes)
    assert len(lost) > 5
    assert verdict["account"]["lost"] == lost
    results = {row["name"]: row["result"] for row in verdict["objectives"]}
    assert [name for name, result in results.items() if result != "met"] == ["writes"]


def test_the_demo_application_as_it_is_passes_under_the_same_power_loss(tmp_path: Path) -> None:
    code, verdict, writes = play(tmp_path)
    assert (code, verdict["verdict"], verdict["restored"]) == (0, "PASS", True), verdict
    assert (verdict["account"]["lost"], truly_lost(tmp_path, writes)) == ([], [])
