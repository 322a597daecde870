"""How servers come and go, and what is refused when they shall be made."""

import pytest

from tests.conformance.openstack.asking import refused
from tests.conformance.openstack.bench import ACTIVE, SMALL

UNKNOWN = "00000000-0000-0000-0000-000000000000"


def fault(cloud, server):
    cloud.wait(lambda: "fault" in cloud.admin.server(server))  # Nova writes it just after the status
    return cloud.admin.server(server)["fault"]["message"]


@pytest.mark.endpoint("POST /servers")
def test_a_server_is_scheduled_spawned_and_active(cloud):
    server = cloud.server(done=False)
    tasks = ("scheduling", None, "networking", "block_device_mapping", "spawning")
    cloud.follow(lambda: cloud.state(server), [*(("BUILD", "building", task, 0) for task in tasks), ACTIVE])
    assert cloud.host_of(server) in ("compute1", "compute2", "compute3")


@pytest.mark.endpoint("POST /servers")
def test_the_answer_to_a_creation_has_id_links_and_a_password(cloud):
    code, body = cloud.create(by=cloud.member)
    server = body["server"]["id"]
    cloud.finally_(lambda: cloud.member.compute("DELETE", f"/servers/{server}"))
    assert (code, set(body["server"])) == (202, {"id", "links", "OS-DCF:diskConfig", "security_groups", "adminPass"})
    assert [row["rel"] for row in body["server"]["links"]] == ["self", "bookmark"]
    cloud.wait(lambda: cloud.state(server) == ACTIVE)


@pytest.mark.endpoint("POST /servers")
def test_unknown_flavors_and_hosts_are_bad_requests(cloud):
    assert cloud.create(by=cloud.member, flavor="none") == refused(400, "Flavor none could not be found.")
    assert cloud.create(by=cloud.admin, host="nohost") == refused(400, "Compute host nohost could not be found.")
    zone = refused(400, "The requested availability zone is not available")
    assert cloud.create(by=cloud.member, availability_zone="nozone") == zone


@pytest.mark.endpoint("POST /servers")
def test_networks_must_be_said_from_2_37_on(cloud):
    body = {"name": "z", "flavorRef": SMALL, "imageRef": cloud.witness.image}
    message = f"Invalid input for field/attribute server. Value: {body}. 'networks' is a required property"
    assert cloud.member.compute("POST", "/servers", {"server": body}) == refused(400, message)


@pytest.mark.endpoint("POST /servers")
def test_a_member_may_not_name_a_host(cloud):
    message = "Policy doesn't allow compute:servers:create:requested_destination to be performed."
    assert cloud.create(by=cloud.member, host="compute1") == refused(403, message)


@pytest.mark.endpoint("POST /servers", "POST /flavors", "DELETE /flavors/{id}")
def test_a_flavor_too_big_for_the_quota_is_forbidden_with_the_figures(cloud):
    wanted = {"id": "999", "name": "c.toobig", "ram": 999999, "vcpus": 1, "disk": 1}
    assert cloud.admin.compute("POST", "/flavors", {"flavor": wanted})[0] == 200
    cloud.finally_(lambda: cloud.admin.compute("DELETE", "/flavors/999"))
    cloud.quiet()
    used = cloud.member.compute("GET", "/limits")[1]["limits"]["absolute"]["totalRAMUsed"]
    message = f"Quota exceeded for ram: Requested 999999, but already used {used} of 51200 ram"
    assert cloud.create(by=cloud.member, flavor="999") == refused(403, message)


@pytest.mark.endpoint("POST /servers", "PUT /os-services/{id}")
def test_on_a_disabled_host_no_valid_host_is_found(cloud):
    code, body = cloud.change_service("compute2", status="disabled", disabled_reason="chaos")
    row = body["service"]
    assert (code, row["status"], row["disabled_reason"], row["state"]) == (200, "disabled", "chaos", "up")
    server = cloud.server(host="compute2", done=False)
    cloud.wait(lambda: cloud.state(server) == ("ERROR", "error", None, 0))
    assert (fault(cloud, server), cloud.host_of(server)) == ("No valid host was found. ", None)


@pytest.mark.endpoint("POST /servers")
def test_a_host_that_cannot_spawn_is_given_up_after_its_retries(cloud):
    cloud.fail("compute2", "spawn")
    server = cloud.server(host="compute2", done=False)
    cloud.wait(lambda: cloud.state(server) == ("ERROR", "error", None, 0))
    reason = f"Exhausted all hosts available for retrying build failures for instance {server}."
    assert (fault(cloud, server), cloud.host_of(server)) == (f"Exceeded maximum number of retries. {reason}", None)


@pytest.mark.endpoint("DELETE /servers/{id}", "GET /servers/{id}")
def test_a_deleted_server_is_gone(cloud):
    server = cloud.server()
    assert cloud.member.compute("DELETE", f"/servers/{server}") == (204, None)
    states = [("ACTIVE", "active", "deleting", 1), ("DELETED", "deleted", None, 0), ("404",)]
    cloud.follow(lambda: cloud.state(server), states)
    missing = refused(404, f"Instance {server} could not be found.")
    assert (cloud.member.compute("GET", f"/servers/{server}"), cloud.member.compute("DELETE", f"/servers/{server}")) == (missing, missing)


@pytest.mark.endpoint("DELETE /servers/{id}")
def test_the_volume_of_a_deleted_server_is_free_again(cloud):
    server, volume = cloud.attached()
    assert cloud.member.compute("DELETE", f"/servers/{server}") == (204, None)
    cloud.wait(lambda: cloud.volume_status(volume) == "available")


@pytest.mark.endpoint("GET /servers", "GET /servers/detail")
def test_the_list_is_filtered_by_name_and_status(cloud):
    server = cloud.server()
    name = cloud.member.server(server)["name"]
    assert [row["id"] for row in cloud.member.compute("GET", f"/servers?name=^{name}$")[1]["servers"]] == [server]
    assert cloud.member.compute("GET", f"/servers/detail?name=^{name}$&status=SHUTOFF") == (200, {"servers": []})
    missing = refused(404, f"Instance {UNKNOWN} could not be found.")
    assert cloud.member.compute("GET", f"/servers/{UNKNOWN}") == missing


@pytest.mark.endpoint("GET /servers", "POST /servers/{id}/os-volume_attachments", "GET /servers/{id}/os-instance-actions/{request}")
def test_requests_that_make_no_sense_are_refused_with_the_rule(cloud):
    server = cloud.server()
    limit = "Invalid input for query parameters limit. Value: many. 'many' does not match '^[0-9]*$'"
    assert cloud.member.compute("GET", "/servers?limit=many") == refused(400, limit)
    assert cloud.member.compute("GET", "/servers?marker=x") == refused(400, "marker [x] not found")
    message = "Invalid input for field/attribute volumeAttachment. Value: {}. 'volumeId' is a required property"
    assert cloud.member.compute("POST", f"/servers/{server}/os-volume_attachments", {"volumeAttachment": {}}) == refused(400, message)
    assert cloud.member.compute("GET", f"/servers/{server}/os-instance-actions/req-none") == refused(404, "Action req-none not found")
    assert cloud.member.act(server, "resize", {"flavorRef": "none"}) == refused(400, "Flavor none could not be found.")


@pytest.mark.endpoint("GET /servers/{id}")
def test_members_see_neither_host_nor_host_status(cloud):
    server = cloud.server()
    hidden = set(cloud.admin.server(server)) - set(cloud.member.server(server))
    names = ("host", "instance_name", "hypervisor_hostname", "kernel_id", "launch_index", "ramdisk_id")
    names += ("reservation_id", "root_device_name", "user_data")
    assert hidden == {"host_status", *(f"OS-EXT-SRV-ATTR:{name}" for name in names)}
    assert set(cloud.member.server(server)) - set(cloud.admin.server(server)) == set()


@pytest.mark.endpoint("GET /limits", "GET /os-quota-sets/{project}")
def test_quotas_and_their_use_are_told(cloud):
    def limits():
        return cloud.member.compute("GET", "/limits")[1]["limits"]["absolute"]

    def used():
        return limits()["totalInstancesUsed"], limits()["totalRAMUsed"]

    cloud.server()
    cloud.quiet()
    number = len(cloud.member.compute("GET", "/servers")[1]["servers"])
    cloud.wait(lambda: used() == (number, 64 * number), 10)
    after = limits()
    assert (after["maxTotalInstances"], after["maxTotalCores"], after["maxTotalRAMSize"]) == (10, 20, 51200)
    code, body = cloud.member.compute("GET", f"/os-quota-sets/{cloud.member.project_id}")
    assert (code, body["quota_set"]["instances"], body["quota_set"]["ram"]) == (200, 10, 51200)


@pytest.mark.endpoint("GET /flavors", "GET /flavors/detail", "GET /flavors/{id}", "GET /os-availability-zone")
def test_flavors_and_zones_are_listed(cloud):
    names = [row["name"] for row in cloud.member.compute("GET", "/flavors")[1]["flavors"]]
    assert "m1.nano" in names
    [small] = [row for row in cloud.member.compute("GET", "/flavors/detail")[1]["flavors"] if row["id"] == SMALL]
    assert (small["name"], small["ram"], small["vcpus"], small["disk"]) == ("m1.nano", 64, 1, 1)
    assert cloud.member.compute("GET", f"/flavors/{SMALL}")[1]["flavor"]["name"] == "m1.nano"
    assert cloud.member.compute("GET", "/flavors/none") == refused(404, "Flavor none could not be found.")
    zones = cloud.member.compute("GET", "/os-availability-zone")[1]["availabilityZoneInfo"]
    assert [(row["zoneName"], row["zoneState"], row["hosts"]) for row in zones] == [("nova", {"available": True}, None)]


@pytest.mark.endpoint("PUT /servers/{id}")
def test_a_server_is_renamed(cloud):
    server = cloud.server()
    code, body = cloud.member.compute("PUT", f"/servers/{server}", {"server": {"name": "c-renamed"}})
    assert (code, body["server"]["name"], cloud.member.server(server)["name"]) == (200, "c-renamed", "c-renamed")
