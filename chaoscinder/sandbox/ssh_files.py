"""What an ssh client needs to reach the doors of the nodes: keys, known_hosts, an ssh_config, and the addresses as JSON."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from chaoscinder.sandbox.guest_shell import USER

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Key:
    """An Ed25519 key in OpenSSH's formats."""

    private: bytes
    public: str


def new_key() -> Key:
    """Make a key."""
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    return Key(key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()), public)


def write(directory: Path, client: Key, hosts: Mapping[str, Key], ports: Mapping[str, int]) -> dict[str, str]:
    """Write all files, and tell them as environment variables."""
    directory.mkdir(parents=True, exist_ok=True)
    files = {name: directory / name for name in ("id_ed25519", "known_hosts", "config", "hosts.json")}
    _private(files["id_ed25519"], client.private.decode())
    _private(directory / "id_ed25519.pub", f"{client.public} chaoscinder-sandbox\n")
    known = [f"{node},[{HOST}]:{ports[node]} {key.public}\n" for node, key in hosts.items()]
    _private(files["known_hosts"], "".join(known))
    _private(files["config"], "\n".join(_block(node, port, files) for node, port in ports.items()))
    _private(files["hosts.json"], json.dumps({node: {"host": HOST, "port": port} for node, port in ports.items()}, indent=1))
    return {
        "CHAOSCINDER_SSH_CONFIG": str(files["config"]),
        "CHAOSCINDER_SSH_USER": USER,
        "CHAOSCINDER_SSH_KEY": str(files["id_ed25519"]),
        "CHAOSCINDER_SSH_KNOWN_HOSTS": str(files["known_hosts"]),
        "CHAOSCINDER_SSH_HOSTS": str(files["hosts.json"]),
    }


def _block(node: str, port: int, files: Mapping[str, Path]) -> str:
    return f"""Host {node}
    HostName {HOST}
    Port {port}
    User {USER}
    IdentityFile "{files["id_ed25519"]}"
    IdentitiesOnly yes
    PreferredAuthentications publickey
    UserKnownHostsFile "{files["known_hosts"]}"
    HostKeyAlias {node}
    StrictHostKeyChecking yes
    BatchMode yes
"""


def _private(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
