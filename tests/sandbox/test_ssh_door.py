"""Each node's ssh door, as a client meets it: who comes in, what the few commands do, and what a node that is gone does not answer."""

import asyncio
import json
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from chaoscinder.sandbox import ssh_door
from chaoscinder.sandbox.kubernetes import resources
from chaoscinder.sandbox.kubernetes.controllers import conditions
from chaoscinder.sandbox.launch import Plan, Sandbox
from chaoscinder.sandbox.server import refuse_taken

Environment = dict[str, str]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A sandbox in this process."""
    made = Sandbox(Plan(tmp_path_factory.mktemp("sandbox"), rate=100.0))
    made.boot()
    yield made
    made.close()


@pytest.fixture
def client(world: Sandbox) -> Environment:
    assert world.doors is not None
    return world.doors.environment


def run(client: Environment, node: str, command: str, limit_s: float = 5.0, **options: Any) -> tuple[int | None, str, str]:
    """Run a command as the pack would; exit status, output and errors."""

    async def ask() -> tuple[int | None, str, str]:
        async with asyncssh.connect(node, config=[client["CHAOSCINDER_SSH_CONFIG"]], connect_timeout=limit_s, **options) as connection:
            done = await asyncio.wait_for(connection.run(command), limit_s)
            return done.exit_status, str(done.stdout), str(done.stderr)

    return asyncio.run(ask())


def wait_until(true: Callable[[], object], limit_s: float = 20.0) -> None:
    end = time.monotonic() + limit_s
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def server(world: Sandbox, node: str) -> dict[str, Any]:
    return next(row for row in world.state()["servers"] if row["name"] == node)


def runs(world: Sandbox, node: str) -> bool:
    with world.world.step():
        return world.machines.is_running(node)


def is_ready(world: Sandbox, node: str) -> str | None:
    with world.world.step():
        return conditions.status(world.store.get(resources.NODES, node), "Ready")


def test_the_host_proves_that_it_is_the_targets_server(world: Sandbox, client: Environment) -> None:
    server_id = server(world, "worker-2")["id"]
    assert run(client, "worker-2", "hostname") == (0, "worker-2\n", "")
    assert run(client, "worker-2", "cat /var/lib/cloud/data/instance-id") == (0, f"{server_id}\n", "")
    code, said, _ = run(client, "worker-2", "curl -s http://169.254.169.254/openstack/latest/meta_data.json")
    project = world.openstack.project.id
    wanted = {"uuid": server_id, "meta": {}, "hostname": "worker-2", "name": "worker-2", "launch_index": 0}
    assert (code, json.loads(said)) == (0, {**wanted, "availability_zone": "az-1", "project_id": project, "devices": []})


SAYS = [
    ("true", (0, "", "")),
    ("sudo systemctl is-active kubelet", (0, "active\n", "")),
    ("rm -rf /", (127, "", "sh: 1: rm: not found\n")),
    ("sudo rm -rf /", (127, "", "sudo: rm: command not found\n")),
    ("shutdown -h now", (1, "", "Call to PowerOff failed: Interactive authentication required.\n")),
    ("systemctl stop kubelet", (1, "", "Failed to stop kubelet.service: Interactive authentication required.\n")),
    ("sudo echo c > /proc/sysrq-trigger", (2, "", "sh: 1: cannot create /proc/sysrq-trigger: Permission denied\n")),
]


@pytest.mark.parametrize(("command", "answer"), SAYS)
def test_what_it_does_not_know_and_what_is_not_allowed(client: Environment, command: str, answer: tuple[int, str, str]) -> None:
    assert run(client, "worker-2", command) == answer


def test_only_the_right_user_with_the_right_key_comes_in(client: Environment, tmp_path: Path) -> None:
    other = tmp_path / "other"
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(other)
    for options in ({"username": "root"}, {"client_keys": [str(other)]}, {"client_keys": None, "password": "guess"}):
        with pytest.raises(asyncssh.PermissionDenied):
            run(client, "worker-2", "true", **options)


def test_each_node_has_a_host_key_of_its_own(client: Environment, tmp_path: Path) -> None:
    lines = Path(client["CHAOSCINDER_SSH_KNOWN_HOSTS"]).read_text().splitlines()
    assert [line.split(",")[0] for line in lines] == ["control-plane-1", "worker-1", "worker-2", "worker-3", "worker-4"]
    others = tmp_path / "known_hosts"
    others.write_text("\n".join(line for line in lines if not line.startswith("worker-2,")))
    with pytest.raises(asyncssh.HostKeyNotVerifiable):
        run(client, "worker-2", "true", known_hosts=str(others))


def test_openssh_comes_in_with_the_configuration(client: Environment) -> None:
    ssh = subprocess.run(
        ["ssh", "-F", client["CHAOSCINDER_SSH_CONFIG"], "worker-2", "hostname"], capture_output=True, text=True, timeout=20
    )
    assert (ssh.returncode, ssh.stdout) == (0, "worker-2\n")


def test_a_stopped_kubelet_is_seen_by_kubernetes_only_and_comes_back(world: Sandbox, client: Environment) -> None:
    assert run(client, "worker-2", "sudo systemctl stop kubelet") == (0, "", "")
    assert run(client, "worker-2", "systemctl is-active kubelet") == (3, "inactive\n", "")
    wait_until(lambda: is_ready(world, "worker-2") == "Unknown")
    assert (server(world, "worker-2")["status"], server(world, "worker-2")["power_state"]) == ("ACTIVE", 1)
    assert run(client, "worker-2", "sudo systemctl start kubelet") == (0, "", "")
    wait_until(lambda: is_ready(world, "worker-2") == "True")


def test_a_shutdown_ends_connections_then_the_guest_and_then_nova_knows(world: Sandbox, client: Environment) -> None:
    port = json.loads(Path(client["CHAOSCINDER_SSH_HOSTS"]).read_text())["worker-3"]["port"]
    assert run(client, "worker-3", "sudo shutdown -h now") == (0, "", "")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), 0.2)
    wait_until(lambda: not runs(world, "worker-3"))
    with pytest.raises(TimeoutError):
        socket.create_connection(("127.0.0.1", port), 0.2)
    wait_until(lambda: (server(world, "worker-3")["status"], server(world, "worker-3")["power_state"]) == ("SHUTOFF", 4))
    with world.world.step():
        boot = world.machines.boot_id("worker-3")
        world.machines.start("worker-3")
    wait_until(lambda: run_or_none(client, "worker-3", "cat /proc/sys/kernel/random/boot_id") not in (None, f"{boot}\n"))
    assert server(world, "worker-3")["status"] == "ACTIVE"


def run_or_none(client: Environment, node: str, command: str) -> str | None:
    """What a command says; None while the node refuses."""
    try:
        return run(client, node, command)[1]
    except (OSError, asyncssh.Error):
        return None


@pytest.mark.parametrize("command", ["echo c | sudo tee /proc/sysrq-trigger", "sudo sh -c 'echo c > /proc/sysrq-trigger'"])
def test_a_panic_answers_nothing_and_nova_keeps_saying_active(world: Sandbox, client: Environment, command: str) -> None:
    with pytest.raises(TimeoutError):
        run(client, "worker-1", command, limit_s=1.0)
    assert not runs(world, "worker-1")
    assert (server(world, "worker-1")["status"], server(world, "worker-1")["power_state"]) == ("ACTIVE", 1)
    wait_until(lambda: is_ready(world, "worker-1") == "Unknown")
    assert (server(world, "worker-1")["status"], server(world, "worker-1")["power_state"]) == ("ACTIVE", 1)
    with world.world.step():
        world.machines.start("worker-1")
    wait_until(lambda: is_ready(world, "worker-1") == "True")


def test_without_the_extra_a_door_that_was_asked_for_is_refused_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ssh_door.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r"^ssh doors need asyncssh \(wanted: pip install 'chaostoolkit-cinder\[ssh\]', or --no-ssh\)$"):
        Sandbox(Plan(tmp_path, ssh=True))


def test_no_door_is_opened_where_none_is_wanted(tmp_path: Path) -> None:
    refuse_taken(0)
    made = Sandbox(Plan(tmp_path, ssh=False))
    try:
        made.boot()
        assert (made.doors, (tmp_path / "ssh").exists()) == (None, False)
    finally:
        made.close()
