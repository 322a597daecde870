"""While a run renews its Lease: an answer that makes no sense never ends the renewing silently."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from chaoscinder.recovery import lock
from chaoscinder.recovery.lock import Lock
from chaoscinder.settings import Settings
from chaoscinder.waiting import halt


class ApiServer(ThreadingHTTPServer):
    """Holds one Lease that was renewed long ago; every PUT is answered with 404."""

    def __init__(self) -> None:
        self.puts, self.lease = threading.Semaphore(0), {}  # type: ignore[var-annotated]
        super().__init__(("127.0.0.1", 0), Handler)


class Handler(BaseHTTPRequestHandler):
    server: ApiServer

    def do_GET(self) -> None:
        self._answer(200 if self.server.lease else 404)

    def do_POST(self) -> None:
        self.server.lease = json.loads(self._body())
        self.server.lease["metadata"] |= {"uid": "u", "resourceVersion": "1"}
        self.server.lease["spec"]["renewTime"] = "2020-01-01T00:00:00.000000Z"
        self._answer(201)

    def do_PUT(self) -> None:
        self._body()
        self._answer(404)
        self.server.puts.release()

    def do_DELETE(self) -> None:
        self._body()
        self._answer(200)
        self.server.lease = {}

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers["Content-Length"]))

    def _answer(self, status: int) -> None:
        data = json.dumps(self.server.lease if status < 300 else {"message": "no"}).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ApiServer]:
    made = ApiServer()
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    parts = {
        "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{made.server_port}"}}],
        "users": [{"name": "u", "user": {}}],
    }
    path = tmp_path / "kubeconfig"
    path.write_text(json.dumps({"current-context": "x", "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}], **parts}))
    monkeypatch.setenv("KUBECONFIG", str(path))
    monkeypatch.setattr("kubernetes.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION", str(path))
    monkeypatch.setattr(lock, "LOOK_EVERY_S", 0.01)
    halt.clear()
    yield made
    halt.clear()
    made.shutdown()
    made.server_close()
    thread.join()


def test_a_renewal_that_is_answered_with_404_is_tried_again(api: ApiServer) -> None:
    mine = Lock(Settings(namespace="default", request_timeout_s=2.0), "a" * 32)
    mine.take()
    assert api.puts.acquire(timeout=10)
    assert api.puts.acquire(timeout=10)
    assert halt.reason == ""
    assert mine.release() == ""


def test_a_lease_that_somebody_deleted_stops_the_run(api: ApiServer) -> None:
    mine = Lock(Settings(namespace="default", request_timeout_s=2.0), "a" * 32)
    mine.take()
    api.lease = {}
    for _ in range(500):
        if halt.reason:
            break
        threading.Event().wait(0.02)
    assert halt.reason == (
        "the lock was lost: Lease default/chaoscinder is not held by this run any more "
        "(one of ours that is still there expires by itself 30 s after its renewal)"
    )
    assert mine.release() == ""
