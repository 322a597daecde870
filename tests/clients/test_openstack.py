"""What our OpenStack client says when nobody is there to answer, and how it reads a list that has many pages."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chaoscinder.clients.openstack import OpenStack
from chaoscinder.errors import CannotTell, Unreachable
from chaoscinder.settings import Settings
from tests.api_server import ApiServer

SERVERS = "/v2.1/servers/detail"
# What openstacksdk says about itself when it connects and asks.
pytestmark = pytest.mark.filterwarnings("ignore:Support for InfluxDB", "ignore::PendingDeprecationWarning")


def test_a_refused_connection_is_told_with_its_address_and_the_systems_own_reason() -> None:
    with socket.socket() as bound:  # nobody listens
        bound.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{bound.getsockname()[1]}/v3"
        keys = {"region": "RegionOne", "auth_url": url, "project_name": "demo", "username": "demo", "password": "of-the-demo"}
        ours = OpenStack(Settings(cloud_auth={**keys, "user_domain_name": "Default", "project_domain_name": "Default"}))
        with pytest.raises(Unreachable) as silent:
            ours.server("05bc4d1e-16cb-5ebd-89cd-b2700132aaa0")
        ours.close()
    asked = "server 05bc4d1e-16cb-5ebd-89cd-b2700132aaa0"
    why = f"Unable to establish connection to {url}/auth/tokens: Connection refused"
    assert str(silent.value) == f"OpenStack did not answer ({asked}): {why}"


@pytest.fixture
def paged(api: ApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenStack]:
    """A Nova without a Keystone, at the address of a server that is told its answers."""
    version = {"id": "v2.1", "status": "CURRENT", "version": "2.1", "links": [{"rel": "self", "href": f"{api.url}/v2.1/"}]}
    api.lists["/"].append((200, {"versions": [version]}))
    told = {"auth_type": "none", "region_name": "R", "compute_endpoint_override": api.url}
    (tmp_path / "clouds.yaml").write_text(json.dumps({"clouds": {"paged": told}}))
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(tmp_path / "clouds.yaml"))
    monkeypatch.setenv("OS_CLOUD", "paged")
    made = OpenStack(Settings(request_timeout_s=2.0))
    yield made
    made.close()


def page(*names: str, next: str = "") -> tuple[int, dict[str, Any]]:
    """One page of servers, as Nova links it to the next one."""
    link = {"rel": "next", "href": f"http://nova/v2.1/servers/detail?limit=2&marker={next}"}
    return 200, {
        "servers": [{"id": name, "name": name, "status": "ACTIVE"} for name in names],
        **({"servers_links": [link]} if next else {}),
    }


def test_a_long_list_of_servers_is_read_page_after_page(api: ApiServer, paged: OpenStack) -> None:
    api.lists[SERVERS] += [page("a", "b", next="b"), page("c", "d", next="d"), page("e")]
    assert [row.name for row in paged.servers()] == ["a", "b", "c", "d", "e"]
    assert [query for path, query in api.asked if path == SERVERS] == [{}, {"marker": "b"}, {"marker": "d"}]


def test_a_list_of_servers_that_has_no_end_is_an_error(api: ApiServer, paged: OpenStack) -> None:
    api.lists[SERVERS] += [page("a", "b", next="b")]
    with pytest.raises(CannotTell, match=r"^Nova names the page of servers after b a second time$"):
        paged.servers()
