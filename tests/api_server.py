"""A real HTTP server that speaks as much of the Kubernetes API as a watch needs: answers are told to it, in order."""

import json
import threading
from collections import defaultdict
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Json = dict[str, Any]


class Handler(BaseHTTPRequestHandler):
    """Answers for an ApiServer."""

    api: Any

    def do_GET(self) -> None:
        """Answer with what was told."""
        parts = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        self.api.asked.append((parts.path, query))
        if "watch" in query:
            self._watch(self.api.watches[parts.path])
            return
        told = self.api.lists[parts.path]
        code, body = (told.pop(0) if len(told) > 1 else told[0]) if told else (404, {"kind": "Status", "code": 404, "message": "no"})
        self.answer(code, body if isinstance(body, bytes) else json.dumps(body).encode())

    def _watch(self, told: list[list[Json]]) -> None:
        if not told:
            self.api.closing.wait(30.0)
        events = told.pop(0) if told else []
        self.answer(200, b"".join(json.dumps(event).encode() + b"\n" for event in events))

    def answer(self, code: int, data: bytes) -> None:
        """Send JSON, which is in data."""
        with suppress(ConnectionError):  # whoever watches may be gone by now
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class ApiServer:
    """Lists and watches by path; the last list stays, every watch is given once and then stays open until the server closes.

    A list in bytes is sent as it is. Another handler makes another server of it.
    """

    handler: type[BaseHTTPRequestHandler] = Handler

    def __init__(self) -> None:
        self.lists: dict[str, list[tuple[int, Json | bytes]]] = defaultdict(list)
        self.watches: dict[str, list[list[Json]]] = defaultdict(list)
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.closing = threading.Event()
        handler = type("Handler", (self.handler,), {"api": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def list(self, path: str, *items: Json, version: str = "10", token: str = "", code: int = 200) -> None:
        """Answer the next list of a path with these items."""
        metadata = {"resourceVersion": version, **({"continue": token} if token else {})}
        body = {"kind": "List", "metadata": metadata, "items": list(items)}
        self.lists[path].append((code, body if code == 200 else {"kind": "Status", "code": code, "message": "told so"}))

    def watch(self, path: str, *events: Json) -> None:
        """Answer the next watch of a path with these events, then end it."""
        self.watches[path].append(list(events))

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def kubeconfig(self) -> str:
        """A kubeconfig that leads here."""
        cluster = {"name": "c", "cluster": {"server": self.url}}
        context = {"name": "x", "context": {"cluster": "c", "user": "u"}}
        return json.dumps({"current-context": "x", "clusters": [cluster], "contexts": [context], "users": [{"name": "u", "user": {}}]})

    def close(self) -> None:
        """End it, with every watch that is open."""
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5.0)
