"""What every request passes before it reaches an API: it is logged, and an API fault may befall it."""

import io
import os
import select
import socket
import struct
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Response

from chaoscinder.sandbox import call_sites, error_answers
from chaoscinder.sandbox.api_faults import ApiFault, ApiFaults
from chaoscinder.sandbox.request_log import Entry, RequestLog

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

HANDLER = "chaoscinder.handler"  # under which the server puts the request's handler, whose connection can be reset
RESET = struct.pack("ii", 1, 0)  # SO_LINGER on, 0 s: close sends RST


class Gateway:
    """A WSGI application in front of another one. now_s tells the cluster's time without waiting for the world."""

    def __init__(self, inner: "WSGIApplication", log: RequestLog, faults: ApiFaults, now_s: Callable[[], float]) -> None:
        self._inner = inner
        self._log = log
        self._faults = faults
        self._now_s = now_s

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer one request."""
        body = _body(environ)
        call = call_sites.of(environ["REQUEST_METHOD"], environ["PATH_INFO"], environ.get("QUERY_STRING", ""), body)
        entry = self._log.begin(call, self._now_s(), environ.get("HTTP_USER_AGENT", ""))
        fault = self._faults.strike(entry)
        if fault is None:
            return self._carry_out(entry, environ, start_response)
        if fault.rule.when == "after" and not call.is_watch:
            return self._spoil_answer(fault, entry, environ, start_response)
        return self._spoil_request(fault, entry, environ, start_response)

    def _carry_out(self, entry: Entry, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        entry.carried_out = True
        return self._inner(environ, _noting(entry, start_response))

    def _spoil_request(self, fault: ApiFault, entry: Entry, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        rule = fault.rule
        match rule.what:
            case "status":
                made = error_answers.answer(entry.call.service, rule.status, rule.message, rule.body)
                return made(environ, _noting(entry, start_response))
            case "reset":
                _reset(environ)
        stays = self._faults.hold(fault, entry, lambda: _has_left(environ))
        if not stays and rule.what == "hang":
            _reset(environ)
        return self._carry_out(entry, environ, start_response)

    def _spoil_answer(self, fault: ApiFault, entry: Entry, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        entry.carried_out = True
        made, rule = Response.from_app(self._inner, environ, buffered=True), fault.rule
        match rule.what:
            case "status":
                made = error_answers.answer(entry.call.service, rule.status, rule.message, rule.body)
            case "reset":
                _reset(environ)
            case _:
                if not self._faults.hold(fault, entry, lambda: _has_left(environ)):
                    _reset(environ)
        return made(environ, _noting(entry, start_response))


def _body(environ: "WSGIEnvironment") -> bytes:
    """Read the body, and leave it to be read again."""
    stream: Any = environ["wsgi.input"]
    length = environ.get("CONTENT_LENGTH") or "0"
    body: bytes = stream.read() if environ.get("wsgi.input_terminated") else stream.read(int(length)) if length.isdecimal() else b""
    environ["wsgi.input"] = io.BytesIO(body)
    return body


def _noting(entry: Entry, start_response: "StartResponse") -> "StartResponse":
    def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
        entry.status = int(status.split()[0])
        return start_response(status, headers, *rest)

    return start


def _has_left(environ: "WSGIEnvironment") -> bool:
    """Whether the client closed its end."""
    connection: socket.socket | None = environ.get("werkzeug.socket")
    if connection is None:
        return False
    poll = select.poll()
    poll.register(connection, select.POLLRDHUP)
    return bool(poll.poll(0))


def _reset(environ: "WSGIEnvironment") -> None:
    """End the connection with RST, and this request with the exception that the server takes for a client that went."""
    handler = environ.get(HANDLER)
    if handler is not None:
        handler.close_connection = True
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        os.close(handler.connection.detach())  # close() would wait for the files that are open on it
    raise ConnectionResetError("an API fault reset the connection")
