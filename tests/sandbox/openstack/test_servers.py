"""Nova's servers: what is shown to whom, and what is done in which state. Codes and texts as recorded from Nova 34."""

import pytest

ACTIVE = ("ACTIVE", "active", None, 1)
SHUTOFF = ("SHUTOFF", "stopped", None, 4)


def state(asker, server_id):
    server = asker.compute("GET", f"/servers/{server_id}")[1]["server"]
    return server["status"], server["OS-EXT-STS:vm_state"], server["OS-EXT-STS:task_state"], server["OS-EXT-STS:power_state"]


def conflict(message):
    return 409, {"conflictingRequest": {"code": 409, "message": message}}


def not_in(action, server_id, vm_state):
    return conflict(f"Cannot '{action}' instance {server_id} while it is in vm_state {vm_state}")


def states_after(cloud, asker, server_id, **action):
    """Do something, and tell the states that follow, each once."""
    assert asker.act(server_id, **action) == (202, None)
    seen = [state(asker, server_id)]
    for _ in range(20):
        cloud.world.turn(0.05)
        if (now := state(asker, server_id)) != seen[-1]:
            seen.append(now)
    return seen


def test_an_administrator_sees_every_field_of_a_server(cloud, admin, a, v):
    cloud.attach_now(a, v)
    assert admin.compute("GET", f"/servers/{a}")[1]["server"] == {
        "accessIPv4": "",
        "accessIPv6": "",
        "addresses": {},
        "created": "2026-11-22T21:40:00Z",
        "flavor": {"vcpus": 2, "ram": 4096, "disk": 20, "ephemeral": 0, "swap": 0, "original_name": "m1.medium", "extra_specs": {}},
        "hostId": admin.compute("GET", f"/servers/{a}")[1]["server"]["hostId"],
        "id": a,
        "image": {
            "id": "a89639bd-88ac-4412-8903-09e41187579e",
            "links": [{"rel": "bookmark", "href": "http://localhost/compute/images/a89639bd-88ac-4412-8903-09e41187579e"}],
        },
        "links": [
            {"rel": "self", "href": f"http://localhost/compute/v2.1/servers/{a}"},
            {"rel": "bookmark", "href": f"http://localhost/compute/servers/{a}"},
        ],
        "metadata": {},
        "name": "a",
        "status": "ACTIVE",
        "tenant_id": cloud.project.id,
        "user_id": cloud.demo.id,
        "updated": "2026-11-22T21:40:00Z",
        "OS-DCF:diskConfig": "MANUAL",
        "progress": 0,
        "OS-EXT-AZ:availability_zone": "nova",
        "config_drive": "",
        "key_name": None,
        "OS-SRV-USG:launched_at": "2026-11-22T21:40:00.000000",
        "OS-SRV-USG:terminated_at": None,
        "OS-EXT-SRV-ATTR:host": "compute1",
        "OS-EXT-SRV-ATTR:instance_name": "instance-00000001",
        "OS-EXT-SRV-ATTR:hypervisor_hostname": "compute1",
        "OS-EXT-SRV-ATTR:hostname": "a",
        "OS-EXT-SRV-ATTR:kernel_id": "",
        "OS-EXT-SRV-ATTR:launch_index": 0,
        "OS-EXT-SRV-ATTR:ramdisk_id": "",
        "OS-EXT-SRV-ATTR:reservation_id": f"r-{a[:8]}",
        "OS-EXT-SRV-ATTR:root_device_name": "/dev/vda",
        "OS-EXT-SRV-ATTR:user_data": None,
        "OS-EXT-STS:task_state": None,
        "OS-EXT-STS:vm_state": "active",
        "OS-EXT-STS:power_state": 1,
        "os-extended-volumes:volumes_attached": [{"id": v, "delete_on_termination": False}],
        "locked": False,
        "host_status": "UP",
        "description": None,
        "tags": [],
        "trusted_image_certificates": None,
        "server_groups": [],
        "locked_reason": None,
    }


def test_a_member_sees_neither_host_nor_host_status(demo, admin, a):
    hidden = set(admin.compute("GET", f"/servers/{a}")[1]["server"]) - set(demo.compute("GET", f"/servers/{a}")[1]["server"])
    attributes = ("host", "instance_name", "hypervisor_hostname", "kernel_id", "launch_index", "ramdisk_id")
    attributes += ("reservation_id", "root_device_name", "user_data")
    assert hidden == {"host_status", *(f"OS-EXT-SRV-ATTR:{name}" for name in attributes)}


def test_stop_takes_the_power_at_the_end_of_powering_off(cloud, demo, a):
    changes = []
    cloud.on_power(lambda server_id, running: changes.append((server_id, running, cloud.server_status(server_id))))
    assert states_after(cloud, demo, a, os_stop=None) == [("ACTIVE", "active", "powering-off", 1), SHUTOFF]
    assert (changes, cloud.is_running(a)) == ([(a, False, "SHUTOFF")], False)
    assert demo.act(a, **{"os-stop": None}) == not_in("stop", a, "stopped")


def test_start_gives_the_power_at_the_end_of_powering_on(cloud, demo, a):
    states_after(cloud, demo, a, os_stop=None)
    changes = []
    cloud.on_power(lambda server_id, running: changes.append((server_id, running, cloud.server_status(server_id))))
    assert states_after(cloud, demo, a, os_start=None) == [("SHUTOFF", "stopped", "powering-on", 4), ACTIVE]
    assert (changes, cloud.is_running(a)) == ([(a, True, "ACTIVE")], True)
    assert demo.act(a, **{"os-start": None}) == not_in("start", a, "active")


@pytest.mark.parametrize(
    ("action", "back", "states", "ends"),
    [
        (
            "pause",
            "unpause",
            [("ACTIVE", "active", "pausing", 1), ("PAUSED", "paused", None, 3)],
            [("PAUSED", "paused", "unpausing", 3), ACTIVE],
        ),
        (
            "suspend",
            "resume",
            [("ACTIVE", "active", "suspending", 1), ("SUSPENDED", "suspended", None, 4)],
            [("SUSPENDED", "suspended", "resuming", 4), ACTIVE],
        ),
    ],
)
def test_pause_and_suspend_and_their_way_back(cloud, demo, a, action, back, states, ends):
    assert states_after(cloud, demo, a, **{action: None}) == states
    vm_state = states[-1][1]
    assert demo.act(a, **{action: None}) == not_in(action, a, vm_state)
    assert demo.act(a, **{"os-stop": None}) == not_in("stop", a, vm_state)
    assert demo.act(a, **{"os-start": None}) == not_in("start", a, vm_state)
    assert demo.act(a, reboot={"type": "SOFT"}) == not_in("reboot", a, vm_state)
    assert states_after(cloud, demo, a, **{back: None}) == ends
    assert demo.act(a, **{back: None}) == not_in(back, a, "active")


def test_reboots_cut_the_power_and_give_it_back(cloud, demo, a):
    changes = []
    cloud.on_power(lambda _, running: changes.append(running))
    assert states_after(cloud, demo, a, reboot={"type": "SOFT"}) == [
        ("REBOOT", "active", "rebooting", 1),
        ("REBOOT", "active", "reboot_pending", 1),
        ("REBOOT", "active", "reboot_started", 1),
        ACTIVE,
    ]
    assert states_after(cloud, demo, a, reboot={"type": "HARD"}) == [
        ("HARD_REBOOT", "active", "rebooting_hard", 1),
        ("HARD_REBOOT", "active", "reboot_pending_hard", 1),
        ("HARD_REBOOT", "active", "reboot_started_hard", 1),
        ACTIVE,
    ]
    assert changes == [False, True, False, True]


def test_a_hard_reboot_starts_a_stopped_server_and_keeps_its_status_meanwhile(cloud, demo, a):
    states_after(cloud, demo, a, os_stop=None)
    assert demo.act(a, reboot={"type": "SOFT"}) == not_in("reboot", a, "stopped")
    states = states_after(cloud, demo, a, reboot={"type": "HARD"})
    assert (states[0], states[-1]) == (("SHUTOFF", "stopped", "rebooting_hard", 4), ACTIVE)


def test_a_second_hard_reboot_is_accepted_and_fails_and_a_stop_meanwhile_is_refused(cloud, demo, admin, a):
    assert demo.act(a, reboot={"type": "HARD"}) == (202, None)
    assert demo.act(a, reboot={"type": "HARD"}) == (202, None)
    assert demo.act(a, **{"os-stop": None}) == conflict(f"Cannot 'stop' instance {a} while it is in task_state rebooting_hard")
    cloud.world.turn(1)
    assert state(demo, a) == ACTIVE
    actions = demo.compute("GET", f"/servers/{a}/os-instance-actions")[1]["instanceActions"]
    assert [(row["action"], row["message"]) for row in actions] == [("reboot", "Error"), ("reboot", None), ("create", None)]
    admin.act(a, **{"os-resetState": {"state": "error"}})
    fault = demo.compute("GET", f"/servers/{a}")[1]["server"]["fault"]
    assert fault["message"] == (
        f"Conflict updating instance {a}. Expected: {{'task_state': ['rebooting_hard', 'reboot_pending_hard', 'reboot_started_hard']}}. "
        "Actual: {'task_state': None}"
    )


def test_a_server_in_error_can_be_stopped_and_hard_rebooted_and_nothing_else(cloud, demo, admin, a):
    admin.act(a, **{"os-resetState": {"state": "error"}})
    assert state(demo, a) == ("ERROR", "error", None, 1)
    assert demo.act(a, **{"os-start": None}) == not_in("start", a, "error")
    assert demo.act(a, pause=None) == not_in("pause", a, "error")
    assert demo.act(a, reboot={"type": "SOFT"}) == not_in("reboot", a, "error")
    assert states_after(cloud, demo, a, os_stop=None) == [("ERROR", "error", "powering-off", 1), SHUTOFF]
    admin.act(a, **{"os-resetState": {"state": "error"}})
    states = states_after(cloud, demo, a, reboot={"type": "HARD"})
    assert (states[0], states[-1]) == (("ERROR", "error", "rebooting_hard", 4), ACTIVE)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"os-explode": None}, "There is no such action: os-explode"),
        ({}, "Malformed request body"),
        (
            {"reboot": {"type": "WHAT"}},
            "Invalid input for field/attribute type. Value: WHAT. 'WHAT' is not one of ['HARD', 'Hard', 'hard', 'SOFT', 'Soft', 'soft']",
        ),
        (
            {"os-resetState": {"state": "stopped"}},
            "Invalid input for field/attribute state. Value: stopped. 'stopped' is not one of ['active', 'error']",
        ),
    ],
)
def test_actions_that_make_no_sense_are_bad_requests(admin, a, body, message):
    assert admin.act(a, **body) == (400, {"badRequest": {"code": 400, "message": message}})


def test_an_action_that_nova_has_and_the_sandbox_has_not_is_501(admin, a):
    message = "The sandbox does not do the server action rebuild"
    assert admin.act(a, rebuild={}) == (501, {"notImplemented": {"code": 501, "message": message}})


def test_a_locked_server_is_stopped_by_administrators_only(cloud, demo, admin, a):
    assert admin.act(a, lock={"locked_reason": "chaos"}) == (202, None)
    shown = demo.compute("GET", f"/servers/{a}")[1]["server"]
    assert (shown["locked"], shown["locked_reason"]) == (True, "chaos")
    assert demo.act(a, **{"os-stop": None}) == conflict(f"Instance {a} is locked")
    assert admin.act(a, **{"os-stop": None}) == (202, None)
    cloud.world.turn(1)
    assert demo.act(a, unlock=None) == (202, None)
    assert demo.act(a, **{"os-start": None}) == (202, None)


def test_another_projects_server_does_not_exist(demo, a):
    other = demo.as_user("other")
    missing = (404, {"itemNotFound": {"code": 404, "message": f"Instance {a} could not be found."}})
    assert other.compute("GET", f"/servers/{a}") == missing
    assert other.act(a, **{"os-resetState": {"state": "error"}}) == missing
    assert other.compute("GET", "/servers") == (200, {"servers": []})


def test_members_are_told_which_policy_forbids(demo, a):
    def forbidden(rule):
        return 403, {"forbidden": {"code": 403, "message": f"Policy doesn't allow {rule} to be performed."}}

    assert demo.compute("GET", "/servers?all_tenants=1") == forbidden("os_compute_api:servers:index:get_all_tenants")
    assert demo.compute("GET", "/os-services") == forbidden("os_compute_api:os-services:list")
    assert demo.act(a, **{"os-resetState": {"state": "error"}}) == forbidden("os_compute_api:os-admin-actions:reset_state")


def test_the_list_is_filtered_and_paged(cloud, demo, a, b):
    def names(query):
        return [row["name"] for row in demo.compute("GET", f"/servers{query}")[1]["servers"]]

    cloud.add_server("ab")
    assert names("") == ["ab", "b", "a"]
    assert names("?name=^a") == ["ab", "a"]
    assert names("?name=^a$") == ["a"]
    assert names(f"?marker={b}") == ["a"]
    demo.act(a, **{"os-stop": None})
    cloud.world.turn(1)
    assert (names("?status=SHUTOFF"), names("?status=active"), names("?status=NONSENSE")) == (["a"], ["ab", "b"], [])
    page = demo.compute("GET", "/servers?limit=2")[1]
    assert page["servers_links"] == [{"rel": "next", "href": f"http://localhost/compute/v2.1/servers?limit=2&marker={b}"}]
    assert demo.compute("GET", "/servers?marker=x") == (400, {"badRequest": {"code": 400, "message": "marker [x] not found"}})
    assert demo.compute("GET", "/servers?changes-since=1")[0] == 501
    assert demo.compute("GET", "/servers?limit=many")[0] == 400
    assert demo.compute("GET", "/servers?name=(")[0] == 400


def test_metadata_is_added_to_replaced_and_deleted(demo, a):
    path = f"/servers/{a}/metadata"
    assert demo.compute("POST", path, {"metadata": {"x": "1"}}) == (200, {"metadata": {"x": "1"}})
    assert demo.compute("PUT", f"{path}/y", {"meta": {"y": "2"}}) == (200, {"meta": {"y": "2"}})
    assert demo.compute("GET", path) == (200, {"metadata": {"x": "1", "y": "2"}})
    assert demo.compute("PUT", path, {"metadata": {"z": "3"}}) == (200, {"metadata": {"z": "3"}})
    assert demo.compute("DELETE", f"{path}/z") == (204, None)
    missing = (404, {"itemNotFound": {"code": 404, "message": "Metadata item was not found"}})
    assert (demo.compute("GET", f"{path}/z"), demo.compute("DELETE", f"{path}/z")) == (missing, missing)
    wrong = (400, {"badRequest": {"code": 400, "message": "Request body and URI mismatch"}})
    assert demo.compute("PUT", f"{path}/y", {"meta": {"z": "2"}}) == wrong


def test_a_deleted_server_is_gone_and_its_volume_free(cloud, demo, a, v):
    cloud.attach_now(a, v)
    assert demo.compute("DELETE", f"/servers/{a}") == (204, None)
    assert state(demo, a) == ("ACTIVE", "active", "deleting", 1)
    cloud.world.turn(1)
    assert demo.compute("GET", f"/servers/{a}")[0] == 404
    assert (cloud.server_status(a), cloud.volume_status(v), cloud.is_running(a)) == (None, "available", False)


def test_an_instance_action_tells_its_events(cloud, demo, admin, a):
    demo.act(a, **{"os-stop": None})
    cloud.world.turn(1)
    [action] = demo.compute("GET", f"/servers/{a}/os-instance-actions?limit=1")[1]["instanceActions"]
    [event] = admin.compute("GET", f"/servers/{a}/os-instance-actions/{action['request_id']}")[1]["instanceAction"]["events"]
    assert event.pop("hostId") == demo.compute("GET", f"/servers/{a}")[1]["server"]["hostId"]
    assert event == {
        "event": "compute_stop_instance",
        "start_time": "2026-11-22T21:40:00.000000",
        "finish_time": "2026-11-22T21:40:00.000000",
        "result": "Success",
        "traceback": None,
        "host": "compute1",
        "details": None,
    }
    [seen] = demo.compute("GET", f"/servers/{a}/os-instance-actions/{action['request_id']}")[1]["instanceAction"]["events"]
    assert set(event) - set(seen) == {"traceback", "host", "details"}


def test_a_power_off_that_fails_leaves_the_server_active_and_only_the_record_says_so(cloud, demo, a):
    cloud.nova.faults.power_off_fails.add(a)
    assert states_after(cloud, demo, a, os_stop=None) == [("ACTIVE", "active", "powering-off", 1), ACTIVE]
    [action] = demo.compute("GET", f"/servers/{a}/os-instance-actions?limit=1")[1]["instanceActions"]
    assert (action["action"], action["message"], cloud.is_running(a)) == ("stop", "Error", True)


def test_a_guest_that_went_down_by_itself_is_noticed_after_the_held_back_event(cloud, demo, a):
    cloud.lifecycle.cut_power(a)
    cloud.world.turn(14.9)
    assert state(demo, a) == ACTIVE
    cloud.world.turn(0.2)
    assert state(demo, a) == SHUTOFF


def test_a_guest_that_was_started_behind_novas_back_is_stopped_again(cloud, demo, a):
    states_after(cloud, demo, a, os_stop=None)
    cloud.lifecycle.give_power(a)
    assert state(demo, a) == ("SHUTOFF", "stopped", "powering-off", 1)
    cloud.world.turn(1)
    assert (state(demo, a), cloud.is_running(a)) == (SHUTOFF, False)
