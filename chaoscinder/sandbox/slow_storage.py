"""Storage that is slow or hangs: each sync of a process on a node waits before the kernel carries it out.

The process really waits in its system call (fsync, fdatasync, msync, sync, syncfs): the kernel shows the call to the sandbox, as for a loss
of power with unflushed cache (durable_watch.py), and is answered late. What is only written, not synced, stays quick, as with a page cache.
"""

import threading
import time
from collections.abc import Callable

LOOK_S = 0.05  # how soon a waiting call notices that its process died
HANGS = float("inf")


class SlowStorage:
    """How long a sync takes on each node, in wall seconds on top of its own time."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._delays_s: dict[str, float] = {}

    @property
    def is_on(self) -> bool:
        """Whether any node has slow storage."""
        return bool(self._delays_s)

    def slow_down(self, node: str, delay_s: float) -> None:
        """Let each sync on a node take that much longer; infinity lets it hang."""
        with self._changed:
            self._delays_s[node] = delay_s

    def speed_up(self, node: str) -> None:
        """Let it be quick again; what waits goes on."""
        with self._changed:
            self._delays_s.pop(node, None)
            self._changed.notify_all()

    def close(self) -> None:
        """Let everything go on."""
        with self._changed:
            self._delays_s.clear()
            self._changed.notify_all()

    def wait(self, node: str, has_ended: Callable[[], bool]) -> None:
        """Wait as long as a sync on a node takes; no longer than its process lives."""
        began = time.monotonic()
        with self._changed:
            while (left_s := began + self._delays_s.get(node, 0.0) - time.monotonic()) > 0 and not has_ended():
                self._changed.wait(min(left_s, LOOK_S))
