"""From a run's directory to its verdict, while it is written and after; and what the command line says of it."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from chaoscinder import runs
from chaoscinder.cli import cli
from chaoscinder.clock import Clock
from chaoscinder.model.run import Aims, Header
from chaoscinder.model.verdict import Value
from chaoscinder.reports import conclude


@pytest.fixture
def run(tmp_path: Path) -> runs.RunDirectory:
    """A run whose recorder (this process) lives."""
    header = Header("0a1b2c3d" * 4, "node shutdown", "9b" * 32, datetime.now(UTC), Clock().monotonic_s(), 1.0, True, Aims())
    made = runs.create(tmp_path / "made", header)
    made.write_json("recorder.json", {"pid": os.getpid(), "t": Clock().monotonic_s(), "ended": "", "problems": []})
    return made


def test_a_run_without_an_end_whose_recorder_lives_is_still_going(run: runs.RunDirectory) -> None:
    record, verdict = conclude.judge(run)
    assert (record.ongoing, verdict.value) == (True, Value.INCONCLUSIVE)


def test_a_run_that_was_told_its_end_is_going_no_more(run: runs.RunDirectory) -> None:
    run.write_platform({"status": "completed"})
    assert conclude.judge(run)[0].ongoing is False


def test_a_run_whose_recorder_has_ended_is_going_no_more(run: runs.RunDirectory) -> None:
    run.write_json("recorder.json", {"pid": os.getpid(), "t": Clock().monotonic_s(), "ended": "asked to end", "problems": []})
    assert conclude.judge(run)[0].ongoing is False


def test_the_command_says_that_it_is_going_and_that_there_is_no_page(run: runs.RunDirectory) -> None:
    done = CliRunner().invoke(cli, ["verdict", str(run.path)])
    assert done.exit_code == 4
    lines = done.output.splitlines()
    assert lines[1] == "  the run is still going: this is what it shows so far"
    assert lines[-1] == f"no page yet: chaoscinder report {run.path}"
