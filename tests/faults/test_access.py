"""The least that a run must be allowed: without any single piece of it preflight blocks, before anything is touched."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from chaoscinder import settings
from chaoscinder.checks.access import Account, access_rules, manifests, minimal
from chaoscinder.clients.site import Site
from chaoscinder.faults import access, permissions
from chaoscinder.model.access import Needs
from chaoscinder.model.act import Act
from chaoscinder.sandbox import files
from chaoscinder.sandbox.launch import Plan, Sandbox
from chaoscinder.sandbox.server import serve
from tests import allowed
from tests.lent import CHAOSCINDER, NODE_SHUTDOWN, Lent, run

pytestmark = [  # what openstacksdk 4.22 says about itself
    pytest.mark.filterwarnings("ignore::openstack.warnings.RemovedInSDK60Warning"),
    pytest.mark.filterwarnings("ignore::openstack.warnings.RemovedInSDK50Warning"),
    pytest.mark.filterwarnings("ignore::PendingDeprecationWarning"),
]
ACTS = tuple(Act)
Use = Callable[..., Site]


@pytest.fixture(scope="module")
def lent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lent]:
    """A sandbox in this process; nobody changes anything in it but roles."""
    sandbox = Sandbox(Plan(tmp_path_factory.mktemp("access") / "world"))
    server = serve(sandbox, 0)
    sandbox.boot()
    files.write(sandbox, server.url)
    yield Lent(sandbox.plan.directory, json.loads((sandbox.plan.directory / "sandbox.json").read_text()))
    sandbox.close()
    server.close()


@pytest.fixture
def needs(lent: Lent) -> Needs:
    """What a run with every act of ours asks for."""
    return access.of_acts(ACTS, settings.read({}, {}, lent.environment))


@pytest.fixture
def use(lent: Lent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Use]:
    """Makes a site with credentials that may do what it is given: calls to the cluster, or access rules."""
    made: list[Site] = []

    def site(*, cluster: Any = None, rules: Any = None) -> Site:
        if cluster is not None:
            for document in manifests(Needs(frozenset(cluster)), Account("default", "least")):
                allowed.apply(lent, document)
            path = allowed.kubeconfig(lent, tmp_path, allowed.token_of(lent, "default", "least"))["KUBECONFIG"]
            # The client reads the variable once, when it is imported; in this process that may have been another test's.
            monkeypatch.setattr("kubernetes.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION", path)
        if rules is not None:
            for name, value in allowed.clouds(lent, tmp_path, allowed.credential_with(lent, rules)).items():
                monkeypatch.setenv(name, value)
        made.append(Site(settings.read({}, {}, lent.environment)))
        return made[-1]

    yield site
    for one in made:
        one.close()


def test_with_all_of_it_nothing_is_missing(use: Use, needs: Needs, lent: Lent) -> None:
    paths = {"compute": "/compute/v2.1", "block-storage": "/volume/v3"}
    site = use(cluster=needs.cluster, rules=access_rules(needs, paths))
    assert site.openstack.endpoint_paths() == paths
    assert permissions.denied(site, ACTS) == ()
    assert permissions.cloud_denied(site, ACTS) == ()


def test_without_any_single_call_to_the_cluster_that_one_is_missing(use: Use, needs: Needs) -> None:
    calls = minimal(needs.cluster)
    assert len(calls) >= 20
    for left_out in calls:
        site = use(cluster=[call for call in calls if call != left_out])
        missing = permissions.denied(site, ACTS)
        wanted = [str(left_out).replace(", ".join(left_out.names), name) for name in left_out.names] or [str(left_out)]
        assert sorted(missing) == sorted(wanted), left_out


def test_without_any_single_access_rule_the_requests_that_it_allows_are_missing(use: Use, needs: Needs) -> None:
    rules = access_rules(needs, {"compute": "/compute/v2.1", "block-storage": "/volume/v3"})
    assert len(rules) > 8
    for left_out in rules:
        missing = permissions.cloud_denied(use(rules=[rule for rule in rules if rule != left_out]), ACTS)
        path = left_out["path"].removeprefix("/compute/v2.1").removeprefix("/volume/v3")
        assert f"{left_out['method']} {path} of {left_out['service']}" in missing, left_out


def test_credentials_without_access_rules_have_all_requests(use: Use, lent: Lent, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OS_CLIENT_CONFIG_FILE", "OS_CLOUD"):
        monkeypatch.setenv(name, lent.environment[name])
    assert permissions.cloud_denied(use(), ACTS) == ()


def test_preflight_says_what_is_missing_and_the_run_touches_nothing(lent: Lent, needs: Needs, tmp_path: Path, use: Use) -> None:
    use(cluster=[call for call in needs.cluster if call.verb != "delete"])
    rules = access_rules(needs, {"compute": "/compute/v2.1", "block-storage": "/volume/v3"})
    least = allowed.clouds(lent, tmp_path, allowed.credential_with(lent, [rule for rule in rules if not rule["path"].endswith("/action")]))
    before = lent.state()["servers"]
    done = run(
        [CHAOSCINDER, "preflight", str(NODE_SHUTDOWN)],
        cwd=tmp_path,
        env={**lent.environment, **least, "KUBECONFIG": str(tmp_path / "kubeconfig")},
    )
    lines = [" ".join(line.split()) for line in done.out.splitlines() if line.startswith("blocks")]
    assert (done.code, lines) == (
        3,
        [
            "blocks permissions Kubernetes: these credentials may not delete leases.coordination.k8s.io chaoscinder in default",
            "blocks permissions OpenStack: the access rules of these credentials do not allow POST /servers/{server_id}/action of compute",
        ],
    )
    assert lent.state()["servers"] == before
