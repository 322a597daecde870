"""The ssh doors of the nodes: ports of 127.0.0.1 behind which each node's guest takes a few commands (guest_shell.py).

1. A node without power does not answer at all, one that boots refuses, one that shuts down closes its connections. The kernel makes that,
   as for the addresses of Services, whose room this uses.
2. asyncssh (the extra `ssh`) is imported when the first client comes, so that a sandbox whose doors nobody uses pays nothing.
"""

import asyncio
import importlib.util
import select
import socket
import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chaoscinder.sandbox.guest_shell import Reply, Shell
from chaoscinder.sandbox.loopback import Loopback, ServiceAddress

if TYPE_CHECKING:
    from chaoscinder.sandbox.launch import Sandbox

WAITING = 16  # connections that may wait until asyncssh is there
CLOSING_S = 0.05  # wall seconds between a command's last word and the end of the connection


def is_there() -> bool:
    """Whether the extra is installed."""
    return importlib.util.find_spec("asyncssh") is not None


class Doors:
    """The doors of all nodes. environment is what a client needs to know."""

    def __init__(self, sandbox: "Sandbox", loopback: Loopback, directory: Path) -> None:
        from chaoscinder.sandbox import ssh_files

        self._sandbox = sandbox
        nodes = sandbox.machines.names()
        self._backs = {node: _listening() for node in nodes}
        self._addresses = {node: ServiceAddress(loopback, self._port) for node in nodes}
        self._client, self._hosts = ssh_files.new_key(), {node: ssh_files.new_key() for node in nodes}
        ports = {node: address.port for node, address in self._addresses.items()}
        self.environment = ssh_files.write(directory, self._client, self._hosts, ports)
        self._rings, self._ringer = socket.socketpair()
        self._thread = threading.Thread(target=self._wait, name="ssh doors", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._open: dict[str, set[Any]] = {node: set() for node in nodes}
        for node in nodes:
            self._addresses[node].send_to((node,))
        self._thread.start()

    def power(self, server_id: str, running: bool) -> None:
        """A server's power came or went."""
        sandbox, frozen = self._sandbox, self._sandbox.openstack.is_frozen(server_id)
        for node in (node for node in self._addresses if sandbox.machines.server(node) == server_id):
            address = self._addresses[node]
            if frozen:
                address.thaw(node) if running else address.freeze(node)
            elif running:
                address.send_to(())
                self.drop(node)
                sandbox.world.call_later(sandbox.profile.boot_s, partial(self._booted, node), "sshd")
            else:
                address.send_to((node,))  # what refused while it shut down or booted is silent now
                address.cut(node)

    def refuse(self, node: str) -> None:
        """The node's sshd ends, in order: nobody comes in any more."""
        self._addresses[node].send_to(())

    def drop(self, node: str) -> None:
        """End what is connected to a node, a moment from now."""
        if self._loop:
            self._loop.call_soon_threadsafe(lambda: self._later(node))

    def close(self) -> None:
        """Close every door."""
        self._ringer.close()
        self._thread.join()
        for address in self._addresses.values():
            address.close()
        for back in (*self._backs.values(), self._rings):
            back.close()

    def _booted(self, node: str) -> None:
        if self._sandbox.machines.is_running(node):
            self._addresses[node].send_to((node,))

    def _later(self, node: str) -> None:
        for connection in self._open[node]:
            asyncio.get_running_loop().call_later(CLOSING_S, connection.close)

    def _port(self, node: str) -> int:
        return int(self._backs[node].getsockname()[1])

    def _wait(self) -> None:
        """Wait for the first client, or for the end."""
        ready, _, _ = select.select([self._rings, *self._backs.values()], [], [])
        if self._rings not in ready:
            asyncio.run(self._serve())

    async def _serve(self) -> None:
        import asyncssh

        self._loop = asyncio.get_running_loop()
        doors = [await asyncssh.listen(sock=back, **self._options(node)) for node, back in self._backs.items()]
        await self._loop.run_in_executor(None, lambda: select.select([self._rings], [], []))
        for door in doors:
            door.close()
        for connection in [one for every in self._open.values() for one in every]:
            connection.abort()

    def _options(self, node: str) -> dict[str, Any]:
        import asyncssh

        key = asyncssh.import_private_key(self._hosts[node].private)
        made = _server_class(asyncssh.import_public_key(self._client.public), self._open[node])
        serve = partial(self._answer, Shell(self._sandbox, node), node)
        return {"server_factory": made, "server_host_keys": [key], "process_factory": serve, "encoding": "utf-8"}

    async def _answer(self, shell: Shell, node: str, process: Any) -> None:
        line = process.command
        reply = await asyncio.get_running_loop().run_in_executor(None, shell.run, line) if line else _nothing_asked()
        if reply.silent:
            return
        process.stdout.write(reply.out)
        process.stderr.write(reply.error)
        process.exit(reply.code)
        if reply.ends:
            self.drop(node)


def _nothing_asked() -> Reply:
    return Reply(error="this door has no terminal (wanted a command)\n", code=1)


def _server_class(client: Any, connections: set[Any]) -> Any:
    """What asyncssh asks about each connection: who may come in, and who is there."""
    import asyncssh

    from chaoscinder.sandbox.guest_shell import USER

    class Door(asyncssh.SSHServer):
        def connection_made(self, conn: Any) -> None:
            self._connection = conn
            connections.add(conn)

        def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncssh's signature
            connections.discard(self._connection)

        def public_key_auth_supported(self) -> bool:
            return True

        def validate_public_key(self, username: str, key: Any) -> bool:
            return bool(username == USER and key == client)

    return Door


def _listening() -> socket.socket:
    back = socket.socket()
    back.bind(("127.0.0.1", 0))
    back.listen(WAITING)
    return back
