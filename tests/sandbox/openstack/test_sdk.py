"""The whole over HTTP with openstacksdk, as the pack uses it."""

import pytest

pytestmark = [  # the SDK warns about its own insides
    pytest.mark.filterwarnings("ignore::openstack.warnings.RemovedInSDK60Warning"),
    pytest.mark.filterwarnings("ignore::openstack.warnings.RemovedInSDK50Warning"),
]


@pytest.fixture
def connect(served):
    import openstack

    cloud, url = served
    opened = []

    def make(user="demo", password="chaos", path="/identity/v3"):
        auth = {
            "auth_url": f"{url}{path}",
            "username": user,
            "password": password,
            "project_name": "demo",
            "user_domain_name": "Default",
            "project_domain_name": "Default",
        }
        opened.append(openstack.connect(auth=auth, region_name="RegionOne", load_envvars=False, load_yaml_config=False))
        return opened[-1]

    yield cloud, make
    for connection in opened:
        connection.close()


def wait(sdk, server_id, status):
    return sdk.compute.wait_for_server(sdk.compute.get_server(server_id), status=status, interval=0.01, wait=5)


def wait_volume(sdk, volume_id, status):
    sdk.block_storage.wait_for_status(sdk.block_storage.get_volume(volume_id), status, interval=0.01, wait=5)


def test_a_server_is_stopped_and_started(connect):
    cloud, make = connect
    server_id = cloud.add_server("worker-1", metadata={"role": "worker"})
    sdk = make()
    sdk.compute.stop_server(server_id)
    wait(sdk, server_id, "SHUTOFF")
    seen = sdk.compute.get_server(server_id)
    assert (seen.vm_state, seen.power_state, seen.task_state, seen.metadata) == ("stopped", 4, None, {"role": "worker"})
    sdk.compute.start_server(server_id)
    wait(sdk, server_id, "ACTIVE")
    assert sdk.compute.find_server("worker-1").id == server_id
    assert [row.name for row in sdk.compute.servers(name="^worker-1$")] == ["worker-1"]


def test_stopping_a_stopped_server_is_a_conflict(connect):
    from openstack.exceptions import ConflictException

    cloud, make = connect
    server_id = cloud.add_server("worker-1")
    sdk = make()
    sdk.compute.stop_server(server_id)
    wait(sdk, server_id, "SHUTOFF")
    with pytest.raises(ConflictException) as caught:
        sdk.compute.stop_server(server_id)
    assert caught.value.details == f"Cannot 'stop' instance {server_id} while it is in vm_state stopped"


def test_a_volume_follows_from_one_server_to_another(connect):
    cloud, make = connect
    one, two, volume_id = cloud.add_server("one"), cloud.add_server("two"), cloud.add_volume("data", 3)
    sdk = make()
    made = sdk.compute.create_volume_attachment(one, volume=volume_id)
    assert made.volume_id == volume_id
    wait_volume(sdk, volume_id, "in-use")
    [nova] = sdk.compute.volume_attachments(one)
    [cinder] = sdk.block_storage.attachments(volume_id=volume_id)
    assert (nova.volume_id, nova.attachment_id, cinder.status, cinder.instance) == (volume_id, cinder.id, "attached", one)
    sdk.compute.delete_volume_attachment(one, volume_id)
    wait_volume(sdk, volume_id, "available")
    sdk.compute.create_volume_attachment(two, volume=volume_id)
    wait_volume(sdk, volume_id, "in-use")
    [attached] = sdk.block_storage.get_volume(volume_id).attachments
    assert attached["server_id"] == two


def test_a_volume_is_made_and_deleted(connect):
    from openstack.exceptions import NotFoundException

    _, make = connect
    sdk = make()
    volume = sdk.block_storage.create_volume(size=1, name="new")
    wait_volume(sdk, volume.id, "available")
    assert [row.name for row in sdk.block_storage.volumes()] == ["new"]
    sdk.block_storage.delete_volume(volume)
    sdk.block_storage.wait_for_delete(volume, interval=0.01, wait=5)
    with pytest.raises(NotFoundException):
        sdk.block_storage.get_volume(volume.id)


def test_a_wrong_password_is_refused_with_keystones_words(connect):
    from openstack.exceptions import SDKException

    _, make = connect
    with pytest.raises(SDKException, match="The request you have made requires authentication"):
        make(password="wrong").authorize()


def test_an_application_credential_logs_in(served):
    import openstack

    cloud, url = served
    made = cloud.application_credential
    auth = {"auth_url": f"{url}/identity/v3", "application_credential_id": made.id, "application_credential_secret": made.secret}
    sdk = openstack.connect(auth=auth, auth_type="v3applicationcredential", load_envvars=False, load_yaml_config=False)
    server_id = cloud.add_server("worker-1")
    assert [row.id for row in sdk.compute.servers()] == [server_id]
    assert sdk.current_project_id == cloud.project.id
    sdk.close()


@pytest.mark.parametrize("path", ["/identity", "/identity/", "/identity/v3/"])
def test_the_address_of_keystone_may_be_given_with_and_without_its_version(connect, path):
    cloud, make = connect
    server_id = cloud.add_server("worker-1")
    sdk = make(path=path)
    assert [row.id for row in sdk.compute.servers()] == [server_id]
    assert list(sdk.block_storage.volumes()) == []


def test_administrators_see_hosts_and_services(connect):
    cloud, make = connect
    server_id = cloud.add_server("worker-1", host="compute1")
    sdk = make("admin", "root")
    server = sdk.compute.get_server(server_id)
    assert (server.compute_host, server.host_status) == ("compute1", "UP")
    [service] = sdk.compute.services(binary="nova-compute")
    sdk.compute.update_service_forced_down(service, service.host, service.binary, forced=True)
    assert sdk.compute.get_server(server_id).host_status == "DOWN"
    volume_id = cloud.add_volume("data", 1)
    sdk.block_storage.reset_volume_status(volume_id, "error", None, None)
    assert sdk.block_storage.get_volume(volume_id).status == "error"


def test_metadata_is_set_and_deleted(connect):
    cloud, make = connect
    server_id = cloud.add_server("worker-1", metadata={"keep": "1"})
    sdk = make()
    sdk.compute.set_server_metadata(server_id, chaos="run-1")
    assert sdk.compute.get_server_metadata(server_id).metadata == {"keep": "1", "chaos": "run-1"}
    sdk.compute.delete_server_metadata(server_id, ["chaos"])
    assert sdk.compute.get_server_metadata(server_id).metadata == {"keep": "1"}


def test_attaching_at_a_silent_host_answers_500_only_after_the_timeout_of_nova(connect):
    from openstack.exceptions import HttpException

    cloud, make = connect
    server_id, volume_id = cloud.add_server("worker-1", host="compute1"), cloud.add_volume("data", 1)
    sdk = make()
    with cloud.world.step():
        cloud.lifecycle.fail_host("compute1")
        began_s = cloud.world.now_s
    with pytest.raises(HttpException, match="RemoteError"):
        sdk.compute.create_volume_attachment(server_id, volume=volume_id)
    assert cloud.world.now_s - began_s >= 60
