"""experiments/node-shutdown-ssh.json: a guest shut down from inside, and hosts on which nothing is done."""

import json
import re
from pathlib import Path

import pytest

from tests.experiments.test_node_shutdown import ALL_ACTIVE
from tests.interrupted import directory_of
from tests.lent import CHAOSCINDER, ROOT, Lent, run, servers

pytest.importorskip("asyncssh", reason="the extra [ssh] is not installed")

NODE_SHUTDOWN_SSH = ROOT / "experiments" / "node-shutdown-ssh.json"


def active(lent: Lent) -> bool:
    """Whether every server is ACTIVE without metadata of ours."""
    return servers(lent.state()) == {name: (status, {}) for name, status in ALL_ACTIVE.items()}


def target_node(lent: Lent, tmp_path: Path) -> str:
    """The node under the workload's pod."""
    command = [CHAOSCINDER, "preflight", str(NODE_SHUTDOWN_SSH), "--json"]
    found = json.loads(run(command, cwd=tmp_path, env=lent.environment).out)
    return str(re.search(r"on node ([\w-]+)", next(row["says"] for row in found["findings"] if row["guard"] == "target"))[1])  # type: ignore[index]


def block(config: str, node: str) -> str:
    """The block of one host in an ssh_config."""
    return next(part for part in re.split(r"(?m)^(?=Host )", config) if part.split()[1:2] == [node])


def test_a_node_that_is_shut_down_from_inside_is_survived_and_started_again(lent: Lent, tmp_path: Path) -> None:
    done = lent.chaos(tmp_path, experiment=NODE_SHUTDOWN_SSH, CHAOSCINDER_SAMPLES_PER_S="10")  # a busy machine is late
    verdict = json.loads((directory_of(tmp_path) / "verdict.json").read_text())
    assert (done.code, verdict["verdict"], verdict["restored"]) == (0, "PASS", True), done.out
    assert verdict["milestones"][0]["evidence"] == f"asked {verdict['movement']['from_node']} to shut down"
    assert active(lent)


def test_a_host_that_is_another_server_is_left_alone(lent: Lent, tmp_path: Path) -> None:
    """The name leads to another node, whose key is known under that name: only its instance id tells."""
    node = target_node(lent, tmp_path)
    other = next(name for name in ("worker-2", "worker-3") if name != node)
    text = Path(lent.environment["CHAOSCINDER_SSH_CONFIG"]).read_text()
    (tmp_path / "config").write_text(block(text, other).replace(f"Host {other}", f"Host {node}"))
    done = lent.chaos(tmp_path, experiment=NODE_SHUTDOWN_SSH, CHAOSCINDER_SSH_CONFIG=str(tmp_path / "config"))
    assert done.code != 0
    assert f"ssh: node {node} says over ssh that it is server " in done.out
    assert active(lent)


def test_a_host_with_another_key_than_the_known_one_is_left_alone(lent: Lent, tmp_path: Path) -> None:
    known = Path(lent.environment["CHAOSCINDER_SSH_KNOWN_HOSTS"]).read_text().splitlines()
    keys = [line.split(" ", 1)[1] for line in known]
    (tmp_path / "known").write_text("\n".join(f"{line.split()[0]} {keys[number - 2]}" for number, line in enumerate(known)))
    done = lent.chaos(tmp_path, experiment=NODE_SHUTDOWN_SSH, CHAOSCINDER_SSH_KNOWN_HOSTS=str(tmp_path / "known"))
    assert done.code != 0
    assert "is not the known one" in done.out
    assert active(lent)


def test_without_a_way_into_the_node_nothing_is_begun(lent: Lent, tmp_path: Path) -> None:
    done = lent.chaos(tmp_path, experiment=NODE_SHUTDOWN_SSH, CHAOSCINDER_SSH_KEY="/nowhere/key")
    assert done.code != 0
    assert "secret ssh_key cannot be used" in done.out
    assert active(lent)
