"""Servers that go to another host: migration, resize, live migration."""

import pytest

from tests.conformance.openstack.asking import refused, wrong_state
from tests.conformance.openstack.bench import ACTIVE

ACTION = "POST /servers/{id}/action"
RESIZING = tuple(("RESIZE", "active", f"resize_{step}", 1) for step in ("prep", "migrating", "migrated", "finish"))
RESIZED = ("VERIFY_RESIZE", "resized", None, 1)


def migrations(cloud, server):
    rows = cloud.admin.compute("GET", f"/os-migrations?instance_uuid={server}")[1]["migrations"]
    return [(row["migration_type"], row["status"]) for row in rows]


@pytest.mark.endpoint(f"{ACTION} migrate", f"{ACTION} confirmResize", "GET /os-migrations")
def test_a_migrated_server_waits_for_confirmation_on_its_new_host(cloud):
    server, volume = cloud.attached(fresh=True)
    before = cloud.host_of(server)
    assert cloud.admin.act(server, "migrate") == (202, None)
    cloud.follow(lambda: cloud.state(server), [*RESIZING, RESIZED])
    assert (cloud.host_of(server) == before, cloud.volume_status(volume)) == (False, "in-use")
    assert cloud.member.act(server, "os-stop") == wrong_state("stop", server, "resized")
    assert cloud.member.act(server, "confirmResize") == (204, None)
    cloud.follow(lambda: cloud.state(server), [RESIZED, ACTIVE])
    assert cloud.member.act(server, "confirmResize") == wrong_state("confirmResize", server, "active")
    cloud.wait(lambda: migrations(cloud, server) == [("migration", "confirmed")])


@pytest.mark.endpoint(f"{ACTION} resize", f"{ACTION} revertResize")
def test_a_resize_can_be_reverted(cloud):
    bigger = {"id": "998", "name": "c.bigger", "ram": 128, "vcpus": 1, "disk": 1}
    cloud.admin.compute("POST", "/flavors", {"flavor": bigger})
    cloud.finally_(lambda: cloud.admin.compute("DELETE", "/flavors/998"))
    server = cloud.server(fresh=True)
    before = cloud.host_of(server)
    same = refused(400, "When resizing, instances must change flavor!")
    assert cloud.member.act(server, "resize", {"flavorRef": "42"}) == same
    assert cloud.member.act(server, "resize", {"flavorRef": "998"}) == (202, None)
    cloud.settle(server, "VERIFY_RESIZE")
    assert cloud.member.server(server)["flavor"]["original_name"] == "c.bigger"
    assert cloud.member.act(server, "revertResize") == (202, None)
    cloud.wait(lambda: cloud.state(server) == ACTIVE)
    assert (cloud.member.server(server)["flavor"]["original_name"], cloud.host_of(server)) == ("m1.nano", before)
    cloud.wait(lambda: migrations(cloud, server) == [("resize", "reverted")])


@pytest.mark.endpoint(f"{ACTION} os-migrateLive")
def test_a_live_migrated_server_takes_its_volume_along(cloud):
    server, volume = cloud.attached(fresh=True)
    before = cloud.host_of(server)
    assert cloud.admin.act(server, "os-migrateLive", {"host": None, "block_migration": "auto"}) == (202, None)
    cloud.follow(lambda: cloud.state(server), [("MIGRATING", "active", "migrating", 1), ACTIVE])
    assert cloud.host_of(server) != before
    cloud.wait(lambda: migrations(cloud, server) == [("live-migration", "completed")])
    [attachment] = cloud.admin.get_volume(volume)["attachments"]
    assert (cloud.volume_status(volume), attachment["server_id"]) == ("in-use", server)


@pytest.mark.endpoint(f"{ACTION} migrate", f"{ACTION} os-migrateLive", f"{ACTION} evacuate", "GET /os-migrations")
def test_members_may_not_move_servers(cloud):
    server = cloud.server()
    rules = {"migrate": "os-migrate-server:migrate", "os-migrateLive": "os-migrate-server:migrate_live", "evacuate": "os-evacuate"}
    bodies = {"os-migrateLive": {"host": None, "block_migration": "auto"}, "evacuate": {}}
    for name, rule in rules.items():
        message = f"Policy doesn't allow os_compute_api:{rule} to be performed."
        assert cloud.member.act(server, name, bodies.get(name)) == refused(403, message)
    message = "Policy doesn't allow os_compute_api:os-migrations:index to be performed."
    assert cloud.member.compute("GET", "/os-migrations") == refused(403, message)
