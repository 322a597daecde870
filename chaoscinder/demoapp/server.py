"""The HTTP server: a thread a request, and an orderly end within a tenth of a second."""

import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from chaoscinder.errors import SettingsError

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

POLL_S = 0.02  # how long a SIGTERM may go unnoticed
DRAIN_S = 2.0  # how long a request that was begun may take to end
IDLE_S = 75.0  # a connection that says nothing for so long is closed
BACKLOG = 128


class Handler(WSGIRequestHandler):
    """Answers one request. Looks and probes, many a second, are not logged unless they fail."""

    disable_nagle_algorithm = True  # headers and body are two writes; without this the second may wait 40 ms for an ACK
    timeout = IDLE_S
    server: "Server"

    def run_wsgi(self) -> None:
        """Answer, counted, so that the end of the process can wait for it."""
        with self.server.answering():
            super().run_wsgi()

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:  # noqa: ARG002
        """Log what changes something and what failed."""
        if self.command not in ("GET", "HEAD") or int(code) >= 400:
            self.log("info", "%s %s", ascii(self.requestline), code)


class Server(ThreadedWSGIServer):
    """Werkzeug's threaded server on a socket that listens already, with a count of the requests under way."""

    def __init__(self, listener: socket.socket, application: "WSGIApplication") -> None:
        host, port = listener.getsockname()[:2]
        self._under_way = 0
        self._changed = threading.Condition()
        super().__init__(host, port, application, Handler, fd=listener.fileno())

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Count one request while it is under way."""
        self._count(1)
        try:
            yield
        finally:
            self._count(-1)

    def drain(self, limit_s: float) -> bool:
        """Wait until no request is under way; False when the limit came first."""
        with self._changed:
            return self._changed.wait_for(lambda: self._under_way == 0, limit_s)

    def _count(self, change: int) -> None:
        with self._changed:
            self._under_way += change
            self._changed.notify_all()


def serve(application: "WSGIApplication", host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT, then finish what was begun. Port 0 means any free one; the first line says which."""
    with listen(host, port) as listener:
        server = Server(listener, application)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
    sys.stdout.write(f"serving on {_url(server.host, server.port)}\n")
    sys.stdout.flush()
    server.serve_forever(poll_interval=POLL_S)
    server.drain(DRAIN_S)


def listen(host: str, port: int) -> socket.socket:
    """Listen, or say in one line why not."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror
        raise SettingsError(f"cannot listen on {_url(host, port)}: {reason}") from error


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
