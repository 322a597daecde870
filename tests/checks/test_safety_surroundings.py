"""What stands around the target: the services that everybody needs, and this runner."""

from dataclasses import replace

import pytest

from chaoscinder.model.preflight import Resident, Runner
from tests.checks.test_safety import CALM, OWN, found, pod


def test_the_last_pod_of_dns_may_be_lost_where_its_workload_was_allowed_by_name() -> None:
    dns = pod("coredns-a", "Deployment/coredns", "worker-1", namespace="kube-system", labels={"k8s-app": "kube-dns"})
    bare = replace(dns, name="dns", owner="")
    names = ("kube-system/coredns", "kube-system/Deployment/coredns", "kube-system/dns", "shop/another")

    def weights(pods: tuple[Resident, ...], *allowed: str) -> list[str]:
        rows = found(replace(CALM, residents=(*CALM.residents, *pods), allow_loss=allowed), "services")
        return [weight for weight, about, _ in rows if about == "DNS"]

    assert [weights((dns,), *names[at:]) for at in range(4)] == [["warns"], ["warns"], ["blocks"], ["blocks"]]
    assert [weights((bare,), *names[at:]) for at in range(4)] == [["warns"], ["warns"], ["warns"], ["blocks"]]
    assert [weights((dns, bare), *names[at:]) for at in range(4)] == [["warns"], ["warns"], ["blocks"], ["blocks"]]


def test_of_the_services_that_everybody_needs_only_a_missing_csi_controller_is_told() -> None:
    says = "no pod with a container csi-attacher was seen; it may run outside of this cluster"
    assert found(CALM, "services") == []
    assert found(replace(CALM, residents=(OWN,)), "services") == [("informs", "the CSI controller", says)]


@pytest.mark.parametrize(
    ("labels", "images", "service"),
    [
        ({"k8s-app": "kube-dns"}, (), "DNS"),
        ({"app.kubernetes.io/name": "coredns"}, (), "DNS"),
        ({"app.kubernetes.io/name": "ingress-nginx"}, (), "ingress"),
        ({"app": "traefik"}, (), "ingress"),
        ({"app": "shop"}, ("registry/proxy:1", "registry/haproxy-ingress:2"), "ingress"),
        ({}, ("registry/shop:1", "registry/csi-attacher:v4"), "the CSI controller"),
        ({"k8s-app": "shop"}, ("registry/shop:1",), None),
    ],
)
def test_what_everybody_needs_is_known_by_labels_and_images(labels: dict[str, str], images: tuple[str, ...], service: str | None) -> None:
    here = pod("x-1", "Deployment/x", "worker-1", labels=labels, images=images)
    rows = found(replace(CALM, residents=(*CALM.residents, here, replace(here, name="x-2", node="worker-2", ready=False))), "services")
    ready = 1 if service == "the CSI controller" else 0  # there is one in the calm world
    expected = ("warns" if ready else "blocks", service, f"x-1 ends with the server; {ready} ready elsewhere")
    assert rows == ([expected] if service else [])


def test_a_runner_is_named_by_its_pod_or_else_by_its_host() -> None:
    says = "runs on worker-1, the server that would be stopped: nobody could start it again"
    in_pod = Runner(host="x", pod="ops/x", node="worker-1", grace_s=900.0)
    assert found(replace(CALM, runner=in_pod), "runner") == [("blocks", "runner ops/x", says)]
    told = "the undo may take 600 s; whoever ends this process must give it as long (systemd: TimeoutStopSec)"
    assert found(replace(CALM, runner=Runner(host="worker-1")), "runner") == [
        ("blocks", "runner worker-1", says),
        ("informs", "runner worker-1", told),
    ]
