"""Attaching and detaching through Nova: the steps, the refusals in their words, and the views of it in Nova and Cinder."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.conformance.openstack.asking import refused, told, wrong_state
from tests.conformance.openstack.bench import ACTIVE

ATTACH = "POST /servers/{id}/os-volume_attachments"
DETACH = "DELETE /servers/{id}/os-volume_attachments/{volume}"
LIST = "GET /servers/{id}/os-volume_attachments"
UNKNOWN = "00000000-0000-0000-0000-000000000000"
NOT_DETACHABLE = (
    "Invalid volume: Invalid input received: Invalid volume: Unable to detach volume. "
    "Volume status must be 'in-use' and attach_status must be 'attached' to detach. (HTTP 400)"
)


def not_free(volume, status):
    reason = f"Volume {volume} status must be available or downloading to reserve, but the current status is {status}."
    return 400, f"Invalid input received: Invalid volume: {reason} (HTTP 400)"


def already(volume, server):
    return refused(400, f"Invalid volume: volume {volume} is already attached to instances: {server}")


def reset(cloud, volume, status):
    assert cloud.admin.volume_act(volume, "os-reset_status", {"status": status}) == (202, None)


def of_nova(cloud, server):
    return cloud.member.compute("GET", f"/servers/{server}/os-volume_attachments")[1]["volumeAttachments"]


@pytest.mark.endpoint(ATTACH, DETACH)
def test_a_volume_is_reserved_attaching_in_use_and_detaching_available(cloud):
    server, volume = cloud.server(), cloud.volume()
    code, body = cloud.member.attach(server, volume)
    device = body["volumeAttachment"].pop("device")
    whole = {"id": volume, "serverId": server, "volumeId": volume, "tag": None, "delete_on_termination": False}
    assert (code, body, device.startswith("/dev/")) == (200, {"volumeAttachment": whole}, True)
    cloud.follow(lambda: cloud.volume_state(volume), [("reserved", 0), ("attaching", 0), ("in-use", 1)])
    assert cloud.member.detach(server, volume) == (202, None)
    cloud.follow(lambda: cloud.volume_state(volume), [("detaching", 1), ("available", 0)])
    cloud.wait(lambda: of_nova(cloud, server) == [])
    assert cloud.member.detach(server, volume) == refused(404, f"Instance {server} is not attached to volume {volume}")


@pytest.mark.endpoint(LIST, "GET /volumes/{id}", "GET /attachments", "GET /attachments/{id}", "GET /attachments/detail")
def test_nova_and_cinder_name_the_same_attachment(cloud):
    server, volume = cloud.attached()
    [nova] = of_nova(cloud, server)
    [shown] = cloud.member.get_volume(volume)["attachments"]
    brief = {"id": nova["attachment_id"], "status": "attached", "instance": server, "volume_id": volume}
    assert cloud.member.volume("GET", f"/attachments?volume_id={volume}") == (200, {"attachments": [brief]})
    assert (shown["attachment_id"], shown["server_id"], shown["id"], shown["device"]) == (brief["id"], server, volume, nova["device"])
    _, body = cloud.member.volume("GET", f"/attachments/{brief['id']}")
    assert {key: body["attachment"][key] for key in brief} == brief
    assert (body["attachment"]["attach_mode"], body["attachment"]["detached_at"]) == ("rw", "")
    assert cloud.member.volume("GET", f"/attachments/detail?volume_id={volume}") == (200, {"attachments": [body["attachment"]]})


@pytest.mark.endpoint("GET /volumes/{id}")
def test_only_administrators_see_the_host_of_an_attachment(cloud):
    server, volume = cloud.attached()
    [seen], [whole] = cloud.member.get_volume(volume)["attachments"], cloud.admin.get_volume(volume)["attachments"]
    assert (seen["host_name"], whole["host_name"]) == (None, cloud.host_of(server))


@pytest.mark.endpoint("POST /attachments", "GET /volumes/{id}", "DELETE /attachments/{id}")
def test_the_volume_hides_an_attachment_that_is_only_reserved_and_a_member_may_delete_it(cloud):
    server, volume = cloud.server(), cloud.volume()
    code, body = cloud.member.volume("POST", "/attachments", {"attachment": {"volume_uuid": volume, "instance_uuid": server}})
    made = body["attachment"]
    assert (code, made["status"], made["instance"], made["connection_info"]) == (200, "reserved", server, {})
    assert cloud.volume_state(volume) == ("reserved", 0)
    rows = cloud.member.volume("GET", f"/attachments?volume_id={volume}")[1]["attachments"]
    assert [(row["id"], row["status"]) for row in rows] == [(made["id"], "reserved")]
    assert cloud.member.volume("DELETE", f"/attachments/{made['id']}")[0] == 200
    assert cloud.volume_status(volume) == "available"


@pytest.mark.endpoint(ATTACH)
def test_a_volume_in_use_is_refused_to_every_server(cloud):
    server, volume = cloud.attached()
    assert cloud.member.attach(cloud.server(), volume) == already(volume, server)
    assert cloud.member.attach(server, volume) == already(volume, server)


@pytest.mark.endpoint(ATTACH)
@pytest.mark.parametrize("status", ["detaching", "attaching", "maintenance", "reserved", "creating"])
def test_a_volume_that_is_not_available_is_refused_with_cinders_words(cloud, status):
    server, volume = cloud.server(), cloud.volume()
    reset(cloud, volume, status)
    assert told(cloud.member.attach(server, volume)) == not_free(volume, status)


@pytest.mark.endpoint(ATTACH)
def test_a_volume_in_error_is_refused_in_other_words(cloud):
    server, volume = cloud.server(), cloud.volume()
    reset(cloud, volume, "error")
    reason = "Volume attachments can not be created if the volume is in an error state."
    words = f"{reason} The Volume {volume} currently has a status of: error "
    assert told(cloud.member.attach(server, volume)) == (400, f"Invalid input received: Invalid volume: {words} (HTTP 400)")


@pytest.mark.endpoint(ATTACH)
def test_of_two_attaches_at_once_exactly_one_is_accepted(cloud):
    servers, volume = [cloud.server(), cloud.server()], cloud.volume()
    with ThreadPoolExecutor(2) as pool:
        replies = list(pool.map(lambda server: cloud.member.attach(server, volume), servers))
    codes = [code for code, _ in replies]
    assert sorted(codes) == [200, 400]
    winner, loser = servers[codes.index(200)], replies[codes.index(400)]
    words = (not_free(volume, "reserved"), not_free(volume, "available"), told(already(volume, winner)))
    assert told(loser) in words
    cloud.wait(lambda: cloud.volume_status(volume) == "in-use")
    assert [row["server_id"] for row in cloud.member.get_volume(volume)["attachments"]] == [winner]


@pytest.mark.endpoint(DETACH)
def test_a_second_detach_is_refused_while_the_first_goes_on(cloud):
    server, volume = cloud.attached(host="compute3")
    cloud.fail("compute3", "detach_volume", sleep_s=2)
    assert cloud.admin.detach(server, volume) == (202, None)
    assert told(cloud.admin.detach(server, volume)) == (400, NOT_DETACHABLE)
    cloud.wait(lambda: cloud.volume_status(volume) == "available")


@pytest.mark.endpoint(ATTACH, DETACH)
def test_what_does_not_exist_or_belongs_to_others_is_404(cloud):
    server, volume = cloud.attached()
    another = cloud.server()
    assert cloud.member.detach(another, volume) == refused(404, f"Instance {another} is not attached to volume {volume}")
    gone = refused(404, f"Volume {UNKNOWN} could not be found.")
    assert (cloud.member.detach(server, UNKNOWN), cloud.member.attach(server, UNKNOWN)) == (gone, gone)
    hidden = refused(404, f"Instance {server} could not be found.")
    assert (cloud.other.attach(server, volume), cloud.other.detach(server, volume)) == (hidden, hidden)


@pytest.mark.endpoint(DETACH, ATTACH)
@pytest.mark.parametrize(("action", "status"), [("os-stop", "SHUTOFF"), ("pause", "PAUSED")])
def test_stopped_and_paused_servers_keep_let_go_and_take_a_volume(cloud, action, status):
    server, volume = cloud.attached()
    cloud.member.act(server, action)
    cloud.settle(server, status)
    assert cloud.volume_status(volume) == "in-use"
    assert cloud.member.detach(server, volume) == (202, None)
    cloud.wait(lambda: cloud.volume_status(volume) == "available")
    cloud.attach(cloud.member, server, volume)


@pytest.mark.endpoint(DETACH, ATTACH)
@pytest.mark.parametrize(
    ("action", "body", "status", "vm_state"),
    [
        ("suspend", None, "SUSPENDED", "suspended"),
        ("os-resetState", {"state": "error"}, "ERROR", "error"),
        ("rescue", {}, "RESCUE", "rescued"),
    ],
)
def test_suspended_failed_and_rescued_servers_neither_let_go_nor_take(cloud, action, body, status, vm_state):
    server, volume = cloud.attached()
    more = cloud.volume()
    cloud.admin.act(server, action, body)
    cloud.settle(server, status)
    assert cloud.member.detach(server, volume) == wrong_state("detach_volume", server, vm_state)
    assert cloud.member.attach(server, more) == wrong_state("attach_volume", server, vm_state)
    assert cloud.volume_state(volume) == ("in-use", 1)


@pytest.mark.endpoint(DETACH)
def test_a_locked_server_lets_go_for_administrators_only(cloud):
    server, volume = cloud.attached()
    cloud.admin.act(server, "lock", {})
    assert cloud.member.detach(server, volume) == refused(409, f"Instance {server} is locked")
    assert cloud.admin.detach(server, volume) == (202, None)
    cloud.wait(lambda: cloud.volume_status(volume) == "available")


@pytest.mark.endpoint(DETACH, "POST /volumes/{id}/action os-reset_status")
@pytest.mark.parametrize("status", ["available", "error", "detaching"])
def test_a_status_that_was_reset_keeps_nova_from_detaching_until_it_is_mended(cloud, status):
    server, volume = cloud.attached()
    reset(cloud, volume, status)
    assert cloud.member.attach(cloud.server(), volume) == already(volume, server)
    assert told(cloud.member.detach(server, volume)) == (400, NOT_DETACHABLE)
    reset(cloud, volume, "in-use")
    assert cloud.member.detach(server, volume) == (202, None)
    cloud.follow(lambda: cloud.volume_state(volume), [("detaching", 1), ("available", 0)])


@pytest.mark.endpoint(LIST, "GET /servers/{id}/os-volume_attachments/{volume}")
@pytest.mark.parametrize(
    ("version", "fields"),
    [
        ("2.1", {"id", "volumeId", "serverId", "device"}),
        ("2.70", {"id", "volumeId", "serverId", "device", "tag"}),
        ("2.79", {"id", "volumeId", "serverId", "device", "tag", "delete_on_termination"}),
        ("2.89", {"volumeId", "serverId", "device", "tag", "delete_on_termination", "attachment_id", "bdm_uuid"}),
    ],
)
def test_an_attachment_has_the_fields_of_its_microversion(cloud, version, fields):
    server, volume = cloud.attached()
    asker = cloud.member.at(nova=version)
    [row] = asker.compute("GET", f"/servers/{server}/os-volume_attachments")[1]["volumeAttachments"]
    one = asker.compute("GET", f"/servers/{server}/os-volume_attachments/{volume}")[1]["volumeAttachment"]
    assert (set(row), one) == (fields, row)


@pytest.mark.endpoint(ATTACH)
def test_from_2_101_on_attaching_answers_202_without_a_body(cloud):
    server, volume = cloud.server(), cloud.volume()
    assert cloud.member.at(nova="2.101").attach(server, volume) == (202, None)
    cloud.wait(lambda: cloud.volume_status(volume) == "in-use")


@pytest.mark.endpoint("GET /servers/{id}")
def test_a_server_names_the_volumes_that_it_holds(cloud):
    server, volume = cloud.attached()
    assert cloud.member.server(server)["os-extended-volumes:volumes_attached"] == [{"id": volume, "delete_on_termination": False}]
    assert cloud.state(server) == ACTIVE


@pytest.mark.endpoint(ATTACH, DETACH)
def test_a_multiattach_volume_goes_to_two_servers_and_is_in_use_until_the_last_lets_go(cloud):
    one, two = cloud.server(), cloud.server()
    volume = cloud.volume(volume_type=cloud.volume_type(multiattach="<is> True"))
    assert cloud.member.get_volume(volume)["multiattach"] is True
    message = "Multiattach volumes are only supported starting with compute API version 2.60."
    assert cloud.member.at(nova="2.59").attach(one, volume) == refused(400, message)
    cloud.attach(cloud.member, one, volume)
    assert cloud.member.attach(one, volume) == refused(400, f"Invalid volume: volume {volume} already attached")
    assert cloud.member.attach(two, volume)[0] == 200
    cloud.wait(lambda: cloud.volume_state(volume) == ("in-use", 2))
    assert cloud.member.detach(one, volume) == (202, None)
    cloud.follow(lambda: cloud.volume_state(volume), [("detaching", 2), ("in-use", 1)])
    assert cloud.member.detach(two, volume) == (202, None)
    cloud.follow(lambda: cloud.volume_state(volume), [("detaching", 1), ("available", 0)])
