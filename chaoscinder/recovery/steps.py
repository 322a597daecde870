"""Going on until something is undone: look, take the next step, look again, within a limit."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from chaoscinder.clock import Clock, Deadline
from chaoscinder.errors import CannotTell, NotFound, Refused, TimedOut
from chaoscinder.waiting import POLL_WALL_S, Progress

# Takes the next step and tells the end state, "" while there is none; then what is still to come, in a few words.
Step = Callable[[], tuple[str, str]]


def go_on(clock: Clock, deadline: Deadline, step: Step, *, wanted: str) -> str:
    """Take steps until one tells an end state; TimedOut says what stood in the way last.

    An API that does not answer, or refuses, is asked again until the time is over. NotFound goes to the caller.
    """
    progress = Progress(clock)
    while True:
        try:
            end_state, problem = step()
        except (CannotTell, Refused) as error:
            end_state, problem = "", str(error)
        if end_state:
            return end_state
        if deadline.passed:
            raise TimedOut(f"{problem} after {deadline.spent_s:.0f} s (wanted {wanted} within {deadline.limit_s:g} s)")
        progress.say(lambda now=problem: f"undoing, {deadline.spent_s:.0f} of {deadline.limit_s:g} s: {now}")  # type: ignore[misc]
        clock.sleep_wall(POLL_WALL_S)


def insist_gone(error: NotFound, name: str, listed: Iterable[str]) -> None:
    """Refuse to believe that something is gone while it is in the list of its kind: what is left of a fault there would be forgotten."""
    if name in listed:
        raise CannotTell(f"{error}; yet {name} is in the list") from error


@contextmanager
def changing() -> Iterator[None]:
    """Change something that was seen a moment ago: whether it is gone tells the next look at it, not an answer to the change."""
    try:
        yield
    except NotFound as error:
        raise CannotTell(str(error)) from error
