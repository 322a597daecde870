"""An API server of the sandbox for tests: called directly (http), or over a socket by the official client (client) and by kubectl."""

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.test import Client

from chaoscinder.sandbox.kubernetes.api import KubernetesApi
from chaoscinder.sandbox.kubernetes.resources import NAMESPACES, NODES
from chaoscinder.sandbox.kubernetes.store import Store
from chaoscinder.sandbox.world import World

Object = dict[str, Any]
EPOCH = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)


class Http:
    """Calls a WSGI application and gives back code and document."""

    def __init__(self, api: KubernetesApi) -> None:
        self._client = Client(api)
        self.headers: dict[str, str] = {}

    def raw(self, method: str, path: str, body: object = None, *, content_type: str = "application/json", accept: str = "") -> Any:
        """Call, and give back werkzeug's answer."""
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        headers = {**self.headers, **({"Accept": accept} if accept else {})}
        return self._client.open(path, method=method, data=data, content_type=content_type if data else None, headers=headers)

    def __call__(self, method: str, path: str, body: object = None, *, content_type: str = "application/json", accept: str = "") -> Any:
        """Call, and give back code and document."""
        answer = self.raw(method, path, body, content_type=content_type, accept=accept)
        return answer.status_code, json.loads(answer.data)

    def refusal(self, method: str, path: str, body: object = None, *, content_type: str = "application/json") -> tuple[int, str, str]:
        """Call, and give back code, reason and message of the Status that refuses."""
        code, status = self(method, path, body, content_type=content_type)
        assert (status["kind"], status["apiVersion"], status["status"], status["code"]) == ("Status", "v1", "Failure", code)
        return code, status.get("reason", ""), status["message"]

    def get(self, path: str) -> Any:
        """The document at a path that is there."""
        code, document = self("GET", path)
        assert code == 200, document
        return document

    def post(self, path: str, body: object) -> Any:
        """The object that was created."""
        code, document = self("POST", path, body)
        assert code == 201, document
        return document


@pytest.fixture
def world() -> World:
    return World(epoch=EPOCH)


@pytest.fixture
def store(world: World) -> Store:
    """A store with the namespace default and the node n1."""
    store = Store(world)
    store.create(NAMESPACES, {"metadata": {"name": "default"}, "status": {"phase": "Active"}})
    store.create(NODES, {"metadata": {"name": "n1"}, "spec": {}, "status": {"conditions": [{"type": "Ready", "status": "True"}]}})
    return store


@pytest.fixture
def api(world: World, store: Store) -> KubernetesApi:
    return KubernetesApi(world, store, git_version="v1.36.2+chaoscinder-sandbox", rate=20.0, log=lambda uid: f"hello\nfrom {uid}\n")


@pytest.fixture
def http(api: KubernetesApi) -> Http:
    return Http(api)


@pytest.fixture
def pod() -> Callable[..., Object]:
    """Make a pod as a client would write it."""

    def make(name: str = "web", **spec: object) -> Object:
        containers = [{"name": "main", "image": "registry.invalid/app:1"}]
        return {"metadata": {"name": name, "labels": {"app": "web"}}, "spec": {"containers": containers, **spec}}

    return make


@pytest.fixture
def deployment() -> Object:
    """A Deployment as a client would write it."""
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "main", "image": "registry.invalid/app:1"}]}}
    return {"metadata": {"name": "web"}, "spec": {"selector": {"matchLabels": {"app": "web"}}, "template": template}}


class _Handler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: object) -> None:
        pass


@pytest.fixture
def api_url(api: KubernetesApi) -> Iterator[str]:
    """The address of the API server, listening on loopback while the test runs."""
    server = make_server("127.0.0.1", 0, api, threaded=True, request_handler=_Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    api.close()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def client(api_url: str) -> Iterator[Any]:
    """An ApiClient of the official Python client."""
    from kubernetes.client import ApiClient, Configuration

    configuration = Configuration(host=api_url)
    configuration.retries = False
    with ApiClient(configuration) as api_client:
        yield api_client
        api_client.rest_client.pool_manager.clear()


@pytest.fixture
def kubectl(api_url: str, tmp_path: Path) -> Callable[..., str]:
    """Run kubectl against the API server and give back what it prints, errors included."""
    found = shutil.which("kubectl")
    if found is None:
        pytest.skip("kubectl is not on PATH: what it would make of the sandbox was NOT tested")
    config = tmp_path / "kubeconfig"
    cluster = {"name": "sandbox", "cluster": {"server": api_url}}
    context = {"name": "sandbox", "context": {"cluster": "sandbox", "user": "sandbox"}}
    users = [{"name": "sandbox", "user": {}}]
    document = {"apiVersion": "v1", "kind": "Config", "clusters": [cluster], "contexts": [context], "users": users}
    config.write_text(json.dumps({**document, "current-context": "sandbox"}))
    environment = {**os.environ, "KUBECONFIG": str(config), "HOME": str(tmp_path), "KUBECACHEDIR": str(tmp_path / "cache")}

    def run(*arguments: str, stdin: str | None = None, rc: int | None = 0) -> str:
        done = subprocess.run([found, *arguments], env=environment, input=stdin, capture_output=True, text=True, timeout=30)
        assert rc is None or done.returncode == rc, done.stdout + done.stderr
        return done.stdout + done.stderr

    return run
