"""A request that changes something is made to its end although a signal tears the main thread out of its waiting."""

import os
import signal
import threading
from collections.abc import Iterator

import pytest

from chaoscinder.clients.whole import whole
from chaoscinder.errors import Refused


class Torn(BaseException):
    """What the signal's handler raises."""


@pytest.fixture
def signalled() -> Iterator[None]:
    def handle(number: int, frame: object) -> None:
        raise Torn

    before = signal.signal(signal.SIGUSR1, handle)
    yield
    signal.signal(signal.SIGUSR1, before)


def test_its_answer_is_given_and_its_error_raised() -> None:
    assert whole(lambda: 7) == 7
    with pytest.raises(Refused, match=r"^not you$"):
        whole(lambda: (_ for _ in ()).throw(Refused("not you")))


def test_a_signal_comes_after_the_request_has_ended(signalled: None) -> None:
    done: list[str] = []
    torn = threading.Event()

    def request() -> None:
        os.kill(os.getpid(), signal.SIGUSR1)
        torn.wait(0.2)  # the main thread has been torn out of its first waiting by then
        done.append("changed")

    with pytest.raises(Torn):
        whole(request)
    assert done == ["changed"]


def test_other_threads_ask_by_themselves() -> None:
    seen: list[str] = []
    thread = threading.Thread(target=lambda: whole(lambda: seen.append(threading.current_thread().name)), name="mine")
    thread.start()
    thread.join()
    assert seen == ["mine"]
