"""The same through openstacksdk, as the pack and most users reach a cloud."""

import pytest

ACTION = "POST /servers/{id}/action"


@pytest.fixture
def sdk(cloud):
    """A connection of the member, on the requests session that reaches the witness."""
    import openstack
    from keystoneauth1.identity import v3
    from keystoneauth1.session import Session

    mine, default = cloud.member.login, {"user_domain_id": "default", "project_domain_id": "default"}
    auth = v3.Password(mine.auth_url, username=mine.user, password=mine.password, project_name=mine.project, **default)
    made = openstack.connection.Connection(
        session=Session(auth, session=cloud.member.http), region_name="RegionOne", compute_default_microversion="2.95"
    )
    yield made
    made.task_manager.stop() if hasattr(made, "task_manager") else None


@pytest.mark.endpoint(f"{ACTION} os-stop", f"{ACTION} os-start", "GET /servers")
def test_a_server_is_found_by_name_stopped_and_started(cloud, sdk):
    server = cloud.server()
    name = cloud.member.server(server)["name"]
    assert sdk.compute.find_server(name).id == server
    sdk.compute.stop_server(server)
    cloud.wait(lambda: sdk.compute.get_server(server).status == "SHUTOFF")
    seen = sdk.compute.get_server(server)
    assert (seen.vm_state, seen.power_state, seen.task_state, seen.compute_host, seen.host_status) == ("stopped", 4, None, None, None)
    sdk.compute.start_server(server)
    cloud.wait(lambda: sdk.compute.get_server(server).status == "ACTIVE")


@pytest.mark.endpoint(f"{ACTION} os-stop")
def test_a_refusal_is_a_conflict_exception_with_novas_words(cloud, sdk):
    from openstack.exceptions import ConflictException

    server = cloud.server()
    cloud.member.act(server, "pause")
    cloud.settle(server, "PAUSED")
    with pytest.raises(ConflictException) as caught:
        sdk.compute.stop_server(server)
    assert caught.value.details == f"Cannot 'stop' instance {server} while it is in vm_state paused"


@pytest.mark.endpoint("POST /servers/{id}/os-volume_attachments", "DELETE /servers/{id}/os-volume_attachments/{volume}", "GET /attachments")
def test_a_volume_is_attached_seen_from_both_sides_and_detached(cloud, sdk):
    server, volume = cloud.server(), cloud.volume()
    assert sdk.compute.create_volume_attachment(server, volume=volume).volume_id == volume
    cloud.wait(lambda: sdk.block_storage.get_volume(volume).status == "in-use")
    [nova], [cinder] = sdk.compute.volume_attachments(server), sdk.block_storage.attachments(volume_id=volume)
    assert (nova.volume_id, nova.attachment_id, cinder.status, cinder.instance) == (volume, cinder.id, "attached", server)
    sdk.compute.delete_volume_attachment(server, volume)
    cloud.wait(lambda: sdk.block_storage.get_volume(volume).status == "available")
    assert list(sdk.compute.volume_attachments(server)) == []


@pytest.mark.endpoint("GET /servers/{id}", "GET /volumes/{id}", "GET /os-services")
def test_what_is_missing_or_forbidden_has_an_exception_of_its_own(cloud, sdk):
    from openstack.exceptions import ForbiddenException, NotFoundException

    unknown = "00000000-0000-0000-0000-000000000000"
    for ask in (sdk.compute.get_server, sdk.block_storage.get_volume):
        with pytest.raises(NotFoundException):
            ask(unknown)
    with pytest.raises(ForbiddenException, match="os_compute_api:os-services:list"):
        list(sdk.compute.services())


@pytest.mark.endpoint("POST /servers", "DELETE /servers/{id}")
def test_a_server_is_made_and_deleted(cloud, sdk):
    made = sdk.compute.create_server(name="sdk", image_id=cloud.witness.image, flavor_id="42", networks="none")
    cloud.finally_(lambda: sdk.compute.delete_server(made.id, ignore_missing=True))
    cloud.wait(lambda: sdk.compute.get_server(made.id).status == "ACTIVE")
    sdk.compute.delete_server(made.id)
    cloud.wait(lambda: sdk.compute.find_server(made.id, ignore_missing=True) is None)


@pytest.mark.endpoint("POST /volumes", f"{ACTION} os-extend".replace("servers", "volumes"), "DELETE /volumes/{id}")
def test_a_volume_is_made_extended_and_deleted(cloud, sdk):
    made = sdk.block_storage.create_volume(size=1, name="sdk")
    cloud.finally_(lambda: sdk.block_storage.delete_volume(made.id, ignore_missing=True))
    cloud.wait(lambda: sdk.block_storage.get_volume(made.id).status == "available")
    sdk.block_storage.extend_volume(made.id, 2)
    cloud.wait(lambda: sdk.block_storage.get_volume(made.id).size == 2)
    sdk.block_storage.delete_volume(made.id)
    cloud.wait(lambda: cloud.volume_status(made.id) == "404")
