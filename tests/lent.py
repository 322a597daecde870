"""A sandbox for tests: started and stopped with the command line that people use, and commands run in its environment."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BIN = Path(sys.executable).parent
CHAOSCINDER = str(BIN / "chaoscinder")
CHAOS = str(BIN / "chaos")
ROOT = Path(__file__).parents[1]
NODE_SHUTDOWN = ROOT / "experiments" / "node-shutdown.json"
LIMIT_S = 110


@dataclass(frozen=True)
class Done:
    """What a command came to."""

    code: int
    out: str

    @property
    def last(self) -> str:
        """Its last line."""
        return self.out.strip().splitlines()[-1] if self.out.strip() else ""


def run(command: list[str], *, cwd: Path, env: Mapping[str, str | None] | None = None, limit_s: float = LIMIT_S) -> Done:
    """Run a command to its end; both streams together."""
    done = subprocess.run(command, cwd=cwd, env=merged(env), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=limit_s)
    return Done(done.returncode, done.stdout)


def merged(env: Mapping[str, str | None] | None) -> dict[str, str]:
    """Our environment without anything that names a cloud, with what is given; None takes a variable away."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OS_", "CHAOSCINDER_", "KUBE"))}
    kept["PATH"] = f"{BIN}{os.pathsep}{kept.get('PATH', '')}"
    given = {**kept, **(env or {})}
    return {name: value for name, value in given.items() if value is not None}


@dataclass(frozen=True)
class Lent:
    """A running sandbox: its sandbox.json, and where its files are."""

    directory: Path
    found: dict[str, Any]

    @property
    def environment(self) -> dict[str, str]:
        """What a command needs to find it."""
        return dict(self.found["environment"])

    def chaos(self, cwd: Path, *, experiment: Path = NODE_SHUTDOWN, **changes: str | None) -> Done:
        """Run an experiment against it as a user would, with some variables changed."""
        return run([CHAOS, "--no-version-check", "run", str(experiment)], cwd=cwd, env={**self.environment, **changes})

    def state(self) -> dict[str, Any]:
        """What is in both clouds now."""
        import requests

        answer = requests.get(self.found["url"] + "/_sandbox/state", headers={"Authorization": f"Bearer {self.found['token']}"}, timeout=5)
        return dict(answer.json())


@contextmanager
def sandbox(directory: Path, *options: str) -> Iterator[Lent]:
    """Start a sandbox in a directory and stop it afterwards."""
    started = run([CHAOSCINDER, "sandbox", "up", "--dir", str(directory), *options], cwd=directory.parent)
    assert started.code == 0, started.out
    try:
        yield Lent(directory, json.loads((directory / "sandbox.json").read_text()))
    finally:
        run([CHAOSCINDER, "sandbox", "down", "--dir", str(directory)], cwd=directory.parent)


def servers(state: Mapping[str, Any]) -> dict[str, tuple[str, dict[str, str]]]:
    """Name to status and metadata of every server in a state."""
    return {row["name"]: (row["status"], row["metadata"]) for row in state["servers"]}
