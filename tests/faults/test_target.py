"""One pod and one claim, or one line why not."""

import pytest

from chaoscinder.errors import Refused
from chaoscinder.faults.target import pod_and_claim
from chaoscinder.model.workload import Kind, Pod, Workload
from chaoscinder.settings import Settings

WEB = Workload("n", Kind.DEPLOYMENT, "web", 1, 1, ("data",), "Recreate", "app=web")


def pod(name: str, *claims: str, deleting: bool = False, node: str | None = "worker-1") -> Pod:
    """A pod of the workload."""
    return Pod("n", name, f"uid-{name}", node, "Running", True, deleting, claims)


def test_the_one_live_pod_with_the_one_claim_is_the_target() -> None:
    leaving = pod("old", "data", deleting=True)
    assert pod_and_claim(Settings(), WEB, (leaving, pod("new", "data"))) == (pod("new", "data"), "data")


def test_of_several_claims_the_one_that_was_named_is_taken() -> None:
    assert pod_and_claim(Settings(claim="log"), WEB, (pod("a", "data", "log"),)) == (pod("a", "data", "log"), "log")


@pytest.mark.parametrize(
    ("settings", "pods", "line"),
    [
        (Settings(), (), "Deployment n/web has no scheduled pod (wanted one with a Cinder volume; 0 pods seen)"),
        (Settings(), (pod("a", node=None),), "Deployment n/web has no scheduled pod (wanted one with a Cinder volume; 1 pods seen)"),
        (Settings(), (pod("a"),), "Deployment n/web mounts no volume of a claim (wanted a PersistentVolumeClaim in pod a)"),
        (Settings(claim="log"), (pod("a", "data"),), "Deployment n/web mounts no volume of a claim (wanted claim log in pod a)"),
        (Settings(), (pod("a", "data", "log"),), "Deployment n/web has several claims (wanted one: set claim): data in a, log in a"),
        (
            Settings(),
            (pod("a", "data"), pod("b", "data")),
            "Deployment n/web mounts claim data in 2 pods (wanted one pod, so that there is one target): a, b",
        ),
    ],
)
def test_none_or_several_are_refused_with_one_line(settings: Settings, pods: tuple[Pod, ...], line: str) -> None:
    with pytest.raises(Refused) as refusal:
        pod_and_claim(settings, WEB, pods)
    assert str(refusal.value) == line
