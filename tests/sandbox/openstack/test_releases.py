"""What older releases do otherwise, as Nova's and Cinder's source has it: there is no recording of them."""

import pytest

from chaoscinder.sandbox.openstack import OpenStack
from chaoscinder.sandbox.openstack.releases import RELEASES
from chaoscinder.sandbox.ports import CloudError
from chaoscinder.sandbox.world import World

NEW = "2021.1"  # Wallaby
OLD = "2020.2"  # Victoria


def a_cloud(release):
    cloud = OpenStack(World(), release=release)
    server, volume = cloud.add_server("a", host="compute1"), cloud.add_volume("v", 1)
    cloud.attach_now(server, volume)
    return cloud, server, volume


def refusal(act, *args):
    with pytest.raises(CloudError) as caught:
        act(*args)
    return caught.value.code, caught.value.message


def test_before_wallaby_a_detach_from_a_dead_host_is_accepted_and_hangs():
    cloud, server, volume = a_cloud(OLD)
    cloud.lifecycle.fail_host("compute1")
    cloud.world.turn(100)
    cloud.detach(server, volume)
    cloud.world.turn(600)
    assert cloud.volume_status(volume) == "detaching"
    cloud.lifecycle.revive_host("compute1")
    cloud.world.turn(1)
    assert cloud.volume_status(volume) == "available"


def test_since_wallaby_it_is_refused():
    cloud, server, volume = a_cloud(NEW)
    cloud.lifecycle.fail_host("compute1")
    cloud.world.turn(100)
    assert refusal(cloud.detach, server, volume) == (409, "Service is unavailable at this time.")
    assert cloud.volume_status(volume) == "in-use"


def test_before_wallaby_only_cinder_refuses_a_volume_that_another_server_has():
    for release, by_nova in ((OLD, False), (NEW, True)):
        cloud, server, volume = a_cloud(release)
        code, message = refusal(cloud.attach, cloud.add_server("b"), volume)
        assert (code, f"is already attached to instances: {server}" in message, "the current status is in-use" in message) == (
            400,
            by_nova,
            not by_nova,
        )


def test_before_the_fix_of_cve_2023_2088_cinder_lets_go_what_nova_holds():
    for release, lets_go in ((OLD, True), (NEW, False)):
        cloud, server, volume = a_cloud(release)
        [attachment] = cloud.cinder.get(cloud.caller(), volume).attachments
        if lets_go:
            cloud.cinder.check_nova_lets_go(cloud.caller(), attachment)
        else:
            message = f"ConflictNovaUsingAttachment: Detach volume from instance {server} using the Compute API"
            assert refusal(cloud.cinder.check_nova_lets_go, cloud.caller(), attachment) == (409, message)


def test_releases_only_ever_gain_microversions():
    rows = list(RELEASES.values())
    assert [row.nova_max for row in rows] == sorted(row.nova_max for row in rows)
    assert [row.cinder_max for row in rows] == sorted(row.cinder_max for row in rows)
