"""The addresses of Services: ports of 127.0.0.1 whose connections are led to the process of a ready pod, or nowhere.

What a client meets is made by the kernel, so it is the real thing:

1. Nobody is ready: the port stays bound but nobody listens, so a connection is refused.
2. The only pod's node lost power: nothing accepts, and the queue of waiting connections is full, so the kernel drops each SYN and a
   client runs into its connect timeout. Open connections stay open and silent: no FIN, no RST.
3. Otherwise bytes are carried both ways, and a FIN or RST is passed on as such.

4. The process of every pod has died while its node lives: refused, as soon as the sandbox has seen it (0.1 s).

Two things differ from a cluster. A connection is accepted before its pod is reached, so a pod that refuses looks like a reset: one of
several, or the only one within that 0.1 s. And when some of several pods lost power, their share of new connections is accepted and then
silent.

One thread carries all connections of all addresses. It never takes the world's lock, so callers may hold that.
"""

import asyncio
import concurrent.futures
import select
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from chaoscinder.sandbox.connection import HOST, Connection, PortOf

T = TypeVar("T")
BACKLOG = 512
DUMMIES = 8  # listen(0) leaves room for one waiting connection; more attempts than that need not be
STUCK_MS = 10  # a connection on the loopback that is not there after this was dropped
ANSWER_S = 5.0


class Loopback:
    """The thread that carries the connections of all addresses."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="loopback", daemon=True)
        self._thread.start()

    def call(self, act: Callable[[], T]) -> T:
        """Let the thread do something and wait for its answer."""
        answer: concurrent.futures.Future[T] = concurrent.futures.Future()

        def run() -> None:
            try:
                answer.set_result(act())
            except Exception as error:
                answer.set_exception(error)

        self.loop.call_soon_threadsafe(run)
        return answer.result(ANSWER_S)

    def close(self) -> None:
        """End the thread. Addresses must have been closed."""
        asyncio.run_coroutine_threadsafe(self._end(), self.loop).result(ANSWER_S)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()

    async def _end(self) -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        if tasks:
            await asyncio.wait(tasks)


class ServiceAddress:
    """The address of one Service (sandbox.ports.Traffic). Refuses until it is told where to lead.

    port_of tells the port of a pod's process, None while it has none; it is asked for each connection, in the loopback's thread, and
    must not wait for the world's lock. port 0 means any free one; OSError where the port is taken.
    """

    def __init__(self, loopback: Loopback, port_of: PortOf, port: int = 0) -> None:
        self._loopback = loopback
        self._port_of = port_of
        self._targets: tuple[str, ...] = ()
        self._dead: frozenset[str] = frozenset()
        self._turn = 0
        self._connections: set[Connection] = set()
        self._closed = False
        self._dummies: list[socket.socket] = []
        self._holder = _bound(port)
        self._listener: socket.socket | None = None
        self.port: int = self._holder.getsockname()[1]

    def send_to(self, uids: tuple[str, ...]) -> None:
        """Lead new connections to the pods with these uids in turn; none: refuse.

        A pod that was cut stays cut until it was left out once.
        """
        self._loopback.call(lambda: self._change(uids, self._dead & frozenset(uids)))

    def cut(self, uid: str) -> None:
        """The pod's node lost power: silence from now on. To be called before its process is killed, else clients see that instead."""
        self._loopback.call(lambda: self._cut(uid))

    def freeze(self, uid: str) -> None:
        """The pod's node was paused: new connections get no answer. Open ones fall silent by themselves, since its process stands still."""
        self._loopback.call(lambda: self._change(self._targets, self._dead | frozenset({uid}) & frozenset(self._targets)))

    def thaw(self, uid: str) -> None:
        """The pod's node goes on."""
        self._loopback.call(lambda: self._change(self._targets, self._dead - {uid}))

    def look(self) -> None:
        """A pod's process may have come or gone: refuse or lead accordingly, soon. May be called from any thread."""
        with suppress(RuntimeError):  # the thread has ended
            self._loopback.loop.call_soon_threadsafe(self._look)

    def close(self) -> None:
        """Close the port and every connection."""
        self._loopback.call(self._close)

    def _look(self) -> None:
        if not self._closed:
            self._change(self._targets, self._dead)

    def _cut(self, uid: str) -> None:
        self._dead |= frozenset({uid}) & frozenset(self._targets)
        self._change(self._targets, self._dead)
        for connection in self._connections:
            if connection.uid == uid:
                connection.silence()

    def _change(self, targets: tuple[str, ...], dead: frozenset[str]) -> None:
        """Go from one state (refusing, leading, black hole) to the next; what waits in the queue still meets the old one."""
        was_hole = bool(self._dummies)
        if self._targets and not was_hole:
            self._accept()
        self._targets, self._dead = targets, dead
        is_hole = bool(targets) and dead.issuperset(targets)
        if is_hole and not was_hole:
            self._open_hole()
        elif self._nobody():
            self._refuse()
        elif not is_hole:
            self._lead()

    def _nobody(self) -> bool:
        """Whether there is no pod, or no process in any of them; what lost power does not refuse."""
        return not self._dead and all(self._port_of(uid) is None for uid in self._targets)

    def _lead(self) -> None:
        """Take our own connections out of the queue, if it was filled with them, and lead whatever else comes."""
        ours = self._drop_dummies()
        listener = self._listening()
        listener.listen(BACKLOG)
        self._accept(ours)
        self._loopback.loop.add_reader(listener, self._accept)

    def _refuse(self) -> None:
        """Stop listening; the holder keeps the port. (shutdown() would keep it too, but what is accepted later inherits the shutdown.)"""
        self._drop_dummies()
        if self._listener is not None:
            self._loopback.loop.remove_reader(self._listener)
            self._listener.close()
            self._listener = None

    def _listening(self) -> socket.socket:
        if self._listener is None:
            self._listener = _bound(self.port)
        return self._listener

    def _open_hole(self) -> None:
        """Let the queue of waiting connections run full of our own, so that the kernel drops what comes."""
        listener = self._listening()
        self._loopback.loop.remove_reader(listener)
        listener.listen(0)
        for _ in range(DUMMIES):
            dummy = socket.socket()
            self._dummies.append(dummy)
            dummy.setblocking(False)
            dummy.connect_ex((HOST, self.port))
            if not _is_connected(dummy):
                return

    def _drop_dummies(self) -> frozenset[int]:
        """Close our own connections and tell their ports."""
        ours = frozenset(dummy.getsockname()[1] for dummy in self._dummies)
        for dummy in self._dummies:
            dummy.close()
        self._dummies.clear()
        return ours

    def _accept(self, ours: frozenset[int] = frozenset()) -> None:
        with suppress(BlockingIOError):
            while self._listener is not None:
                client, (_, client_port) = self._listener.accept()
                if client_port in ours:
                    client.close()
                else:
                    self._begin(client)

    def _begin(self, client: socket.socket) -> None:
        uid = self._targets[self._turn % len(self._targets)]
        self._turn += 1
        connection = Connection(client, uid, self._port_of)
        if uid in self._dead:
            connection.silence()
        self._connections.add(connection)
        connection.carry(self._loopback.loop, self._connections.discard)

    def _close(self) -> None:
        self._closed = True
        self._change((), frozenset())
        self._holder.close()
        for connection in self._connections:
            connection.stop()


def _bound(port: int) -> socket.socket:
    """Bind a port without listening; 0 means any free one.

    With SO_REUSEADDR two sockets of ours may hold one port as long as only one listens. It also lets us have a port on which connections
    of an earlier sandbox linger; where another process listens it is refused.
    """
    bound = socket.socket()
    try:
        bound.setblocking(False)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((HOST, port))
    except OSError:
        bound.close()
        raise
    return bound


def _is_connected(dummy: socket.socket) -> bool:
    poll = select.poll()
    poll.register(dummy, select.POLLOUT)
    return bool(poll.poll(STUCK_MS))
