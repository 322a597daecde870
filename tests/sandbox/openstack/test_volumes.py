"""Cinder's volumes, attachments and volume actions. Codes and texts as recorded from Cinder 29."""

import pytest

CANNOT_DELETE = (
    "must not be migrating, attached, belong to a group, have snapshots, awaiting a transfer, "
    "or be disassociated from snapshots after volume transfer."
)


def refused(code, message):
    fault = {400: "badRequest", 403: "forbidden", 404: "itemNotFound", 409: "conflictingRequest", 413: "overLimit"}[code]
    return code, {fault: {"code": code, "message": message, **({"retryAfter": "0"} if code == 413 else {})}}


def act(asker, volume_id, name, body=None):
    return asker.volume("POST", f"/volumes/{volume_id}/action", {name: body})


def test_an_administrator_sees_every_field_of_a_volume(cloud, admin, a, v):
    cloud.attach_now(a, v)
    [attachment] = admin.volume("GET", "/attachments")[1]["attachments"]
    assert admin.volume("GET", f"/volumes/{v}")[1]["volume"] == {
        "id": v,
        "status": "in-use",
        "size": 3,
        "availability_zone": "nova",
        "created_at": "2026-11-22T21:40:00.000000",
        "updated_at": "2026-11-22T21:40:00.000000",
        "name": "v",
        "description": None,
        "volume_type": "__DEFAULT__",
        "snapshot_id": None,
        "source_volid": None,
        "metadata": {},
        "links": [
            {"rel": "self", "href": f"http://localhost/volume/v3/{cloud.project.id}/volumes/{v}"},
            {"rel": "bookmark", "href": f"http://localhost/volume/{cloud.project.id}/volumes/{v}"},
        ],
        "user_id": cloud.demo.id,
        "bootable": "false",
        "encrypted": False,
        "replication_status": None,
        "consistencygroup_id": None,
        "multiattach": False,
        "attachments": [
            {
                "id": v,
                "attachment_id": attachment["id"],
                "volume_id": v,
                "server_id": a,
                "host_name": "compute1",
                "device": "/dev/vdb",
                "attached_at": "2026-11-22T21:40:00.000000",
            }
        ],
        "migration_status": None,
        "group_id": None,
        "provider_id": None,
        "shared_targets": False,
        "service_uuid": "530d4440-91cd-4d9a-8e07-f0c9db3a5bc3",
        "cluster_name": None,
        "volume_type_id": "8cbf75bf-b990-49cd-a272-1967f9035480",
        "consumes_quota": True,
        "os-vol-tenant-attr:tenant_id": cloud.project.id,
        "os-vol-mig-status-attr:migstat": None,
        "os-vol-mig-status-attr:name_id": None,
        "os-vol-host-attr:host": "cinder1@sandbox#sandbox",
    }


def test_a_member_does_not_see_the_host_of_an_attachment(cloud, demo, a, v):
    cloud.attach_now(a, v)
    [attachment] = demo.volume("GET", f"/volumes/{v}")[1]["volume"]["attachments"]
    assert attachment["host_name"] is None


def test_an_attachment_is_shown_whole(cloud, demo, a, v):
    cloud.attach_now(a, v)
    [row] = demo.volume("GET", f"/attachments/detail?volume_id={v}")[1]["attachments"]
    assert row == {
        "id": row["id"],
        "status": "attached",
        "instance": a,
        "volume_id": v,
        "attached_at": "2026-11-22T21:40:00.000000",
        "detached_at": "",
        "attach_mode": "rw",
        "connection_info": {
            "access_mode": "rw",
            "qos_specs": None,
            "encrypted": False,
            "cacheable": False,
            "driver_volume_type": "iscsi",
            "attachment_id": row["id"],
            "enforce_multipath": False,
        },
    }
    assert demo.volume("GET", f"/attachments/{row['id']}") == (200, {"attachment": row})


def test_a_reserved_attachment_is_seen_among_attachments_only(cloud, demo, a, v):
    cloud.attach(a, v)
    volume = demo.volume("GET", f"/volumes/{v}")[1]["volume"]
    assert (volume["status"], volume["attachments"]) == ("reserved", [])
    [row] = demo.volume("GET", "/attachments")[1]["attachments"]
    assert (row["status"], row["instance"]) == ("reserved", a)


def test_a_volume_is_created_and_deleted_in_steps(cloud, demo):
    code, body = demo.volume("POST", "/volumes", {"volume": {"name": "new", "size": 1}})
    volume = body["volume"]
    assert (code, volume["status"], volume["name"], volume["updated_at"]) == (202, "creating", "new", None)
    cloud.world.turn(0.5)
    assert cloud.volume_status(volume["id"]) == "available"
    assert demo.volume("DELETE", f"/volumes/{volume['id']}") == (202, None)
    assert cloud.volume_status(volume["id"]) == "deleting"
    cloud.world.turn(0.5)
    assert demo.volume("GET", f"/volumes/{volume['id']}") == refused(404, f"Volume {volume['id']} could not be found.")


def test_paths_with_and_without_the_project_lead_to_the_same_volume(cloud, demo, v):
    assert demo.volume("GET", f"/{cloud.project.id}/volumes/{v}") == demo.volume("GET", f"/volumes/{v}")
    assert demo.volume("GET", f"/{cloud.other_project.id}/volumes/{v}") == refused(400, "Malformed request url")


def test_the_list_is_filtered_and_paged(cloud, demo, v):
    def names(query):
        return [row["name"] for row in demo.volume("GET", f"/volumes/detail{query}")[1]["volumes"]]

    w = cloud.add_volume("w", 1)
    assert (names(""), names("?name=v"), names("?status=in-use"), names(f"?marker={w}")) == (["w", "v"], ["v"], [], ["v"])
    assert demo.volume("GET", "/volumes?limit=1")[1]["volumes_links"] == [
        {"rel": "next", "href": f"http://localhost/volume/v3/volumes?limit=1&marker={w}"}
    ]
    assert demo.as_user("other").volume("GET", "/volumes?all_tenants=1") == (200, {"volumes": []})


def test_a_volume_that_is_attached_cannot_be_deleted(cloud, demo, admin, a, v):
    cloud.attach_now(a, v)
    deletable = "available or error or error_restoring or error_extending or error_managing"
    message = f"Invalid volume: Volume status must be {deletable} and {CANNOT_DELETE}"
    assert demo.volume("DELETE", f"/volumes/{v}") == refused(400, message)
    act(admin, v, "os-reset_status", {"status": "error"})
    assert demo.volume("DELETE", f"/volumes/{v}") == refused(400, message)
    assert act(admin, v, "os-force_delete") == refused(400, f"Invalid volume: Volume  {CANNOT_DELETE}")


@pytest.mark.parametrize("name", ["os-detach", "os-terminate_connection", "os-force_detach"])
def test_what_nova_holds_only_nova_lets_go(cloud, admin, a, v, name):
    cloud.attach_now(a, v)
    message = f"ConflictNovaUsingAttachment: Detach volume from instance {a} using the Compute API"
    assert act(admin, v, name, {}) == refused(409, message)
    [attachment] = admin.volume("GET", "/attachments")[1]["attachments"]
    assert admin.volume("DELETE", f"/attachments/{attachment['id']}") == refused(409, message)
    assert cloud.volume_status(v) == "in-use"


def test_an_attachment_that_nova_does_not_know_may_be_deleted_by_a_member(cloud, demo, a, v):
    code, body = demo.volume("POST", "/attachments", {"attachment": {"volume_uuid": v, "instance_uuid": a}})
    assert (code, body["attachment"]["status"], cloud.volume_status(v)) == (200, "reserved", "reserved")
    assert demo.volume("DELETE", f"/attachments/{body['attachment']['id']}") == (200, {"attachments": []})
    assert cloud.volume_status(v) == "available"


def test_a_volume_in_use_cannot_be_reserved(cloud, demo, a, b, v):
    cloud.attach_now(a, v)
    message = "Invalid volume: Volume status must be available to reserve, but the status is in-use."
    assert act(demo, v, "os-reserve") == refused(400, message)
    message = f"Invalid volume: Volume {v} status must be available or downloading to reserve, but the current status is in-use."
    assert demo.volume("POST", "/attachments", {"attachment": {"volume_uuid": v, "instance_uuid": b}}) == refused(400, message)


def test_reserving_and_unreserving(cloud, demo, v):
    assert act(demo, v, "os-reserve") == (202, None)
    assert cloud.volume_status(v) == "attaching"
    assert act(demo, v, "os-unreserve") == (202, None)
    assert cloud.volume_status(v) == "available"


def test_a_begun_detach_can_be_rolled_back(cloud, demo, a, v):
    cloud.attach_now(a, v)
    assert act(demo, v, "os-begin_detaching") == (202, None)
    assert cloud.volume_status(v) == "detaching"
    assert act(demo, v, "os-roll_detaching") == (202, None)
    assert cloud.volume_status(v) == "in-use"


def test_resetting_to_a_word_that_is_none_is_refused_with_all_words(admin, v):
    words = (
        "('creating', 'available', 'deleting', 'error', 'error_deleting', 'error_managing', 'managing', 'attaching', 'in-use', "
        "'detaching', 'maintenance', 'restoring-backup', 'error_restoring', 'reserved', 'awaiting-transfer', 'backing-up', "
        "'error_backing-up', 'error_extending', 'downloading', 'uploading', 'retyping', 'extending')"
    )
    message = f"Volume status: nonsense is invalid, valid statuses are: {words}."
    assert act(admin, v, "os-reset_status", {"status": "nonsense"}) == refused(400, message)
    assert act(admin, v, "os-reset_status", {"status": "deleting"}) == refused(400, "Cannot reset-state to deleting")


def test_resetting_to_detached_removes_the_attachments(cloud, admin, a, v):
    cloud.attach_now(a, v)
    assert act(admin, v, "os-reset_status", {"status": "available", "attach_status": "detached"}) == (202, None)
    assert (cloud.volume_status(v), admin.volume("GET", "/attachments")[1]) == ("available", {"attachments": []})


def test_members_may_not_reset_or_force(demo, v):
    rule = "volume_extension:volume_admin_actions:"
    forbidden = "Policy doesn't allow {} to be performed."
    assert act(demo, v, "os-reset_status", {"status": "error"}) == refused(403, forbidden.format(f"{rule}reset_status"))
    assert act(demo, v, "os-force_detach", {}) == refused(403, forbidden.format(f"{rule}force_detach"))
    other = demo.as_user("other")
    assert act(other, v, "os-reset_status", {"status": "error"}) == refused(404, f"Volume {v} could not be found.")


def test_quotas_are_kept(cloud, demo):
    cloud.add_volume("v", 2)
    message = (
        "VolumeSizeExceedsAvailableQuota: Requested volume or snapshot exceeds allowed gigabytes quota. "
        "Requested 5000G, quota is 1000G and 2G has been consumed."
    )
    assert demo.volume("POST", "/volumes", {"volume": {"size": 5000}}) == refused(413, message)
    for number in range(9):
        cloud.add_volume(f"v{number}", 1)
    message = "VolumeLimitExceeded: Maximum number of volumes allowed (10) exceeded for quota 'volumes'."
    assert demo.volume("POST", "/volumes", {"volume": {"size": 1}}) == refused(413, message)


def test_volume_actions_that_are_missing_say_so(demo, v):
    message = "The sandbox does not do the volume action os-retype"
    assert act(demo, v, "os-retype", {"new_type": "x"}) == (501, {"notImplemented": {"code": 501, "message": message}})
    assert act(demo, v, "os-explode") == refused(400, "There is no such action: os-explode")
