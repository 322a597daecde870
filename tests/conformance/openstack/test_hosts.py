"""Compute hosts and the volume service that are down, dead or frozen, and what becomes of the servers and volumes there."""

import pytest

from tests.conformance.openstack.asking import refused, told, wrong_state
from tests.conformance.openstack.bench import ACTIVE, SHUTOFF

ACTION = "POST /servers/{id}/action"
SERVICE = "PUT /os-services/{id}"
ATTACH = "POST /servers/{id}/os-volume_attachments"
DETACH = "DELETE /servers/{id}/os-volume_attachments/{volume}"
HOST = "compute3"
POWER_SYNC_S = 60  # nova.conf sync_power_state_interval, on both witnesses
UNAVAILABLE = refused(409, "Service is unavailable at this time.")
NO_ANSWER = "Unexpected API Error. Please contact the administrator\n<class 'oslo_messaging.rpc.client.RemoteError'>"


def host_status(cloud, server):
    return cloud.admin.server(server)["host_status"]


def migrations(cloud, server):
    rows = cloud.admin.compute("GET", f"/os-migrations?instance_uuid={server}&migration_type=evacuation")[1]["migrations"]
    return [(row["source_compute"], row["status"]) for row in rows]


def events(cloud, server, action):
    rows = cloud.admin.compute("GET", f"/servers/{server}/os-instance-actions/{action['request_id']}")[1]["instanceAction"]["events"]
    return [(row["event"], row["result"]) for row in rows]


@pytest.fixture
def dead(cloud):
    """A server with a volume on a host whose nova-compute was killed, after Nova noticed."""
    server, volume = cloud.attached(host=HOST)
    cloud.harm(HOST, "kill")
    cloud.wait(lambda: cloud.service(HOST)["state"] == "down")
    return server, volume


@pytest.mark.endpoint("GET /os-services", SERVICE, "GET /servers/{id}")
def test_a_host_that_is_forced_down_shows_it_and_its_servers_stay_active(cloud):
    server = cloud.server(host=HOST)
    assert (host_status(cloud, server), cloud.service(HOST)["state"]) == ("UP", "up")
    code, body = cloud.change_service(HOST, forced_down=True)
    assert (code, body["service"]["state"], body["service"]["forced_down"]) == (200, "down", True)
    assert (host_status(cloud, server), cloud.state(server)) == ("DOWN", ACTIVE)


@pytest.mark.endpoint(SERVICE, "GET /servers/{id}")
def test_a_disabled_host_shows_maintenance(cloud):
    server = cloud.server(host=HOST)
    cloud.change_service(HOST, status="disabled", disabled_reason="chaos")
    assert (host_status(cloud, server), cloud.state(server)) == ("MAINTENANCE", ACTIVE)


@pytest.mark.endpoint(f"{ACTION} os-stop", f"{ACTION} os-start", DETACH, ATTACH)
def test_a_forced_down_host_that_lives_still_stops_and_starts_and_attaches_and_only_detaching_is_refused(cloud):
    server, volume = cloud.attached(host=HOST)
    more = cloud.volume(by=cloud.admin)
    cloud.change_service(HOST, forced_down=True)
    assert cloud.admin.detach(server, volume) == UNAVAILABLE
    cloud.attach(cloud.admin, server, more)
    assert cloud.admin.act(server, "os-stop") == (202, None)
    cloud.wait(lambda: cloud.state(server) == SHUTOFF)
    assert cloud.admin.act(server, "os-start") == (202, None)
    cloud.wait(lambda: cloud.state(server) == ACTIVE)


@pytest.mark.endpoint(f"{ACTION} os-migrateLive")
def test_a_live_migration_from_a_forced_down_host_is_accepted_and_comes_to_nothing(cloud):
    server = cloud.server(host=HOST)
    cloud.change_service(HOST, forced_down=True)
    assert cloud.admin.act(server, "os-migrateLive", {"host": None, "block_migration": "auto"}) == (202, None)
    cloud.witness.pass_time(2)
    assert (cloud.state(server), cloud.host_of(server)) == (ACTIVE, HOST)


@pytest.mark.endpoint(f"{ACTION} evacuate")
def test_evacuation_is_refused_while_the_host_is_up(cloud):
    server = cloud.server(host=HOST)
    assert cloud.admin.act(server, "evacuate", {}) == refused(400, f"Compute service of {HOST} is still in use.")


@pytest.mark.endpoint(f"{ACTION} evacuate", SERVICE, "GET /os-migrations")
def test_an_evacuated_server_is_stopped_on_another_host_and_keeps_its_volume(cloud):
    server, volume = cloud.attached(host=HOST)
    [before] = cloud.admin.get_volume(volume)["attachments"]
    cloud.change_service(HOST, forced_down=True)
    assert cloud.admin.act(server, "evacuate", {}) == (200, None)
    states = [("REBUILD", "active", "rebuilding", 1), ("REBUILD", "active", "rebuilding", 0)]
    states += [("REBUILD", "active", f"rebuild_{step}", 0) for step in ("block_device_mapping", "spawning")]
    states += [ACTIVE, ("ACTIVE", "active", "powering-off", 1), SHUTOFF]
    cloud.follow(lambda: cloud.state(server), states)
    cloud.wait(lambda: cloud.host_of(server) != HOST)
    [after] = cloud.admin.get_volume(volume)["attachments"]
    assert (cloud.volume_status(volume), after["server_id"], after["host_name"]) == ("in-use", server, cloud.host_of(server))
    assert after["attachment_id"] != before["attachment_id"]
    cloud.wait(lambda: migrations(cloud, server) == [(HOST, "done")])
    words = f"Unable to force up host {HOST} as `done` evacuation migration records remain associated with the host."
    more = "Ensure the compute service has been restarted, allowing these records to move to `completed` before retrying this request."
    assert cloud.change_service(HOST, forced_down=False) == refused(400, f"{words} {more}")
    cloud.harm(HOST, "kill")
    cloud.harm(HOST, "start")
    cloud.wait(lambda: migrations(cloud, server) == [(HOST, "completed")])
    assert cloud.change_service(HOST, forced_down=False)[0] == 200


@pytest.mark.endpoint(f"{ACTION} evacuate")
def test_below_2_95_an_evacuated_server_runs_again(cloud):
    server = cloud.server(host=HOST)
    cloud.change_service(HOST, forced_down=True)
    assert cloud.admin.at(nova="2.94").act(server, "evacuate", {}) == (200, None)
    cloud.wait(lambda: cloud.host_of(server) != HOST)
    assert cloud.state(server) == ACTIVE


@pytest.mark.endpoint("GET /os-services", "GET /servers/{id}")
def test_a_killed_host_is_unknown_after_a_while_and_its_servers_stay_active(cloud):
    server = cloud.server(host=HOST)
    cloud.harm(HOST, "kill")
    assert (cloud.service(HOST)["state"], host_status(cloud, server)) == ("up", "UP")
    cloud.wait(lambda: cloud.service(HOST)["state"] == "down")
    assert (host_status(cloud, server), cloud.state(server)) == ("UNKNOWN", ACTIVE)


@pytest.mark.endpoint(f"{ACTION} os-stop", ACTION)
def test_a_stop_sent_to_a_dead_host_blocks_everything_and_is_done_when_it_returns(cloud, dead):
    server, _ = dead
    assert cloud.admin.act(server, "os-stop") == (202, None)
    assert cloud.state(server) == ("ACTIVE", "active", "powering-off", 1)
    for word, name, body in (("stop", "os-stop", None), ("reboot", "reboot", {"type": "HARD"})):
        assert cloud.admin.act(server, name, body) == wrong_state(word, server, "powering-off", "task_state")
    assert cloud.admin.act(server, "os-start") == wrong_state("start", server, "active")
    cloud.harm(HOST, "start")
    cloud.wait(lambda: cloud.state(server) == SHUTOFF)
    cloud.wait(lambda: host_status(cloud, server) == "UP")


@pytest.mark.endpoint(f"{ACTION} os-stop", f"{ACTION} os-resetState", "GET /servers/{id}/os-instance-actions")
def test_a_stop_that_waits_for_a_dead_host_is_done_there_even_after_the_state_was_reset_and_noticed_late(cloud, dead):
    server, _ = dead
    assert cloud.admin.act(server, "os-stop") == (202, None)
    [stop, *_] = cloud.admin.compute("GET", f"/servers/{server}/os-instance-actions")[1]["instanceActions"]
    assert (stop["action"], events(cloud, server, stop)) == ("stop", [])
    assert cloud.admin.act(server, "os-resetState", {"state": "active"}) == (202, None)
    assert cloud.state(server) == ACTIVE
    cloud.harm(HOST, "start")
    cloud.wait(lambda: events(cloud, server, stop) == [("compute_stop_instance", "Error")])
    cloud.wait(lambda: cloud.state(server) == SHUTOFF, POWER_SYNC_S + 20)


@pytest.mark.endpoint(DETACH, "POST /servers")
def test_a_dead_host_lets_no_volume_go_and_takes_no_server(cloud, dead):
    server, volume = dead
    assert cloud.admin.detach(server, volume) == UNAVAILABLE
    assert cloud.volume_state(volume) == ("in-use", 1)
    wanted = cloud.server(host=HOST, done=False)
    cloud.wait(lambda: cloud.state(wanted) == ("ERROR", "error", None, 0))
    cloud.wait(lambda: "fault" in cloud.admin.server(wanted))
    message = "No valid host was found. There are not enough hosts available."
    assert cloud.admin.server(wanted)["fault"]["message"] == message


@pytest.mark.endpoint(ATTACH, "GET /servers/{id}", "GET /servers/{id}/os-volume_attachments")
def test_attaching_at_a_dead_host_fails_late_and_leaves_a_ghost_when_it_returns(cloud, dead):
    server, _ = dead
    volume = cloud.volume(by=cloud.admin)
    assert cloud.admin.attach(server, volume) == (500, {"computeFault": {"code": 500, "message": NO_ANSWER}})
    assert cloud.volume_state(volume) == ("available", 0)
    cloud.harm(HOST, "start")
    holders = lambda: [row["id"] for row in cloud.admin.server(server)["os-extended-volumes:volumes_attached"]]  # noqa: E731
    cloud.wait(lambda: volume in holders())
    rows = cloud.admin.compute("GET", f"/servers/{server}/os-volume_attachments")[1]["volumeAttachments"]
    assert (volume in [row["volumeId"] for row in rows], cloud.volume_state(volume)) == (False, ("available", 0))
    assert cloud.admin.volume("GET", f"/attachments?volume_id={volume}") == (200, {"attachments": []})
    another = cloud.server(by=cloud.admin)
    held = f"Invalid volume: volume {volume} is already attached to instances: {server}"
    assert cloud.admin.attach(another, volume) == refused(400, held)


@pytest.mark.endpoint("DELETE /servers/{id}")
def test_deleting_a_server_on_a_dead_host_frees_its_volume_at_once(cloud, dead):
    server, volume = dead
    assert cloud.admin.compute("DELETE", f"/servers/{server}") == (204, None)
    cloud.wait(lambda: cloud.state(server) == ("404",), 2)
    cloud.wait(lambda: cloud.volume_state(volume) == ("available", 0), 3)


@pytest.mark.endpoint(f"{ACTION} reboot")
def test_a_frozen_host_carries_on_where_it_stood(cloud):
    server = cloud.server(host=HOST)
    cloud.harm(HOST, "freeze")
    assert cloud.admin.act(server, "reboot", {"type": "HARD"}) == (202, None)
    cloud.wait(lambda: cloud.service(HOST)["state"] == "down")
    assert (cloud.state(server), host_status(cloud, server)) == (("HARD_REBOOT", "active", "rebooting_hard", 1), "UNKNOWN")
    cloud.harm(HOST, "thaw")
    cloud.wait(lambda: cloud.state(server) == ACTIVE)
    cloud.wait(lambda: host_status(cloud, server) == "UP")


@pytest.mark.endpoint(DETACH, "POST /volumes", "GET /os-services", "GET /messages")
def test_without_its_volume_service_cinder_hangs_first_and_fails_fast_once_it_knows(cloud):
    server, volume = cloud.attached()
    cloud.harm("cinder-volume", "kill")
    assert cloud.member.detach(server, volume) == (202, None)
    early = cloud.volume(done=False)
    cloud.witness.pass_time(4)
    assert (cloud.volume_state(volume), cloud.volume_state(early)) == (("detaching", 1), ("creating", 0))
    backend = lambda: next(row for row in cloud.admin.volume("GET", "/os-services")[1]["services"] if row["binary"] == "cinder-volume")  # noqa: E731
    cloud.wait(lambda: backend()["state"] == "down")
    late = cloud.volume(done=False)
    cloud.follow(lambda: cloud.volume_state(late), [("creating", 0), ("error", 0)])
    rows = cloud.member.volume("GET", "/messages")[1]["messages"]
    [text] = [row["user_message"] for row in rows if row["resource_uuid"] == late]
    assert text == "schedule allocate volume:Could not find any available weighted backend."
    cloud.harm("cinder-volume", "start")
    cloud.wait(lambda: cloud.volume_state(volume) == ("available", 0))
    cloud.wait(lambda: cloud.volume_state(early) == ("available", 0))
    assert cloud.member.volume("DELETE", f"/volumes/{late}") == (202, None)


@pytest.mark.endpoint(SERVICE, "GET /os-services")
def test_members_neither_see_nor_change_services(cloud):
    service_id = cloud.service(HOST)["id"]
    seen, changed = (f"Policy doesn't allow os_compute_api:os-services:{verb} to be performed." for verb in ("list", "update"))
    assert cloud.member.compute("GET", "/os-services") == refused(403, seen)
    assert told(cloud.member.compute("PUT", f"/os-services/{service_id}", {"forced_down": True})) == (403, changed)
