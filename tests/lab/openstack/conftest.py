"""A place for services of the lab that live no longer than a test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.openstack import processes
from tests.lab.openstack.places import Places


@pytest.fixture
def places(tmp_path: Path) -> Iterator[Places]:
    """Directories of a lab; what is started in them as "one" and "two" is killed in the end."""
    made = Places(tmp_path.resolve())
    for directory in (made.state, made.log, made.run):
        directory.mkdir()
    yield made
    for name in ("one", "two"):
        processes.kill(made, name)
