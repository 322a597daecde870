"""The container runtime with real processes."""

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from chaoscinder.sandbox.loopback import Loopback, ServiceAddress
from chaoscinder.sandbox.processes import Probe, Processes, environment_of, probe_of

UID = "7b1f3c52-5f43-4c7e-8f0e-1f6a2f9d0c11"


def pod(name: str = "test-cinder-1", uid: str = UID) -> dict[str, Any]:
    """A pod as the API shows it once it is scheduled."""
    container = {
        "name": "web",
        "image": "registry.invalid/chaoscinder-demo:0.1.0",
        "env": [
            {"name": "DATABASE_DIR", "value": "/data"},
            {"name": "MY_POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
            {"name": "MY_NODE_NAME", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}},
        ],
        "volumeMounts": [{"name": "database", "mountPath": "/data"}],
        "readinessProbe": {"httpGet": {"path": "/healthz", "port": 8080}},
    }
    return {
        "metadata": {"name": name, "namespace": "default", "uid": uid},
        "spec": {"nodeName": "worker-1", "containers": [container]},
        "status": {"podIP": "10.233.64.5", "hostIP": "192.168.0.11"},
    }


@pytest.fixture
def volumes(tmp_path: Path) -> dict[str, Path]:
    (tmp_path / "volume").mkdir()
    return {"database": tmp_path / "volume"}


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    (tmp_path / "pods").mkdir()
    made = Processes(tmp_path / "pods")
    yield made
    made.close()


def wait_until(true: Callable[[], bool], limit_s: float = 5.0) -> None:
    end = time.monotonic() + limit_s
    while not true():
        assert time.monotonic() < end
        time.sleep(0.005)


def started(processes: Processes, volumes: dict[str, Path]) -> int:
    """Start the pod, wait until it is ready, tell its process's id."""
    processes.start(pod(), volumes)
    wait_until(lambda: processes.is_ready(UID))
    pid = processes.pid(UID)
    assert pid is not None
    return pid


def ask(processes: Processes, method: str, path: str, body: str | None = None) -> str:
    with closing(http.client.HTTPConnection("127.0.0.1", processes.port(UID), timeout=2)) as connection:
        connection.request(method, path, body)
        return connection.getresponse().read().decode()


def test_a_pod_becomes_ready_and_serves_its_volume_under_its_own_names(processes: Processes, volumes: dict[str, Path]) -> None:
    started(processes, volumes)
    assert ask(processes, "GET", "/") == "My pod name: test-cinder-1\nMy node name worker-1\n"
    assert [path.name for path in volumes["database"].iterdir()] == ["database.db"]


def test_start_does_not_wait_for_the_process_but_the_pod_runs_from_then_on(processes: Processes, volumes: dict[str, Path]) -> None:
    processes.start(pod(), volumes)
    assert (processes.is_running(UID), processes.is_ready(UID), processes.port(UID)) == (True, False, None)


def test_a_terminated_process_ends_in_order_and_leaves_no_zombie(processes: Processes, volumes: dict[str, Path]) -> None:
    pid = started(processes, volumes)
    processes.terminate(UID)
    wait_until(lambda: not processes.is_running(UID), 1.0)
    assert (processes.is_ready(UID), processes.port(UID), Path(f"/proc/{pid}").exists()) == (False, None, False)


def test_a_killed_process_is_dead_when_kill_returns(processes: Processes, volumes: dict[str, Path]) -> None:
    pid = started(processes, volumes)
    processes.kill(UID)
    assert (processes.is_running(UID), processes.is_ready(UID), Path(f"/proc/{pid}").exists()) == (False, False, False)


def test_a_pod_that_is_killed_while_it_starts_never_runs(processes: Processes, volumes: dict[str, Path]) -> None:
    processes.start(pod(), volumes)
    processes.kill(UID)
    assert (processes.is_running(UID), processes.pid(UID)) == (False, None)


def test_a_container_is_started_again_with_its_data_and_one_log(processes: Processes, volumes: dict[str, Path]) -> None:
    started(processes, volumes)
    ask(processes, "POST", "/users", '{"name": "foo", "mail": "foo@example.com"}')
    processes.kill(UID)
    started(processes, volumes)
    assert ask(processes, "GET", "/users") == '[{"name": "foo", "mail": "foo@example.com"}]\n'
    assert processes.log(UID).count("serving on http://127.0.0.1:") == 2


def test_a_pod_that_runs_is_not_started_twice(processes: Processes, volumes: dict[str, Path]) -> None:
    processes.start(pod(), volumes)
    with pytest.raises(RuntimeError, match="pod test-cinder-1 runs already"):
        processes.start(pod(), volumes)


def test_what_never_started_is_neither_running_nor_ready_and_can_be_killed(processes: Processes) -> None:
    processes.terminate("nobody")
    processes.kill("nobody")
    assert (processes.is_running("nobody"), processes.is_ready("nobody"), processes.port("nobody"), processes.log("nobody")) == (
        False, False, None, "",
    )  # fmt: skip


def test_a_pod_whose_database_went_away_is_no_longer_ready(processes: Processes, volumes: dict[str, Path]) -> None:
    started(processes, volumes)
    (volumes["database"] / "database.db").unlink()
    wait_until(lambda: not processes.is_ready(UID), 2.0)
    assert processes.is_running(UID)


def test_asking_costs_nothing_even_when_the_process_hangs(processes: Processes, volumes: dict[str, Path]) -> None:
    pid = started(processes, volumes)
    os.kill(pid, signal.SIGSTOP)
    before = time.monotonic()
    for _ in range(1000):
        processes.is_ready(UID)
    assert time.monotonic() - before < 0.5
    wait_until(lambda: not processes.is_ready(UID), 3.0)


def test_a_volume_that_is_not_there_ends_the_process_with_one_line_in_its_log(processes: Processes, tmp_path: Path) -> None:
    processes.start(pod(), {"database": tmp_path / "gone"})
    wait_until(lambda: not processes.is_running(UID))
    gone = str(tmp_path / "gone")
    assert processes.log(UID) == f"error: DATABASE_DIR is {gone!r}, which is not a directory (is the volume mounted?)\n"


def test_a_process_outlives_the_thread_that_asked_for_it(processes: Processes, volumes: dict[str, Path]) -> None:
    asking = threading.Thread(target=processes.start, args=(pod(), volumes))
    asking.start()
    asking.join()
    wait_until(lambda: processes.is_ready(UID))
    assert processes.is_running(UID)


def test_a_volume_is_served_by_the_next_node_after_the_first_lost_power(processes: Processes, volumes: dict[str, Path]) -> None:
    loopback = Loopback()
    address = ServiceAddress(loopback, processes.port)
    seen = []
    for uid in (UID, "next"):
        processes.start(pod(uid, uid), volumes)
        wait_until(lambda uid=uid: processes.is_ready(uid))  # type: ignore[misc]
        address.send_to((uid,))
        seen += [look(address, "POST"), look(address, "GET")]
        address.cut(uid)
        processes.kill(uid)
        seen.append(look(address, "GET"))
        address.send_to(())
        seen.append(look(address, "GET"))
    address.close()
    loopback.close()
    row = '{"name": "foo", "mail": "m"}'
    dark = ["TimeoutError", "ConnectionRefusedError"]
    assert seen == [f"{row}\n", f"[{row}]\n", *dark, f"{row}\n", f"[{row}, {row}]\n", *dark]


def test_a_process_that_died_while_its_node_lives_is_refused_until_it_runs_again(processes: Processes, volumes: dict[str, Path]) -> None:
    loopback = Loopback()
    address = ServiceAddress(loopback, processes.port)
    processes.on_change = address.look
    started(processes, volumes)
    address.send_to((UID,))
    assert look(address, "GET") == "[]\n"
    processes.kill(UID)
    wait_until(lambda: look(address, "GET") == "ConnectionRefusedError", 1.0)
    started(processes, volumes)
    wait_until(lambda: look(address, "GET") == "[]\n", 1.0)
    address.close()
    loopback.close()


def look(address: ServiceAddress, method: str) -> str:
    """Add a user or read them all; what came of it."""
    body = '{"name": "foo", "mail": "m"}' if method == "POST" else None
    try:
        with closing(http.client.HTTPConnection("127.0.0.1", address.port, timeout=0.9)) as connection:
            connection.request(method, "/users", body)
            return connection.getresponse().read().decode()
    except OSError as error:
        return type(error).__name__


SANDBOX = """
import json, sys, time
from pathlib import Path
from chaoscinder.sandbox.loopback import Loopback, ServiceAddress
from chaoscinder.sandbox.processes import Processes
processes = Processes(Path(sys.argv[1]))
pod = json.loads(sys.argv[2])
processes.start(pod, {"database": Path(sys.argv[1])})
while not processes.is_ready(pod["metadata"]["uid"]):
    time.sleep(0.01)
print(processes.pid(pod["metadata"]["uid"]), flush=True)
time.sleep(60)
"""


def test_no_process_outlives_a_sandbox_that_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", SANDBOX, str(tmp_path), json.dumps(pod())]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as sandbox:
        assert sandbox.stdout is not None
        pid = int(sandbox.stdout.readline())
        assert Path(f"/proc/{pid}").exists()
        sandbox.kill()
    wait_until(lambda: not is_alive(pid), 2.0)


def is_alive(pid: int) -> bool:
    """Whether it runs; who reaps it after its parent's death is not ours to say, so a zombie counts as dead."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_the_environment_is_the_containers_and_nothing_else(tmp_path: Path) -> None:
    made = pod()
    made["spec"]["containers"][0]["env"] += [
        {"name": "POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
        {"name": "NAMESPACE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}},
        {"name": "SECRET", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}},
        {"name": "DATABASE_SYNCHRONOUS", "value": "OFF"},
    ]
    assert environment_of(made, {"database": Path("/vol")}, tmp_path / "scratch") == {
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
        "DATABASE_DIR": "/vol",
        "DATABASE_SYNCHRONOUS": "OFF",
        "MY_POD_NAME": "test-cinder-1",
        "MY_NODE_NAME": "worker-1",
        "POD_IP": "10.233.64.5",
        "NAMESPACE": "default",
        "SECRET": "",
    }


@pytest.mark.parametrize(
    ("value", "expected"),
    [("/data", "/vol"), ("/data/sub/", "/vol/sub"), ("/data/inner/x", "/other/x"), (None, "/vol"), ("/database", "scratch")],
)
def test_the_database_lies_in_the_volume_behind_its_directory(tmp_path: Path, value: str | None, expected: str) -> None:
    made = pod()
    container = made["spec"]["containers"][0]
    container["env"] = [{"name": "DATABASE_DIR", "value": value}] if value else []
    container["volumeMounts"].append({"name": "inner", "mountPath": "/data/inner"})
    environment = environment_of(made, {"database": Path("/vol"), "inner": Path("/other")}, tmp_path / "scratch")
    assert environment["DATABASE_DIR"] == (str(tmp_path / "scratch") if expected == "scratch" else expected)


def test_the_readiness_probe_is_read_as_kubernetes_writes_it() -> None:
    def read(**spec: object) -> Probe | None:
        return probe_of({"spec": {"containers": [{"readinessProbe": spec}]}})

    assert read(httpGet={"path": "/healthz", "port": 8080}, timeoutSeconds=2) == Probe("/healthz", 2.0)
    assert read(httpGet={"port": 8080}) == Probe("/", 1.0)
    assert read(tcpSocket={"port": 8080}) == Probe(None, 1.0)
    assert read(exec={"command": ["true"]}) is None
    assert probe_of({"spec": {"containers": [{}]}}) is None
