"""A sandbox, and a terminal in it, for the commands that people type. Every kubectl that can be had runs every test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands import kubectls
from tests.commands.kubectls import Kubectl
from tests.commands.terminal import Terminal
from tests.lent import Lent
from tests.lent import sandbox as start_sandbox


@pytest.fixture(scope="session", params=["debian", "path"])
def program(request: pytest.FixtureRequest) -> Kubectl:
    """Each kubectl in turn; one that cannot be had is counted as not run, with the reason."""
    try:
        return kubectls.find(request.param)
    except kubectls.Missing as why:
        pytest.skip(f"NOT RUN: {why}")


@pytest.fixture(scope="module")
def rate() -> str:
    """Cluster seconds per wall second; a module that looks at ages of `describe` runs at 1."""
    return "20"


@pytest.fixture(scope="module")
def lent(tmp_path_factory: pytest.TempPathFactory, rate: str) -> Iterator[Lent]:
    """A sandbox for the tests of a module, without anybody who frees a dead node's volume."""
    with start_sandbox(tmp_path_factory.mktemp("sandbox") / "world", "--rate", rate, "--remediation", "none") as found:
        yield found


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of the terminals of a module: discovery is asked for once."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def terminal(lent: Lent, home: Path, program: Kubectl) -> Terminal:
    """A terminal with kubectl."""
    return Terminal(lent, home, program)


@pytest.fixture(scope="module")
def cloud(lent: Lent, home: Path) -> Terminal:
    """A terminal for openstack alone."""
    return Terminal(lent, home)
