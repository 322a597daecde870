"""Compute hosts that fall silent, are forced down, and return."""


def server(admin, server_id):
    body = admin.compute("GET", f"/servers/{server_id}")[1]["server"]
    return body["status"], body["OS-EXT-STS:task_state"], body["OS-EXT-STS:power_state"], body["host_status"]


def service(admin, host):
    [row] = admin.compute("GET", f"/os-services?binary=nova-compute&host={host}")[1]["services"]
    return row


def test_a_service_shows_its_last_report(cloud, admin, a):
    cloud.world.turn(12)
    row = service(admin, "compute1")
    assert row.pop("id") == cloud.nova.hosts.get("compute1").service_id
    assert row == {
        "binary": "nova-compute",
        "host": "compute1",
        "zone": "nova",
        "status": "enabled",
        "state": "up",
        "updated_at": "2026-11-22T21:40:10.000000",
        "disabled_reason": None,
        "forced_down": False,
    }


def test_a_lost_host_is_unknown_after_a_minute_and_its_servers_stay_active(cloud, admin, a):
    cloud.lifecycle.fail_host("compute1")
    assert cloud.is_running(a) is False
    cloud.world.turn(60)
    assert (service(admin, "compute1")["state"], server(admin, a)) == ("up", ("ACTIVE", None, 1, "UP"))
    cloud.world.turn(1)
    assert (service(admin, "compute1")["state"], server(admin, a)) == ("down", ("ACTIVE", None, 1, "UNKNOWN"))


def test_a_stop_sent_to_a_silent_host_is_done_when_it_returns(cloud, admin, a):
    cloud.lifecycle.fail_host("compute1", guests_die=False)
    assert admin.act(a, **{"os-stop": None}) == (202, None)
    cloud.world.turn(300)
    assert server(admin, a) == ("ACTIVE", "powering-off", 1, "UNKNOWN")

    def refused(action, attribute, state):
        message = f"Cannot '{action}' instance {a} while it is in {attribute} {state}"
        return 409, {"conflictingRequest": {"code": 409, "message": message}}

    assert admin.act(a, **{"os-stop": None}) == refused("stop", "task_state", "powering-off")
    assert admin.act(a, **{"os-start": None}) == refused("start", "vm_state", "active")
    assert admin.act(a, reboot={"type": "HARD"}) == refused("reboot", "task_state", "powering-off")
    cloud.lifecycle.revive_host("compute1")
    cloud.world.turn(1)
    assert (server(admin, a), cloud.is_running(a)) == (("SHUTOFF", None, 4, "UP"), False)


def test_a_guest_that_died_with_its_host_is_found_by_the_power_sync(cloud, admin, a):
    cloud.lifecycle.fail_host("compute1")
    cloud.world.turn(100)
    cloud.lifecycle.revive_host("compute1")
    cloud.world.turn(599)
    assert server(admin, a) == ("ACTIVE", None, 1, "UP")
    cloud.world.turn(1)
    assert server(admin, a) == ("ACTIVE", None, 4, "UP")
    cloud.world.turn(0.1)
    assert server(admin, a) == ("SHUTOFF", None, 4, "UP")


def test_forcing_a_host_down_shows_at_once_and_refuses_to_detach_but_not_to_attach(cloud, admin, a, v):
    other = cloud.add_volume("w", 1)
    cloud.attach_now(a, v)
    service_id = cloud.nova.hosts.get("compute1").service_id
    code, body = admin.compute("PUT", f"/os-services/{service_id}", {"forced_down": True})
    assert (code, body["service"]["state"], body["service"]["forced_down"]) == (200, "down", True)
    assert server(admin, a) == ("ACTIVE", None, 1, "DOWN")
    refused = (409, {"conflictingRequest": {"code": 409, "message": "Service is unavailable at this time."}})
    assert admin.compute("DELETE", f"/servers/{a}/os-volume_attachments/{v}") == refused
    assert admin.compute("POST", f"/servers/{a}/os-volume_attachments", {"volumeAttachment": {"volumeId": other}})[0] == 200
    cloud.world.turn(1)
    assert (cloud.volume_status(v), cloud.volume_status(other)) == ("in-use", "in-use")


def test_a_detach_sent_before_the_silence_is_noticed_hangs_until_the_host_returns(cloud, admin, a, v):
    cloud.attach_now(a, v)
    cloud.lifecycle.fail_host("compute1")
    assert admin.compute("DELETE", f"/servers/{a}/os-volume_attachments/{v}") == (202, None)
    cloud.world.turn(300)
    assert cloud.volume_status(v) == "detaching"
    cloud.lifecycle.revive_host("compute1")
    cloud.world.turn(1)
    assert cloud.volume_status(v) == "available"


def test_deleting_a_server_on_a_dead_host_frees_its_volume_at_once(cloud, admin, a, v):
    cloud.attach_now(a, v)
    cloud.lifecycle.fail_host("compute1")
    cloud.world.turn(100)
    assert admin.compute("DELETE", f"/servers/{a}") == (204, None)
    assert (cloud.server_status(a), cloud.volume_status(v)) == (None, "available")


def test_disabling_a_service_shows_maintenance(cloud, admin, a):
    service_id = cloud.nova.hosts.get("compute1").service_id
    _, body = admin.compute("PUT", f"/os-services/{service_id}", {"status": "disabled", "disabled_reason": "chaos"})
    assert (body["service"]["status"], body["service"]["disabled_reason"]) == ("disabled", "chaos")
    assert server(admin, a) == ("ACTIVE", None, 1, "MAINTENANCE")
