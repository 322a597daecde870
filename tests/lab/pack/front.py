"""What may stand in front of a real API: a load balancer that keeps one kind of request back until it is let go, and passes the others."""

from threading import Event, Thread
from typing import Any

import requests
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from chaoscinder.sandbox.server import Quiet

LONGEST_S = 120.0
OF_ONE_HOP = {"connection", "content-length", "transfer-encoding", "content-encoding", "keep-alive", "host"}


class Front:
    """Passes everything on to an API on a port of 127.0.0.1; requests whose body holds some bytes wait for let_go()."""

    def __init__(self, port: int, holds: bytes) -> None:
        self._behind, self._holds = f"http://127.0.0.1:{port}", holds
        self._open, self._is_closed = Event(), False
        self.answers: list[int] = []  # to what was kept back
        self._server = make_server("127.0.0.1", 0, Request.application(self._pass), threaded=True, request_handler=Quiet)
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.port}"

    def let_go(self) -> None:
        """Pass on what was kept back."""
        self._open.set()

    def close(self) -> None:
        """Stop serving; what is still kept back is never passed on."""
        self._is_closed = True
        self.let_go()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5.0)

    def _pass(self, request: Request) -> Response:
        body, is_held = request.get_data(), self._holds in request.get_data()
        if is_held:
            self._open.wait(LONGEST_S)
            if self._is_closed:
                return Response(status=503)
        headers = {name: value for name, value in request.headers if name.lower() not in OF_ONE_HOP}
        url = self._behind + request.full_path.removesuffix("?")
        answer = requests.request(request.method, url, data=body, headers={**headers, "Host": request.host}, timeout=LONGEST_S)
        if is_held:
            self.answers.append(answer.status_code)
        return _told(answer)


def _told(answer: requests.Response) -> Response:
    headers = {name: value for name, value in answer.headers.items() if name.lower() not in OF_ONE_HOP}
    return Response(answer.content, answer.status_code, headers)


def behind(clouds: dict[str, Any], cloud: str, front: Front, path: str = "/v2.1") -> dict[str, Any]:
    """A clouds.yaml in which one cloud's Nova is reached through the front."""
    told = {**clouds["clouds"], cloud: {**clouds["clouds"][cloud], "compute_endpoint_override": f"{front.url}{path}"}}
    return {"clouds": told}
