"""One node over ssh: which server it is, by its own word, and shut it down. asyncssh is an extra: pip install 'chaostoolkit-cinder[ssh]'.

1. The host's key is checked against known_hosts, always; no agent, no password, no key but the one given.
2. Nothing is done on a host that did not say, over the very same connection, that it is the server that is meant.
3. No error of asyncssh's leaves this room, and no key is in any message.
"""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

from chaoscinder.errors import Refused, SettingsError, Unreachable
from chaoscinder.settings import Settings

T = TypeVar("T")
SHUTDOWN = "sudo shutdown -h now"
INSTANCE_ID = "cat /var/lib/cloud/data/instance-id"  # where cloud-init keeps it, for everybody to read
METADATA = "curl -s http://169.254.169.254/openstack/latest/meta_data.json"
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Ssh:
    """The way into one node. address is where it is reached when no ssh_config tells."""

    def __init__(self, settings: Settings, node: str, address: str) -> None:
        if not settings.ssh_auth:
            raise SettingsError("no way into the node (wanted the secrets ssh_user, ssh_key and ssh_known_hosts)")
        self._node = node
        self._host = node if settings.ssh_config else address or node
        self._limit_s = settings.request_timeout_s
        self._options = _options(settings)

    def instance_id(self) -> str:
        """Tell the Nova server's id by the host's own word; Refused when it tells none."""
        return self._on_host(self._tell_instance_id)

    def shut_down(self, server_id: str) -> None:
        """Shut the host down, if it says that it is that server; returns when it took the command, or closed the connection over it."""

        async def act(connection: Any) -> None:
            seen = await self._tell_instance_id(connection)
            if seen != server_id:
                raise Refused(f"{self._node} says over ssh that it is server {seen} (wanted {server_id}): nothing was done")
            await self._shut_down(connection)

        self._on_host(act)

    async def _tell_instance_id(self, connection: Any) -> str:
        told = await self._said(connection, INSTANCE_ID)
        if not UUID.fullmatch(told):
            told = _uuid_in(await self._said(connection, METADATA))
        if not UUID.fullmatch(told):
            raise Refused(f"{self._node} does not tell over ssh which server it is (asked cloud-init and the metadata service)")
        return told

    async def _said(self, connection: Any, command: str) -> str:
        done = await connection.run(command, check=False, timeout=self._limit_s)
        return str(done.stdout or "").strip().lower()

    async def _shut_down(self, connection: Any) -> None:
        import asyncssh

        try:
            done = await connection.run(SHUTDOWN, check=False, timeout=self._limit_s)
        except (asyncssh.ConnectionLost, asyncssh.ChannelOpenError):
            return  # "Connection to node-4 closed by remote host": what a shutdown looks like; Nova's SHUTOFF is the proof
        if done.exit_status not in (0, None):
            raise Refused(f"{self._node} refused {SHUTDOWN!r} with {done.exit_status}: {' '.join(str(done.stderr or '').split())[:200]}")

    def _on_host(self, work: Callable[[Any], Awaitable[T]]) -> T:
        """Connect, do the work, and say in our words what went wrong."""
        import asyncssh

        async def go() -> T:
            async with asyncssh.connect(self._host, **self._options) as connection:
                return await work(connection)

        try:
            return asyncio.run(go())
        except asyncssh.HostKeyNotVerifiable as error:
            raise Refused(f"the key of {self._node} is not the known one ({error.reason}): nothing was done") from error
        except asyncssh.PermissionDenied as error:
            raise Refused(f"{self._node} does not let {self._options['username']} in: {error.reason}") from error
        except (asyncssh.Error, OSError, TimeoutError) as error:
            said = str(error) or type(error).__name__
            raise Unreachable(f"{self._node} at {self._host} did not answer over ssh within {self._limit_s:g} s ({said})") from error


def _options(settings: Settings) -> dict[str, Any]:
    try:
        import asyncssh
    except ImportError as error:
        raise SettingsError("asyncssh is not installed (wanted pip install 'chaostoolkit-cinder[ssh]')") from error

    known_hosts = Path(settings.ssh_auth["ssh_known_hosts"]).expanduser()
    if not known_hosts.is_file():
        raise SettingsError(f"secret ssh_known_hosts: there is no file {known_hosts} (wanted one with the key of every node)")
    key = settings.ssh_auth["ssh_key"]
    try:
        read = asyncssh.import_private_key(key) if "-----BEGIN" in key else asyncssh.read_private_key(str(Path(key).expanduser()))
    except (asyncssh.KeyImportError, OSError) as error:
        raise SettingsError("secret ssh_key cannot be used (wanted a private key without passphrase, or the path of one)") from error
    config = [settings.ssh_config] if settings.ssh_config else None
    return {
        "config": config, "username": settings.ssh_auth["ssh_user"], "client_keys": [read], "known_hosts": str(known_hosts),
        "agent_path": None, "preferred_auth": "publickey", "connect_timeout": settings.request_timeout_s,
        "login_timeout": settings.request_timeout_s,
    }  # fmt: skip


def _uuid_in(text: str) -> str:
    try:
        return str(dict(json.loads(text)).get("uuid", ""))
    except (ValueError, TypeError):
        return ""
