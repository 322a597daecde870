"""Nova's os-volume_attachments, and what Cinder shows meanwhile. Codes and texts as recorded from Nova 34 and Cinder 29."""

import pytest

from chaoscinder.sandbox.ports import CloudError

NOT_DETACHABLE = "Unable to detach volume. Volume status must be 'in-use' and attach_status must be 'attached' to detach."


def attach(asker, server_id, volume_id):
    return asker.compute("POST", f"/servers/{server_id}/os-volume_attachments", {"volumeAttachment": {"volumeId": volume_id}})


def detach(asker, server_id, volume_id):
    return asker.compute("DELETE", f"/servers/{server_id}/os-volume_attachments/{volume_id}")


def refusal(answer):
    """The code, and the message without the id of the request."""
    code, body = answer
    [fault] = body.values()
    return code, fault["message"].split(" (Request-ID: req-")[0]


def reset(admin, volume_id, status):
    return admin.volume("POST", f"/volumes/{volume_id}/action", {"os-reset_status": {"status": status}})


def statuses(cloud, volume_id, until_s=1.0):
    """The volume's statuses from now on, each once."""
    seen = [(cloud.volume_status(volume_id), len(cloud.attached_servers(volume_id)))]
    end_s = cloud.world.now_s + until_s
    while cloud.world.now_s < end_s:
        cloud.world.turn(0.05)
        now = (cloud.volume_status(volume_id), len(cloud.attached_servers(volume_id)))
        if now != seen[-1]:
            seen.append(now)
    return seen


def test_attaching_goes_from_reserved_over_attaching_to_in_use(cloud, demo, a, v):
    assert attach(demo, a, v) == (
        200,
        {"volumeAttachment": {"id": v, "serverId": a, "volumeId": v, "device": "/dev/vdb", "tag": None, "delete_on_termination": False}},
    )
    assert statuses(cloud, v) == [("reserved", 0), ("attaching", 0), ("in-use", 1)]
    assert cloud.attached_servers(v) == (a,)


def test_detaching_goes_over_detaching_to_available(cloud, demo, a, v):
    cloud.attach_now(a, v)
    assert detach(demo, a, v) == (202, None)
    assert statuses(cloud, v) == [("detaching", 1), ("available", 0)]
    assert refusal(detach(demo, a, v)) == (404, f"Instance {a} is not attached to volume {v}")


def test_stopping_the_server_leaves_the_attachment_and_a_detach_works_then(cloud, demo, a, v):
    cloud.attach_now(a, v)
    demo.act(a, **{"os-stop": None})
    cloud.world.turn(1)
    assert cloud.volume_status(v) == "in-use"
    assert detach(demo, a, v) == (202, None)
    cloud.world.turn(1)
    assert cloud.volume_status(v) == "available"
    assert attach(demo, a, v)[0] == 200


@pytest.mark.parametrize(
    ("microversion", "fields"),
    [
        ("2.1", {"id", "volumeId", "serverId", "device"}),
        ("2.70", {"id", "volumeId", "serverId", "device", "tag"}),
        ("2.79", {"id", "volumeId", "serverId", "device", "tag", "delete_on_termination"}),
        ("2.89", {"volumeId", "serverId", "device", "tag", "delete_on_termination", "attachment_id", "bdm_uuid"}),
    ],
)
def test_an_attachment_has_the_fields_of_its_microversion(cloud, demo, a, v, microversion, fields):
    cloud.attach_now(a, v)
    asker = demo.at(microversion)
    [row] = asker.compute("GET", f"/servers/{a}/os-volume_attachments")[1]["volumeAttachments"]
    one = asker.compute("GET", f"/servers/{a}/os-volume_attachments/{v}")[1]["volumeAttachment"]
    assert (set(row), one) == (fields, row)


def test_from_2_101_on_attaching_answers_202_without_a_body(cloud, demo, a, v):
    assert attach(demo.at("2.101"), a, v) == (202, None)
    cloud.world.turn(1)
    assert cloud.volume_status(v) == "in-use"


def test_nova_and_cinder_name_the_same_attachment(cloud, demo, a, v):
    cloud.attach_now(a, v)
    [nova] = demo.compute("GET", f"/servers/{a}/os-volume_attachments")[1]["volumeAttachments"]
    assert demo.volume("GET", "/attachments") == (
        200,
        {"attachments": [{"id": nova["attachment_id"], "status": "attached", "instance": a, "volume_id": v}]},
    )


def test_a_volume_in_use_is_refused_to_every_server(cloud, demo, a, b, v):
    cloud.attach_now(a, v)
    message = f"Invalid volume: volume {v} is already attached to instances: {a}"
    assert refusal(attach(demo, b, v)) == (400, message)
    assert refusal(attach(demo, a, v)) == (400, message)


@pytest.mark.parametrize("status", ["detaching", "attaching", "maintenance", "reserved", "creating"])
def test_a_volume_that_is_not_available_is_refused_with_cinders_words(admin, b, v, status):
    assert reset(admin, v, status) == (202, None)
    reason = f"Volume {v} status must be available or downloading to reserve, but the current status is {status}."
    assert refusal(attach(admin, b, v)) == (400, f"Invalid input received: Invalid volume: {reason} (HTTP 400)")


def test_a_volume_in_error_is_refused_with_other_words(admin, b, v):
    reset(admin, v, "error")
    reason = "Volume attachments can not be created if the volume is in an error state."
    message = f"Invalid input received: Invalid volume: {reason} The Volume {v} currently has a status of: error  (HTTP 400)"
    assert refusal(attach(admin, b, v)) == (400, message)


def test_a_second_detach_is_refused_while_the_first_goes_on(cloud, demo, a, v):
    cloud.attach_now(a, v)
    assert detach(demo, a, v) == (202, None)
    assert refusal(detach(demo, a, v)) == (400, f"Invalid volume: Invalid input received: Invalid volume: {NOT_DETACHABLE} (HTTP 400)")


def test_what_does_not_exist_is_404(cloud, demo, a, b, v):
    cloud.attach_now(a, v)
    unknown = "00000000-0000-4000-8000-000000000000"
    assert refusal(detach(demo, b, v)) == (404, f"Instance {b} is not attached to volume {v}")
    assert refusal(detach(demo, a, unknown)) == (404, f"Volume {unknown} could not be found.")
    assert refusal(attach(demo, a, unknown)) == (404, f"Volume {unknown} could not be found.")
    assert refusal(attach(demo.as_user("other"), a, v)) == (404, f"Instance {a} could not be found.")
    assert demo.compute("GET", f"/servers/{b}/os-volume_attachments") == (200, {"volumeAttachments": []})


@pytest.mark.parametrize(("action", "vm_state", "code"), [("pause", "paused", 202), ("suspend", "suspended", 409)])
def test_detaching_from_a_paused_server_works_and_from_a_suspended_one_not(cloud, demo, a, v, action, vm_state, code):
    cloud.attach_now(a, v)
    demo.act(a, **{action: None})
    cloud.world.turn(1)
    answer = detach(demo, a, v)
    assert answer[0] == code
    if code == 409:
        assert refusal(answer) == (409, f"Cannot 'detach_volume' instance {a} while it is in vm_state {vm_state}")


def test_attaching_and_detaching_wait_for_nobody_during_another_task(cloud, demo, a, v):
    demo.act(a, **{"os-stop": None})
    assert refusal(attach(demo, a, v)) == (409, f"Cannot 'attach_volume' instance {a} while it is in task_state powering-off")


def test_administrators_detach_from_locked_servers_members_do_not(cloud, demo, admin, a, v):
    cloud.attach_now(a, v)
    demo.act(a, lock={})
    assert refusal(detach(demo, a, v)) == (409, f"Instance {a} is locked")
    assert detach(admin, a, v) == (202, None)


def test_a_status_that_lies_does_not_free_the_volume(cloud, demo, admin, a, b, v):
    cloud.attach_now(a, v)
    assert reset(admin, v, "available") == (202, None)
    assert (cloud.volume_status(v), cloud.attached_servers(v)) == ("available", (a,))
    assert refusal(attach(demo, b, v)) == (400, f"Invalid volume: volume {v} is already attached to instances: {a}")
    assert refusal(detach(demo, a, v)) == (400, f"Invalid volume: Invalid input received: Invalid volume: {NOT_DETACHABLE} (HTTP 400)")
    assert reset(admin, v, "in-use") == (202, None)
    assert detach(demo, a, v) == (202, None)
    assert statuses(cloud, v) == [("detaching", 1), ("available", 0)]


def test_a_detach_that_the_guest_refuses_comes_back_to_in_use(cloud, demo, a, v):
    cloud.attach_now(a, v)
    cloud.nova.faults.detach_fails.add(a)
    assert detach(demo, a, v) == (202, None)
    assert statuses(cloud, v) == [("detaching", 1), ("in-use", 1)]
    [action] = demo.compute("GET", f"/servers/{a}/os-instance-actions?limit=1")[1]["instanceActions"]
    assert (action["action"], action["message"], cloud.server_status(a)) == ("detach_volume", "Error", "ACTIVE")


def test_a_stop_is_accepted_during_a_slow_detach_and_done_after_it(cloud, demo, a, v):
    cloud.attach_now(a, v)
    cloud.nova.faults.detach_delay_s[a] = 6.0
    assert detach(demo, a, v) == (202, None)
    assert demo.act(a, **{"os-stop": None}) == (202, None)
    cloud.world.turn(6)
    assert (cloud.server_status(a), cloud.nova.find(a).task_state, cloud.volume_status(v)) == ("ACTIVE", "powering-off", "detaching")
    cloud.world.turn(0.3)
    assert (cloud.server_status(a), cloud.volume_status(v)) == ("ACTIVE", "available")
    cloud.world.turn(0.2)
    assert cloud.server_status(a) == "SHUTOFF"


def test_an_attach_that_fails_on_the_host_was_accepted_all_the_same(cloud, demo, a, v):
    cloud.nova.faults.attach_fails.add(a)
    assert attach(demo, a, v)[0] == 200
    assert statuses(cloud, v) == [("reserved", 0), ("attaching", 0), ("available", 0)]
    assert demo.compute("GET", f"/servers/{a}/os-volume_attachments") == (200, {"volumeAttachments": []})


def test_an_attach_to_a_silent_host_leaves_a_ghost_when_the_host_returns(cloud, demo, a, b, v):
    cloud.lifecycle.fail_host("compute1", guests_die=False)
    with pytest.raises(CloudError) as caught:
        cloud.attach(a, v)
    message = "Unexpected API Error. Please contact the administrator\n<class 'oslo_messaging.rpc.client.RemoteError'>"
    assert (caught.value.code, caught.value.fault, caught.value.message) == (500, "computeFault", message)
    assert cloud.volume_status(v) == "available"
    cloud.lifecycle.revive_host("compute1")
    assert demo.compute("GET", f"/servers/{a}/os-volume_attachments") == (200, {"volumeAttachments": []})
    listed = demo.compute("GET", f"/servers/{a}")[1]["server"]["os-extended-volumes:volumes_attached"]
    assert listed == [{"id": v, "delete_on_termination": False}]
    assert (cloud.volume_status(v), demo.volume("GET", "/attachments")[1]) == ("available", {"attachments": []})
    assert refusal(attach(demo, b, v)) == (400, f"Invalid volume: volume {v} is already attached to instances: {a}")


def test_kubernetes_half_attaches_and_detaches_without_http(cloud, a, b, v):
    cloud.attach(a, v)
    cloud.world.turn(1)
    assert (cloud.volume_status(v), cloud.attached_servers(v)) == ("in-use", (a,))
    with pytest.raises(CloudError, match=f"volume {v} is already attached to instances: {a}"):
        cloud.attach(b, v)
    cloud.detach(a, v)
    cloud.world.turn(1)
    assert (cloud.volume_status(v), cloud.attached_servers(v)) == ("available", ())
    assert (cloud.server_status("none"), cloud.volume_status("none"), cloud.attached_servers("none")) == (None, None, ())
