"""One HTTP request over one new connection, with one deadline from connecting to the last byte of the answer.

1. One address, one attempt: no redirect, no retry, no proxy, no other address.
2. Whatever happens is an Outcome. What is wrong with this machine (no file handle, no port) is MISSED: it says nothing about the other.
3. sent tells whether a byte of the request may have left, which is what makes an unanswered write unknown and not rejected.
"""

import errno
import http.client
import io
import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast
from urllib.parse import quote, urlsplit

from chaoscinder.errors import SettingsError
from chaoscinder.model.sample import Outcome

MOST_BYTES = 16 * 1024 * 1024  # a longer answer is not the page that was asked for
OURS = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL)
ENDED = (ConnectionResetError, ConnectionAbortedError, BrokenPipeError, ssl.SSLEOFError, ssl.SSLZeroReturnError, http.client.IncompleteRead)

Address = tuple[int, tuple[object, ...]]  # family and socket address


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where an application listens, taken apart once; context is None for plain HTTP."""

    host: str
    port: int
    path: str
    context: ssl.SSLContext | None

    @property
    def authority(self) -> str:
        """The value of the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.context else 80) else f"{host}:{self.port}"


@dataclass(slots=True)
class Answer:
    """What came of a request. Times are readings of the clock that was given; 0.0 where it never came to that."""

    outcome: Outcome = Outcome.OK
    sent: bool = False
    connected: float = 0.0
    first_byte: float = 0.0
    done: float = 0.0
    status: int = 0
    body: bytes = b""
    why: str = ""


def endpoint(url: str, ca_file: str = "") -> Endpoint:
    """Take a URL apart; SettingsError where it or the CA file cannot be used."""
    try:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("wanted http://HOST[:PORT]/ or https://...")
        if parts.username or parts.password:
            raise ValueError("it holds a password (wanted a header from the secrets)")
        port = parts.port or (443 if parts.scheme == "https" else 80)
        context = ssl.create_default_context(cafile=ca_file or None) if parts.scheme == "https" else None
    except (ValueError, OSError) as error:
        raise SettingsError(f"the application's address or its CA file cannot be used: {error}") from error
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._") + (f"?{parts.query}" if parts.query else "")
    return Endpoint(parts.hostname, port, path, context)


def request_bytes(method: str, target: Endpoint, path: str, headers: Mapping[str, str], body: bytes = b"") -> bytes:
    """Write a request out; a header that would break its line is a SettingsError."""
    given = {"Host": target.authority, "Accept": "*/*", "User-Agent": "chaoscinder"}
    given |= {name.title(): value for name, value in headers.items()} | {"Connection": "close"}
    if body or method not in ("GET", "HEAD", "DELETE"):
        given["Content-Length"] = str(len(body))
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in given.items())]
    if any(character in line for line in lines for character in "\r\n\0"):
        raise SettingsError("a header or path for the application holds a line break (wanted one line each)")
    return "\r\n".join([*lines, "", ""]).encode("utf-8") + body


def resolve(target: Endpoint) -> Address:
    """Ask for the first address of a host; OSError where there is none."""
    family, _, _, _, address = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)[0]
    return family, address


def exchange(address: Address, target: Endpoint, request: bytes, *, deadline: float, now: Callable[[], float]) -> Answer:
    """Send a request and read the whole answer before the deadline; the outcome is OK for any whole HTTP answer, whatever its status."""
    answer = Answer()
    left = deadline - now()
    if left <= 0:
        answer.outcome, answer.why, answer.done = Outcome.MISSED, "its time was over before it could be asked", now()
        return answer
    try:
        with socket.socket(address[0], socket.SOCK_STREAM) as plain:
            plain.settimeout(left)
            plain.connect(address[1])
            answer.connected = now()
            _converse(plain, target, request, answer, deadline, now)
    except (OSError, http.client.HTTPException, ValueError) as error:
        answer.done = now()
        answer.outcome = _outcome(error, answer)
        answer.why = f"{type(error).__name__}: {error}"[:200]
    return answer


def _converse(plain: socket.socket, target: Endpoint, request: bytes, answer: Answer, deadline: float, now: Callable[[], float]) -> None:
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    link = plain
    if target.context is not None:
        _limit(plain, deadline, now)
        link = target.context.wrap_socket(plain, server_hostname=target.host)
    with link:
        _limit(link, deadline, now)
        answer.sent = True
        link.sendall(request)
        stream = _Stream(link, answer, deadline, now)
        method = request.split(b" ", 1)[0].decode()
        response = http.client.HTTPResponse(cast(socket.socket, stream), method=method)
        with response:
            response.begin()
            answer.status = response.status
            if (response.length or 0) > MOST_BYTES:
                raise ValueError(f"the answer is {response.length} bytes long (wanted at most {MOST_BYTES})")
            answer.body = response.read()
        answer.done = now()
        if answer.done > deadline:
            raise TimeoutError("the last byte came too late")


def _limit(link: socket.socket, deadline: float, now: Callable[[], float]) -> None:
    left = deadline - now()
    if left <= 0:
        raise TimeoutError("the time for an answer is over")
    link.settimeout(left)


class _Stream(io.RawIOBase):
    """What http.client reads an answer from: each read waits for no longer than what is left of the whole."""

    def __init__(self, link: socket.socket, answer: Answer, deadline: float, now: Callable[[], float]) -> None:
        self._link, self._answer, self._deadline, self._now = link, answer, deadline, now
        self._bytes = 0

    def makefile(self, mode: str) -> io.BufferedReader:
        """Give http.client the file that it asks a socket for."""
        assert mode == "rb"
        return io.BufferedReader(self, 65536)

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: object) -> int:
        """Read what is there, or wait for it until the deadline."""
        _limit(self._link, self._deadline, self._now)
        count = self._link.recv_into(cast(bytearray, buffer))
        self._answer.first_byte = self._answer.first_byte or self._now()
        self._bytes += count
        if self._bytes > 2 * MOST_BYTES:
            raise ValueError(f"the answer is longer than {MOST_BYTES} bytes")
        return count


def _outcome(error: Exception, answer: Answer) -> Outcome:
    connected = answer.connected > 0
    if isinstance(error, TimeoutError):
        return Outcome.READ_TIMEOUT if connected else Outcome.CONNECT_TIMEOUT
    if isinstance(error, ENDED):
        return Outcome.RESET
    if isinstance(error, (ssl.SSLError, ssl.CertificateError)):
        return Outcome.TLS
    if isinstance(error, ConnectionRefusedError):
        return Outcome.REFUSED
    if isinstance(error, (http.client.HTTPException, ValueError)):
        return Outcome.WRONG_CONTENT
    if isinstance(error, OSError) and error.errno in OURS:
        return Outcome.MISSED
    return Outcome.RESET if connected else Outcome.UNREACHABLE
