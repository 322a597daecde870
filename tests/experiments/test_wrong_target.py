"""A target that is none, several, or in disagreement is refused with one line; the world is spoilt on purpose, in this process."""

import copy
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from chaoscinder.sandbox import default_world, files
from chaoscinder.sandbox.kubernetes import defaults, resources
from chaoscinder.sandbox.launch import Plan, Sandbox
from chaoscinder.sandbox.server import serve
from tests.lent import CHAOS, NODE_SHUTDOWN, Done, run

Refusal = Callable[..., str]


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


def line_of(done: Done) -> str:
    """Our one line."""
    assert done.code != 0, done.out
    (line,) = (line.partition("ERROR] chaoscinder: ")[2] for line in done.out.splitlines() if "ERROR] chaoscinder: " in line)
    return line


@pytest.fixture
def refusal(world: Sandbox, tmp_path: Path) -> Refusal:
    """Runs the experiment and gives the line that refuses it; nothing may have been stopped, and no run is left."""
    environment = json.loads((world.plan.directory / "sandbox.json").read_text())["environment"]

    def play(**changes: str) -> str:
        done = run([CHAOS, "--no-version-check", "run", str(NODE_SHUTDOWN)], cwd=tmp_path, env={**environment, **changes})
        assert {row["status"] for row in world.state()["servers"]} == {"ACTIVE"}
        assert not (tmp_path / "chaoscinder-runs").exists()
        return line_of(done)

    return play


def deployed(world: Sandbox, name: str, volumes: list[dict[str, Any]]) -> None:
    """Add a Deployment like the demo application's, under another name and on other volumes, and wait until its pod is scheduled."""
    deployment = copy.deepcopy(next(row for row in default_world.demo_manifests() if row["kind"] == "Deployment"))
    deployment["metadata"]["name"] = name
    deployment["spec"]["selector"]["matchLabels"] = deployment["spec"]["template"]["metadata"]["labels"] = {"app": name}
    deployment["spec"]["template"]["spec"]["volumes"] = volumes
    if not volumes:
        deployment["spec"]["template"]["spec"]["containers"][0]["volumeMounts"] = []
    defaults.apply(resources.DEPLOYMENTS, deployment)
    with world.world.step():
        world.store.create(resources.DEPLOYMENTS, deployment)


def test_a_deployment_without_a_volume(world: Sandbox, refusal: Refusal) -> None:
    deployed(world, "stateless", [])
    line = refusal(CHAOSCINDER_WORKLOAD="stateless")
    assert line.startswith("Deployment default/stateless mounts no volume of a claim (wanted a PersistentVolumeClaim in pod stateless-")


def test_a_volume_that_is_not_cinders(world: Sandbox, refusal: Refusal) -> None:
    with world.world.step():
        (volume,) = world.store.list(resources.VOLUMES)

        def become_nfs(obj: dict[str, Any]) -> None:
            del obj["spec"]["csi"]
            obj["spec"]["nfs"] = {"server": "filer", "path": "/x"}

        world.store.change(resources.VOLUMES, volume["metadata"]["name"], "", become_nfs)
    name = volume["metadata"]["name"]
    assert refusal() == f"claim test-cinder-volume is bound to {name}, a volume of nfs (wanted one of Cinder: cinder.csi.openstack.org)"


def test_two_servers_of_one_name(world: Sandbox, refusal: Refusal) -> None:
    with world.world.step():
        for name in ("worker-1", "worker-2", "worker-3"):
            world.openstack.add_server(name, zone="az-1")
    line = refusal()
    assert line.startswith("2 servers are called worker-")
    assert line.endswith("(wanted one)")


def test_a_node_whose_csi_node_names_another_server(world: Sandbox, refusal: Refusal) -> None:
    with world.world.step():
        for row in list(world.store.list(resources.CSINODES)):

            def lie(obj: dict[str, Any]) -> None:
                obj["spec"]["drivers"][0]["nodeID"] = "00000000-0000-4000-8000-000000000000"

            world.store.change(resources.CSINODES, row["metadata"]["name"], "", lie)
    line = refusal()
    assert line.endswith("its CSINode says 00000000-0000-4000-8000-000000000000 (wanted the same)")


def test_a_node_without_provider_id(world: Sandbox, refusal: Refusal) -> None:
    with world.world.step():
        for row in list(world.store.list(resources.NODES)):
            world.store.change(resources.NODES, row["metadata"]["name"], "", lambda obj: obj["spec"].pop("providerID"))
    line = refusal()
    assert line.endswith("has no usable spec.providerID (wanted openstack:///SERVER)")


def test_a_deployment_and_a_stateful_set_of_one_name(world: Sandbox, refusal: Refusal) -> None:
    twin = {
        "metadata": {"name": "test-cinder", "namespace": "default"},
        "spec": {
            "replicas": 0,
            "serviceName": "x",
            "selector": {"matchLabels": {"app": "twin"}},
            "template": {"metadata": {"labels": {"app": "twin"}}, "spec": {"containers": [{"name": "x", "image": "x"}]}},
        },
    }
    defaults.apply(resources.STATEFULSETS, twin)
    with world.world.step():
        world.store.create(resources.STATEFULSETS, twin)
    line = "namespace default has both a Deployment and a StatefulSet test-cinder (wanted one: say Deployment/test-cinder)"
    assert refusal(CHAOSCINDER_WORKLOAD="test-cinder") == line


def test_a_rate_on_a_cluster_that_is_not_the_sandbox(world: Sandbox, refusal: Refusal, tmp_path: Path) -> None:
    cluster_id = world.identities()["cluster_id"]

    class Real(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known = {
                "/version": {"major": "1", "minor": "36", "gitVersion": "v1.36.2"},
                "/api/v1/namespaces/kube-system": {"kind": "Namespace", "metadata": {"name": "kube-system", "uid": cluster_id}},
            }
            body = json.dumps(known[self.path]).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Real) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        config = json.loads((world.plan.directory / "kubeconfig").read_text())
        config["clusters"][0]["cluster"]["server"] = f"http://127.0.0.1:{server.server_port}"
        path = tmp_path / "kubeconfig"
        path.write_text(json.dumps(config))
        line = refusal(KUBECONFIG=str(path))
        server.shutdown()
    assert line == "rate is 20 but the cluster is v1.36.2 at rate 1 (wanted the same; only the sandbox has a rate other than 1)"
