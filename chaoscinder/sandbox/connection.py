"""One client's connection to one pod, carried between two sockets; it knows nothing of Services."""

import asyncio
import socket
import struct
from collections.abc import Callable
from contextlib import suppress

HOST = "127.0.0.1"
CHUNK = 64 * 1024
RESET = struct.pack("ii", 1, 0)  # SO_LINGER on, 0 s: close sends RST
PortOf = Callable[[str], int | None]


class Connection:
    """One client's connection to one pod."""

    def __init__(self, client: socket.socket, uid: str, port_of: PortOf) -> None:
        client.setblocking(False)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.uid = uid
        self._client = client
        self._port_of = port_of
        self._silent = False
        self._carrying: asyncio.Task[None] | None = None
        self._task: asyncio.Task[None] | None = None

    def carry(self, loop: asyncio.AbstractEventLoop, on_end: Callable[["Connection"], None]) -> None:
        """Carry bytes until one side ends; on_end is told when all is closed."""

        def end(_: asyncio.Task[None]) -> None:
            self._client.close()
            on_end(self)

        self._task = loop.create_task(self._run())
        self._task.add_done_callback(end)

    def silence(self) -> None:
        """Say nothing more to the client, whatever it does, until it leaves."""
        self._silent = True
        if self._carrying:
            self._carrying.cancel()

    def stop(self) -> None:
        """End it at once. The carrying ends first, so that no descriptor is closed while somebody waits for it."""
        self._silent = False
        if self._carrying and not self._carrying.done():
            self._carrying.cancel()
        elif self._task:
            self._task.cancel()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        if not self._silent:
            self._carrying = loop.create_task(self._carry())
            await asyncio.wait([self._carrying])
            if not self._carrying.cancelled() and not self._silent:
                self._reset_after(self._carrying.exception())
        if self._silent:
            with suppress(OSError):
                while await loop.sock_recv(self._client, CHUNK):
                    pass

    def _reset_after(self, error: BaseException | None) -> None:
        """Let the coming close send RST where the pod refused or broke off."""
        if isinstance(error, OSError):
            self._client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        elif error:
            raise error

    async def _carry(self) -> None:
        """Connect to the pod and carry until the pod has said all; OSError where it refused or broke off."""
        port = self._port_of(self.uid)
        if port is None:
            raise ConnectionRefusedError(f"pod {self.uid} has no process")
        with socket.socket() as pod:
            pod.setblocking(False)
            pod.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await asyncio.get_running_loop().sock_connect(pod, (HOST, port))
            asking = asyncio.create_task(_pump(self._client, pod))
            try:
                await _pump(pod, self._client)
            finally:
                asking.cancel()
                await asyncio.wait([asking])
                asking.cancelled() or asking.exception()


async def _pump(source: socket.socket, sink: socket.socket) -> None:
    """Carry one direction until its end, and pass the end on."""
    loop = asyncio.get_running_loop()
    while data := await loop.sock_recv(source, CHUNK):
        await loop.sock_sendall(sink, data)
    with suppress(OSError):  # the other side has gone already
        sink.shutdown(socket.SHUT_WR)
