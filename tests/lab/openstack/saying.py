"""What the lab tells its user: one line per fact on standard output, and one line when it cannot go on."""

import sys
import time


class LabError(Exception):
    """The lab cannot do what was asked; the text is the one line that says why and what helps."""


_STARTED = time.monotonic()


def say(text: str) -> None:
    """Print one line at once, whoever reads."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def progress(text: str) -> None:
    """Print one line with the seconds since the command began."""
    say(f"{time.monotonic() - _STARTED:7.1f} s  {text}")
