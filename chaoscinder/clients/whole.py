"""Requests that change something are made to their end, although a signal tears the main thread out of its waiting.

Python raises what a signal handler raises in the middle of a read. The request is under way by then: the undo would look, see nothing to
undo, and the change would come after it. So such a request is made in a thread, and whoever waits for it waits on for its own time limit.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


def whole(call: Callable[[], T]) -> T:
    """Make a request to its end, then give its answer, or the signal's exception that came meanwhile."""
    if threading.current_thread() is not threading.main_thread():
        return call()  # signals reach the main thread only
    answer: Future[T] = Future()
    over = threading.Event()  # not the thread's join(): after an exception in it, Python 3.11 takes the thread for ended
    thread = threading.Thread(target=_into, args=(answer, over, call), name="request", daemon=True)
    try:
        thread.start()
        over.wait()
    finally:
        if thread.ident is not None:  # it has begun, whether or not the signal came while it did
            over.wait()
    return answer.result()


def _into(answer: "Future[T]", over: threading.Event, call: Callable[[], T]) -> None:
    try:
        answer.set_result(call())
    except BaseException as error:
        answer.set_exception(error)
    finally:
        over.set()
