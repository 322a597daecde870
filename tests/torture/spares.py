"""Children that a run forks before it begins, and that become what it starts with `python -P -m MODULE`: nothing is imported twice.

To the run they are what subprocess.Popen gives it: its own children, in sessions of their own, with the pipes and the environment
that it wants. One that is never needed ends with the run.
"""

import inspect
import json
import os
import socket
import subprocess
import sys
from typing import Any

COUNT = "TORTURE_SPARES"  # how many to keep; 0 where a test tells processes by their command lines

_kept: list[tuple[int, socket.socket]] = []


class Popen(subprocess.Popen):  # type: ignore[type-arg]
    """Popen that takes one of the spares where it can."""

    def _execute_child(self, args: Any, *rest: Any) -> None:
        given = inspect.signature(super()._execute_child).bind(args, *rest).arguments  # type: ignore[misc]
        streams = [given["p2cread"], given["c2pwrite"], given["errwrite"]]
        is_module = isinstance(args, list) and args[:3] == [sys.executable, "-P", "-m"] and len(args) == 4
        if not (_kept and is_module and min(streams) >= 0):
            super()._execute_child(args, *rest)  # type: ignore[misc]
            return
        self.pid, line = _kept.pop()
        self._child_created = True
        order = json.dumps({"module": args[3], "env": dict(given["env"] or os.environ)}).encode()
        with line:
            socket.send_fds(line, [len(order).to_bytes(4)], streams)
            line.sendall(order)
        pipes = ("p2cread", "p2cwrite", "c2pread", "c2pwrite", "errread", "errwrite")
        self._close_pipe_fds(*(given[name] for name in pipes))  # type: ignore[attr-defined]


def keep(count: int) -> str | None:
    """Fork them. None for the run itself; in a spare, once it is needed, the module that it is to be."""
    for _ in range(count):
        ours, theirs = socket.socketpair()
        pid = os.fork()
        if not pid:
            ours.close()
            for _, line in _kept:
                line.close()
            return _await(theirs)
        theirs.close()
        _kept.append((pid, ours))
    subprocess.Popen = Popen  # type: ignore[misc]
    return None


def _await(line: socket.socket) -> str:
    os.setsid()
    size, handles, _, _ = socket.recv_fds(line, 4, 3)
    if not size:
        os._exit(0)
    with line:
        order = json.loads(_read(line, int.from_bytes(size)))
    for there, here in enumerate(handles):
        os.dup2(here, there)
        os.close(here)
    os.environ.clear()
    os.environ.update(order["env"])
    del sys.path[0]
    sys.argv = [""]
    return str(order["module"])


def _read(line: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = line.recv(size - len(data))
        if not more:
            os._exit(0)
        data += more
    return data
