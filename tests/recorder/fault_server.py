"""A small real server that breaks on demand and writes down exactly when: the truth that the sampler is measured against."""

import json
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum

from chaoscinder.clock import Clock

GOOD = b"<h1>users</h1>\nMy pod name: web-0\n"


class Fault(StrEnum):
    """What is wrong with it. REFUSED has no listener; STALL answers all it held when it is over; SILENT never answers them."""

    NONE = "none"
    REFUSED = "refused"
    SERVER_ERROR = "503"
    NOT_FOUND = "404"
    WRONG = "wrong"
    RESET = "reset"
    STALL = "stall"
    TRUNCATED = "truncated"
    NOT_HTTP = "not-http"
    CHUNKED = "chunked"
    UNTIL_CLOSE = "until-close"
    DRIP = "drip"


class FaultServer:
    """One address on 127.0.0.1. Every request is kept, so that a test can say what reached the server."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.fault = Fault.NONE
        self.requests: list[bytes] = []
        self.rows: list[dict[str, str]] | None = None
        self.truth: list[tuple[Fault, float, float]] = []
        self._healed = threading.Event()
        self._healed.set()
        self._listener = self._listen(0)
        self.port = int(self._listener.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}/"
        self._threads: list[threading.Thread] = []
        self._serve()

    @contextmanager
    def broken(self, fault: Fault) -> Iterator[None]:
        """Break it, and write down from when to when."""
        started = self._enter(fault)
        yield
        self._leave()
        self.truth.append((fault, started, self.clock.monotonic_s()))

    def close(self) -> None:
        """End the server and its threads."""
        self._healed.set()
        self._hang_up()
        for thread in self._threads:
            thread.join(5.0)

    def _enter(self, fault: Fault) -> float:
        if fault is Fault.REFUSED:
            self._hang_up()
        self._healed.clear()
        started = self.clock.monotonic_s()
        self.fault = fault
        return started

    def _leave(self) -> None:
        refused, self.fault = self.fault is Fault.REFUSED, Fault.NONE
        self._healed.set()
        if refused:
            self._listener = self._listen(self.port)
            self._serve()

    def _listen(self, port: int) -> socket.socket:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(256)
        return listener

    def _hang_up(self) -> None:
        with suppress(OSError):  # it may be hung up already
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve(self) -> None:
        self._start(self._accept, self._listener)

    def _start(self, act: object, link: socket.socket) -> None:
        thread = threading.Thread(target=act, args=(link,), daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                link, _ = listener.accept()
            except OSError:
                return
            self._start(self._answer, link)

    def _answer(self, link: socket.socket) -> None:
        with link, suppress(OSError):  # the client may leave, which is its right
            self.requests.append(self._request(link))
            self._reply(link, self.fault)

    def _request(self, link: socket.socket) -> bytes:
        data = b""
        while b"\r\n\r\n" not in data and not data.startswith(b"\x16"):  # a TLS hello is no request, and is answered in plain HTTP
            data += (more := link.recv(65536))
            if not more:
                break
        head, _, body = data.partition(b"\r\n\r\n")
        lengths = [line.partition(b":")[2] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")]
        while lengths and len(body) < int(lengths[0]):
            body += link.recv(65536)
        return head + b"\r\n\r\n" + body

    def _reply(self, link: socket.socket, fault: Fault) -> None:
        if fault is Fault.RESET:
            link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return
        if fault is Fault.STALL:
            self._healed.wait(10.0)
        if fault is Fault.DRIP:
            for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"x" * 1000:
                link.sendall(bytes([byte]))
                self.clock.sleep_wall(0.02)
        link.sendall(_ANSWERS.get(fault) or _sized(b"200 OK", self._page(self.requests[-1])))

    def _page(self, request: bytes) -> bytes:
        """The web UI, or the rows where a test gave it some; DELETE takes those of one name away."""
        if self.rows is None or b" /users" not in request:
            return GOOD
        method, path = request.decode().split(" ")[:2]
        if method == "DELETE":
            self.rows = [row for row in self.rows if row["name"] != path.rpartition("/")[2]]
        return json.dumps(self.rows).encode()


def _sized(status: bytes, body: bytes) -> bytes:
    return b"HTTP/1.1 " + status + b"\r\nContent-Length: %d\r\n\r\n" % len(body) + body


_ANSWERS = {
    Fault.SERVER_ERROR: _sized(b"503 Service Unavailable", b"no"),
    Fault.NOT_FOUND: _sized(b"404 Not Found", b"no"),
    Fault.WRONG: _sized(b"200 OK", b"Welcome to nginx"),
    Fault.TRUNCATED: b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n" + GOOD,
    Fault.NOT_HTTP: b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
    Fault.CHUNKED: b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n" % len(GOOD) + GOOD + b"\r\n0\r\n\r\n",
    Fault.UNTIL_CLOSE: b"HTTP/1.0 200 OK\r\n\r\n" + GOOD,
}
