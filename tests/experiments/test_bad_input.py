"""Bad input gets one line and a non-zero exit, before anything is touched, and leaves nothing behind."""

import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.lent import CHAOS, NODE_SHUTDOWN, Done, Lent, run, servers


def said(done: Done) -> list[str]:
    """The error lines, without Chaos Toolkit's stamp."""
    return [line.partition("] ")[2] for line in done.out.splitlines() if " ERROR]" in line or " CRITICAL]" in line]


def refused_with(lent: Lent, tmp_path: Path, line: str, **changes: str | None) -> None:
    """Run the experiment with changes and insist on the line, a failing exit, no run, and an untouched cloud."""
    before = servers(lent.state())
    done = lent.chaos(tmp_path, **changes)
    assert done.code != 0, done.out
    assert f"chaoscinder: {line}" in said(done), done.out
    assert list(tmp_path.glob("chaoscinder-runs/*")) == []
    assert servers(lent.state()) == before


@pytest.fixture
def silent_address() -> Iterator[str]:
    """An address that accepts connections and never answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture
def other_application() -> Iterator[str]:
    """An address that answers, but is not the application."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "11")
            self.end_headers()
            self.wfile.write(b"It works!\r\n")

        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def test_without_a_kubeconfig(lent: Lent, tmp_path: Path) -> None:
    done = lent.chaos(tmp_path, KUBECONFIG=str(tmp_path / "none"))
    assert done.code != 0
    assert any(
        line.startswith("chaoscinder: no usable kubeconfig (wanted KUBECONFIG or ~/.kube/config, or a pod)") for line in said(done)
    ), done.out
    assert list(tmp_path.glob("chaoscinder-runs/*")) == []


@pytest.mark.parametrize("name", ["namespace", "workload", "app_url", "cluster_id"])
def test_with_an_empty_name(lent: Lent, tmp_path: Path, name: str) -> None:
    variable = f"CHAOSCINDER_{name.upper()}"
    refused_with(lent, tmp_path, f"{name} is empty (wanted it named: set {variable} or configuration.{name})", **{variable: ""})


def test_with_a_namespace_that_is_not_there(lent: Lent, tmp_path: Path) -> None:
    line = 'Kubernetes has no /api/v1/namespaces/defualt: namespaces "defualt" not found'
    refused_with(lent, tmp_path, line, CHAOSCINDER_NAMESPACE="defualt")


def test_with_a_workload_that_is_not_there(lent: Lent, tmp_path: Path) -> None:
    line = "no Deployment or StatefulSet tset-cinder in namespace default (wanted one)"
    refused_with(lent, tmp_path, line, CHAOSCINDER_WORKLOAD="tset-cinder")


def test_with_another_cluster(lent: Lent, tmp_path: Path) -> None:
    line = f"this is cluster {lent.environment['CHAOSCINDER_CLUSTER_ID']} (wanted production): nothing was touched"
    refused_with(lent, tmp_path, line, CHAOSCINDER_CLUSTER_ID="production")


def test_with_another_project(lent: Lent, tmp_path: Path) -> None:
    project = lent.environment["CHAOSCINDER_CLOUD_PROJECT_ID"]
    line = f"the OpenStack credentials are for project {project} (wanted payments): nothing was touched"
    refused_with(lent, tmp_path, line, CHAOSCINDER_CLOUD_PROJECT_ID="payments")


def test_with_a_budget_that_is_no_number(lent: Lent, tmp_path: Path) -> None:
    line = 'outage_budget_s is "soon" (wanted a number of seconds above 0)'
    refused_with(lent, tmp_path, line, CHAOSCINDER_OUTAGE_BUDGET_S="soon")


def test_with_a_bound_finer_than_the_sampling(lent: Lent, tmp_path: Path) -> None:
    done = lent.chaos(tmp_path, CHAOSCINDER_OUTAGE_BUDGET_S="0.5")
    assert done.code != 0
    assert any("outage_budget_s" in line and "finer" in line for line in said(done)), done.out


def test_with_a_rate_that_the_cluster_does_not_have(lent: Lent, tmp_path: Path) -> None:
    line = "rate is 7 but the cluster is v1.36.2+chaoscinder-sandbox at rate 20 (wanted the same; only the sandbox has a rate other than 1)"
    refused_with(lent, tmp_path, line, CHAOSCINDER_RATE="7")


def test_with_an_address_that_is_not_the_application(lent: Lent, tmp_path: Path, other_application: str) -> None:
    line = f"the application is not there before the fault: {other_application} answered without 'My pod name:': not the application"
    refused_with(lent, tmp_path, line, CHAOSCINDER_APP_URL=other_application)


def test_with_an_api_server_that_hangs(lent: Lent, tmp_path: Path, silent_address: str) -> None:
    config = tmp_path / "kubeconfig"
    config.write_text(Path(lent.environment["KUBECONFIG"]).read_text().replace(lent.found["url"], silent_address))
    done = lent.chaos(tmp_path, KUBECONFIG=str(config), CHAOSCINDER_REQUEST_TIMEOUT_S="0.5")
    assert done.code != 0
    wanted = f"chaoscinder: Kubernetes at {silent_address} did not answer GET /api/v1/namespaces/kube-system within 0.5 s"
    assert any(line.startswith(wanted) for line in said(done)), done.out


def test_with_a_keystone_that_hangs(lent: Lent, tmp_path: Path, silent_address: str) -> None:
    clouds = tmp_path / "clouds.yaml"
    clouds.write_text(Path(lent.environment["OS_CLIENT_CONFIG_FILE"]).read_text().replace(lent.found["url"], silent_address))
    done = lent.chaos(tmp_path, OS_CLIENT_CONFIG_FILE=str(clouds), CHAOSCINDER_REQUEST_TIMEOUT_S="0.5")
    assert done.code != 0
    assert any(line.startswith("chaoscinder: OpenStack did not answer (log in to OpenStack)") for line in said(done)), done.out


def test_with_a_refused_login(lent: Lent, tmp_path: Path) -> None:
    clouds = tmp_path / "clouds.yaml"
    config = json.loads(Path(lent.environment["OS_CLIENT_CONFIG_FILE"]).read_text())
    config["clouds"]["chaoscinder-sandbox"]["auth"]["password"] = "wr0ng-password"
    clouds.write_text(json.dumps(config))
    done = lent.chaos(tmp_path, OS_CLIENT_CONFIG_FILE=str(clouds))
    assert done.code != 0
    assert any(line.startswith("chaoscinder: OpenStack refused the login") for line in said(done)), done.out
    assert "wr0ng-password" not in done.out


def test_a_misspelled_key_is_found_by_lint_and_not_by_chaos_validate(lent: Lent, tmp_path: Path) -> None:
    experiment = json.loads(NODE_SHUTDOWN.read_text())
    experiment["rollback"] = experiment.pop("rollbacks")
    path = tmp_path / "misspelled.json"
    path.write_text(json.dumps(experiment))
    assert run([CHAOS, "--no-version-check", "validate", str(path)], cwd=tmp_path, env=lent.environment).code == 0
    linted = run(["chaoscinder", "lint", str(path)], cwd=tmp_path)
    assert (linted.code, linted.out) == (1, f'{path}: experiment: unknown key "rollback" (wanted "rollbacks"?)\n')
