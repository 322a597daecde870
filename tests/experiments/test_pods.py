"""experiments/pod-delete.json and pod-reschedule.json run whole; and what is left of the second one when it is cut off."""

import json
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.interrupted import answers, directory_of, leases, marked, marks, under_way, verdict_of
from tests.lent import CHAOSCINDER, ROOT, Lent, run, sandbox

POD_DELETE = ROOT / "experiments" / "pod-delete.json"
POD_RESCHEDULE = ROOT / "experiments" / "pod-reschedule.json"
SHORT = {"CHAOSCINDER_BASELINE_S": "15", "CHAOSCINDER_OUTAGE_BUDGET_S": "150"}  # a start of a real process takes 4 to 40 cluster seconds
MET = dict.fromkeys(("baseline", "fault", "samples", "outage", "recovery", "volume", "writes", "restored"), "met")


def nodes(lent: Lent) -> dict[str, tuple[bool, list[str]]]:
    """Whether each node is cordoned, and which annotations of ours it carries."""
    answer = requests.get(f"{lent.found['url']}/api/v1/nodes", headers={"Authorization": f"Bearer {lent.found['token']}"}, timeout=5)
    return {
        row["metadata"]["name"]: (
            row["spec"].get("unschedulable", False),
            sorted(key for key in row["metadata"].get("annotations", {}) if key.startswith("chaoscinder/")),
        )
        for row in answer.json()["items"]
    }


FREE = dict.fromkeys(("control-plane-1", "worker-1", "worker-2", "worker-3", "worker-4"), (False, []))
CORDONED = (True, ["chaoscinder/expires", "chaoscinder/run", "chaoscinder/undo"])


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lent]:
    """A sandbox at rate 20."""
    directory = tmp_path_factory.mktemp("sandbox") / "world"
    directory.mkdir()
    with sandbox(directory, "--rate", "20") as found:
        yield found


@pytest.fixture
def calm(own: Lent) -> Lent:
    """The sandbox with its application answering and no node cordoned, as every test leaves it."""
    if nodes(own) != FREE or leases(own):  # the test before this one failed; what it left is not this one's fault
        run([CHAOSCINDER, "recover", "--all"], cwd=own.directory, env=own.environment)
    give_up = time.monotonic() + 30
    while time.monotonic() < give_up and not answers(own):
        time.sleep(0.05)
    assert nodes(own) == FREE
    return own


def judged(tmp_path: Path) -> dict[str, Any]:
    """The verdict of the one run."""
    return dict(json.loads((directory_of(tmp_path) / "verdict.json").read_text()))


def results(verdict: dict[str, Any]) -> dict[str, str]:
    """What became of each objective."""
    return {row["name"]: row["result"] for row in verdict["objectives"]}


def test_a_deleted_pod_comes_back_on_its_node_and_the_window_of_two_pods_is_told(calm: Lent, tmp_path: Path) -> None:
    done = calm.chaos(tmp_path, experiment=POD_DELETE, **SHORT)
    verdict = judged(tmp_path)
    assert (done.code, verdict["verdict"], verdict["restored"]) == (0, "PASS", True), done.out
    assert results(verdict) == MET
    movement = verdict["movement"]
    assert movement["from_node"] == movement["to_node"]
    (window,) = [line for line in verdict["findings"] if "two pods could hold volume" in line]
    assert f"on {movement['from_node']}: " in window
    assert verdict["availability"]["outages"]
    assert nodes(calm) == FREE
    assert marks(tmp_path).count("cordoning") == 2  # the two other nodes in the volume's zone


def test_a_deleted_pod_goes_to_another_node_and_multi_attach_comes_and_goes(calm: Lent, tmp_path: Path) -> None:
    done = calm.chaos(tmp_path, experiment=POD_RESCHEDULE, **SHORT)
    verdict = judged(tmp_path)
    assert (done.code, verdict["verdict"], verdict["restored"]) == (0, "PASS", True), done.out
    assert results(verdict) == MET
    assert verdict["movement"]["from_node"] != verdict["movement"]["to_node"]
    (told,) = [line for line in verdict["findings"] if line.startswith("Multi-Attach of volume ")]
    assert told.endswith(" after it: the volume was attached")
    assert nodes(calm) == FREE
    journal = json.loads((tmp_path / "journal.json").read_text())
    outputs = {row["activity"]["name"]: row["output"] for row in journal["run"]}
    evidence = outputs["volume-attachments-of-the-cluster"]
    assert outputs["rollouts-can-finish"] is True
    assert [row["spec"]["nodeName"] for row in evidence["items"]] == [verdict["movement"]["to_node"]]


def test_a_run_that_was_killed_with_its_node_cordoned_is_recovered_from_another_machine(calm: Lent, tmp_path: Path) -> None:
    with under_way(calm, tmp_path, POD_RESCHEDULE, marked(tmp_path, "cordoned"), within_s=90, CHAOSCINDER_BASELINE_S="5") as process:
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=10)
    target = json.loads((directory_of(tmp_path) / "target.json").read_text())
    run_id = json.loads((directory_of(tmp_path) / "run.json").read_text())["run_id"][:8]
    assert nodes(calm)[target["node"]] == CORDONED

    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    refused = calm.chaos(elsewhere, experiment=POD_DELETE)
    assert f"an earlier run left something behind: node {target['node']} is cordoned, undo uncordon, of run {run_id}" in refused.out
    assert nodes(calm)[target["node"]] == CORDONED

    done = run([CHAOSCINDER, "recover", "--all"], cwd=elsewhere, env=calm.environment)
    assert done.code == 0, done.out
    assert f"run {run_id}: node {target['node']} is schedulable, our annotations are off it" in done.out.splitlines()
    assert nodes(calm) == FREE
    again = run([CHAOSCINDER, "recover", "--all"], cwd=elsewhere, env=calm.environment)
    assert (again.code, again.out) == (0, "nothing is left over\n")


def test_a_signal_between_cordon_and_deletion_leaves_the_node_uncordoned(calm: Lent, tmp_path: Path) -> None:
    with under_way(calm, tmp_path, POD_RESCHEDULE, marked(tmp_path, "cordoning"), within_s=90, CHAOSCINDER_BASELINE_S="5") as process:
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=60)
    assert verdict_of(tmp_path)[1] is not False, out.decode()
    assert verdict_of(tmp_path)[0] != "PASS"
    assert nodes(calm) == FREE


def test_beforehand_a_rollout_that_would_wait_for_itself_is_told_from_one_that_would_not(calm: Lent, tmp_path: Path) -> None:
    ask = [sys.executable, "-c", "from chaoscinder.probes.workload import rollouts_can_finish as probe; print(probe())"]
    assert run(ask, cwd=tmp_path, env=calm.environment).last == "True"  # Recreate
    for strategy, expected in (("RollingUpdate", "False"), ("Recreate", "True")):
        rolling = None if strategy == "Recreate" else {"maxSurge": "25%", "maxUnavailable": "25%"}
        patched = requests.patch(
            f"{calm.found['url']}/apis/apps/v1/namespaces/default/deployments/test-cinder",
            json={"spec": {"strategy": {"type": strategy, "rollingUpdate": rolling}}},
            headers={"Authorization": f"Bearer {calm.found['token']}", "Content-Type": "application/merge-patch+json"},
            timeout=5,
        )
        assert patched.status_code == 200, patched.text
        assert run(ask, cwd=tmp_path, env=calm.environment).last == expected


def test_preflight_names_the_nodes_and_the_pod_and_nothing_that_only_a_server_would_take_along(calm: Lent, tmp_path: Path) -> None:
    done = run([CHAOSCINDER, "preflight", str(POD_DELETE)], cwd=tmp_path, env=calm.environment)
    assert done.code == 0, done.out
    touched = [line for line in done.out.splitlines() if line.startswith("touches")]
    assert [line.split()[1] for line in touched] == ["Nodes", "Pod", "Lease"]
    assert sum(line.startswith("dies") for line in done.out.splitlines()) == 1
