"""HTTPS beside HTTP on the sandbox's one port: kubectl sends a token over HTTPS only.

The first byte of a connection tells which of the two a client speaks. The certificate is made at the start, for 127.0.0.1 and localhost,
by an authority of this sandbox alone.
"""

import io
import socket
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from werkzeug.serving import WSGIRequestHandler

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.x509 import Certificate, CertificateBuilder, Name

HANDSHAKE = 0x16  # the first byte of a TLS client, and of no HTTP request
VALID_DAYS = 365
HANDSHAKE_S = 10.0


class Authority:
    """A certificate authority for one server. pem is its certificate; it writes server.pem (with its key) into a directory of its own."""

    def __init__(self, directory: Path) -> None:
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        ca = _certificate("kubernetes", ca_key, "kubernetes", ca_key, is_ca=True)
        server = _certificate("kube-apiserver", key, "kubernetes", ca_key, is_ca=False)
        self.pem = ca.public_bytes(Encoding.PEM).decode()
        self.file = directory / "ca.crt"
        self.file.write_text(self.pem)
        private = directory / "server.pem"
        private.touch(mode=0o600)
        private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + server.public_bytes(Encoding.PEM))
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(private)

    def accept(self, connection: socket.socket) -> socket.socket:
        """Wrap a connection whose client speaks TLS; leave any other as it is. Waits for the client's first byte."""
        first = connection.recv(1, socket.MSG_PEEK)
        if not first or first[0] != HANDSHAKE:
            return connection
        timeout_s = connection.gettimeout()
        connection.settimeout(HANDSHAKE_S)
        wrapped = self.context.wrap_socket(connection, server_side=True)
        wrapped.settimeout(timeout_s)
        return wrapped


class Handler(WSGIRequestHandler):
    """Answers both kinds of client. authority is None where there is none: then HTTP is all."""

    authority: ClassVar[Authority | None] = None
    _is_lost = False

    def setup(self) -> None:
        """Shake hands, in the connection's own thread; a client with whom that fails is left without an answer."""
        if self.authority is not None:
            try:
                self.request = self.authority.accept(self.request)
            except OSError:
                self._is_lost = True
                self.rfile = self.wfile = io.BytesIO()
                return
        super().setup()

    def handle(self) -> None:
        """Answer the requests of a connection."""
        if not self._is_lost:
            super().handle()

    def finish(self) -> None:
        """Close what was wrapped; the server closes the rest."""
        super().finish()
        if isinstance(self.request, ssl.SSLSocket):
            self.request.close()

    def make_environ(self) -> dict[str, Any]:
        """Tell the application by which of the two it was asked."""
        scheme = "https" if isinstance(self.request, ssl.SSLSocket) else "http"
        return {**super().make_environ(), "wsgi.url_scheme": scheme}


def _certificate(
    name: str, key: "EllipticCurvePrivateKey", issuer: str, issuer_key: "EllipticCurvePrivateKey", *, is_ca: bool
) -> "Certificate":
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA256

    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(_named(name))
        .issuer_name(_named(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=VALID_DAYS))
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )
    return (_as_authority(builder) if is_ca else _as_server(builder)).sign(issuer_key, SHA256())


def _as_authority(builder: "CertificateBuilder") -> "CertificateBuilder":
    from cryptography import x509

    used = dict.fromkeys(("content_commitment", "key_encipherment", "data_encipherment", "key_agreement"), False)
    rest = dict.fromkeys(("encipher_only", "decipher_only"), False)
    return builder.add_extension(x509.KeyUsage(digital_signature=True, key_cert_sign=True, crl_sign=True, **used, **rest), critical=True)


def _as_server(builder: "CertificateBuilder") -> "CertificateBuilder":
    from cryptography import x509
    from cryptography.x509.oid import ExtendedKeyUsageOID

    names = [x509.DNSName("localhost"), x509.DNSName("kubernetes.default.svc"), x509.IPAddress(ip_address("127.0.0.1"))]
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    return builder.add_extension(usage, critical=False).add_extension(x509.SubjectAlternativeName(names), critical=False)


def _named(name: str) -> "Name":
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
