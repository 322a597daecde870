"""However a run ends, what it did is undone: seen from outside, through `chaos run` in a sandbox at a high rate."""

import json
import signal
import time
from pathlib import Path

import pytest

from tests.interrupted import (
    at_wait,
    directory_of,
    environment,
    experiment,
    frozen,
    marked,
    marks,
    play,
    python,
    under_way,
    untouched,
    untouched_servers,
    verdict_of,
    waits_for,
)
from tests.lent import CHAOS, CHAOSCINDER, Lent, run


@pytest.mark.parametrize("func", ["breaks", "explodes"])
def test_whatever_an_activity_raises(at_rest: Lent, tmp_path: Path, func: str) -> None:
    done = play(at_rest, tmp_path, experiment(tmp_path, python(func)))
    assert "undone" in marks(tmp_path), done.out
    assert verdict_of(tmp_path)[1] is True, done.out
    assert untouched(at_rest)


def test_a_control_that_raises_what_nobody_expects(at_rest: Lent, tmp_path: Path) -> None:
    odd = {"name": "odd", "provider": {"type": "python", "module": "oddities"}}
    done = play(at_rest, tmp_path, experiment(tmp_path, python("nothing", controls=[odd])))
    assert verdict_of(tmp_path)[1] is True, done.out
    assert untouched(at_rest)


def test_a_hypothesis_that_breaks_chaos_toolkit_itself(at_rest: Lent, tmp_path: Path) -> None:
    """A range over None raises inside Chaos Toolkit: no rollback, no journal, no after_experiment_control."""
    nobody = python("nothing", "probe", tolerance={"type": "range", "range": [1, 2]})
    path = experiment(tmp_path, probes=(nobody,))
    done = run(
        [CHAOS, "--no-version-check", "run", "--hypothesis-strategy", "after-method-only", str(path)],
        cwd=tmp_path,
        env=environment(at_rest, tmp_path),
    )
    assert done.code != 0
    assert not (tmp_path / "journal.json").exists(), done.out
    assert verdict_of(tmp_path) == ("ABORTED", True), done.out
    assert untouched(at_rest)


def test_a_probe_that_fails(at_rest: Lent, tmp_path: Path) -> None:
    probe = python("breaks", "probe", tolerance=True)
    path = experiment(tmp_path, probes=(probe,))
    command = [CHAOS, "--no-version-check", "run", "--hypothesis-strategy", "after-method-only", str(path)]
    done = run(command, cwd=tmp_path, env=environment(at_rest, tmp_path))
    assert verdict_of(tmp_path)[1] is True, done.out
    assert untouched(at_rest)


def test_without_a_rollback_in_the_experiment(at_rest: Lent, tmp_path: Path) -> None:
    done = play(at_rest, tmp_path, experiment(tmp_path, rollbacks=[], runtime={"rollbacks": {"strategy": "never"}}))
    assert verdict_of(tmp_path)[1] is True, done.out
    assert untouched(at_rest)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR2])
def test_a_signal_in_somebody_elses_activity(at_rest: Lent, tmp_path: Path, number: signal.Signals) -> None:
    path = experiment(tmp_path, python("waits"), python("nothing"))
    with under_way(at_rest, tmp_path, path, at_wait(tmp_path)) as process:
        process.send_signal(number)
        out = process.communicate(timeout=60)[0].decode()
    assert verdict_of(tmp_path) == ("ABORTED", True), out
    assert "Action: nothing" not in out
    assert process.returncode != 0
    assert untouched(at_rest)


def test_ctrl_c_twice_while_a_background_activity_keeps_chaos_toolkit_waiting(at_rest: Lent, tmp_path: Path) -> None:
    path = experiment(tmp_path, waits_for(9, background=True), waits_for(60, name="foreground"))
    with under_way(at_rest, tmp_path, path, at_wait(tmp_path)) as process:
        process.send_signal(signal.SIGINT)
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        give_up = time.monotonic() + 20
        while time.monotonic() < give_up and not untouched_servers(at_rest):
            time.sleep(0.05)
        assert untouched_servers(at_rest), "the second Ctrl-C did not begin the undo"
        process.send_signal(signal.SIGINT)
        out = process.communicate(timeout=90)[0].decode()
    assert verdict_of(tmp_path)[1] is True, out
    assert untouched(at_rest)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_do_not_cut_the_undo_short(at_rest: Lent, tmp_path: Path, number: signal.Signals) -> None:
    path = experiment(tmp_path, python("nothing"))
    with under_way(at_rest, tmp_path, path, marked(tmp_path, "undo_started")) as process:
        for _ in range(3):
            process.send_signal(number)
            time.sleep(0.05)
        out = process.communicate(timeout=60)[0].decode()
    assert verdict_of(tmp_path)[1] is True, out
    assert untouched(at_rest)


def test_apis_that_come_back_while_the_undo_tries(at_rest: Lent, tmp_path: Path) -> None:
    path = experiment(tmp_path, python("waits"))
    with under_way(at_rest, tmp_path, path, at_wait(tmp_path), CHAOSCINDER_REQUEST_TIMEOUT_S="0.5") as process:
        with frozen(at_rest):
            process.send_signal(signal.SIGTERM)
            time.sleep(2.5)
        out = process.communicate(timeout=60)[0].decode()
    assert verdict_of(tmp_path) == ("ABORTED", True), out
    assert untouched(at_rest)


def test_apis_that_stay_away_are_told_with_the_way_to_finish_and_recover_does(at_rest: Lent, tmp_path: Path) -> None:
    path = experiment(tmp_path, python("waits"))
    limits = {"CHAOSCINDER_REQUEST_TIMEOUT_S": "0.5", "CHAOSCINDER_SERVER_TIMEOUT_S": "60", "CHAOSCINDER_RESTORE_TIMEOUT_S": "60"}
    with under_way(at_rest, tmp_path, path, at_wait(tmp_path), **limits) as process, frozen(at_rest):
        process.send_signal(signal.SIGTERM)
        out = process.communicate(timeout=60)[0].decode()
    target = json.loads((directory_of(tmp_path) / "target.json").read_text())
    run_id = json.loads((directory_of(tmp_path) / "run.json").read_text())["run_id"]
    left = f"Server {target['server_name']} is still stopped: "
    finish = f"to finish: openstack server start {target['server_id']}, then: chaoscinder recover {run_id[:8]}"
    assert any(left in line and finish in line for line in out.splitlines()), out
    assert verdict_of(tmp_path) == ("ABORTED", False), out
    assert run([CHAOSCINDER, "verdict", "last"], cwd=tmp_path).code == 6
    recovered = run([CHAOSCINDER, "recover", "last"], cwd=tmp_path, env=at_rest.environment)
    assert recovered.code == 0, recovered.out
    assert untouched(at_rest)
    judged = json.loads(run([CHAOSCINDER, "verdict", "--json", "last"], cwd=tmp_path).out)
    assert (judged["verdict"], judged["restored"]) == ("ABORTED", True)
