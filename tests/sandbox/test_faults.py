"""Faults that a running sandbox is asked for by name, over HTTP and with the command that people type."""

import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import requests

from chaoscinder.sandbox import faults
from chaoscinder.sandbox.kubernetes import resources
from chaoscinder.sandbox.kubernetes.controllers import conditions
from chaoscinder.sandbox.launch import Plan, Sandbox
from chaoscinder.sandbox.server import Server, serve
from tests.lent import CHAOSCINDER, run, sandbox


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A sandbox in this process, whose application syncs nothing."""
    made = Sandbox(Plan(tmp_path_factory.mktemp("sandbox"), rate=100.0, app_synchronous="OFF"))
    made.boot()
    yield made
    made.close()


@pytest.fixture(scope="module")
def server(world: Sandbox) -> Iterator[Server]:
    made = serve(world, 0)
    yield made
    made.close()


def ask(world: Sandbox, server: Server, body: object, token: str | None = None) -> tuple[int, Any]:
    """POST a fault; status and message."""
    headers = {"Authorization": f"Bearer {token or world.token}"}
    answer = requests.post(f"{server.url}/_sandbox/faults", data=json.dumps(body), headers=headers, timeout=20)
    return answer.status_code, answer.json()["message"]


def wait_until(true: Callable[[], bool], limit_s: float = 10.0) -> None:
    end = time.monotonic() + limit_s
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def pods(world: Sandbox) -> list[dict[str, Any]]:
    with world.world.step():
        return list(world.store.list(resources.PODS, "default"))


def ready(world: Sandbox) -> list[dict[str, Any]]:
    """The pods that are ready."""
    return [pod for pod in pods(world) if conditions.status(pod, "Ready") == "True"]


def status(world: Sandbox, name: str) -> str:
    return next(row["status"] for row in world.state()["servers"] if row["name"] == name)


def idle(world: Sandbox) -> str:
    """A worker without a pod."""
    return next(name for name in ("worker-1", "worker-2", "worker-3") if name not in {pod["spec"]["nodeName"] for pod in pods(world)})


BAD = [
    ({"name": "rain"}, "there is no fault 'rain' (wanted one of power-loss, power-cut, power-on,"),
    ({"name": "power-cut"}, "power-cut was given 0 arguments (wanted: power-cut NODE)"),
    ({"name": "power-cut", "arguments": [1]}, "power-cut was given 1 arguments (wanted: power-cut NODE)"),
    ({"name": "power-cut", "arguments": ["mars"]}, "there is no node 'mars' with a server (wanted one of control-plane-1, worker-1,"),
    ({"name": "host-crash", "arguments": ["mars"]}, "there is no compute host 'mars' (wanted one of compute-1,"),
    ({"name": "process-kill", "arguments": ["mars"]}, "no process of a pod 'mars' runs"),
    ({"name": "power-loss", "arguments": ["some"]}, "power loss is 'some' (wanted one of flushed, unflushed)"),
    ({}, "'name'"),
    ([], "list indices"),
]


@pytest.mark.parametrize(("body", "line"), BAD)
def test_what_cannot_be_had_is_one_line(world: Sandbox, server: Server, body: object, line: str) -> None:
    code, message = ask(world, server, body)
    assert (code, message.startswith(f"the fault cannot be had: {line}"), len(message.splitlines())) == (400, True, 1)


def test_the_sandboxs_own_paths_want_its_token(world: Sandbox, server: Server) -> None:
    assert ask(world, server, {"name": "power-cut", "arguments": ["worker-1"]}, "guess")[0] == 401
    assert status(world, "worker-1") == "ACTIVE"


def test_a_power_cut_is_seen_by_nova_later_and_can_be_undone(world: Sandbox, server: Server) -> None:
    node = idle(world)
    assert ask(world, server, {"name": "power-cut", "arguments": [node]}) == (200, f"the server of {node} has no power")
    assert status(world, node) == "ACTIVE"
    wait_until(lambda: status(world, node) == "SHUTOFF")
    with world.world.step():
        world.openstack.nova.operator.begin(world.openstack.caller(), _server(world, node), "os-start")
    wait_until(lambda: status(world, node) == "ACTIVE")


def _server(world: Sandbox, name: str) -> Any:
    return next(row for row in world.openstack.nova.everyone() if row.name == name)


def test_a_killed_process_is_started_again_by_its_kubelet(world: Sandbox, server: Server) -> None:
    wait_until(lambda: len(ready(world)) == 1)
    (pod,) = ready(world)
    name, uid = pod["metadata"]["name"], pod["metadata"]["uid"]
    pid = world.processes.pid(uid)
    assert ask(world, server, {"name": "process-kill", "arguments": [name]}) == (200, f"the process of {name} is dead")
    wait_until(lambda: world.processes.pid(uid) not in (None, pid) and len(ready(world)) == 1)


def test_unflushed_can_be_switched_on_while_the_sandbox_runs(world: Sandbox, server: Server) -> None:
    wait_until(lambda: len(ready(world)) == 1)
    (pod,) = ready(world)
    name, uid, node = pod["metadata"]["name"], pod["metadata"]["uid"], pod["spec"]["nodeName"]
    again = f"; {name} starts again, since a process can be followed from its start only"
    asked = {"name": "power-loss", "arguments": ["unflushed"]}
    assert ask(world, server, asked) == (200, f"a loss of power is unflushed from now on{again}")
    wait_until(lambda: world.processes.is_ready(uid) and answers(world))
    assert ask(world, server, asked) == (200, "a loss of power is unflushed from now on")
    requests.post(world.app_url + "users", json={"name": "late", "mail": "m"}, timeout=5).raise_for_status()
    ask(world, server, {"name": "power-cut", "arguments": [node]})
    (evidence,) = (path for path in (world.plan.directory / "power-losses" / "1").iterdir())
    assert (names_in(evidence / "before"), names_in(evidence / "after")) == (
        ["ada", "grace", "barbara", "late"],
        ["ada", "grace", "barbara"],
    )
    volume = world.plan.directory / "volumes" / evidence.name
    assert names_in(volume) == ["ada", "grace", "barbara"]


def answers(world: Sandbox) -> bool:
    """Whether the application answers now; while its process starts again it refuses."""
    try:
        return requests.get(world.app_url, timeout=5).status_code == 200
    except requests.ConnectionError:
        return False


def names_in(directory: Path) -> list[str]:
    with closing(sqlite3.connect(directory / "database.db")) as connection:
        return [name for (name,) in connection.execute("SELECT name FROM users ORDER BY id")]


def state_of(world: Sandbox, uid: str) -> str | None:
    """The kernel's letter for a pod's process: T stands still, S sleeps; None: there is none."""
    pid = world.processes.pid(uid)
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] if pid else None


@pytest.mark.parametrize("act", ["pause", "suspend", "reboot SOFT"])
def test_memory_that_is_kept_or_written_out_is_not_lost(tmp_path: Path, act: str) -> None:
    world = Sandbox(Plan(tmp_path, rate=100.0, app_synchronous="OFF", power_loss="unflushed"))
    try:
        world.boot()
        (pod,) = ready(world)
        requests.post(world.app_url + "users", json={"name": "late", "mail": "m"}, timeout=5).raise_for_status()
        uid = pod["metadata"]["uid"]
        with world.world.step():
            world.openstack.nova.operator.begin(world.openstack.caller(), _server(world, pod["spec"]["nodeName"]), act)
        wait_until(lambda: state_of(world, uid) in ("T", None))
        assert (state_of(world, uid) is None) is act.startswith("reboot")
        (volume,) = (path for path in (tmp_path / "volumes").iterdir() if not path.name.startswith("."))
        assert names_in(volume) == ["ada", "grace", "barbara", "late"]
        assert not (tmp_path / "power-losses" / "1").exists()
    finally:
        world.close()


def test_every_fault_says_what_it_does(tmp_path: Path) -> None:
    listed = run([CHAOSCINDER, "sandbox", "fault"], cwd=tmp_path)
    assert listed.code == 0
    assert [line.split()[0] for line in listed.out.splitlines()] == list(faults.FAULTS)
    assert all(row["does"].endswith(".") for row in faults.listed())


def test_the_command_asks_the_running_sandbox(tmp_path: Path) -> None:
    directory = tmp_path / "world"
    command = [CHAOSCINDER, "sandbox", "fault", "--dir", str(directory)]
    nobody = run([*command, "power-cut", "worker-1"], cwd=tmp_path)
    line = f"chaoscinder: no sandbox runs in {directory} (wanted one: chaoscinder sandbox up)\n"
    assert (nobody.code, nobody.out) == (2, line)
    with sandbox(directory, "--rate", "50") as lent:
        done = run([*command, "power-cut", "worker-4"], cwd=tmp_path)
        assert (done.code, done.out) == (0, "the server of worker-4 has no power\n")
        refused = run([*command, "power-cut", "mars"], cwd=tmp_path)
        assert (refused.code, refused.out.startswith("chaoscinder: the fault cannot be had: there is no node 'mars'")) == (2, True)
        inside = run([CHAOSCINDER, "sandbox", "fault", "power-on", "worker-4"], cwd=tmp_path, env=lent.environment)
        assert (inside.code, inside.out) == (0, "the server of worker-4 has power\n")
