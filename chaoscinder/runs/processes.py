"""Whether a process of this machine lives."""

import os
from pathlib import Path

MOST = 2**31  # what the kernel takes as a process id


def alive(pid: object) -> bool:
    """Tell whether a process runs; one that has ended but was not yet waited for does not, and what is no process id is none."""
    if not isinstance(pid, int) or not 0 < pid < MOST:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return True
    return state not in ("Z", "X")
