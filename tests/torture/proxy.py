"""A recording proxy between the pack and what it talks to: it can stop at a call, answer in the other's place, or not at all.

It stands outside of the pack and of the sandbox, so it says what really went over the wire, and works before a real cloud as well.
"""

import contextlib
import http.client
import json
import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

HEADER = "X-Torture-Caller"
READS = ("GET", "HEAD", "OPTIONS")
# POST requests that change nothing: logins and questions.
QUESTIONS = re.compile(r"/auth/tokens$|accessreviews$")
# Names that differ from run to run, by what they are names of.
NORMAL = (
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "{id}"),
    (re.compile(r"(?<=/)[0-9a-f]{32}(?=/|$)"), "{project}"),
    (re.compile(r"(?<=/nodes/)[^/]+"), "{node}"),
    (re.compile(r"(?<=/csinodes/)[^/]+"), "{node}"),
    (re.compile(r"(?<=/volumeattachments/)[^/]+"), "{attachment}"),
    (re.compile(r"(?<=/persistentvolumes/)[^/]+"), "{volume}"),
    (re.compile(r"(?<=/pods/)[^/]+"), "{pod}"),
    (re.compile(r"(?<=/users/)[^/]+"), "{row}"),
)
HOLD_S = 60.0  # wall seconds after which a call that nobody let go on goes on by itself
DRIPS_S = 120.0


@dataclass(frozen=True, slots=True, order=True)
class Site:
    """One place in the code from which one kind of call is made."""

    process: str
    thread: str
    call: str  # method and path, without the names that differ from run to run
    inner: str
    outer: str

    @property
    def mutates(self) -> bool:
        """Whether the call changes something."""
        method, _, path = self.call.partition(" ")
        return method not in READS and not QUESTIONS.search(path)

    def __str__(self) -> str:
        return f"{self.call} by {self.inner} in {self.outer} ({self.process}, {self.thread})"


@dataclass(slots=True)
class Asked:
    """One request as it went over the wire; status 0 where nothing was answered."""

    at: float
    site: Site
    status: int = 0
    path: str = ""
    stopped: bool = False


@dataclass(slots=True)
class Stop:
    """Where to stop: the k-th request of a site, before it is handed on or after it was answered; reached is set there.

    drop: what was stopped before it was handed on never is, because whoever asked is dead by then.
    """

    matches: Callable[[Site], bool]
    after: bool
    number: int = 1
    drop: bool = False
    reached: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)
    seen: int = 0


@dataclass(slots=True)
class Fail:
    """What to do instead of answering, for every request of a site from the first one on.

    how: a status; "timeout" for silence, "reset" for a connection that breaks, "drip" for an answer that comes a byte at a time and never
    ends, or the text of a body for an answer 200 with that body.

    done: whether the other side gets to do it all the same, so that only the answer is lost.
    """

    matches: Callable[[Site], bool]
    how: int | str
    done: bool = False
    times: int = 0  # how often at most; 0 means always
    seen: int = 0


class Proxy:
    """Listens for each of the addresses that it stands for."""

    def __init__(self, addresses: Mapping[str, str]) -> None:
        """addresses: a short name for each base address; "app" is the application."""
        self.log: list[Asked] = []
        self._lock = threading.Lock()
        self.stop: Stop | None = None
        self.fail: Fail | None = None
        self.timeout_s = 1.5
        self.alter: Callable[[str, bytes], bytes] | None = None  # what becomes of an answer's body, by its path
        self._servers = {name: _server(self, name, urlsplit(address)) for name, address in addresses.items()}
        self.urls = {name: f"http://127.0.0.1:{server.server_port}" for name, server in self._servers.items()}
        self.replacing = {address.rstrip("/").encode(): self.urls[name].encode() for name, address in addresses.items() if name != "app"}

    def clear(self) -> list[Asked]:
        """Forget rules and requests; the requests so far."""
        with self._lock:
            self.stop, self.fail = None, None
            log, self.log = self.log, []
        return log

    def close(self) -> None:
        """Stop listening."""
        for server in self._servers.values():
            server.shutdown()
            server.server_close()

    def note(self, asked: Asked) -> tuple[Stop | None, Fail | None]:
        """Keep a request, and tell which rule holds for it."""
        with self._lock:
            self.log.append(asked)
            stop, fail = self.stop, self.fail
            if stop is not None and not stop.reached.is_set() and stop.matches(asked.site):
                stop.seen += 1
                stop = stop if stop.seen == stop.number else None
            else:
                stop = None
            if fail is not None and fail.matches(asked.site) and (not fail.times or fail.seen < fail.times):
                fail.seen += 1
            else:
                fail = None
        return stop, fail


def normal(method: str, path: str) -> str:
    """Write a call without what differs from run to run."""
    for pattern, name in NORMAL:
        path = pattern.sub(name, path)
    return f"{method} {path}"


def _server(proxy: Proxy, name: str, to: Any) -> ThreadingHTTPServer:
    class Handler(_Handler):
        pass

    Handler.proxy, Handler.name, Handler.to = proxy, name, to
    server = _Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True, name=f"proxy {name}").start()
    return server


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is nobody's fault here."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    proxy: Proxy
    name: str
    to: Any
    _upstream: http.client.HTTPConnection | None = None

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def handle_one_request(self) -> None:
        """Like the original, for every method alike."""
        self.raw_requestline = self.rfile.readline(65537)
        if not self.raw_requestline:
            self.close_connection = True
        elif self.parse_request():
            self._serve()

    def finish(self) -> None:
        """Close both sides."""
        if self._upstream is not None:
            self._upstream.close()
        with contextlib.suppress(OSError):
            super().finish()

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        asked = Asked(time.monotonic(), self._site(), path=self.path)
        stop, fail = self.proxy.note(asked)
        if stop is not None and not stop.after:
            self._wait(asked, stop)
            if stop.drop:
                self._cut()
                return
        if fail is not None:
            self._refuse(asked, fail, body)
            return
        answer = self._ask(body)
        if answer is None:
            self._cut()
            return
        asked.status = answer.status
        if "watch=true" in self.path:
            self._stream(answer)
            return
        data = answer.read()
        if stop is not None and stop.after:
            self._wait(asked, stop)
        self._hand_back(answer, data)

    def _site(self) -> Site:
        said = (self.headers.get(HEADER) or "- - - -").split(" ")
        path = self.path.split("?")[0]
        where = f" app {normal('', path).strip()}" if self.name == "app" else normal("", path)
        process, thread, inner, outer = said if len(said) == 4 else ("-", "-", "-", "-")
        watch = " watch" if "watch=true" in self.path else ""
        return Site(process, thread, f"{self.command}{where}{watch}", inner, outer)

    def _wait(self, asked: Asked, stop: Stop) -> None:
        asked.stopped = True
        stop.reached.set()
        stop.go_on.wait(HOLD_S)

    def _ask(self, body: bytes) -> http.client.HTTPResponse | None:
        """Hand the request on; None where nobody answered."""
        headers = {key: value for key, value in self.headers.items() if key not in (HEADER, "Accept-Encoding")}
        for fresh in (self._upstream is None, True):
            try:
                if self._upstream is None or fresh:
                    self._upstream = http.client.HTTPConnection(self.to.hostname, self.to.port, timeout=400)
                    self._upstream.connect()
                    self._upstream.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
                for key, value in headers.items():
                    self._upstream.putheader(key, value)
                self._upstream.endheaders(body or None)
                return self._upstream.getresponse()
            except (OSError, http.client.HTTPException):
                if fresh or self.command not in READS:
                    return None
        return None

    def _hand_back(self, answer: http.client.HTTPResponse, data: bytes) -> None:
        if self.name != "app":
            for theirs, ours in self.proxy.replacing.items():
                data = data.replace(theirs, ours)
        if self.proxy.alter is not None and self.name != "app":
            data = self.proxy.alter(self.path, data)
        self.send_response_only(answer.status, answer.reason)
        for key, value in answer.getheaders():
            if key.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(key, self._ours(value))
        self._end(data)

    def _ours(self, value: str) -> str:
        for theirs, ours in self.proxy.replacing.items():
            value = value.replace(theirs.decode(), ours.decode())
        return value

    def _end(self, data: bytes) -> None:
        self.send_header("Content-Length", str(len(data)))
        if self.close_connection or self.headers.get("Connection", "").lower() == "close":
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)
        self.wfile.flush()

    def _stream(self, answer: http.client.HTTPResponse) -> None:
        self.close_connection = True
        self.send_response_only(answer.status, answer.reason)
        self.send_header("Content-Type", answer.getheader("Content-Type") or "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.send_header("Connection", "close")
        self.end_headers()
        with contextlib.suppress(OSError, http.client.HTTPException):
            while data := answer.read1(65536):
                self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
                self.wfile.flush()
            self.wfile.write(b"0\r\n\r\n")

    def _refuse(self, asked: Asked, fail: Fail, body: bytes) -> None:
        if fail.done:
            answer = self._ask(body)
            if answer is not None:
                answer.read()
        if fail.how == "timeout":
            time.sleep(self.proxy.timeout_s)
            self._cut()
        elif fail.how == "reset":
            self._cut()
        elif fail.how == "drip":
            self._drip()
        elif isinstance(fail.how, str):
            asked.status = 200
            self.send_response_only(200)
            self.send_header("Content-Type", "application/json")
            self._end(fail.how.encode())
        else:
            asked.status = int(fail.how)
            self._say(int(fail.how))

    def _say(self, status: int) -> None:
        """Answer in the words of the API that would have been asked."""
        told = f"torture: {self.command} {self.path.split('?')[0]} is answered with {status}"
        kubernetes = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": told, "reason": "Torture", "code": status}
        openstack = {"error": {"code": status, "title": "Torture", "message": told}}
        data = json.dumps(kubernetes if self.path.startswith(("/api", "/version")) else openstack).encode()
        self.send_response_only(status)
        self.send_header("Content-Type", "application/json")
        self._end(data)

    def _drip(self) -> None:
        """Begin to answer and never end."""
        self.send_response_only(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "1000000")
        self.end_headers()
        with contextlib.suppress(OSError):
            for _ in range(int(DRIPS_S / 0.1)):
                self.wfile.write(b" ")
                self.wfile.flush()
                time.sleep(0.1)
        self._cut()

    def _cut(self) -> None:
        """Break the connection off with a reset."""
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
