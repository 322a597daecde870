"""Let every HTTP request of a Python process say who makes it: the process, the thread, and the functions of ours on the stack.

Python imports this by its name in every process that has this directory in PYTHONPATH. What runs is not changed: a header is added,
and the proxy takes it off again (tests/torture/proxy.py).
"""

import http.client
import os
import sys
import threading

HEADER = "X-Torture-Caller"
OURS = f"{os.sep}chaoscinder{os.sep}"
HERE = f"{os.sep}tests{os.sep}torture{os.sep}"
REQUEST = "request"  # the name of chaoscinder.clients.whole's threads
REACH = "clients."  # the room that everything goes through says nothing about who wanted it


def caller() -> str:
    """Tell `process thread inner outer`: the innermost function of ours outside the clients, and the outermost one."""
    frame, names = sys._getframe(1), []
    while frame is not None:
        path = frame.f_code.co_filename
        if OURS in path and HERE not in path:
            room = path.rpartition(OURS)[2].removesuffix(".py").replace(os.sep, ".")
            names.append(f"{room}.{frame.f_code.co_qualname.replace('<locals>.', '').replace('<', '').replace('>', '')}")
        frame = frame.f_back
    inner = next((name for name in names if not name.startswith((REACH, "waiting."))), names[0] if names else "?")
    thread = threading.current_thread()
    if thread.name == REQUEST and hasattr(thread, "torture_caller"):
        return str(thread.torture_caller)  # it only makes what another one wants
    door = getattr(thread, "torture_door", "") or (names[-1] if names else "?")
    named = "main" if thread is threading.main_thread() else "".join(letter for letter in thread.name if not letter.isdigit())
    return f"{process()} {named.replace(' ', '')} {inner} {door}"


def start(self: threading.Thread) -> None:
    """Keep what began a thread of ours, then go on as before."""
    self.torture_caller = caller()  # type: ignore[attr-defined]
    self.torture_door = self.torture_caller.split(" ")[3]  # type: ignore[attr-defined]
    _start(self)


def process() -> str:
    """Tell which command this process is."""
    words = " ".join(sys.argv[:2])
    return next((name for name in ("recover", "preflight", "stop", "recorder") if name in words), "chaos")


def endheaders(self: http.client.HTTPConnection, *given: object, **named: object) -> None:
    """Add the header, then go on as before."""
    self.putheader(HEADER, caller())
    _plain(self, *given, **named)


_plain = http.client.HTTPConnection.endheaders
http.client.HTTPConnection.endheaders = endheaders
_start = threading.Thread.start
threading.Thread.start = start
