"""A run that died while it took its metadata off: what is left of it goes, and nobody starts what somebody else stopped since."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chaoscinder.clients.site import Site
from chaoscinder.recovery.recover import Asked, recover
from chaoscinder.recovery.unmark import IN_ORDER
from chaoscinder.sandbox import files
from chaoscinder.sandbox.launch import Plan, Sandbox
from chaoscinder.sandbox.server import serve
from chaoscinder.settings import Settings

pytestmark = pytest.mark.filterwarnings("ignore::openstack.warnings.RemovedInSDK60Warning", "ignore::PendingDeprecationWarning")
RUN = "a1b2c3d4" * 4
WHOLE = {"chaoscinder_undo": "start", "chaoscinder_expires": "2026-11-23T00:00:00Z", "chaoscinder_run": RUN, "owner": "jane"}


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A sandbox in this process."""
    made = Sandbox(Plan(tmp_path_factory.mktemp("unmark") / "world", rate=100.0))
    server = serve(made, 0)
    made.boot()
    files.write(made, server.url)
    yield made
    made.close()
    server.close()


@pytest.fixture
def site(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    told = json.loads((sandbox.plan.directory / files.STATE).read_text())["environment"]
    for name in ("KUBECONFIG", "OS_CLIENT_CONFIG_FILE", "OS_CLOUD"):
        monkeypatch.setenv(name, told[name])
    monkeypatch.setattr("kubernetes.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION", told["KUBECONFIG"])
    made = Site(Settings(namespace="default", rate=100.0))
    yield made
    made.close()


def marked(sandbox: Sandbox, keys: tuple[str, ...]) -> Any:
    """One server that carries only some keys of a run, beside somebody else's."""
    server = next(row for row in sandbox.openstack.nova.everyone() if row.name == "worker-4")
    server.metadata.clear()
    server.metadata.update({key: WHOLE[key] for key in (*keys, "owner")})
    return server


@pytest.mark.parametrize("gone", [1, 2])
def test_what_is_left_of_the_metadata_goes_and_the_rest_stays(sandbox: Sandbox, site: Site, tmp_path: Path, gone: int) -> None:
    server = marked(sandbox, IN_ORDER[gone:])
    said: list[str] = []
    assert recover(site, Asked(run="", runs_dir=tmp_path, everything=True), None, said.append)
    assert said[-1] == "run a1b2c3d4: server worker-4 is ACTIVE, our metadata is off it"
    assert dict(server.metadata) == {"owner": "jane"}


def test_a_server_that_somebody_stopped_since_stays_stopped(sandbox: Sandbox, site: Site, tmp_path: Path) -> None:
    server = marked(sandbox, IN_ORDER[1:])
    site.openstack.stop_server(server.id)
    while site.openstack.server(server.id).status != "SHUTOFF":
        site.clock.sleep_wall(0.01)
    said: list[str] = []
    assert recover(site, Asked(run="", runs_dir=tmp_path, everything=True), None, said.append)
    assert said[-1] == "run a1b2c3d4: server worker-4 is SHUTOFF, our metadata is off it"
    assert (site.openstack.server(server.id).status, dict(server.metadata)) == ("SHUTOFF", {"owner": "jane"})
    site.openstack.start_server(server.id)


def test_a_key_that_is_gone_already_is_no_error(sandbox: Sandbox, site: Site) -> None:
    server = marked(sandbox, ())
    site.openstack.delete_metadata(server.id, IN_ORDER)
    assert dict(server.metadata) == {"owner": "jane"}
