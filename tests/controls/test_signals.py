"""Signals of a run: the first interrupts, none reaches an undo, a later one has the undo begun."""

import os
import signal
from collections.abc import Callable, Iterator

import pytest

from chaoscinder.controls.signals import Signals
from chaoscinder.waiting import halt


class Interrupted(BaseException):
    """What the handler of before raises."""


class Rescued:
    """Something to be undone, and whether its undo was begun."""

    def __init__(self) -> None:
        self.open = True
        self.begun = 0

    def needed(self) -> bool:
        return self.open

    def begin(self) -> None:
        self.begun += 1


@pytest.fixture
def before() -> Iterator[None]:
    """Handlers that Chaos Toolkit would have installed."""

    def interrupt(number: int, frame: object) -> None:
        raise Interrupted(signal.Signals(number).name)

    old = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    old[signal.SIGHUP] = signal.signal(signal.SIGHUP, signal.SIG_DFL)  # ignored where the tests run under nohup
    yield
    for number, handler in old.items():
        signal.signal(number, handler)


def caught(lib: tuple[int, int], rescued: Rescued) -> Signals:
    """Signals as a run installs them."""
    signals = Signals(rescued.needed, rescued.begin, lib=lib)
    signals.install()
    return signals


@pytest.mark.parametrize(
    ("lib", "number", "wanted"),
    [
        ((1, 44), signal.SIGINT, Interrupted),
        ((1, 45), signal.SIGINT, Interrupted),
        ((1, 44), signal.SIGTERM, SystemExit),
        ((1, 45), signal.SIGTERM, Interrupted),
        ((1, 45), signal.SIGHUP, SystemExit),
    ],
)
def test_the_first_signal_goes_to_whoever_had_it_unless_the_library_would_swallow_it(
    before: None, lib: tuple[int, int], number: signal.Signals, wanted: type[BaseException]
) -> None:
    signals = caught(lib, Rescued())
    try:
        with pytest.raises(wanted):
            os.kill(os.getpid(), number)
    finally:
        signals.remove()


def test_no_signal_reaches_an_undo(before: None, capfd: pytest.CaptureFixture[str]) -> None:
    signals = caught((1, 45), Rescued())
    try:
        with halt.shelter():
            os.kill(os.getpid(), signal.SIGTERM)
            os.kill(os.getpid(), signal.SIGINT)
    finally:
        signals.remove()
    assert signals.seen == ["SIGTERM", "SIGINT"]
    assert capfd.readouterr().err.count("the undo is at work and is not cut short") == 2


def test_a_later_signal_begins_the_undo_and_once_all_is_undone_interrupts_again(before: None) -> None:
    rescued = Rescued()
    signals = caught((1, 45), rescued)
    try:
        with pytest.raises(Interrupted):
            os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        assert rescued.begun == 1
        rescued.open = False
        with pytest.raises(Interrupted):
            os.kill(os.getpid(), signal.SIGINT)
    finally:
        signals.remove()


def test_what_was_ignored_stays_ignored() -> None:
    old = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signals = caught((1, 44), Rescued())
    try:
        os.kill(os.getpid(), signal.SIGHUP)
        assert signals.seen == []
    finally:
        signals.remove()
        signal.signal(signal.SIGHUP, old)


def test_they_are_given_back(before: None) -> None:
    held: dict[int, Callable[..., None]] = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}  # type: ignore[misc]
    signals = caught((1, 44), Rescued())
    signals.remove()
    signals.remove()
    assert {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)} == held
