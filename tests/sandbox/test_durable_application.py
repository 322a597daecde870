"""The demo application under a loss of power, at each level of syncing: what it acknowledged against what is in the file afterwards."""

import http.client
import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from chaoscinder.sandbox.durable import Shadows
from chaoscinder.sandbox.processes import Processes

UID, NODE = "7b1f3c52-5f43-4c7e-8f0e-1f6a2f9d0c11", "worker-1"
NAMES = [f"user-{number}" for number in range(1, 11)]


def pod(synchronous: str) -> dict[str, Any]:
    """The demo application's pod on a node."""
    values = {"DATABASE_DIR": "/data", "DATABASE_SYNCHRONOUS": synchronous}
    container = {
        "env": [{"name": name, "value": value} for name, value in values.items()],
        "volumeMounts": [{"name": "data", "mountPath": "/data"}],
        "readinessProbe": {"httpGet": {"path": "/healthz"}},
    }
    return {"metadata": {"name": "web", "namespace": "default", "uid": UID}, "spec": {"nodeName": NODE, "containers": [container]}}


@pytest.fixture
def volume(tmp_path: Path) -> Path:
    (tmp_path / "volume").mkdir()
    return tmp_path / "volume"


@pytest.fixture
def shadows(tmp_path: Path) -> Iterator[Shadows]:
    made = Shadows(tmp_path / "power-losses")
    made.on = True
    yield made
    made.close()


@pytest.fixture
def processes(tmp_path: Path, shadows: Shadows) -> Iterator[Processes]:
    (tmp_path / "pods").mkdir()
    made = Processes(tmp_path / "pods", shadows)
    yield made
    made.close()


def wait_until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 5
    while not true():
        assert time.monotonic() < end
        time.sleep(0.005)


def serve(processes: Processes, volume: Path, synchronous: str) -> None:
    processes.start(pod(synchronous), {"data": volume})
    wait_until(lambda: processes.is_ready(UID))


def acknowledged(processes: Processes, name: str) -> bool:
    """Whether a write of that name was acknowledged."""
    with closing(http.client.HTTPConnection("127.0.0.1", processes.port(UID), timeout=5)) as connection:
        connection.request("POST", "/users", json.dumps({"name": name, "mail": "m"}))
        return connection.getresponse().status == 201


def names_in(directory: Path) -> list[str]:
    with closing(sqlite3.connect(directory / "database.db")) as connection:
        return [name for (name,) in connection.execute("SELECT name FROM users ORDER BY id")]


# EXTRA syncs the directory after the journal is unlinked; without that the last journal is there again, and the next opening rolls back.
@pytest.mark.parametrize(("synchronous", "lost"), [("EXTRA", []), ("FULL", NAMES[-1:]), ("NORMAL", NAMES[-1:]), ("OFF", NAMES)])
def test_an_acknowledged_write_survives_exactly_where_it_was_synced(
    processes: Processes, shadows: Shadows, volume: Path, synchronous: str, lost: list[str]
) -> None:
    serve(processes, volume, synchronous)
    assert acknowledged(processes, "at boot")
    shadows.flush()
    assert all(acknowledged(processes, name) for name in NAMES)
    processes.kill(UID)
    (evidence,) = shadows.lose(NODE)
    assert names_in(evidence / "before") == ["at boot", *NAMES]
    assert names_in(volume) == ["at boot", *[name for name in NAMES if name not in lost]]


def test_a_kill_alone_loses_nothing(processes: Processes, shadows: Shadows, volume: Path) -> None:
    serve(processes, volume, "OFF")
    assert acknowledged(processes, "first")
    processes.kill(UID)
    serve(processes, volume, "OFF")
    assert acknowledged(processes, "second")
    processes.kill(UID)
    assert names_in(volume) == ["first", "second"]
    shadows.lose(NODE)
    assert list(volume.iterdir()) == []


def test_the_next_start_serves_what_survived(processes: Processes, shadows: Shadows, volume: Path) -> None:
    serve(processes, volume, "EXTRA")
    assert acknowledged(processes, "first")
    processes.kill(UID)
    shadows.lose(NODE)
    serve(processes, volume, "EXTRA")
    assert acknowledged(processes, "second")
    processes.kill(UID)
    assert names_in(volume) == ["first", "second"]


def test_nobody_is_followed_while_it_is_off(processes: Processes, shadows: Shadows, volume: Path) -> None:
    shadows.on = False
    serve(processes, volume, "EXTRA")
    assert (processes.unfollowed(), shadows.lose(NODE)) == ([UID], [])
