"""`chaoscinder recover` after a run that was killed: from its directory, or from another machine with nothing but credentials."""

import json
import signal
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests

from tests.interrupted import (
    at_wait,
    directory_of,
    experiment,
    frozen,
    leases,
    play,
    python,
    under_way,
    untouched,
    untouched_servers,
    verdict_of,
)
from tests.lent import CHAOSCINDER, Done, Lent, run


def recover(lent: Lent, cwd: Path, *words: str) -> Done:
    """Run the command."""
    return run([CHAOSCINDER, "recover", *words], cwd=cwd, env=lent.environment)


@pytest.fixture
def killed(at_rest: Lent, tmp_path: Path) -> str:
    """A run that was killed with its server stopped; its id."""
    with under_way(at_rest, tmp_path, experiment(tmp_path, python("waits")), at_wait(tmp_path)) as process:
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=10)
    assert not untouched_servers(at_rest)
    return str(json.loads((directory_of(tmp_path) / "run.json").read_text())["run_id"])


def server_of(tmp_path: Path) -> tuple[str, str]:
    """Name and id of the run's target."""
    target = json.loads((directory_of(tmp_path) / "target.json").read_text())
    return target["server_name"], target["server_id"]


def test_in_its_directory_with_nothing_left_and_a_verdict(at_rest: Lent, killed: str, tmp_path: Path) -> None:
    name, server_id = server_of(tmp_path)
    dry = recover(at_rest, tmp_path, "last", "--dry-run")
    assert dry.code == 6
    assert dry.out.splitlines()[0].startswith(
        f"run {killed[:8]}: server {name} ({server_id}) is SHUTOFF, undo start, of run {killed[:8]}, "
    )
    assert dry.out.splitlines()[1:] == [
        f"run {killed[:8]}: Server {name} was stopped, undo start, by intent.jsonl",
        f"run {killed[:8]}: rows of it may be left in the application",
        f"run {killed[:8]}: nothing was touched (--dry-run)",
    ]
    assert not untouched_servers(at_rest)
    early = recover(at_rest, tmp_path, "last", "--if-expired")
    assert (early.code, early.last) == (6, f"run {killed[:8]}: not expired, left alone")
    assert not untouched_servers(at_rest)

    done = recover(at_rest, tmp_path, "last")
    assert done.code == 0, done.out
    assert f"run {killed[:8]}: {name} undone, seen to be so, and noted in {directory_of(tmp_path)}" in done.out.splitlines()
    assert untouched(at_rest)
    again = recover(at_rest, tmp_path, "last")
    assert (again.code, again.out) == (0, "nothing is left over\n")
    judged = json.loads(run([CHAOSCINDER, "verdict", "--json", "last"], cwd=tmp_path).out)
    assert (judged["restored"], judged["verdict"]) != (True, "PASS")
    assert judged["restored"] is True


def test_a_new_run_refuses_and_names_what_is_left_then_another_machine_recovers(at_rest: Lent, killed: str, tmp_path: Path) -> None:
    name, server_id = server_of(tmp_path)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    refused = play(at_rest, elsewhere, experiment(elsewhere, python("nothing")), CHAOSCINDER_WORKLOAD="Deployment/test-cinder")
    assert refused.code != 0
    assert f"server {name} ({server_id}) is SHUTOFF, undo start, of run {killed[:8]}" in refused.out
    assert "chaoscinder recover --all" in refused.out
    assert not (elsewhere / "chaoscinder-runs").exists()

    done = recover(at_rest, elsewhere, "--all")
    assert done.code == 0, done.out
    assert f"run {killed[:8]}: server {name} is ACTIVE, our metadata is off it" in done.out.splitlines()
    assert untouched(at_rest)
    assert recover(at_rest, elsewhere, killed[:8]).out == "nothing is left over\n"
    home = recover(at_rest, tmp_path, "last")
    assert home.code == 0, home.out
    assert not json.loads((directory_of(tmp_path) / "after.json").read_text())["server"]["metadata"]


def test_by_its_id_alone_once_its_lease_ran_out(at_rest: Lent, killed: str, tmp_path: Path) -> None:
    held_elsewhere(at_rest, lasts_s=4)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    done = recover(at_rest, elsewhere, killed[:8])
    assert done.code == 0, done.out
    assert any(line.endswith("waiting until it runs out") for line in done.out.splitlines()), done.out
    assert untouched(at_rest)


def held_elsewhere(lent: Lent, lasts_s: int) -> None:
    """Make the Lease one of a machine that cannot be looked at."""
    url = lent.found["url"] + "/apis/coordination.k8s.io/v1/namespaces/default/leases/chaoscinder"
    headers = {"Authorization": f"Bearer {lent.found['token']}", "Content-Type": "application/merge-patch+json"}
    now = datetime.now(UTC)
    change = {
        "spec": {"holderIdentity": "jane@bastion (process 7)", "leaseDurationSeconds": lasts_s, "renewTime": f"{now:%Y-%m-%dT%H:%M:%S.%fZ}"}
    }
    assert requests.patch(url, json=change, headers=headers, timeout=5).status_code == 200


def test_what_cannot_be_reached_is_left_and_said(at_rest: Lent, killed: str, tmp_path: Path) -> None:
    with frozen(at_rest):
        env = {**at_rest.environment, "CHAOSCINDER_REQUEST_TIMEOUT_S": "0.5", "CHAOSCINDER_SERVER_TIMEOUT_S": "60"}
        done = run([CHAOSCINDER, "recover", "last"], cwd=tmp_path, env=env)
    assert done.code != 0
    assert "Traceback" not in done.out
    blind = run([CHAOSCINDER, "recover", "--all"], cwd=tmp_path, env={**at_rest.environment, "KUBECONFIG": str(tmp_path / "none")})
    assert (blind.code, "so only the servers' metadata tells" in blind.out) == (0, True), blind.out
    assert untouched_servers(at_rest)
    assert leases(at_rest) == [killed]
    assert recover(at_rest, tmp_path, "--all").code == 0
    assert untouched(at_rest)


def test_a_refused_login_is_said_at_once(at_rest: Lent, killed: str, tmp_path: Path) -> None:
    told = json.loads(Path(at_rest.environment["OS_CLIENT_CONFIG_FILE"]).read_text())
    told["clouds"][at_rest.environment["OS_CLOUD"]]["auth"]["password"] = "another one"
    clouds = tmp_path / "clouds.yaml"
    clouds.write_text(json.dumps(told))
    done = run([CHAOSCINDER, "recover", "last"], cwd=tmp_path, env={**at_rest.environment, "OS_CLIENT_CONFIG_FILE": str(clouds)})
    assert done.code != 0
    (line,) = done.out.splitlines()
    assert line.startswith("chaoscinder: OpenStack refused the login while asked to log in to OpenStack: "), line
    assert recover(at_rest, tmp_path, "--all").code == 0
    assert untouched(at_rest)


def test_a_run_that_is_in_progress_is_left_alone_and_keeps_others_out(at_rest: Lent, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    with under_way(at_rest, tmp_path, experiment(tmp_path, python("waits")), at_wait(tmp_path)) as process:
        (run_id,) = leases(at_rest)
        recovered = recover(at_rest, tmp_path, "--all")
        assert recovered.code == 6
        assert "it is in progress" in recovered.out
        assert recovered.out.splitlines()[-1].endswith(f"to end it: chaoscinder stop {run_id[:8]}")
        assert not untouched_servers(at_rest)
        refused = play(at_rest, other, experiment(other, python("nothing")))
        assert refused.code != 0
        assert run([CHAOSCINDER, "stop", run_id[:8]], cwd=other, env=at_rest.environment).code == 0
        out = process.communicate(timeout=60)[0].decode()
    assert verdict_of(tmp_path) == ("ABORTED", True), out
    assert untouched(at_rest)
