"""One sandbox for all tests of a module that leave it as they found it."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.interrupted import answers, untouched
from tests.lent import CHAOSCINDER, Lent, run, sandbox


@pytest.fixture(scope="module")
def lent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lent]:
    """A sandbox at rate 20 with remediation."""
    directory: Path = tmp_path_factory.mktemp("sandbox") / "world"
    directory.mkdir()
    with sandbox(directory, "--rate", "20") as found:
        yield found


@pytest.fixture(scope="module")
def fast(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lent]:
    """A sandbox at rate 60."""
    directory = tmp_path_factory.mktemp("sandbox") / "world"
    directory.mkdir()
    with sandbox(directory, "--rate", "60") as found:
        yield found


@pytest.fixture
def at_rest(fast: Lent) -> Lent:
    """The sandbox with its application answering, as every test leaves it."""
    if not untouched(fast):  # the test before this one failed; what it left is not this one's fault
        run([CHAOSCINDER, "recover", "--all"], cwd=fast.directory, env=fast.environment)
    give_up = time.monotonic() + 30
    while time.monotonic() < give_up and not answers(fast):
        time.sleep(0.05)
    assert untouched(fast)
    return fast


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print what the matrix measured, where it was run."""
    from tests.experiments.matrix import table

    calls = [report for reports in terminalreporter.stats.values() for report in reports if getattr(report, "when", "") == "call"]
    if rows := [value for report in calls for name, value in report.user_properties if name == "cell"]:
        terminalreporter.write_line("\n" + "\n".join(table(rows)))
