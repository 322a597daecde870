"""A sample of `make torture` on the real services: a run that dies at a call to Nova, or gets another answer, leaves nothing behind."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.lab.openstack.lab import Lab
from tests.lab.pack.conftest import MEMBER
from tests.lab.pack.stage import Stage
from tests.lent import CHAOSCINDER
from tests.torture.proxy import Fail, Proxy, Stop

REACHED_WITHIN_S = 170.0
ENDS_WITHIN_S = 200.0
RUN = """
import json, sys
from chaoscinder.actions import server
from chaoscinder.controls.session import Session
from chaoscinder.settings import read
told = json.loads(sys.stdin.read())
session = Session(read(told, {}, {}))
try:
    session.begin({"title": "killed in the lab"})
    server.stop_server(60.0, told, {})
    server.start_server(60.0, told, {})
finally:
    session.close()
"""


@pytest.fixture
def proxy(lab: Lab, stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """A stage whose credentials reach Nova over a proxy that can stop at a call."""
    made = Proxy({"nova": f"http://127.0.0.1:{lab.ports['nova']}"})
    clouds = yaml.safe_load(lab.places.clouds.read_text())
    clouds["clouds"][MEMBER]["compute_endpoint_override"] = f"{made.urls['nova']}/v2.1"
    path = tmp_path / "clouds-proxied.yaml"
    path.write_text(json.dumps(clouds))
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(path))
    yield made
    made.close()


def begun(stage: Stage) -> "subprocess.Popen[str]":
    """A run on the stage's workload in a process of its own."""
    process = subprocess.Popen([sys.executable, "-c", RUN], env=dict(os.environ), stdin=subprocess.PIPE, text=True)
    assert process.stdin is not None
    process.stdin.write(json.dumps(stage.configuration()))
    process.stdin.close()
    return process


def recovered(stage: Stage, tmp_path: Path) -> None:
    """`chaoscinder recover --all` with nothing but credentials, twice: the second time there is nothing to do."""
    told = stage.configuration()
    env = {**os.environ, **{f"CHAOSCINDER_{name.upper()}": str(told[name]) for name in ("namespace", "workload", "cluster_id")}}
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for _ in range(2):
        done = subprocess.run(
            [CHAOSCINDER, "recover", "--all"], env=env, cwd=elsewhere, capture_output=True, text=True, timeout=ENDS_WITHIN_S
        )
        assert (done.returncode, "Traceback" in done.stdout + done.stderr) == (0, False), done.stdout + done.stderr
    assert done.stdout == "nothing is left over\n"


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("call", ["POST /v2.1/servers/{id}/metadata", "POST /v2.1/servers/{id}/action"])
def test_a_run_that_is_killed_at_a_call_to_nova_is_recovered(stage: Stage, proxy: Proxy, tmp_path: Path, call: str, after: bool) -> None:
    stop = proxy.stop = Stop(lambda site: site.call == call, after, drop=True)
    process = begun(stage)
    try:
        assert stop.reached.wait(REACHED_WITHIN_S), f"the call never came, but {[str(row.site.call) for row in proxy.log][-20:]}"
        process.send_signal(signal.SIGKILL)
    finally:
        process.kill()
        process.wait(10)
        stop.go_on.set()
    proxy.clear()
    recovered(stage, tmp_path)
    assert stage.state() == stage.untouched


@pytest.mark.parametrize("how", [409, "reset"])
def test_a_stop_that_nova_does_not_accept_leaves_nothing(stage: Stage, proxy: Proxy, tmp_path: Path, how: int | str) -> None:
    fail = proxy.fail = Fail(lambda site: site.call == "POST /v2.1/servers/{id}/action", how, times=1)
    process = begun(stage)
    assert process.wait(ENDS_WITHIN_S) != 0
    assert fail.seen == 1
    proxy.clear()
    recovered(stage, tmp_path)
    assert stage.state() == stage.untouched
