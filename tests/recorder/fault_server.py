"""The fault server of the package in a thread of a test, with what reached it and the truth about its outages."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from chaoscinder.recorder import fault_server
from chaoscinder.recorder.fault_server import GOOD, Fault

__all__ = ["GOOD", "Fault", "FaultServer"]
T = TypeVar("T")


class FaultServer:
    """One address on 127.0.0.1. Every request is kept, so that a test can say what reached the server."""

    def __init__(self) -> None:
        self.requests: list[bytes] = []
        self.rows: list[dict[str, str]] | None = None
        self.truth: list[tuple[Fault, float, float]] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = self._call(lambda: fault_server.FaultServer(0, self._page, self.requests.append))
        self.port = self._server.port
        self.url = f"http://127.0.0.1:{self.port}/"

    @contextmanager
    def broken(self, fault: Fault) -> Iterator[None]:
        """Break it, and write down from when to when."""
        started = self._call(lambda: self._server.enter(fault))
        yield
        self.truth.append((fault, started, self._call(self._server.leave)))

    def close(self) -> None:
        """End the server and its thread."""
        self._call(self._server.close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5.0)
        self._loop.close()

    def _call(self, act: Callable[[], T]) -> T:
        async def run() -> T:
            return act()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(5.0)

    def _page(self, request: bytes) -> bytes:
        """The web UI, or the rows where a test gave it some; DELETE takes those of one name away."""
        if self.rows is None or b" /users" not in request:
            return GOOD
        method, path = request.decode().split(" ")[:2]
        if method == "DELETE":
            self.rows = [row for row in self.rows if row["name"] != path.rpartition("/")[2]]
        return json.dumps(self.rows).encode()
