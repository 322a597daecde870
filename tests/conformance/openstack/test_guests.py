"""Guests that change behind Nova's back, and hypervisors that fail at what Nova asks of them."""

import pytest

from tests.conformance.openstack.asking import wrong_state
from tests.conformance.openstack.bench import ACTIVE, SHUTOFF

ACTION = "POST /servers/{id}/action"
ATTACH = "POST /servers/{id}/os-volume_attachments"
DETACH = "DELETE /servers/{id}/os-volume_attachments/{volume}"
HOST = "compute3"
POWER_SYNC_S = 60  # nova.conf sync_power_state_interval, on both witnesses
RUNNING, PAUSED, SHUT_DOWN, CRASHED = 1, 3, 4, 6


def last_action(cloud, server):
    [row] = cloud.admin.compute("GET", f"/servers/{server}/os-instance-actions?limit=1")[1]["instanceActions"]
    return row["action"], row["message"], row["request_id"]


@pytest.mark.endpoint("GET /servers/{id}", "GET /volumes/{id}")
def test_a_guest_that_lost_its_power_becomes_shutoff_and_keeps_its_volume(cloud):
    server, volume = cloud.attached(host=HOST)
    cloud.guest(server, SHUT_DOWN)
    noticed = [("ACTIVE", "active", None, 4), ("ACTIVE", "active", "powering-off", 4)]
    cloud.follow(lambda: cloud.state(server), [ACTIVE, *noticed, SHUTOFF])
    assert cloud.volume_state(volume) == ("in-use", 1)


@pytest.mark.endpoint("GET /servers/{id}")
def test_a_guest_that_was_started_behind_novas_back_is_stopped_again(cloud):
    server = cloud.server(host=HOST)
    cloud.admin.act(server, "os-stop")
    cloud.settle(server, "SHUTOFF")
    cloud.guest(server, RUNNING)
    cloud.witness.pass_time(2)
    cloud.wait(lambda: cloud.state(server) == SHUTOFF)


@pytest.mark.endpoint("GET /servers/{id}")
def test_a_guest_that_was_paused_behind_novas_back_shows_only_its_power_state(cloud):
    server = cloud.server(host=HOST)
    cloud.guest(server, PAUSED)
    cloud.wait(lambda: cloud.state(server) == ("ACTIVE", "active", None, 3))
    cloud.guest(server, RUNNING)
    cloud.wait(lambda: cloud.state(server) == ACTIVE)


@pytest.mark.endpoint("GET /servers/{id}")
def test_a_crash_and_a_power_cut_that_nova_is_not_told_of_are_noticed_by_the_periodic_power_sync_only(cloud):
    crashed, cut = cloud.server(host=HOST), cloud.server(host=HOST)
    cloud.lose_events(HOST)
    cloud.guest(crashed, CRASHED)
    cloud.guest(cut, SHUT_DOWN)
    assert (cloud.state(crashed), cloud.state(cut)) == (ACTIVE, ACTIVE)
    cloud.wait(lambda: (cloud.state(crashed), cloud.state(cut)) == (SHUTOFF, SHUTOFF), POWER_SYNC_S + 20)


@pytest.mark.endpoint(f"{ACTION} os-stop", f"{ACTION} os-start", f"{ACTION} reboot")
def test_a_guest_that_is_gone_cannot_be_stopped_and_a_hard_reboot_brings_it_back(cloud):
    server = cloud.server(host=HOST)
    cloud.guest(server, None)
    assert cloud.state(server) == ACTIVE
    assert cloud.admin.act(server, "os-stop") == (202, None)
    cloud.follow(lambda: cloud.state(server), [("ACTIVE", "active", "powering-off", 1), ACTIVE])
    assert cloud.admin.act(server, "os-start") == wrong_state("start", server, "active")
    assert cloud.admin.act(server, "reboot", {"type": "HARD"}) == (202, None)
    cloud.wait(lambda: cloud.state(server) == ACTIVE)
    assert cloud.admin.act(server, "os-stop") == (202, None)
    cloud.wait(lambda: cloud.state(server) == SHUTOFF)


@pytest.mark.endpoint(DETACH, "GET /servers/{id}/os-instance-actions/{request}")
def test_a_detach_that_the_guest_refuses_comes_back_to_in_use_and_only_the_record_says_so(cloud):
    server, volume = cloud.attached(host=HOST)
    cloud.fail(HOST, "detach_volume")
    assert cloud.admin.detach(server, volume) == (202, None)
    cloud.follow(lambda: cloud.volume_state(volume), [("detaching", 1), ("in-use", 1)])
    cloud.wait(lambda: last_action(cloud, server)[:2] == ("detach_volume", "Error"))
    path = f"/servers/{server}/os-instance-actions/{last_action(cloud, server)[2]}"
    [event] = cloud.admin.compute("GET", path)[1]["instanceAction"]["events"]
    assert (event["event"], event["result"]) == ("compute_detach_volume", "Error")
    assert (cloud.state(server), "fault" in cloud.admin.server(server)) == (ACTIVE, False)


@pytest.mark.endpoint(DETACH, f"{ACTION} os-stop")
def test_a_stop_during_a_slow_detach_is_accepted_and_done_after_it(cloud):
    server, volume = cloud.attached(host=HOST)
    cloud.fail(HOST, "detach_volume", sleep_s=4)
    assert cloud.admin.detach(server, volume) == (202, None)
    assert cloud.admin.act(server, "os-stop") == (202, None)
    cloud.witness.pass_time(2)
    assert (cloud.state(server), cloud.volume_state(volume)) == (("ACTIVE", "active", "powering-off", 1), ("detaching", 1))
    cloud.wait(lambda: cloud.state(server) == SHUTOFF)
    assert cloud.volume_state(volume) == ("available", 0)


@pytest.mark.endpoint(ATTACH, "GET /servers/{id}/os-volume_attachments")
def test_an_attach_that_fails_on_the_host_was_accepted_all_the_same(cloud):
    server, volume = cloud.server(host=HOST), cloud.volume(by=cloud.admin)
    cloud.fail(HOST, "attach_volume")
    assert cloud.admin.attach(server, volume)[0] == 200
    cloud.follow(lambda: cloud.volume_state(volume), [("reserved", 0), ("attaching", 0), ("available", 0)])
    nothing = (200, {"volumeAttachments": []})
    cloud.wait(lambda: cloud.admin.compute("GET", f"/servers/{server}/os-volume_attachments") == nothing)


@pytest.mark.endpoint(f"{ACTION} os-stop")
def test_a_power_off_that_fails_leaves_the_server_active_and_only_the_record_says_so(cloud):
    server = cloud.server(host=HOST)
    cloud.fail(HOST, "power_off")
    assert cloud.admin.act(server, "os-stop") == (202, None)
    cloud.follow(lambda: cloud.state(server), [("ACTIVE", "active", "powering-off", 1), ACTIVE])
    cloud.wait(lambda: last_action(cloud, server)[:2] == ("stop", "Error"))
    assert "fault" not in cloud.admin.server(server)
