"""While a run renews its Lease: an answer that makes no sense never ends the renewing silently."""

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from chaoscinder.recovery import lock
from chaoscinder.recovery.lock import Lock
from chaoscinder.settings import Settings
from chaoscinder.waiting import halt
from tests.api_server import ApiServer, Handler


class LeaseHandler(Handler):
    """Answers for a LeaseServer."""

    def do_GET(self) -> None:
        self._tell(200 if self.api.lease else 404)

    def do_POST(self) -> None:
        self.api.lease = json.loads(self._body())
        self.api.lease["metadata"] |= {"uid": "u", "resourceVersion": "1"}
        self.api.lease["spec"]["renewTime"] = "2020-01-01T00:00:00.000000Z"
        self._tell(201)

    def do_PUT(self) -> None:
        self._body()
        self._tell(404)
        self.api.puts.release()

    def do_DELETE(self) -> None:
        self._body()
        self._tell(200)
        self.api.lease = {}

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers["Content-Length"]))

    def _tell(self, status: int) -> None:
        self.answer(status, json.dumps(self.api.lease if status < 300 else {"message": "no"}).encode())


class LeaseServer(ApiServer):
    """Holds one Lease that was renewed long ago; every PUT is answered with 404."""

    handler = LeaseHandler

    def __init__(self) -> None:
        self.puts = threading.Semaphore(0)
        self.lease: dict[str, Any] = {}
        super().__init__()


@pytest.fixture
def api_kind() -> type[ApiServer]:
    return LeaseServer


@pytest.fixture(autouse=True)
def _nobody_halted(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(lock, "LOOK_EVERY_S", 0.01)
    halt.clear()
    yield
    halt.clear()


def test_a_renewal_that_is_answered_with_404_is_tried_again(api: LeaseServer) -> None:
    mine = Lock(Settings(namespace="default", request_timeout_s=2.0), "a" * 32)
    mine.take()
    assert api.puts.acquire(timeout=10)
    assert api.puts.acquire(timeout=10)
    assert halt.reason == ""
    assert mine.release() == ""


def test_a_lease_that_somebody_deleted_stops_the_run(api: LeaseServer) -> None:
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
