"""The Lease: who is refused, who is dead, and that a signal in the middle of taking it leaves none behind."""

import json
import os
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from chaoscinder.errors import Refused, Unreachable
from chaoscinder.model.leftover import Hold
from chaoscinder.recovery import lock
from chaoscinder.recovery.lock import Lock
from chaoscinder.settings import Settings

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
PATH = "/apis/coordination.k8s.io/v1/namespaces/default/leases"


def hold(**changes: Any) -> Hold:
    """A Lease that was renewed a second ago."""
    known = {"namespace": "default", "holder": "jane@bastion (process 7)", "run_id": "a" * 32, "renewed_at": NOW - timedelta(seconds=1)}
    return Hold(**{**known, "lasts_s": 30.0, "version": "1", **changes})


class Cluster:
    """An API server that knows nothing but Leases; asking for one may be kept waiting, and an answer may get lost or be untrue."""

    def __init__(self) -> None:
        self.leases: dict[str, dict[str, Any]] = {}
        self.came = threading.Event()
        self.may_go_on = threading.Event()
        self.may_go_on.set()
        self.loses_answers = False
        self.denies = False  # answers 404 to a deletion, and deletes nothing
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (Door,), {"cluster": self}))
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class Door(BaseHTTPRequestHandler):
    """What a Cluster answers."""

    cluster: Cluster

    def do_GET(self) -> None:
        found = self.cluster.leases.get(self._name())
        self._answer(200 if found else 404, found or {"message": "not found"})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.cluster.came.set()
        self.cluster.may_go_on.wait(5)
        name = body["metadata"]["name"]
        if name in self.cluster.leases:
            self._answer(409, {"message": "exists"})
            return
        body["metadata"] |= {"uid": "u", "resourceVersion": "1"}
        self.cluster.leases[name] = body
        if not self.cluster.loses_answers:
            self._answer(201, body)

    def do_DELETE(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.cluster.denies:
            self._answer(404, {"message": "not found"})
        else:
            self._answer(200, self.cluster.leases.pop(self._name(), {}))

    def log_message(self, format: str, *args: object) -> None:
        pass

    def _name(self) -> str:
        return self.path.rpartition("/")[2]

    def _answer(self, status: int, value: Any) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    made = Cluster()
    context = {"name": "x", "context": {"cluster": "c", "user": "u"}}
    parts = {"clusters": [{"name": "c", "cluster": {"server": made.url}}], "contexts": [context], "users": [{"name": "u", "user": {}}]}
    path = tmp_path / "kubeconfig"
    path.write_text(json.dumps({"current-context": "x", **parts}))
    monkeypatch.setenv("KUBECONFIG", str(path))
    monkeypatch.setattr("kubernetes.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION", str(path))
    yield made
    made.close()


def lock_of(run_id: str) -> Lock:
    return Lock(Settings(namespace="default", request_timeout_s=1.0), run_id)


def test_who_holds_it_and_renews_it_keeps_others_out() -> None:
    line = "another run is in progress: Lease default/chaoscinder is held by jane@bastion (process 7) for run aaaaaaaa, renewed 1 s ago"
    with pytest.raises(Refused) as refused:
        lock.refuse_if_held(hold(), "b" * 32, NOW)
    assert str(refused.value) == f"{line} (wanted it free; chaoscinder stop aaaaaaaa)"
    with pytest.raises(Refused, match="ask its holder"):
        lock.refuse_if_held(hold(run_id=""), "b" * 32, NOW)


@pytest.mark.parametrize(
    "free", [None, hold(run_id="b" * 32), hold(renewed_at=NOW - timedelta(seconds=31)), hold(holder=""), hold(renewed_at=None)]
)
def test_a_lease_that_nobody_renews_or_that_is_ours_keeps_nobody_out(free: Hold | None) -> None:
    lock.refuse_if_held(free, "b" * 32, NOW)


def test_only_a_process_of_this_machine_that_does_not_live_is_dead() -> None:
    here = socket.gethostname()
    assert lock.holder_is_dead(hold(holder=f"jane@{here} (process 999999999)"))
    assert not lock.holder_is_dead(hold(holder=f"jane@{here} (process {os.getpid()})"))
    assert not lock.holder_is_dead(hold(holder="jane@elsewhere (process 999999999)"))
    assert not lock.holder_is_dead(hold(holder="jane"))


def test_taken_and_released(cluster: Cluster) -> None:
    mine = lock_of("a" * 32)
    mine.take()
    assert list(cluster.leases) == ["chaoscinder"]
    assert mine.release() == ""
    assert cluster.leases == {}
    assert mine.release() == ""


def test_a_signal_while_it_is_being_taken_leaves_none_behind(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread that waits is torn out of its waiting while the API server is still at the request."""
    cluster.may_go_on.clear()
    mine = lock_of("a" * 32)

    class Torn(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            cluster.came.wait(5)
            raise KeyboardInterrupt

    monkeypatch.setattr(mine, "_asked", Torn())
    with pytest.raises(KeyboardInterrupt):
        mine.take()
    threading.Timer(0.1, cluster.may_go_on.set).start()
    assert mine.release() == ""
    assert cluster.leases == {}


def test_an_answer_that_is_lost_leaves_none_behind(cluster: Cluster) -> None:
    cluster.loses_answers = True
    mine = lock_of("a" * 32)
    with pytest.raises(Unreachable):
        mine.take()
    assert list(cluster.leases) == ["chaoscinder"]
    assert mine.release() == ""
    assert cluster.leases == {}


def test_one_that_stays_although_its_deletion_was_answered_is_told(cluster: Cluster) -> None:
    mine = lock_of("a" * 32)
    mine.take()
    cluster.denies = True
    told = "Lease default/chaoscinder was not released and expires by itself 30 s after its renewal"
    assert mine.release() == f"{told}: it is still there after its deletion was answered"
    assert list(cluster.leases) == ["chaoscinder"]


def test_who_comes_second_takes_nothing_and_releases_nothing(cluster: Cluster) -> None:
    second = lock_of("b" * 32)
    cluster.may_go_on.clear()
    refused: list[BaseException] = []

    def take() -> None:
        try:
            second.take()
        except Refused as error:
            refused.append(error)

    thread = threading.Thread(target=take)
    thread.start()
    cluster.came.wait(5)
    cluster.leases["chaoscinder"] = {"metadata": {"name": "chaoscinder", "annotations": {"chaoscinder/run": "a" * 32}}, "spec": {}}
    cluster.may_go_on.set()
    thread.join(5)
    assert [str(error) for error in refused] == [f"Kubernetes refused POST {PATH} with 409: exists"]
    assert second.release() == ""
    assert list(cluster.leases) == ["chaoscinder"]
