"""`chaoscinder preflight` and the guard inside the fault, in worlds that are spoilt on purpose, in this process."""

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from chaoscinder.sandbox import default_world, files
from chaoscinder.sandbox.kubernetes import defaults, resources
from chaoscinder.sandbox.launch import Plan, Sandbox
from chaoscinder.sandbox.server import serve
from tests.lent import CHAOS, CHAOSCINDER, NODE_SHUTDOWN, Done, run

Ask = Callable[..., Done]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Sandbox]:
    """A sandbox in this process."""
    sandbox = Sandbox(Plan(tmp_path / "world"))
    server = serve(sandbox, 0)
    sandbox.boot()
    files.write(sandbox, server.url)
    yield sandbox
    sandbox.close()
    server.close()


@pytest.fixture
def ask(world: Sandbox, tmp_path: Path) -> Ask:
    """Asks for the preflight; nothing may have been touched by it."""
    environment = json.loads((world.plan.directory / "sandbox.json").read_text())["environment"]

    def preflight(*words: str, **changes: str) -> Done:
        before = (world.state()["servers"], world.store.list(resources.LEASES, "default"))
        done = run([CHAOSCINDER, "preflight", str(NODE_SHUTDOWN), *words], cwd=tmp_path, env={**environment, **changes})
        assert (world.state()["servers"], world.store.list(resources.LEASES, "default")) == before
        return done

    return preflight


def victim(world: Sandbox) -> str:
    """The node under the application's pod."""
    (pod,) = world.store.list(resources.PODS, "default")
    return str(pod["spec"]["nodeName"])


def add_neighbour(world: Sandbox, name: str) -> None:
    """Put a Deployment with one replica onto the application's node."""
    deployment: dict[str, Any] = copy.deepcopy(next(row for row in default_world.demo_manifests() if row["kind"] == "Deployment"))
    node = victim(world)
    deployment["metadata"]["name"] = name
    deployment["spec"]["selector"]["matchLabels"] = deployment["spec"]["template"]["metadata"]["labels"] = {"app": name}
    spec = deployment["spec"]["template"]["spec"]
    spec["volumes"], spec["containers"][0]["volumeMounts"] = [], []
    spec["nodeSelector"] = {"kubernetes.io/hostname": node}
    defaults.apply(resources.DEPLOYMENTS, deployment)
    with world.world.step():
        world.store.create(resources.DEPLOYMENTS, deployment)


def test_the_default_world_may_be_shut_down_and_the_table_names_what_would_be_touched(world: Sandbox, ask: Ask) -> None:
    done = ask()
    assert (done.code, done.last) == (0, "nothing blocks: it may run"), done.out
    server = next(row for row in world.state()["servers"] if row["name"] == victim(world))
    assert f"touches  Server {server['name']} ({server['id']}): metadata" in done.out
    assert "touches  Lease default/chaoscinder: made, renewed, deleted" in done.out
    shown = json.loads(ask("--json").out)
    assert (shown["may_run"], shown["faults"]) == (True, ["stop_server"])


def test_a_neighbours_last_replica_blocks_preflight_and_run_until_it_is_allowed_by_name(world: Sandbox, ask: Ask, tmp_path: Path) -> None:
    add_neighbour(world, "cache")
    says = "default/Deployment/cache: loses its last ready replica"
    blocked = ask()
    assert blocked.code == 3, blocked.out
    assert says in blocked.out
    environment = json.loads((world.plan.directory / "sandbox.json").read_text())["environment"]
    refused = run([CHAOS, "--no-version-check", "run", str(NODE_SHUTDOWN)], cwd=tmp_path, env=environment)
    assert refused.code != 0
    assert "preflight found 1 that block: losses: default/Deployment/cache loses its last ready replica" in refused.out
    assert not (tmp_path / "chaoscinder-runs").exists()
    allowed = ask(CHAOSCINDER_ALLOW_LOSS="default/cache")
    assert allowed.code == 0, allowed.out


def test_no_second_node_in_the_zone_blocks(world: Sandbox, ask: Ask) -> None:
    here = victim(world)
    with world.world.step():
        for node in list(world.store.list(resources.NODES)):
            if node["metadata"]["name"] not in (here, "worker-4"):
                world.store.change(resources.NODES, node["metadata"]["name"], "", lambda obj: obj["spec"].update(unschedulable=True))
    done = ask()
    assert done.code == 3
    assert "no other node can take it" in done.out
    assert "worker-4: the volume is not reachable there (zone)" in done.out


def test_left_overs_on_a_server_block(world: Sandbox, ask: Ask) -> None:
    server = next(row for row in world.openstack.nova.everyone() if row.name == "worker-4")
    server.metadata.update(chaoscinder_run="a1b2c3d4e5f6", chaoscinder_undo="start")
    done = ask()
    assert done.code == 3
    assert "server worker-4: ACTIVE, left by run a1b2c3d4 (undo start: chaoscinder recover a1b2c3d4)" in done.out


def test_an_api_that_refuses_to_tell_blocks(world: Sandbox, ask: Ask, tmp_path: Path) -> None:
    config = json.loads((world.plan.directory / "kubeconfig").read_text())
    config["users"][0]["user"]["token"] = "wrong"
    (tmp_path / "kubeconfig").write_text(json.dumps(config))
    done = ask(KUBECONFIG=str(tmp_path / "kubeconfig"))
    assert done.code == 3
    assert "Traceback" not in done.out


def test_a_file_that_is_no_experiment_is_one_line(ask: Ask, tmp_path: Path) -> None:
    path = tmp_path / "odd.json"
    path.write_text("[1]")
    done = run([CHAOSCINDER, "preflight", str(path)], cwd=tmp_path)
    assert (done.code, done.out) == (2, f"chaoscinder: {path} is a list (wanted an experiment)\n")
