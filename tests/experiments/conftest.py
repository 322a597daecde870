"""One sandbox for all tests of a module that leave it as they found it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lent import Lent, sandbox


@pytest.fixture(scope="module")
def lent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lent]:
    """A sandbox at rate 20 with remediation."""
    directory: Path = tmp_path_factory.mktemp("sandbox") / "world"
    directory.mkdir()
    with sandbox(directory, "--rate", "20") as found:
        yield found
