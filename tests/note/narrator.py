"""What a person sees of the walk: headings, commands with a prompt, and what they printed; on the terminal and in a file."""

import shlex
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

WIDTH = 100
LIMIT_S = 900


class Narrator:
    """Tells the walk while it happens. outputs are where it is told; environment is what the commands get."""

    def __init__(self, outputs: Sequence[TextIO], cwd: Path) -> None:
        self._outputs = outputs
        self._cwd = cwd
        self._began = time.monotonic()

    def heading(self, text: str) -> None:
        """Begin a part."""
        self._tell(f"\n{text}\n{'=' * min(len(text), WIDTH)}")

    def step(self, text: str) -> None:
        """Begin a step."""
        self._tell(f"\n--- {text} [{time.monotonic() - self._began:.0f} s into the walk]")

    def say(self, text: str) -> None:
        """Say something that no command printed."""
        self._tell(f"# {text}")

    def table(self, text: str) -> None:
        """Show a finished text as it is."""
        self._tell(text)

    def run(self, words: Sequence[str], environment: dict[str, str], *, shown: str = "", rc: int | None = 0) -> str:
        """Run a command, show it and both its streams as a terminal would; rc None takes any exit code."""
        self._tell(f"\n$ {shown or shlex.join(words)}")
        done = subprocess.run(
            list(words), cwd=self._cwd, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, timeout=LIMIT_S, check=False,
        )  # fmt: skip
        if done.stdout:
            self._tell(done.stdout.rstrip("\n"))
        if rc is not None and done.returncode != rc:
            raise RuntimeError(f"{shlex.join(words)} ended with {done.returncode} (wanted {rc}): {done.stdout.strip()}")
        return done.stdout

    def _tell(self, text: str) -> None:
        for output in self._outputs:
            output.write(f"{text}\n")
            output.flush()


def to_terminal_and(file: TextIO | None) -> list[TextIO]:
    """Where a walk by hand is told."""
    return [sys.stdout, *([file] if file else [])]
