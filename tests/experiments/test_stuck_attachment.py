"""experiments/stuck-attachment.json on Kubernetes 1.9: found, named, the repair told and not done; then done by hand, as it was told."""

import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.interrupted import directory_of, marked, under_way
from tests.lent import CHAOSCINDER, ROOT, Lent, run, sandbox

STUCK_ATTACHMENT = ROOT / "experiments" / "stuck-attachment.json"
SHORT = {"CHAOSCINDER_BASELINE_S": "30", "CHAOSCINDER_SAMPLES_PER_S": "10"}  # a busy machine is late


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lent]:
    """A sandbox of the note's Kubernetes."""
    directory = tmp_path_factory.mktemp("sandbox") / "world"
    directory.mkdir()
    with sandbox(directory, "--rate", "30", "--profile", "1.9-intree") as found:
        yield found


def holders(lent: Lent) -> list[str]:
    """The servers that Cinder says have the volume."""
    return [row["server_id"] for volume in lent.state()["volumes"] for row in volume["attachments"]]


def marks(tmp_path: Path) -> list[dict[str, Any]]:
    """What the one run marked about a stuck attachment."""
    rows = [json.loads(line) for line in (directory_of(tmp_path) / "marks.jsonl").read_text().splitlines()]
    return [row["detail"] for row in rows if row["name"] == "stuck_attachment"]


def test_it_is_found_named_and_left_for_a_person_whose_repair_ends_it(old: Lent, tmp_path: Path) -> None:
    with under_way(old, tmp_path, STUCK_ATTACHMENT, marked(tmp_path, "stuck_attachment"), within_s=90, **SHORT) as process:
        target = json.loads((directory_of(tmp_path) / "target.json").read_text())
        volume, server = target["volume_id"], target["server_id"]
        told = marks(tmp_path)[0]
        assert (told["safe"], told["repair"]) == (True, f"openstack server remove volume {server} {volume}")
        assert holders(old) == [server]  # it was told, and not done
        repaired = run(shlex.split(told["repair"]), cwd=tmp_path, env=old.environment)
        assert repaired.code == 0, repaired.out
        out = process.communicate(timeout=90)[0].decode()
    verdict = json.loads((directory_of(tmp_path) / "verdict.json").read_text())
    assert {row["name"]: row["result"] for row in verdict["objectives"] if row["name"] in ("fault", "recovery", "volume", "restored")} == {
        "fault": "met", "recovery": "met", "volume": "missed", "restored": "met",
    }, out  # fmt: skip
    assert (verdict["verdict"], verdict["restored"], run([CHAOSCINDER, "verdict", "last"], cwd=tmp_path).code) == ("FAIL", True, 1)
    line = f"Volume {volume} hangs on server {target['server_name']} ({server}); pod "
    assert f"the volume hung where Kubernetes knew nothing of it any more: {line}" in verdict["reason"]
    assert told["lines"][0].startswith(line)
    assert told["lines"][1].endswith(f": disk {volume} is attached to a different instance ({server})")
    assert told["lines"][2] == f"The views: KUBERNETES: nothing; NOVA: attached to {server}; CINDER: attached to {server}."
    assert told["lines"][3].startswith(f"To free it: {told['repair']} (safe: Nova says that the server is SHUTOFF and powered off")
    assert holders(old) not in ([], [server])
