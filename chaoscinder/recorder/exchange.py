"""One HTTP request over one connection, a new one or a kept one, with one deadline from connecting to the last byte of the answer.

1. One address, one attempt: no redirect, no retry, no proxy, no other address.
2. Whatever happens is an Outcome. What is wrong with this machine (no file handle, no port, no turn) is MISSED: it says nothing about the
   other.
3. sent tells whether a byte of the request may have left, which is what makes an unanswered write unknown and not rejected.
"""

import errno
import http.client
import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import quote, urlsplit

from chaoscinder.errors import SettingsError
from chaoscinder.model.sample import Outcome
from chaoscinder.recorder.stream import MOST_BYTES, StoodStill, Stream, ask_for_stamps, limit

OURS = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL)
ENDED = (ConnectionResetError, ConnectionAbortedError, BrokenPipeError, ssl.SSLEOFError, ssl.SSLZeroReturnError, http.client.IncompleteRead)

Address = tuple[int, tuple[object, ...]]  # family and socket address


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where an application listens, taken apart once; context is None for plain HTTP; server_name is what its certificate must name."""

    host: str
    port: int
    path: str
    context: ssl.SSLContext | None
    server_name: str = ""

    @property
    def authority(self) -> str:
        """The value of the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.context else 80) else f"{host}:{self.port}"


@dataclass(slots=True)
class Answer:
    """What came of a request. Times are readings of the clock that was given; 0.0 where it never came to that.

    link is the connection, where it was to be kept and may be asked again. stood_still: it was MISSED because this process was too late.
    """

    outcome: Outcome = Outcome.OK
    sent: bool = False
    connected: float = 0.0
    first_byte: float = 0.0
    done: float = 0.0
    status: int = 0
    body: bytes = b""
    why: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    link: socket.socket | None = None
    stood_still: bool = False


def endpoint(url: str, ca_file: str = "", *, verify: bool = True, server_name: str = "") -> Endpoint:
    """Take a URL apart; SettingsError where it or the CA file cannot be used.

    server_name is what the certificate must name, where that is not the host. verify=False takes any certificate.
    """
    try:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("wanted http://HOST[:PORT]/ or https://...")
        if parts.username or parts.password:
            raise ValueError("it holds a password (wanted a header from the secrets)")
        port = parts.port or (443 if parts.scheme == "https" else 80)
        context = _context(ca_file, verify) if parts.scheme == "https" else None
    except (ValueError, OSError) as error:
        raise SettingsError(f"the application's address or its CA file cannot be used: {error}") from error
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._") + (f"?{parts.query}" if parts.query else "")
    return Endpoint(parts.hostname, port, path, context, server_name or parts.hostname)


def request_bytes(method: str, target: Endpoint, path: str, headers: Mapping[str, str], body: bytes = b"", *, keep: bool = False) -> bytes:
    """Write a request out, one that closes its connection unless keep is said; SettingsError for a header that would break its line."""
    given = {"Host": target.authority, "Accept": "*/*", "User-Agent": "chaoscinder"}
    given |= {name.title(): value for name, value in headers.items()} | {"Connection": "keep-alive" if keep else "close"}
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


def exchange(
    address: Address,
    target: Endpoint,
    request: bytes,
    *,
    deadline: float,
    now: Callable[[], float],
    link: socket.socket | None = None,
    keep: bool = False,
) -> Answer:
    """Send a request and read the whole answer before the deadline; the outcome is OK for any whole HTTP answer, whatever its status.

    link is a kept connection to use instead of a new one. With keep the answer gives the connection back where it may be asked again,
    or was not asked; in every other case it is closed.
    """
    answer = Answer()
    try:
        if link is None:
            link = _connect(address, target, answer, deadline, now)
        answer.connected = answer.connected or now()
        if _converse(link, request, answer, deadline, now) and keep:
            answer.link = link
    except StoodStill as error:
        answer.done = now()
        answer.outcome, answer.stood_still, answer.why = Outcome.MISSED, True, str(error)
        answer.link = link if keep and not answer.sent else None
    except (OSError, http.client.HTTPException, ValueError) as error:
        answer.done = now()
        answer.outcome = _outcome(error, answer)
        answer.why = f"{type(error).__name__}: {error}"[:200]
    finally:
        if link is not None and answer.link is None:
            link.close()
    return answer


def _context(ca_file: str, verify: bool) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=ca_file or None)
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _connect(address: Address, target: Endpoint, answer: Answer, deadline: float, now: Callable[[], float]) -> socket.socket:
    plain = socket.socket(address[0], socket.SOCK_STREAM)
    try:
        limit(plain, deadline, now)
        plain.connect(address[1])
        answer.connected = now()
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        ask_for_stamps(plain)
        if target.context is None:
            return plain
        limit(plain, deadline, now)
        return target.context.wrap_socket(plain, server_hostname=target.server_name)
    except BaseException:
        plain.close()
        raise


def _converse(link: socket.socket, request: bytes, answer: Answer, deadline: float, now: Callable[[], float]) -> bool:
    """Send the request and read the answer; whether the connection may be asked again."""
    asked = limit(link, deadline, now)
    answer.sent = True
    link.sendall(request)
    stream = Stream(link, answer, asked, deadline, now)
    method = request.split(b" ", 1)[0].decode()
    with http.client.HTTPResponse(cast(socket.socket, stream), method=method) as response:
        response.begin()
        answer.status, answer.headers = response.status, dict(response.headers.items())
        if (response.length or 0) > MOST_BYTES:
            raise ValueError(f"the answer is {response.length} bytes long (wanted at most {MOST_BYTES})")
        answer.body = response.read()
    if answer.done > deadline:
        raise TimeoutError("the last byte came too late")
    return not response.will_close


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
