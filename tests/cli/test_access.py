"""`chaoscinder access`: what it prints is what lies in deploy/access."""

import json
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from chaoscinder.cli.access import access
from chaoscinder.settings import READERS
from tests.lent import ROOT

EXPERIMENTS = sorted((ROOT / "experiments").glob("*.json"))


@pytest.fixture(autouse=True)
def _nothing_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without any setting from outside, and in the project's directory."""
    for name in READERS:
        monkeypatch.delenv(f"CHAOSCINDER_{name.upper()}", raising=False)
    for name in ("USER", "KEY", "KNOWN_HOSTS"):
        monkeypatch.setenv(f"CHAOSCINDER_SSH_{name}", "x")
    monkeypatch.chdir(ROOT)


def printed(*words: str) -> str:
    """What it prints."""
    done = CliRunner().invoke(access, list(words), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


@pytest.mark.parametrize("path", EXPERIMENTS, ids=lambda path: path.stem)
def test_deploy_access_is_what_is_printed_for_the_namespace_default(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAOSCINDER_NAMESPACE", "default")
    there, named = ROOT / "deploy" / "access" / path.stem, str(path.relative_to(ROOT))
    assert (there / "kubernetes.yaml").read_text() == printed(named)
    assert (there / "access-rules.json").read_text() == printed(named, "--for", "access-rules")


def test_roles_are_for_the_named_namespace_and_workload(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAOSCINDER_NAMESPACE", "shop")
    monkeypatch.setenv("CHAOSCINDER_WORKLOAD", "StatefulSet/db")
    monkeypatch.setenv("CHAOSCINDER_GUARDED_WORKLOADS", "pay/Deployment/till")
    documents = list(yaml.safe_load_all(printed("experiments/node-shutdown.json", "--account-namespace", "chaos")))
    roles = {row["metadata"].get("namespace", ""): row["rules"] for row in documents if row["kind"] in ("Role", "ClusterRole")}
    owner = {"apiGroups": ["apps"], "resources": ["statefulsets"], "resourceNames": ["db"], "verbs": ["get"]}
    till = {"apiGroups": ["apps"], "resources": ["deployments"], "resourceNames": ["till"], "verbs": ["get"]}
    assert owner in roles["shop"]
    assert roles["pay"] == [till]
    assert [row["resourceNames"] for row in roles[""] if row["resources"] == ["namespaces"]] == [["kube-system", "shop"], ["pay"]]
    assert {"kind": "ServiceAccount", "name": "chaoscinder", "namespace": "chaos"} in documents[-1]["subjects"]


def test_an_act_asks_for_what_it_changes_and_no_more() -> None:
    rules = json.loads(printed("experiments/pod-delete.json", "--for", "access-rules"))
    assert {row["method"] for row in rules} == {"GET"}
    assert "os_compute_api:servers:stop" in printed("experiments/node-shutdown.json", "--for", "policy").splitlines()
