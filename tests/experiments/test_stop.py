"""Stop conditions: the fault is undone and the verdict is ABORTED with the reason, while the experiment waits for recovery."""

import json
from pathlib import Path

import pytest

from tests.interrupted import directory_of, environment, experiment, marked, play, under_way, untouched, verdict_of
from tests.lent import CHAOSCINDER, NODE_SHUTDOWN, Lent, run

RECOVERS = json.loads(NODE_SHUTDOWN.read_text())["method"][1]


def reason_of(tmp_path: Path) -> str:
    """Why the one run was stopped, as its marks say."""
    rows = [json.loads(line) for line in (directory_of(tmp_path) / "marks.jsonl").read_text().splitlines()]
    return next(row["detail"]["reason"] for row in rows if row["name"] == "stopped")


def test_chaoscinder_stop_ends_a_run_that_waits_for_recovery(at_rest: Lent, tmp_path: Path) -> None:
    path = experiment(tmp_path, RECOVERS)
    with under_way(at_rest, tmp_path, path, marked(tmp_path, "fault_confirmed")) as process:
        stopped = run([CHAOSCINDER, "stop", "--why", "the shop opens"], cwd=tmp_path, env=environment(at_rest, tmp_path))
        assert stopped.code == 0, stopped.out
        out = process.communicate(timeout=60)[0].decode()
    assert verdict_of(tmp_path) == ("ABORTED", True), out
    assert reason_of(tmp_path) == f"stop file {directory_of(tmp_path) / 'stop'}: the shop opens"
    assert process.returncode != 0
    assert untouched(at_rest)


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("the application has been away for ", {"CHAOSCINDER_ABORT_OUTAGE_S": "30"}),
        ("workload default/test-cinder: ", {"CHAOSCINDER_GUARDED_WORKLOADS": "default/test-cinder", "CHAOSCINDER_GUARDED_FOR_S": "5"}),
    ],
)
def test_a_condition_that_holds(at_rest: Lent, tmp_path: Path, name: str, changes: dict[str, str]) -> None:
    done = play(at_rest, tmp_path, experiment(tmp_path, RECOVERS), **changes)
    assert verdict_of(tmp_path) == ("ABORTED", True), done.out
    assert reason_of(tmp_path).startswith(name), done.out
    assert untouched(at_rest)


def test_nothing_is_begun_while_the_stop_file_lies_there(at_rest: Lent, tmp_path: Path) -> None:
    freeze = tmp_path / "freeze"
    freeze.write_text("change freeze until Monday\n")
    done = play(at_rest, tmp_path, experiment(tmp_path, RECOVERS), CHAOSCINDER_STOP_FILE=str(freeze))
    assert done.code != 0
    assert f"stop file {freeze}: change freeze until Monday" in done.out
    assert untouched(at_rest)
