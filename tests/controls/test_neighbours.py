"""chaostoolkit-kubernetes beside us: it asks our cluster, or nothing is begun."""

from pathlib import Path
from typing import Any

import pytest

from chaoscinder.controls.neighbours import share_cluster
from chaoscinder.errors import SettingsError

WITH = {"method": [{"provider": {"type": "python", "module": "chaosk8s.crd.probes", "func": "list_cluster_custom_objects"}}]}


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, Any]:
    """An environment with one kubeconfig."""
    (tmp_path / "config").write_text("")
    return {"KUBECONFIG": str(tmp_path / "config")}


def test_our_context_is_given_to_it(environ: dict[str, Any]) -> None:
    share_cluster(WITH, "staging", environ)
    assert environ["KUBERNETES_CONTEXT"] == "staging"


@pytest.mark.parametrize("where", ["method", "rollbacks", "steady-state-hypothesis"])
def test_wherever_it_is_used_another_context_is_refused(environ: dict[str, Any], where: str) -> None:
    environ["KUBERNETES_CONTEXT"] = "production"
    rows = WITH["method"]
    experiment: dict[str, Any] = {where: {"probes": rows} if where == "steady-state-hypothesis" else rows}
    wanted = 'KUBERNETES_CONTEXT is "production" and our context is "staging" (wanted the same: set both, or neither)'
    with pytest.raises(SettingsError) as error:
        share_cluster(experiment, "staging", environ)
    assert str(error.value) == wanted


def test_several_kubeconfigs_would_send_it_to_localhost(environ: dict[str, Any]) -> None:
    environ["KUBECONFIG"] += ":/nowhere"
    with pytest.raises(SettingsError, match="would ask http://localhost"):
        share_cluster(WITH, "", environ)
    share_cluster(WITH, "", {**environ, "CHAOSTOOLKIT_IN_POD": "true"})


def test_an_experiment_without_it_is_let_alone() -> None:
    environ: dict[str, Any] = {"KUBERNETES_CONTEXT": "production", "KUBECONFIG": "/nowhere"}
    share_cluster({"method": [{"provider": {"module": "chaoscinder.actions.pod"}}, {"ref": "x"}]}, "staging", environ)
    assert environ == {"KUBERNETES_CONTEXT": "production", "KUBECONFIG": "/nowhere"}
