"""One request with one deadline, against a real server that breaks in every way it can."""

import socket
import ssl
from pathlib import Path

import pytest
from fault_server import GOOD, Fault, FaultServer

from chaoscinder.clock import Clock
from chaoscinder.errors import SettingsError
from chaoscinder.model.sample import Outcome
from chaoscinder.recorder import exchange
from chaoscinder.recorder.exchange import Answer


def ask(url: str, within_s: float = 0.9, *, keep: bool = False, link: socket.socket | None = None) -> Answer:
    clock = Clock()
    target = exchange.endpoint(url)
    request = exchange.request_bytes("GET", target, target.path, {}, keep=keep)
    address, deadline = exchange.resolve(target), clock.monotonic_s() + within_s
    return exchange.exchange(address, target, request, deadline=deadline, now=clock.monotonic_s, link=link, keep=keep)


@pytest.mark.parametrize("fault", [Fault.NONE, Fault.CHUNKED, Fault.UNTIL_CLOSE])
def test_a_whole_answer_is_read_however_its_end_is_told(server: FaultServer, fault: Fault) -> None:
    with server.broken(fault):
        answer = ask(server.url)
    assert (answer.outcome, answer.status, answer.body, answer.sent) == (Outcome.OK, 200, GOOD, True)
    assert 0 < answer.connected < answer.first_byte <= answer.done


@pytest.mark.parametrize(
    ("fault", "outcome", "sent"),
    [
        (Fault.REFUSED, Outcome.REFUSED, False),
        (Fault.RESET, Outcome.RESET, True),
        (Fault.TRUNCATED, Outcome.RESET, True),
        (Fault.NOT_HTTP, Outcome.WRONG_CONTENT, True),
        (Fault.STALL, Outcome.READ_TIMEOUT, True),
    ],
)
def test_what_is_no_whole_answer_has_a_name(server: FaultServer, fault: Fault, outcome: Outcome, sent: bool) -> None:
    with server.broken(fault):
        answer = ask(server.url, within_s=0.2)
    assert (answer.outcome, answer.sent) == (outcome, sent)


def test_an_answer_that_drips_is_cut_off_at_the_deadline_and_not_at_each_byte(server: FaultServer) -> None:
    clock = Clock()
    started = clock.monotonic_s()
    with server.broken(Fault.DRIP):
        answer = ask(server.url, within_s=0.2)
    assert answer.outcome is Outcome.READ_TIMEOUT
    assert clock.monotonic_s() - started < 1.0


def test_a_connection_that_nobody_takes_is_a_connect_timeout() -> None:
    with socket.socket() as full, socket.socket() as first, socket.socket() as second:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for waiting in (first, second):  # the kernel holds one more than listen(0) says; from then on it drops what comes
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        answer = ask(f"http://127.0.0.1:{full.getsockname()[1]}/", within_s=0.2)
    assert (answer.outcome, answer.sent) == (Outcome.CONNECT_TIMEOUT, False)


def test_a_deadline_that_has_passed_is_missed_and_nothing_is_sent(server: FaultServer) -> None:
    answer = ask(server.url, within_s=-0.1)
    assert (answer.outcome, answer.sent) == (Outcome.MISSED, False)
    assert server.requests == []


@pytest.mark.parametrize(("readings", "outcome"), [(0, Outcome.MISSED), (1, Outcome.MISSED), (2, Outcome.MISSED), (3, Outcome.OK)])
def test_who_stands_still_has_missed_it_or_had_its_answer_and_nobody_timed_out(
    server: FaultServer, readings: int, outcome: Outcome
) -> None:
    """We sleep until after the deadline: before connecting, when connected, before sending, and before reading what came in meanwhile."""
    clock, read = Clock(), []

    def now() -> float:
        read.append(1)
        clock.sleep_wall(0.3 if len(read) == readings + 1 else 0.0)
        return clock.monotonic_s()

    target = exchange.endpoint(server.url)
    request = exchange.request_bytes("GET", target, target.path, {})
    address, deadline = exchange.resolve(target), clock.monotonic_s() + 0.2
    answer = exchange.exchange(address, target, request, deadline=deadline, now=now)
    assert (answer.outcome, answer.stood_still, answer.sent) == (outcome, outcome is Outcome.MISSED, outcome is Outcome.OK)


def test_a_server_that_does_not_speak_tls_is_a_tls_failure(server: FaultServer) -> None:
    answer = ask(f"https://127.0.0.1:{server.port}/", within_s=2.0)
    assert (answer.outcome, answer.sent) == (Outcome.TLS, False)


def test_the_request_is_one_plain_get_that_closes_its_connection(server: FaultServer) -> None:
    target = exchange.endpoint(f"http://127.0.0.1:{server.port}/a b?q=1")
    request = exchange.request_bytes("GET", target, target.path, {"authorization": "Bearer x", "Connection": "keep-alive"})
    assert request == (
        b"GET /a%20b?q=1 HTTP/1.1\r\nHost: 127.0.0.1:" + str(server.port).encode() + b"\r\nAccept: */*\r\nUser-Agent: chaoscinder\r\n"
        b"Authorization: Bearer x\r\nConnection: close\r\n\r\n"
    )


def test_a_body_comes_with_its_length() -> None:
    target = exchange.endpoint("https://shop.example.org")
    request = exchange.request_bytes("POST", target, "/users", {}, b"{}")
    assert request.startswith(b"POST /users HTTP/1.1\r\nHost: shop.example.org\r\n")
    assert request.endswith(b"Content-Length: 2\r\n\r\n{}")


@pytest.mark.parametrize("url", ["ftp://x/", "http:///", "http://user:hunter2@x/", "http://x:99999/"])
def test_an_address_that_cannot_be_asked_is_one_line_without_its_password(url: str) -> None:
    with pytest.raises(SettingsError) as caught:
        exchange.endpoint(url)
    assert "hunter2" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_ca_file_that_is_not_there_is_a_settings_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="CA file cannot be used"):
        exchange.endpoint("https://x/", str(tmp_path / "missing.pem"))


def test_a_header_with_a_line_break_is_refused() -> None:
    with pytest.raises(SettingsError, match="line break"):
        exchange.request_bytes("GET", exchange.endpoint("http://x/"), "/", {"X-A": "1\r\nX-B: 2"})


def test_an_https_address_checks_certificates_and_names() -> None:
    context = exchange.endpoint("https://x/").context
    assert context is not None
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


def test_a_redirect_is_an_answer_and_is_not_followed(server: FaultServer) -> None:
    with server.broken(Fault.REDIRECT):
        answer = ask(server.url)
    assert (answer.outcome, answer.status) == (Outcome.OK, 302)
    assert [request.partition(b" HTTP")[0] for request in server.requests] == [b"GET /"]


@pytest.mark.parametrize("fault", [Fault.SERVER_ERROR, Fault.RESET, Fault.TRUNCATED, Fault.STALL])
def test_what_fails_is_not_asked_again(server: FaultServer, fault: Fault) -> None:
    with server.broken(fault):
        ask(server.url, within_s=0.2)
    assert len(server.requests) == 1


def test_a_proxy_of_the_environment_is_not_used(server: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")
    assert ask(server.url).outcome is Outcome.OK


def test_an_address_without_a_route_is_unreachable() -> None:
    answer = ask("http://255.255.255.255:80/")  # Linux has no route for a connection to everybody
    assert (answer.outcome, answer.sent) == (Outcome.UNREACHABLE, False)


def test_a_kept_connection_is_given_back_and_used_again(server: FaultServer) -> None:
    first = ask(server.url, keep=True)
    assert first.link is not None
    mine = first.link.getsockname()
    second = ask(server.url, keep=True, link=first.link)
    assert second.link is not None
    with second.link as link:
        assert (second.outcome, link.getsockname()) == (Outcome.OK, mine)


@pytest.mark.parametrize("fault", [Fault.UNTIL_CLOSE, Fault.RESET, Fault.STALL])
def test_a_connection_that_cannot_be_asked_again_is_closed(server: FaultServer, fault: Fault) -> None:
    link = ask(server.url, keep=True).link
    assert link is not None
    with server.broken(fault):
        answer = ask(server.url, within_s=0.2, keep=True, link=link)
    assert (answer.link, link.fileno()) == (None, -1)


def test_without_being_asked_to_keep_it_nothing_is_kept(server: FaultServer) -> None:
    assert ask(server.url).link is None
