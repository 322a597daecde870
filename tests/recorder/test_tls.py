"""TLS against a real server: whose certificate counts, and what a handshake that fails is called."""

import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from chaoscinder.clock import Clock
from chaoscinder.model.sample import Outcome
from chaoscinder.recorder import exchange

clock = Clock()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of its own authority for 127.0.0.1 and the name kubernetes, with its key."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "shop")])
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("kubernetes")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now - timedelta(1), now + timedelta(1))
    signed = made.add_extension(names, False).add_extension(x509.BasicConstraints(True, None), True).sign(key, hashes.SHA256())
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = tmp_path_factory.mktemp("tls") / "certificate.pem"
    path.write_bytes(signed.public_bytes(serialization.Encoding.PEM) + private)
    return path


@pytest.fixture
def port(certificate: Path) -> Iterator[int]:
    """A server that speaks TLS and answers everything with 200."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def serve() -> None:
        while True:
            try:
                plain, _ = listener.accept()
            except OSError:
                return
            with plain, suppress(OSError), context.wrap_socket(plain, server_side=True) as link:
                while link.recv(65536):
                    link.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield int(listener.getsockname()[1])
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(5.0)


@pytest.mark.parametrize(
    ("trusts", "verify", "server_name", "outcome"),
    [
        (True, True, "", Outcome.OK),
        (True, True, "kubernetes", Outcome.OK),
        (True, True, "another", Outcome.TLS),
        (False, True, "", Outcome.TLS),
        (False, False, "another", Outcome.OK),
    ],
)
def test_a_certificate_must_be_trusted_and_name_the_server(
    port: int, certificate: Path, trusts: bool, verify: bool, server_name: str, outcome: Outcome
) -> None:
    ca_file = str(certificate) if trusts else ""
    target = exchange.endpoint(f"https://127.0.0.1:{port}/", ca_file, verify=verify, server_name=server_name)
    request = exchange.request_bytes("GET", target, "/", {}, keep=True)
    address, deadline = exchange.resolve(target), clock.monotonic_s() + 2.0
    answer = exchange.exchange(address, target, request, deadline=deadline, now=clock.monotonic_s, keep=True)
    if answer.link:
        again = exchange.exchange(address, target, request, deadline=deadline, now=clock.monotonic_s, link=answer.link)
        assert again.outcome is Outcome.OK
    assert answer.outcome is outcome
