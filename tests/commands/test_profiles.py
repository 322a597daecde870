"""Every profile, as people get it: `chaoscinder sandbox exec --profile NAME -- kubectl ...`, with a volume made for a claim."""

from pathlib import Path

import pytest

from chaoscinder.sandbox import profiles
from tests.commands import kubectls
from tests.commands.terminal import AGE, PV, Like, section, table
from tests.commands.test_describe import CLAIM_AND_POD
from tests.lent import CHAOSCINDER, run

SCRIPT = """
set -e
kubectl get nodes worker-1
echo =====
kubectl apply -f manifests.yaml >/dev/null
kubectl wait --for=condition=Ready pod/reader --timeout=40s >/dev/null
kubectl get pvc scratch
echo =====
kubectl get volumeattachments -o name | wc -l
echo =====
kubectl describe pvc scratch
echo =====
kubectl describe pod reader
"""


@pytest.mark.parametrize("profile", profiles.names())
def test_a_claim_is_provisioned_for_its_consumer_and_the_pod_runs(tmp_path: Path, profile: str) -> None:
    try:
        program = kubectls.best()
    except kubectls.Missing as why:
        pytest.skip(f"NOT RUN: {why}")
    (tmp_path / "manifests.yaml").write_text(CLAIM_AND_POD)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "kubectl").symlink_to(program.path)
    command = [CHAOSCINDER, "sandbox", "exec", "--dir", "world", "--profile", profile, "--rate", "20", "--", "sh", "-c", SCRIPT]
    done = run(command, cwd=tmp_path, env={"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin", "HOME": str(tmp_path)})
    assert done.code == 0, done.out
    nodes, claims, attachments, claim, pod = done.out.split("=====\n")
    version = profiles.load(profile).git_version
    assert table(nodes)[1:] == [["worker-1", "Ready", "<none>", AGE, version]]
    assert table(claims)[1:] == [["scratch", "Bound", PV, "1Gi", "RWO", "cinder", "<unset>", AGE]]
    assert attachments.split() == ["2" if profile.endswith("csi") else "0"]
    assert [(row[1], row[3]) for row in section(claim, "Events")[1:]] == provisioning(profile)
    assert [row[1] for row in section(pod, "Events")[1:] if row[1] != "Unhealthy"] == starting(profile)
    assert section(pod, "Events")[1][4] == Like("Successfully assigned (default/)?reader to worker-[1-4]")


def provisioning(profile: str) -> list[tuple[str, str]]:
    """Which events a claim that waits for its consumer gets, and whose."""
    waiting = ("WaitForFirstConsumer", "persistentvolume-controller")
    if profile.endswith("intree"):
        return [waiting, ("ProvisioningSucceeded", "persistentvolume-controller")]
    driver = "cinder.csi.openstack.org"
    outside = ("ExternalProvisioning", "persistentvolume-controller")
    return [waiting, outside, ("Provisioning", driver), ("ProvisioningSucceeded", driver)]


def starting(profile: str) -> list[str]:
    """Which events the first start of a pod with a volume writes: 1.9 does not tell of an attach, and the old kubelets tell more."""
    attached = [] if profile == "1.9-intree" else ["SuccessfulAttachVolume"]
    old = ["SuccessfulMountVolume", "Pulling"] if profile in ("1.9-intree", "1.10-intree") else []
    return ["Scheduled", *attached, *old, "Pulled", "Created", "Started"]
