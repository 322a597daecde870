"""Our OpenStack client against the real Keystone, Nova and Cinder: what it tells, and what it says when it is refused."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from chaoscinder.clients.openstack import OpenStack
from chaoscinder.errors import CannotTell, NotFound, Refused
from chaoscinder.model.attachment import Attachment, View
from chaoscinder.model.workload import Server, Volume
from chaoscinder.settings import Settings
from tests.lab.openstack.lab import Lab
from tests.lab.pack.tenant import Tenant

Client = Callable[..., OpenStack]


def test_a_server_is_told_in_novas_words_while_it_stops_and_starts(client: Client, tenant: Tenant) -> None:
    server_id = tenant.server()
    name = tenant.name(server_id)
    ours = client()
    assert ours.server(server_id) == Server(server_id, name, "ACTIVE", 1, None, "active")
    ours.stop_server(server_id)
    tenant.wait(server_id, "SHUTOFF")
    assert ours.server(server_id) == Server(server_id, name, "SHUTOFF", 4, None, "stopped")
    ours.start_server(server_id)
    tenant.wait(server_id, "ACTIVE")
    assert ours.server(server_id) == Server(server_id, name, "ACTIVE", 1, None, "active")


def test_a_volume_is_seen_by_both_services_wherever_it_is_on_its_way(client: Client, tenant: Tenant) -> None:
    holder, other = tenant.servers(2)
    volume_id = tenant.volume()
    ours = client()
    named = tenant.member.block_storage.get_volume(volume_id).name

    def views() -> list[Attachment]:
        return [*ours.nova_attachments(volume_id, (holder, other)), *ours.volume_attachments(volume_id)]

    assert (ours.volume(volume_id), views()) == (Volume(volume_id, named, "available", 1, "nova"), [])
    tenant.member.compute.create_volume_attachment(holder, volume_id=volume_id)
    tenant.wait_volume(volume_id, "in-use")
    attached = [Attachment(view, volume_id, holder, "attached") for view in (View.NOVA, View.CINDER)]
    assert views() == attached
    ours.stop_server(holder)
    tenant.wait(holder, "SHUTOFF")
    assert views() == attached
    assert ours.server_volumes(holder) == (volume_id,)
    assert ours.server_volumes(other) == ()


def test_a_reserved_attachment_that_the_volume_itself_hides_is_told(client: Client, tenant: Tenant) -> None:
    server_id, volume_id = tenant.server(), tenant.volume()
    made = tenant.member.block_storage.create_attachment(volume_id, instance=server_id, connector=None)
    ours = client()
    assert ours.volume(volume_id).status == "reserved"
    assert tenant.member.block_storage.get_volume(volume_id).attachments == []
    assert ours.volume_attachments(volume_id) == (Attachment(View.CINDER, volume_id, server_id, "reserved"),)
    assert ours.nova_attachments(volume_id, (server_id,)) == ()
    tenant.member.block_storage.delete_attachment(made)


def test_servers_are_found_by_their_exact_name(client: Client, tenant: Tenant) -> None:
    mark = uuid.uuid4().hex[:6]
    wanted = tenant.named(f"w.{mark}")
    tenant.named(f"wx{mark}")
    tenant.named(f"w.{mark}-2")
    assert [row.id for row in client().servers_named(f"w.{mark}")] == [wanted]


def test_our_metadata_is_written_read_and_taken_off_beside_that_of_others(client: Client, tenant: Tenant) -> None:
    server_id = tenant.server()
    tenant.member.compute.set_server_metadata(server_id, owner="somebody")
    ours = client()
    ours.set_metadata(server_id, {"chaoscinder_run": "1", "chaoscinder_undo": "start"})
    assert ours.server(server_id).metadata == (("chaoscinder_run", "1"), ("chaoscinder_undo", "start"), ("owner", "somebody"))
    ours.delete_metadata(server_id, ("chaoscinder_run", "chaoscinder_undo"))
    assert ours.server(server_id).metadata == (("owner", "somebody"),)


def test_project_roles_and_catalog_are_those_of_the_credentials(client: Client, connections: tuple[Any, Any]) -> None:
    member, admin = connections
    assert client().project_id() == member.current_project_id
    assert client("lab-admin").project_id() == admin.current_project_id
    assert "member" in client().roles()
    assert "admin" not in client().roles()
    assert {"compute", "volumev3", "block-storage"} <= client().services()


def _stopped(tenant: Tenant, id: str) -> None:
    tenant.member.compute.stop_server(id)
    tenant.wait(id, "SHUTOFF")


def _paused(tenant: Tenant, id: str) -> None:
    tenant.member.compute.pause_server(id)
    tenant.wait(id, "PAUSED")


def _suspended(tenant: Tenant, id: str) -> None:
    tenant.member.compute.suspend_server(id)
    tenant.wait(id, "SUSPENDED")


def _shelved(tenant: Tenant, id: str) -> None:
    tenant.member.compute.shelve_server(id)
    tenant.wait(id, "SHELVED_OFFLOADED")


def _rescued(tenant: Tenant, id: str) -> None:
    tenant.member.compute.rescue_server(id)
    tenant.wait(id, "RESCUE")


def _locked(tenant: Tenant, id: str) -> None:
    tenant.admin.compute.lock_server(id)


def _in_error(tenant: Tenant, id: str) -> None:
    tenant.admin.compute.reset_server_state(id, "error")
    tenant.wait(id, "ERROR")


def _as_it_is(tenant: Tenant, id: str) -> None:
    pass


STOP_REFUSED = [
    (_stopped, "Cannot 'stop' instance {id} while it is in vm_state stopped"),
    (_paused, "Cannot 'stop' instance {id} while it is in vm_state paused"),
    (_suspended, "Cannot 'stop' instance {id} while it is in vm_state suspended"),
    (_rescued, "Cannot 'stop' instance {id} while it is in vm_state rescued"),
    (_shelved, "Instance {id} is not ready"),
    (_locked, "Instance {id} is locked"),
]
START_REFUSED = [
    (_as_it_is, "Cannot 'start' instance {id} while it is in vm_state active"),
    (_paused, "Cannot 'start' instance {id} while it is in vm_state paused"),
    (_in_error, "Cannot 'start' instance {id} while it is in vm_state error"),
    (_locked, "Instance {id} is locked"),
]


@pytest.mark.parametrize(("arrange", "said"), STOP_REFUSED, ids=lambda value: getattr(value, "__name__", "").strip("_"))
def test_a_refused_stop_is_one_line_and_changes_nothing(client: Client, tenant: Tenant, arrange: Any, said: str) -> None:
    server_id = tenant.server()
    arrange(tenant, server_id)
    before = client().server(server_id)
    with pytest.raises(Refused) as refused:
        client().stop_server(server_id)
    assert str(refused.value) == f"OpenStack refused to stop server {server_id} with 409: {said.format(id=server_id)}"
    assert client().server(server_id) == before


@pytest.mark.parametrize(("arrange", "said"), START_REFUSED, ids=lambda value: getattr(value, "__name__", "").strip("_"))
def test_a_refused_start_is_one_line_and_changes_nothing(client: Client, tenant: Tenant, arrange: Any, said: str) -> None:
    server_id = tenant.server()
    arrange(tenant, server_id)
    before = client().server(server_id)
    with pytest.raises(Refused) as refused:
        client().start_server(server_id)
    assert str(refused.value) == f"OpenStack refused to start server {server_id} with 409: {said.format(id=server_id)}"
    assert client().server(server_id) == before


def test_a_server_of_another_project_is_unknown_whatever_is_asked(client: Client, tenant: Tenant) -> None:
    server_id = tenant.server()
    stranger = client("lab-other")
    asks: list[Callable[[], Any]] = [
        lambda: stranger.server(server_id),
        lambda: stranger.server_volumes(server_id),
        lambda: stranger.stop_server(server_id),
        lambda: stranger.start_server(server_id),
        lambda: stranger.set_metadata(server_id, {"chaoscinder_run": "1"}),
    ]
    for ask in asks:
        with pytest.raises(NotFound, match=f"Instance {server_id} could not be found"):
            ask()
    assert client().server(server_id).metadata == ()


def test_an_unknown_volume_is_not_found_by_cinder_and_has_no_attachments(client: Client) -> None:
    unknown = "00000000-0000-4000-8000-000000000000"
    with pytest.raises(NotFound) as missing:
        client().volume(unknown)
    assert str(missing.value) == f"OpenStack does not know what was asked for (volume {unknown}): Volume {unknown} could not be found."
    assert client().volume_attachments(unknown) == ()


def test_the_five_secret_keys_log_in(lab: Lab, connections: tuple[Any, Any]) -> None:
    ours = OpenStack(Settings(cloud_auth=_keys(lab)))
    assert ours.project_id() == connections[0].current_project_id
    ours.close()


def test_a_wrong_password_is_one_line_that_does_not_tell_it(lab: Lab) -> None:
    ours = OpenStack(Settings(cloud_auth={**_keys(lab), "password": "guessed-wrong"}))
    with pytest.raises(Refused) as refused:
        ours.project_id()
    line, _, request = str(refused.value).partition(" (HTTP 401) (Request-ID: req-")
    why = "The request you have made requires authentication."
    assert line == f"OpenStack refused the login while asked to log in to OpenStack: {why}"
    assert len(request) == len("00000000-0000-4000-8000-000000000000)")
    ours.close()


def test_a_region_that_the_catalog_does_not_have_is_one_line(lab: Lab) -> None:
    ours = OpenStack(Settings(cloud_auth={**_keys(lab), "region": "Atlantis"}))
    with pytest.raises(CannotTell, match=r"public endpoint for compute service in Atlantis region not found$"):
        ours.server("00000000-0000-4000-8000-000000000000")
    ours.close()


def _keys(lab: Lab) -> dict[str, str]:
    url = f"http://127.0.0.1:{lab.ports['keystone']}/v3"
    domains = {"user_domain_name": "Default", "project_domain_name": "Default"}
    return {"region": "RegionOne", "auth_url": url, "project_name": "demo", "username": "demo", "password": "lab", **domains}
