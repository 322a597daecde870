"""One query, one answer: what Prometheus 2.42.0 answered (tests/experiments/test_prometheus.py holds a real one against it), and worse."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from chaoscinder.clients.prometheus import Prometheus
from chaoscinder.errors import CannotTell, ChaoscinderError, Refused, SettingsError, Unreachable
from chaoscinder.model.alert import Series
from chaoscinder.settings import Settings

EMPTY = '{"status":"success","data":{"resultType":"vector","result":[]}}'
VECTOR = (
    '{"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"shop_up","instance":"a:1","job":"shop"},'
    '"value":[1795401845.212,"1"]}]}}'
)
NO_LABELS = '{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1795401845.271,"-Inf"]}]}}'
SCALAR = '{"status":"success","data":{"resultType":"scalar","result":[1795401845.198,"1"]}}'
MATRIX = '{"status":"success","data":{"resultType":"matrix","result":[]}}'
STRING = '{"status":"success","data":{"resultType":"string","result":[1795401845.216,"text"]}}'
BAD = '{"status":"error","errorType":"bad_data","error":"invalid parameter \\"query\\": 1:3: parse error: unexpected end of input"}'
SLOW = '{"status":"error","errorType":"timeout","error":"query timed out in expression evaluation"}'


@contextmanager
def server(code: int, body: str, headers: dict[str, str]) -> Iterator[tuple[str, list[Any]]]:
    """Answers everything with one answer; tells what it was asked, and with which credentials."""
    seen: list[Any] = []

    class Api(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append((self.path, self.headers.get("Authorization")))
            self.send_response(code)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Api) as one:
        threading.Thread(target=one.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield f"http://127.0.0.1:{one.server_port}/prom/", seen
        one.shutdown()


Ask = Callable[..., Any]


@pytest.fixture
def ask() -> Ask:
    """Asks a server that answers so."""

    def asked(code: int, body: str, auth: dict[str, str] | None = None, **headers: str) -> Any:
        with server(code, body, headers) as (url, seen):
            client = Prometheus(Settings(prometheus_url=url, request_timeout_s=2.0, prometheus_auth=auth or {}))
            try:
                return client.ask("up == 0"), seen
            finally:
                client.close()

    return asked


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        (EMPTY, ()),
        (VECTOR, (Series('shop_up{instance="a:1", job="shop"}', 1.0),)),
        (NO_LABELS, (Series("", float("-inf")),)),
        (SCALAR, (Series("", 1.0),)),
    ],
)
def test_vectors_and_scalars_become_series(ask: Ask, body: str, answer: tuple[Series, ...]) -> None:
    assert ask(200, body) == (answer, [("/prom/api/v1/query?query=up+%3D%3D+0&timeout=2s", None)])


@pytest.mark.parametrize(
    ("code", "body", "error", "says"),
    [
        (200, MATRIX, SettingsError, "abort_query gives a matrix (wanted an instant vector or a scalar, such as max(errors) > 5)"),
        (200, STRING, SettingsError, "abort_query gives a string (wanted an instant vector or a scalar, such as max(errors) > 5)"),
        (400, BAD, SettingsError, 'abort_query is no PromQL: invalid parameter "query": 1:3: parse error: unexpected end of input'),
        (401, "Unauthorized\n", Refused, "Prometheus at URL refused the query with 401 (wanted credentials that it takes)"),
        (503, SLOW, CannotTell, "Prometheus at URL answered 503: query timed out in expression evaluation (wanted 200)"),
        (302, "", CannotTell, "Prometheus at URL answered 302: nothing (wanted 200)"),
        (404, "404 page not found", CannotTell, "Prometheus at URL answered 404: 404 page not found (wanted 200)"),
        (200, "[]", CannotTell, "Prometheus at URL answered 200: [] (wanted 200)"),
        (200, '{"status":"success"}', CannotTell, "Prometheus at URL answered what cannot be read: {'status': 'success'}"),
    ],
)
def test_whatever_is_no_answer_is_one_line(ask: Ask, code: int, body: str, error: type[ChaoscinderError], says: str) -> None:
    with pytest.raises(error) as caught:
        ask(code, body, Location="http://127.0.0.1:1/login")
    told = str(caught.value)
    url = told.partition(" at ")[2].split(" ")[0]
    assert (type(caught.value), told.replace(url, "URL") if url else told) == (error, says)


def test_nobody_there_is_unreachable() -> None:
    with pytest.raises(Unreachable, match=r"^Prometheus at http://127.0.0.1:9/api/v1/query could not be asked: Connection refused$"):
        Prometheus(Settings(prometheus_url="http://127.0.0.1:9")).ask("1")


@pytest.mark.parametrize(
    ("auth", "header"),
    [
        ({"prometheus_token": "t0ken"}, "Bearer t0ken"),
        ({"prometheus_username": "ada", "prometheus_password": "pä"}, "Basic YWRhOnDDpA=="),
    ],
)
def test_credentials_are_sent_and_in_no_message(ask: Ask, auth: dict[str, str], header: str) -> None:
    assert ask(200, EMPTY, auth)[1][0][1] == header
    with pytest.raises(Refused) as caught:
        ask(403, json.dumps({"error": header}), auth)
    assert header.split()[1] not in str(caught.value)


def test_a_token_that_is_no_header_is_not_repeated() -> None:
    with pytest.raises(Unreachable) as caught:
        Prometheus(Settings(prometheus_url="http://127.0.0.1:9", prometheus_auth={"prometheus_token": "one\ntwo"})).ask("1")
    assert "two" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_what_netrc_and_proxies_say_is_not_sent(ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login ada password other\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert ask(200, EMPTY)[1][0][1] is None
