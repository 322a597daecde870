"""The one HTTP server of the sandbox: OpenStack below its prefixes, the sandbox's own state, and Kubernetes at the root."""

import socket
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING

from werkzeug.serving import BaseWSGIServer, make_server
from werkzeug.wrappers import Request

from chaoscinder.sandbox import control
from chaoscinder.sandbox.gateway import HANDLER, Gateway
from chaoscinder.sandbox.kubernetes import tls
from chaoscinder.sandbox.launch import Sandbox

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

HOST = "127.0.0.1"
OPENSTACK = ("/identity", "/compute", "/volume")


class Quiet(tls.Handler):
    """HTTP/1.1, in TLS or not, with kept connections, no waiting for full packets, and no log line for each request."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def make_environ(self) -> "WSGIEnvironment":
        """Let the gateway find the connection, so that it can reset it."""
        return {**super().make_environ(), HANDLER: self}

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
    handler = type("Handler", (Quiet,), {"authority": sandbox.authority})
    return Server(make_server(HOST, port, _application(sandbox), threaded=True, request_handler=handler))


def refuse_taken(port: int) -> None:
    """OSError in words for a port that cannot be had."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise OSError(f"port {port} of {HOST} cannot be used ({error.strerror}; wanted a free one, or --port 0)") from error


def _application(sandbox: Sandbox) -> "WSGIApplication":
    def apis(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        inner = sandbox.openstack.wsgi if environ["PATH_INFO"].startswith(OPENSTACK) else sandbox.kubernetes
        return inner(environ, start_response)

    gateway = Gateway(apis, sandbox.requests, sandbox.api_faults, lambda: sandbox.now_s)

    def dispatch(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if environ["PATH_INFO"].startswith(control.PREFIX):
            return control.answer(sandbox, Request(environ))(environ, start_response)
        return gateway(environ, start_response)

    return dispatch
