"""The one HTTP server of the sandbox: OpenStack below its prefixes, the sandbox's own state, and Kubernetes at the root."""

import json
import socket
import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from chaoscinder.sandbox import faults
from chaoscinder.sandbox.launch import Sandbox

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

HOST = "127.0.0.1"
OPENSTACK = ("/identity", "/compute", "/volume")
OWN = "/_sandbox/"


class Quiet(WSGIRequestHandler):
    """HTTP/1.1 with kept connections, no waiting for full packets, and no log line for each request."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


class Server:
    """The listening server; url is where it is."""

    def __init__(self, server: BaseWSGIServer) -> None:
        self._server = server
        self.url = f"http://{HOST}:{server.port}"
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, name="http", daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


def serve(sandbox: Sandbox, port: int) -> Server:
    """Listen on 127.0.0.1; OSError names the port when it is taken."""
    return Server(make_server(HOST, port, _application(sandbox), threaded=True, request_handler=Quiet))


def refuse_taken(port: int) -> None:
    """OSError in words for a port that cannot be had."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise OSError(f"port {port} of {HOST} cannot be used ({error.strerror}; wanted a free one, or --port 0)") from error


def _application(sandbox: Sandbox) -> Callable[["WSGIEnvironment", "StartResponse"], Iterable[bytes]]:
    def dispatch(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path.startswith(OPENSTACK):
            return sandbox.openstack.wsgi(environ, start_response)
        if path.startswith(OWN):
            return _own(sandbox, Request(environ))(environ, start_response)
        return sandbox.kubernetes(environ, start_response)

    return dispatch


def _own(sandbox: Sandbox, request: Request) -> Response:
    if request.headers.get("Authorization") != f"Bearer {sandbox.token}":
        return _json({"message": "the sandbox's own paths want its token"}, 401)
    match request.method, request.path:
        case "GET", "/_sandbox/state":
            return _json(sandbox.state(), 200)
        case "GET", "/_sandbox/faults":
            return _json({"faults": faults.listed()}, 200)
        case "POST", "/_sandbox/faults":
            return _inject(sandbox, request)
    return _json({"message": f"the sandbox does not support {request.method} {request.path}"}, 501)


def _inject(sandbox: Sandbox, request: Request) -> Response:
    """POST {"name": ..., "arguments": [...]}: 200 with what was done, 400 with one line."""
    try:
        asked = json.loads(request.get_data())
        return _json({"message": faults.inject(sandbox, asked["name"], asked.get("arguments", []))}, 200)
    except (ValueError, TypeError, KeyError, AttributeError, OSError) as error:
        return _json({"message": f"the fault cannot be had: {error}"}, 400)


def _json(value: Any, status: int) -> Response:
    return Response(json.dumps(value), status=status, mimetype="application/json")
