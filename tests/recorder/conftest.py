"""A run in a temporary directory, and servers that break on demand."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from chaoscinder import runs
from chaoscinder.clock import Clock
from chaoscinder.model.run import Aims, Header
from chaoscinder.model.workload import Kind, Target
from chaoscinder.runs import RunDirectory

sys.path.insert(0, str(Path(__file__).parent))  # so that tests can import fault_server

from fault_server import FaultServer

TARGET = Target(
    namespace="shop", workload="web", kind=Kind.DEPLOYMENT, pod="web-6d5fcd9584-9c5wf", pod_uid="43fa1482-3a7b-4a91-a028-62622725d03a",
    node="b1", server_id="05bc4d1e-16cb-5ebd-89cd-b2700132aaa0", server_name="b1", claim="data-web", persistent_volume="pv-a-data-web",
    volume_id="4fdc80f1-f071-53ec-8c2d-8e746a240735",
)  # fmt: skip


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    """A run that began just now, at rate 1."""
    header = Header("0a1b2c3d" + "0" * 24, "node shutdown", "e3b0", datetime.now(UTC), Clock().monotonic_s(), 1.0, False, Aims())
    made = runs.create(tmp_path / "runs", header)
    made.write_target(TARGET)
    return made


@pytest.fixture
def target() -> Target:
    """The target of that run."""
    return TARGET


@pytest.fixture
def server() -> Iterator[FaultServer]:
    """An application that breaks on demand."""
    made = FaultServer()
    yield made
    made.close()
