"""No fault without a record, and no figure without one."""

import json
from pathlib import Path
from typing import Any

from tests.lent import NODE_SHUTDOWN, Lent, servers


def spoilt(tmp_path: Path, **changes: Any) -> Path:
    """The experiment with some keys changed."""
    path = tmp_path / "spoilt.json"
    path.write_text(json.dumps({**json.loads(NODE_SHUTDOWN.read_text()), **changes}))
    return path


def test_without_the_control_the_server_is_not_stopped(lent: Lent, tmp_path: Path) -> None:
    experiment = spoilt(tmp_path, controls=[], **{"steady-state-hypothesis": {"title": "nothing", "probes": []}})
    lent.chaos(tmp_path, experiment=experiment)
    journal = json.loads((tmp_path / "journal.json").read_text())
    stop, recovers = journal["run"]
    wanted = "wanted the control chaoscinder.controls.recording in the experiment"
    assert stop["status"] == "failed"
    assert f"no fault without a record ({wanted})" in "".join(stop["exception"])
    assert recovers["status"] == "failed"
    assert "nothing is being measured" in "".join(recovers["exception"])
    assert {status for status, _ in servers(lent.state()).values()} == {"ACTIVE"}


def test_without_the_control_the_outage_budget_is_an_error_and_never_true(lent: Lent, tmp_path: Path) -> None:
    hypothesis = json.loads(NODE_SHUTDOWN.read_text())["steady-state-hypothesis"]
    hypothesis["probes"] = [probe for probe in hypothesis["probes"] if probe["name"] == "outage-is-within-budget"]
    experiment = spoilt(tmp_path, controls=[], method=[], rollbacks=[], **{"steady-state-hypothesis": hypothesis})
    done = lent.chaos(tmp_path, experiment=experiment)
    journal = json.loads((tmp_path / "journal.json").read_text())
    (probe,) = journal["steady_states"]["before"]["probes"]
    assert (done.code, probe["status"]) == (1, "failed")
    assert "nothing is being measured" in "".join(probe["exception"])


def test_a_required_objective_that_was_not_tested_is_inconclusive(lent: Lent, tmp_path: Path) -> None:
    lent.chaos(tmp_path, CHAOSCINDER_LEDGER="none")
    journal = json.loads((tmp_path / "journal.json").read_text())
    assert journal["chaoscinder"]["verdict"] == "INCONCLUSIVE"


def test_an_optional_one_is_printed_beside_the_verdict(lent: Lent, tmp_path: Path) -> None:
    done = lent.chaos(tmp_path, CHAOSCINDER_LEDGER="none", CHAOSCINDER_OBJECTIVES="writes=optional")
    journal = json.loads((tmp_path / "journal.json").read_text())
    assert journal["chaoscinder"]["verdict"] == "PASS", done.out
    assert any("not tested" in line and "writes" in line for line in done.out.splitlines())
