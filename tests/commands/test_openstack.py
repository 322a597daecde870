"""The openstack command: what it shows of servers, volumes, attachments and services, and what it changes."""

import json
from collections.abc import Iterator

import pytest

from tests.commands.terminal import UUID, Terminal, box, until

SERVERS = ("worker-4", "worker-3", "worker-2", "worker-1", "control-plane-1")
VOLUME = "pvc-test-cinder-volume"


@pytest.fixture
def home_server(cloud: Terminal) -> str:
    """The server under the application."""
    (row,) = cloud.lent.state()["volumes"]
    return next(server["name"] for server in cloud.lent.state()["servers"] if server["id"] == row["attachments"][0]["server_id"])


@pytest.fixture(scope="module")
def scratch(cloud: Terminal) -> Iterator[str]:
    """A volume of one's own; each openstack command takes a second, so the tests share it."""
    seen = dict(box(cloud.openstack("volume", "create", "--size", "1", "scratch"))[1:])
    assert (seen["name"], seen["size"], seen["status"]) == ("scratch", "1", "creating")
    until(lambda: status_of(cloud, "scratch") == "available", "scratch is available")
    yield "scratch"
    cloud.openstack("volume", "delete", "scratch")


def status_of(cloud: Terminal, name: str) -> str:
    return next((row["status"] for row in cloud.lent.state()["volumes"] if row["name"] == name), "gone")


def server_status(cloud: Terminal, name: str) -> str:
    return next(str(row["status"]) for row in cloud.lent.state()["servers"] if row["name"] == name)


def test_servers(cloud: Terminal) -> None:
    assert box(cloud.openstack("server", "list")) == [
        ["ID", "Name", "Status", "Networks", "Image", "Flavor"],
        *[[UUID, name, "ACTIVE", "", "", "m1.medium"] for name in SERVERS],
    ]


def test_one_server(cloud: Terminal, home_server: str) -> None:
    seen = dict(box(cloud.openstack("server", "show", home_server))[1:])
    wanted = ("name", "status", "OS-EXT-STS:power_state", "OS-EXT-STS:task_state", "OS-EXT-STS:vm_state", "OS-EXT-AZ:availability_zone")
    assert [seen[name] for name in wanted] == [home_server, "ACTIVE", "Running", "None", "active", "az-1"]
    assert seen["OS-EXT-SRV-ATTR:host"] == "None"  # an administrator's
    (volume,) = cloud.lent.state()["volumes"]
    assert seen["volumes_attached"] == f"delete_on_termination='False', id='{volume['id']}'"


def test_volumes_and_their_attachment(cloud: Terminal, home_server: str) -> None:
    assert box(cloud.openstack("volume", "list")) == [
        ["ID", "Name", "Status", "Size", "Attached to"],
        [UUID, VOLUME, "in-use", "3", f"Attached to {home_server} on /dev/vdb"],
    ]
    seen = json.loads(cloud.openstack("volume", "show", VOLUME, "-f", "json"))
    (row,) = seen["attachments"]
    assert (seen["status"], row["device"]) == ("in-use", "/dev/vdb")
    assert box(cloud.openstack("volume", "attachment", "list")) == [
        ["ID", "Volume ID", "Server ID", "Status"],
        [row["attachment_id"], seen["id"], row["server_id"], "attached"],
    ]


def test_a_server_is_stopped_and_started(cloud: Terminal) -> None:
    assert cloud.openstack("server", "stop", "worker-4") == ""
    until(lambda: server_status(cloud, "worker-4") == "SHUTOFF", "worker-4 is SHUTOFF")
    seen = box(cloud.openstack("server", "list", "--status", "SHUTOFF"))
    assert [row[1:3] for row in seen[1:]] == [["worker-4", "SHUTOFF"]]
    again = cloud.openstack("server", "stop", "worker-4", rc=1)
    assert "409" in again
    assert "while it is in vm_state stopped" in again
    assert cloud.openstack("server", "start", "worker-4") == ""
    until(lambda: server_status(cloud, "worker-4") == "ACTIVE", "worker-4 is ACTIVE")


def test_a_server_is_rebooted(cloud: Terminal) -> None:
    assert "Complete" in cloud.openstack("server", "reboot", "--hard", "--wait", "worker-4")
    assert server_status(cloud, "worker-4") == "ACTIVE"
    assert cloud.openstack("server", "reboot", "worker-4") == ""


def test_a_volume_is_attached_to_a_server_and_detached(cloud: Terminal, scratch: str) -> None:
    seen = dict(box(cloud.openstack("server", "add", "volume", "worker-4", scratch))[1:])
    assert (seen["Device"], seen["Delete On Termination"]) == ("/dev/vdb", "False")
    until(lambda: status_of(cloud, scratch) == "in-use", "scratch is in use")
    refused = cloud.openstack("server", "add", "volume", "worker-3", scratch, rc=1)
    assert f"Invalid volume: volume {seen['Volume ID']} is already attached to instances: {seen['Server ID']}" in refused
    elsewhere = cloud.openstack("server", "remove", "volume", "worker-3", scratch, rc=1)
    assert "NotFoundException: 404" in elsewhere
    assert cloud.openstack("server", "remove", "volume", "worker-4", scratch) == ""
    until(lambda: status_of(cloud, scratch) == "available", "scratch is available again")


def test_only_an_administrator_sets_the_state_of_a_volume(cloud: Terminal, scratch: str) -> None:
    refused = cloud.openstack("volume", "set", "--state", "error", scratch, rc=1)
    assert "ForbiddenException: 403" in refused
    assert cloud.as_admin("volume", "set", "--state", "error", scratch) == ""
    assert status_of(cloud, scratch) == "error"
    assert cloud.as_admin("volume", "set", "--state", "available", scratch) == ""
    assert status_of(cloud, scratch) == "available"


def test_compute_services_are_listed_disabled_and_forced_down(cloud: Terminal) -> None:
    assert "ForbiddenException: 403" in cloud.openstack("compute", "service", "list", rc=1)
    set_ = ("compute", "service", "set")
    said = cloud.as_admin(*set_, "--disable", "--disable-reason", "maintenance", "compute-2", "nova-compute")
    assert said == cloud.as_admin(*set_, "--down", "compute-2", "nova-compute") == ""
    seen = box(cloud.as_admin("compute", "service", "list", "--long"))
    assert [row[1:6] + row[7:] for row in seen] == [
        ["Binary", "Host", "Zone", "Status", "State", "Disabled Reason", "Forced Down"],
        ["nova-conductor", "controller", "internal", "enabled", "up", "None", "False"],
        ["nova-scheduler", "controller", "internal", "enabled", "up", "None", "False"],
        ["nova-compute", "compute-1", "az-1", "enabled", "up", "None", "False"],
        ["nova-compute", "compute-2", "az-1", "disabled", "down", "maintenance", "True"],
        ["nova-compute", "compute-3", "az-2", "enabled", "up", "None", "False"],
    ]
    cloud.as_admin(*set_, "--up", "compute-2", "nova-compute")
    cloud.as_admin(*set_, "--enable", "compute-2", "nova-compute")


def test_what_is_not_there_is_named(cloud: Terminal) -> None:
    assert cloud.openstack("server", "show", "nobody", rc=1) == "No Server found for nobody\n"
