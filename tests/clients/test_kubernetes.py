"""What an API server answers that is no object of its API is no answer, and never an empty list."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from chaoscinder.clients.kubernetes import Kubernetes
from chaoscinder.errors import Unreachable
from chaoscinder.settings import Settings

NODES = "/api/v1/nodes"


class Server(ThreadingHTTPServer):
    """Answers everything with the same bytes."""

    daemon_threads = True
    body = b""


class Answer(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server(("127.0.0.1", 0), Answer)
    threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


@pytest.fixture
def kubernetes(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kubernetes]:
    cluster = {"name": "c", "cluster": {"server": f"http://127.0.0.1:{server.server_port}"}}
    context = {"name": "x", "context": {"cluster": "c", "user": "u"}}
    told = {"current-context": "x", "clusters": [cluster], "contexts": [context], "users": [{"name": "u", "user": {}}]}
    (tmp_path / "config").write_text(json.dumps(told))
    monkeypatch.setattr("kubernetes.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION", str(tmp_path / "config"))
    made = Kubernetes(Settings(request_timeout_s=2.0))
    yield made
    made.close()


@pytest.mark.parametrize("body", [b"[]", b"null", b'"text"', b"7"])
def test_json_that_is_no_object_is_named(server: Server, kubernetes: Kubernetes, body: bytes) -> None:
    server.body = body
    with pytest.raises(Unreachable) as told:
        kubernetes.rows(NODES)
    assert str(told.value) == f"Kubernetes GET {NODES} did not answer with an object (saw {body!r})"


def test_what_is_no_json_is_named(server: Server, kubernetes: Kubernetes) -> None:
    server.body = b"<html>"
    with pytest.raises(Unreachable) as told:
        kubernetes.rows(NODES)
    assert str(told.value) == f"Kubernetes GET {NODES} did not answer in JSON (saw b'<html>')"


@pytest.mark.parametrize("body", [b'{"items": []}', b'{"items": null}'])
def test_an_empty_list_is_one(server: Server, kubernetes: Kubernetes, body: bytes) -> None:
    server.body = body
    assert kubernetes.rows(NODES) == ()
