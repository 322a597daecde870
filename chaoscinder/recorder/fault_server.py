"""A small web server that breaks on demand and tells exactly when: the truth that a sampler is measured against.

As a process of its own: python -m chaoscinder.recorder.fault_server, the port as the first line of its standard input. It says
{"listening": t}, and for each further line {"fault", "length_s"}, once that outage is over, {"fault", "started", "ended"}; t and both edges
are readings of the monotonic clock. It ends with its standard input.

1. One thread decides every answer and every change, so no answer is ever given half before and half after an edge.
2. Only plain data over the loopback: what it cannot do is drop packets.
"""

import asyncio
import json
import signal
import socket
import struct
import sys
from collections.abc import Callable
from enum import StrEnum

from chaoscinder.clock import Clock

HOST = "127.0.0.1"
BACKLOG = 512
GOOD = b"<h1>users</h1>\nMy pod name: web-0\n"
RESET = struct.pack("ii", 1, 0)  # SO_LINGER on, 0 s: closing sends RST
DRIP_S = 0.02
TLS_HELLO = b"\x16"
Page = Callable[[bytes], bytes]


class Fault(StrEnum):
    """What is wrong with it. REFUSED has no listener, KILLED no process; STALL answers all that it held when it is over."""

    NONE = "none"
    REFUSED = "refused"
    KILLED = "killed"
    SERVER_ERROR = "503"
    NOT_FOUND = "404"
    REDIRECT = "redirect"
    WRONG = "wrong"
    RESET = "reset"
    STALL = "stall"
    TRUNCATED = "truncated"
    NOT_HTTP = "not-http"
    CHUNKED = "chunked"
    UNTIL_CLOSE = "until-close"
    DRIP = "drip"


class FaultServer:
    """One address on 127.0.0.1, on the event loop that runs when it is made; nothing of it may be called from another thread.

    page gives the body of an answer when nothing is wrong. heard is told of every request.
    """

    def __init__(self, port: int = 0, page: Page = lambda _: GOOD, heard: Callable[[bytes], None] = lambda _: None) -> None:
        self.fault = Fault.NONE
        self._page, self._heard = page, heard
        self._clock = Clock()
        self._loop = asyncio.get_running_loop()
        self._links: set[_Link] = set()
        self._held: list[tuple[_Link, bytes]] = []
        self._listener = self._listen(port)
        self.port = int(self._listener.getsockname()[1])

    def enter(self, fault: Fault) -> float:
        """Break; the moment from which on it is broken.

        It is read before the act, and in leave() after it: nothing is answered between, but a connection may be refused just before one
        could note it.
        """
        now = self._clock.monotonic_s()
        if fault is Fault.REFUSED:
            self._hang_up()
        self.fault = fault
        return now

    def leave(self) -> float:
        """Be well again; the moment from which on it is."""
        was, self.fault = self.fault, Fault.NONE
        if was is Fault.REFUSED:
            self._listener = self._listen(self.port)
        now = self._clock.monotonic_s()
        held, self._held = self._held, []
        for link, request in held:
            self._reply(link, request)
        return now

    def close(self) -> None:
        """Hang up on everybody."""
        self._hang_up()
        for link in list(self._links):
            link.abort()

    def joined(self, link: "_Link", *, left: bool = False) -> None:
        """Keep account of who is connected."""
        (self._links.discard if left else self._links.add)(link)

    def answer(self, link: "_Link", request: bytes) -> None:
        """Take one request, and answer it as the fault of this moment wants it."""
        self._heard(request)
        self._reply(link, request)

    def _reply(self, link: "_Link", request: bytes) -> None:
        if self.fault is Fault.RESET:
            link.reset()
        elif self.fault is Fault.STALL:
            self._held.append((link, request))
        elif self.fault is Fault.DRIP:
            self._drip(link, b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"x" * 1000)
        else:
            told = ANSWERS.get(self.fault)
            keep = b"\r\nconnection: close" not in request.lower() and self.fault not in ENDS
            link.send(told if told is not None else _sized(b"200 OK", self._page(request)), keep=keep)

    def _drip(self, link: "_Link", rest: bytes) -> None:
        link.send(rest[:1], keep=len(rest) > 1)
        if len(rest) > 1 and link in self._links:
            self._loop.call_later(DRIP_S, self._drip, link, rest[1:])

    def _listen(self, port: int) -> socket.socket:
        listener = socket.socket()
        listener.setblocking(False)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen(BACKLOG)
        self._loop.add_reader(listener, self._accept, listener)
        return listener

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                link, _ = listener.accept()
            except OSError:  # nobody waits any more, or whoever did has left
                return
            link.setblocking(False)
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            _Link(self, link, self._loop)

    def _hang_up(self) -> None:
        self._loop.remove_reader(self._listener)
        self._listener.close()


class _Link:
    """One connection: collects a request, sends an answer. Both are short, so that a socket's own buffers are enough."""

    def __init__(self, server: FaultServer, link: socket.socket, loop: asyncio.AbstractEventLoop) -> None:
        self._server, self._socket, self._loop = server, link, loop
        self._data = b""
        server.joined(self)
        loop.add_reader(link, self._read)
        self._read()

    def send(self, data: bytes, *, keep: bool) -> None:
        """Send an answer, and hang up unless the connection is to be kept. Whoever asked may have left, which is its right."""
        try:
            if self._socket.fileno() >= 0 and self._socket.send(data) == len(data) and keep:
                return
        except OSError:
            pass
        self.abort()

    def reset(self) -> None:
        """Hang up the hard way."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self.abort()

    def abort(self) -> None:
        """Hang up."""
        if self._socket.fileno() >= 0:
            self._loop.remove_reader(self._socket)
            self._socket.close()
            self._server.joined(self, left=True)

    def _read(self) -> None:
        try:
            more = self._socket.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            more = b""
        if not more:
            self.abort()
            return
        self._data += more
        if _is_whole(self._data):
            request, self._data = self._data, b""
            self._server.answer(self, request)


def _is_whole(data: bytes) -> bool:
    """Tell whether a request is complete; a TLS hello is none, and is answered in plain HTTP."""
    head, end, body = data.partition(b"\r\n\r\n")
    lengths = [line.partition(b":")[2] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")]
    return data.startswith(TLS_HELLO) or bool(end and len(body) >= sum(map(int, lengths)))


def _sized(status: bytes, body: bytes, more: bytes = b"") -> bytes:
    return b"HTTP/1.1 " + status + b"\r\n" + more + b"Content-Length: %d\r\n\r\n" % len(body) + body


ANSWERS = {
    Fault.SERVER_ERROR: _sized(b"503 Service Unavailable", b"no"),
    Fault.NOT_FOUND: _sized(b"404 Not Found", b"no"),
    Fault.REDIRECT: _sized(b"302 Found", b"", b"Location: /elsewhere\r\n"),
    Fault.WRONG: _sized(b"200 OK", b"Welcome to nginx"),
    Fault.TRUNCATED: b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n" + GOOD,
    Fault.NOT_HTTP: b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
    Fault.CHUNKED: b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n" % len(GOOD) + GOOD + b"\r\n0\r\n\r\n",
    Fault.UNTIL_CLOSE: b"HTTP/1.0 200 OK\r\n\r\n" + GOOD,
}
ENDS = (Fault.TRUNCATED, Fault.NOT_HTTP, Fault.UNTIL_CLOSE)


async def _serve(port: int) -> None:
    """Serve, and break as each line of the standard input says, until it ends."""
    loop = asyncio.get_running_loop()
    server = FaultServer(port)
    _say(listening=Clock().monotonic_s())
    lines = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := await lines.readline():
        asked = json.loads(line)
        started = server.enter(Fault(asked["fault"]))
        await asyncio.sleep(asked["length_s"])
        _say(fault=asked["fault"], started=started, ended=server.leave())
    server.close()


def _say(**record: object) -> None:
    print(json.dumps(record), flush=True)  # noqa: T201


def main() -> None:
    """Read the port and serve there. Ctrl-C is for whoever started it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with open(sys.stdin.fileno(), "rb", buffering=0, closefd=False) as told:  # unbuffered: what follows is the loop's
        port = int(told.readline())
    asyncio.run(_serve(port))


if __name__ == "__main__":
    main()
