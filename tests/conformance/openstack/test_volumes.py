"""Cinder by itself: volumes, snapshots, types, quotas, and what an administrator may force and what not."""

import pytest

from tests.conformance.openstack.asking import refused
from tests.conformance.openstack.bench import NUMBERS

ACTION = "POST /volumes/{id}/action"
UNKNOWN = "00000000-0000-0000-0000-000000000000"
CANNOT = (
    "must not be migrating, attached, belong to a group, have snapshots, awaiting a transfer, "
    "or be disassociated from snapshots after volume transfer."
)
CANNOT_DELETE = f"status must be available or error or error_restoring or error_extending or error_managing and {CANNOT}"
WORDS = (
    "('creating', 'available', 'deleting', 'error', 'error_deleting', 'error_managing', 'managing', 'attaching', 'in-use', 'detaching', "
    "'maintenance', 'restoring-backup', 'error_restoring', 'reserved', 'awaiting-transfer', 'backing-up', 'error_backing-up', "
    "'error_extending', 'downloading', 'uploading', 'retyping', 'extending')"
)


def forbidden(rule):
    return refused(403, f"Policy doesn't allow {rule} to be performed.")


def over(message):
    return 413, {"overLimit": {"code": 413, "message": message, "retryAfter": "0"}}


@pytest.mark.endpoint("POST /volumes", "DELETE /volumes/{id}", "GET /volumes/{id}")
def test_a_volume_is_created_and_deleted_in_steps(cloud):
    volume = cloud.volume(done=False)
    cloud.follow(lambda: cloud.volume_state(volume), [("creating", 0), ("available", 0)])
    assert cloud.member.volume("DELETE", f"/volumes/{volume}") == (202, None)
    cloud.follow(lambda: cloud.volume_state(volume), [("deleting", 0), ("404",)])
    assert cloud.member.volume("GET", f"/volumes/{volume}") == refused(404, f"Volume {volume} could not be found.")


@pytest.mark.endpoint("GET /volumes/{id}", "GET /volumes", "GET /volumes/detail")
def test_another_projects_volume_does_not_exist(cloud):
    volume = cloud.volume()
    assert cloud.other.volume("GET", f"/volumes/{volume}") == refused(404, f"Volume {volume} could not be found.")
    assert volume not in [row["id"] for row in cloud.other.volume("GET", "/volumes?all_tenants=1")[1]["volumes"]]
    name = cloud.member.get_volume(volume)["name"]
    assert [row["id"] for row in cloud.member.volume("GET", f"/volumes?name={name}")[1]["volumes"]] == [volume]
    assert volume in [row["id"] for row in cloud.admin.volume("GET", "/volumes/detail?all_tenants=1")[1]["volumes"]]


@pytest.mark.endpoint("DELETE /volumes/{id}", f"{ACTION} os-force_delete")
def test_a_volume_that_is_attached_cannot_be_deleted_by_anybody(cloud):
    _, volume = cloud.attached()
    assert cloud.member.volume("DELETE", f"/volumes/{volume}") == refused(400, f"Invalid volume: Volume {CANNOT_DELETE}")
    cloud.admin.volume_act(volume, "os-reset_status", {"status": "error"})
    assert cloud.member.volume("DELETE", f"/volumes/{volume}") == refused(400, f"Invalid volume: Volume {CANNOT_DELETE}")
    assert cloud.admin.volume_act(volume, "os-force_delete") == refused(400, f"Invalid volume: Volume  {CANNOT}")
    cloud.admin.volume_act(volume, "os-reset_status", {"status": "in-use"})


@pytest.mark.endpoint(f"{ACTION} os-detach", f"{ACTION} os-terminate_connection", f"{ACTION} os-force_detach", "DELETE /attachments/{id}")
def test_what_nova_holds_only_nova_lets_go_whoever_asks_cinder(cloud):
    server, volume = cloud.attached()
    [attachment] = cloud.admin.volume("GET", f"/attachments?volume_id={volume}&all_tenants=1")[1]["attachments"]
    connector = {"initiator": "fake", "ip": "127.0.0.1", "host": cloud.host_of(server)}
    held = refused(409, f"ConflictNovaUsingAttachment: Detach volume from instance {server} using the Compute API")
    by_id = {"attachment_id": attachment["id"]}
    assert cloud.admin.volume_act(volume, "os-detach", by_id) == held
    assert cloud.admin.volume_act(volume, "os-force_detach", {**by_id, "connector": connector}) == held
    assert cloud.admin.volume_act(volume, "os-terminate_connection", {"connector": connector}) == held
    assert cloud.member.volume("DELETE", f"/attachments/{attachment['id']}") == held
    assert cloud.volume_state(volume) == ("in-use", 1)


@pytest.mark.endpoint(f"{ACTION} os-reserve", "POST /attachments")
def test_a_volume_in_use_cannot_be_reserved(cloud):
    _, volume = cloud.attached()
    another = cloud.server()
    message = "Invalid volume: Volume status must be available to reserve, but the status is in-use."
    assert cloud.admin.volume_act(volume, "os-reserve") == refused(400, message)
    message = f"Invalid volume: Volume {volume} status must be available or downloading to reserve, but the current status is in-use."
    wanted = {"attachment": {"volume_uuid": volume, "instance_uuid": another}}
    assert cloud.member.volume("POST", "/attachments", wanted) == refused(400, message)


@pytest.mark.endpoint(f"{ACTION} os-reserve", f"{ACTION} os-unreserve")
def test_reserving_shows_attaching_and_unreserving_frees_it(cloud):
    volume = cloud.volume()
    assert cloud.member.volume_act(volume, "os-reserve") == (202, None)
    assert cloud.volume_status(volume) == "attaching"
    assert cloud.member.volume_act(volume, "os-unreserve") == (202, None)
    assert cloud.volume_status(volume) == "available"


@pytest.mark.endpoint(f"{ACTION} os-begin_detaching", f"{ACTION} os-roll_detaching")
def test_a_begun_detach_can_be_rolled_back(cloud):
    _, volume = cloud.attached()
    assert cloud.member.volume_act(volume, "os-begin_detaching") == (202, None)
    assert cloud.volume_state(volume) == ("detaching", 1)
    assert cloud.member.volume_act(volume, "os-roll_detaching") == (202, None)
    assert cloud.volume_state(volume) == ("in-use", 1)


@pytest.mark.endpoint(f"{ACTION} os-reset_status")
def test_resetting_the_status_is_only_a_word_and_the_attachments_stay(cloud):
    server, volume = cloud.attached()
    for status in ("available", "error", "detaching", "attaching", "reserved", "maintenance", "in-use"):
        assert cloud.admin.volume_act(volume, "os-reset_status", {"status": status}) == (202, None)
        assert cloud.volume_state(volume) == (status, 1)
    [row] = cloud.member.volume("GET", f"/attachments?volume_id={volume}")[1]["attachments"]
    assert (row["status"], row["instance"]) == ("attached", server)


@pytest.mark.endpoint(f"{ACTION} os-reset_status")
def test_resetting_to_a_word_that_is_none_is_refused_with_all_words(cloud):
    volume = cloud.volume()
    message = f"Volume status: nonsense is invalid, valid statuses are: {WORDS}."
    assert cloud.admin.volume_act(volume, "os-reset_status", {"status": "nonsense"}) == refused(400, message)
    assert cloud.admin.volume_act(volume, "os-reset_status", {"status": "deleting"}) == refused(400, "Cannot reset-state to deleting")
    message = "Cannot reset-state to in-use because volume does not have any attachments."
    assert cloud.admin.volume_act(volume, "os-reset_status", {"status": "in-use"}) == refused(400, message)


@pytest.mark.endpoint(f"{ACTION} os-reset_status", "GET /servers/{id}/os-volume_attachments")
def test_resetting_to_detached_removes_cinders_attachments_and_novas_stays(cloud):
    server, volume = cloud.attached()
    body = {"status": "available", "attach_status": "detached"}
    assert cloud.admin.volume_act(volume, "os-reset_status", body) == (202, None)
    assert cloud.volume_state(volume) == ("available", 0)
    assert cloud.member.volume("GET", f"/attachments?volume_id={volume}") == (200, {"attachments": []})
    rows = cloud.member.compute("GET", f"/servers/{server}/os-volume_attachments")[1]["volumeAttachments"]
    assert [row["volumeId"] for row in rows] == [volume]


@pytest.mark.endpoint(f"{ACTION} os-reset_status", f"{ACTION} os-force_detach", f"{ACTION} os-force_delete")
def test_members_may_not_force_anything_and_strangers_see_nothing(cloud):
    volume = cloud.volume()
    bodies = {"os-reset_status": {"status": "error"}, "os-force_detach": {}, "os-force_delete": {}}
    for name, rule in (("os-reset_status", "reset_status"), ("os-force_detach", "force_detach"), ("os-force_delete", "force_delete")):
        expected = forbidden(f"volume_extension:volume_admin_actions:{rule}")
        assert (name, *cloud.member.volume_act(volume, name, bodies[name])) == (name, *expected)
        missing = refused(404, f"Volume {volume} could not be found.")
        assert (name, *cloud.other.volume_act(volume, name, bodies[name])) == (name, *missing)


@pytest.mark.endpoint(f"{ACTION} os-extend")
def test_a_volume_in_use_is_extended_from_3_42_on(cloud):
    _, volume = cloud.attached()
    assert cloud.member.volume_act(volume, "os-extend", {"new_size": 2}) == (202, None)
    cloud.follow(lambda: cloud.volume_state(volume), [("extending", 1), ("in-use", 1)])
    assert cloud.member.get_volume(volume)["size"] == 2
    message = f"Invalid volume: Volume {volume} status must be '{{'status': 'available'}}' to extend, currently in-use."
    assert cloud.member.at(cinder="3.41").volume_act(volume, "os-extend", {"new_size": 3}) == refused(400, message)


@pytest.mark.endpoint(f"{ACTION} os-extend")
def test_a_volume_never_shrinks(cloud):
    volume = cloud.volume(size=2)
    sizes = "(current: 2, extended: 1)"
    message = f"Invalid input received: New size for extend must be greater than current size. {sizes}."
    assert cloud.member.volume_act(volume, "os-extend", {"new_size": 1}) == refused(400, message)


@pytest.mark.endpoint("POST /volumes", "GET /limits")
def test_the_quota_of_gigabytes_is_kept_and_told_with_its_figures(cloud):
    cloud.volume()
    cloud.quiet()
    used = cloud.member.volume("GET", "/limits")[1]["limits"]["absolute"]["totalGigabytesUsed"]
    words = "VolumeSizeExceedsAvailableQuota: Requested volume or snapshot exceeds allowed gigabytes quota."
    message = f"{words} Requested 5000G, quota is 1000G and {used}G has been consumed."
    assert cloud.member.volume("POST", "/volumes", {"volume": {"size": 5000}}) == over(message)


@pytest.mark.endpoint("POST /volumes", "GET /os-quota-sets/{project}")
def test_the_quota_of_volumes_is_kept(cloud):
    cloud.quiet()
    code, body = cloud.admin.volume("GET", f"/os-quota-sets/{_project(cloud.other)}?usage=True")
    rows = body["quota_set"]["volumes"]
    assert (code, rows["limit"]) == (200, 10)
    for _ in range(rows["limit"] - rows["in_use"]):
        cloud.volume(by=cloud.other, done=False)
    message = "VolumeLimitExceeded: Maximum number of volumes allowed (10) exceeded for quota 'volumes'."
    assert cloud.other.volume("POST", "/volumes", {"volume": {"size": 1}}) == over(message)


@pytest.mark.endpoint("POST /volumes", "GET /attachments/{id}", "GET /volumes")
def test_requests_that_make_no_sense_are_refused_with_the_rule(cloud):
    def create(**wanted):
        return cloud.member.volume("POST", "/volumes", {"volume": wanted})

    wrong = "Invalid input for field/attribute size. Value:"
    assert create(size=0) == refused(400, f"{wrong} 0. 0 is less than the minimum of 1")
    assert create(size="x") == refused(400, f"{wrong} x. 'x' does not match '^[0-9]+$'")
    assert create(size=1, volume_type="nosuch") == refused(404, "Volume type with name nosuch could not be found.")
    message = f"Volume attachment could not be found with filter: attachment_id = {UNKNOWN}."
    assert cloud.member.volume("GET", f"/attachments/{UNKNOWN}") == refused(404, message)
    assert cloud.member.volume("GET", f"/volumes?marker={UNKNOWN}") == refused(404, f"Volume {UNKNOWN} could not be found.")


@pytest.mark.endpoint("POST /snapshots", "GET /snapshots", "GET /snapshots/detail", "GET /snapshots/{id}", "DELETE /snapshots/{id}")
def test_a_snapshot_keeps_its_volume_from_being_deleted(cloud):
    volume = cloud.volume()
    code, body = cloud.member.volume("POST", "/snapshots", {"snapshot": {"volume_id": volume, "name": "s"}})
    path = f"/snapshots/{body['snapshot']['id']}"
    assert (code, body["snapshot"]["status"], body["snapshot"]["size"]) == (202, "creating", 1)
    cloud.wait(lambda: cloud.member.volume("GET", path)[1]["snapshot"]["status"] == "available")
    assert cloud.member.volume("DELETE", f"/volumes/{volume}") == refused(400, f"Invalid volume: Volume {CANNOT_DELETE}")
    for listing in ("/snapshots", "/snapshots/detail"):
        assert [row["volume_id"] for row in cloud.member.volume("GET", f"{listing}?volume_id={volume}")[1]["snapshots"]] == [volume]
    assert cloud.member.volume("DELETE", path) == (202, None)
    gone = refused(404, f"Snapshot {body['snapshot']['id']} could not be found.")
    cloud.wait(lambda: cloud.member.volume("GET", path) == gone)


@pytest.mark.endpoint("GET /types", "POST /types", "DELETE /types/{id}", "GET /types/{id}")
def test_types_are_made_by_administrators_and_their_names_are_unique(cloud):
    name = f"c-type-{next(NUMBERS)}"
    code, body = cloud.admin.volume("POST", "/types", {"volume_type": {"name": name, "description": "d"}})
    made = body["volume_type"]
    cloud.finally_(lambda: cloud.admin.volume("DELETE", f"/types/{made['id']}"))
    assert (code, made["name"], made["description"], made["is_public"]) == (200, name, "d", True)
    assert cloud.admin.volume("POST", "/types", {"volume_type": {"name": name}}) == refused(409, f"Volume Type {name} already exists.")
    assert name in [row["name"] for row in cloud.member.volume("GET", "/types")[1]["volume_types"]]
    assert cloud.member.volume("POST", "/types", {"volume_type": {"name": "x"}}) == forbidden("volume_extension:type_create")
    message = f"Volume type {UNKNOWN} could not be found."
    assert cloud.member.volume("GET", f"/types/{UNKNOWN}") == refused(404, message)


@pytest.mark.endpoint("GET /scheduler-stats/get_pools")
def test_administrators_see_the_backends_pool(cloud):
    code, body = cloud.admin.volume("GET", "/scheduler-stats/get_pools?detail=True")
    [pool] = body["pools"]
    room = pool["capabilities"]
    assert (code, pool["name"].startswith("cinder1@"), room["total_capacity_gb"], room["multiattach"]) == (200, True, 2000, True)
    assert cloud.member.volume("GET", "/scheduler-stats/get_pools") == forbidden("scheduler_extension:scheduler_stats:get_pools")


@pytest.mark.endpoint("GET /os-services")
def test_administrators_see_cinders_services(cloud):
    rows = cloud.admin.volume("GET", "/os-services")[1]["services"]
    assert sorted((row["binary"], row["state"], row["status"]) for row in rows) == [
        ("cinder-scheduler", "up", "enabled"),
        ("cinder-volume", "up", "enabled"),
    ]
    assert cloud.member.volume("GET", "/os-services") == forbidden("volume_extension:services:index")


def _project(asker):
    asker.log_in()
    return asker.project_id
