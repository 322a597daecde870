"""One look at the web UI: one request, and one line why not."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from chaoscinder.clients.webui import Look, WebUi
from chaoscinder.settings import Settings


class Page(BaseHTTPRequestHandler):
    """Answers by path: the page, an error, a redirect, or nothing."""

    def do_GET(self) -> None:
        if self.path == "/silent":
            threading.Event().wait(0.6)
            return
        status, body = {"/": (200, b"My pod name: web-1\n"), "/broken": (503, b"no"), "/moved": (302, b"")}[self.path]
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def address() -> Iterator[str]:
    """A small server."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def look(url: str, **more: object) -> Look:
    """One look with a short deadline."""
    return WebUi(Settings(app_url=url, answer_within_s=0.3, **more)).look()  # type: ignore[arg-type]


def test_the_application_is_reachable_and_its_pod_is_told(address: str) -> None:
    seen = look(f"{address}/", app_body_pattern="My pod name", app_backend_pattern=r"My pod name: (\S+)")
    assert seen == Look(True, f"{address}/ answered 200", 200, "web-1")


def test_another_status_is_not_the_application(address: str) -> None:
    assert look(f"{address}/broken") == Look(False, f"{address}/broken answered 503 (wanted 200)", 503)


def test_a_redirect_is_not_followed(address: str) -> None:
    assert look(f"{address}/moved") == Look(False, f"{address}/moved answered 302 (wanted 200)", 302)


def test_another_page_is_not_the_application(address: str) -> None:
    seen = look(f"{address}/", app_body_pattern="Welcome to nginx")
    assert seen == Look(False, f"{address}/ answered without 'Welcome to nginx': not the application", 200)


def test_silence_is_told_with_its_limit(address: str) -> None:
    assert look(f"{address}/silent") == Look(False, f"{address}/silent did not answer GET within 0.3 s (ReadTimeout)")


def test_a_refused_connection_is_told() -> None:
    assert look("http://127.0.0.1:9/") == Look(False, "http://127.0.0.1:9/ could not be asked: Connection refused")


def test_no_proxy_of_the_environment_is_used(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9/")
    assert look(f"{address}/").reachable
