"""Fills an empty cloud; runs inside the lab's own virtual environment, with OS_CLOUD naming the administrator.

usage: seed.py catalog PORTS_FILE | things | ready HOSTS | sweep
"""

import json
import re
import sys
import time
from pathlib import Path

import openstack
from openstack import exceptions

PASSWORD = "lab"
READY_S = 150
SWEPT_S = 60
OF_TESTS = re.compile(r"[sv]\d+|(worker|data)-[0-9a-f]{8}(-\d+)?|sdk|c-.*")  # what the tests call their servers and volumes
SERVICES = (  # name, type, whose port, path
    ("nova", "compute", "nova", "/v2.1"),
    ("cinderv3", "volumev3", "cinder", "/v3/%(project_id)s"),
    ("cinder", "block-storage", "cinder", "/v3/%(project_id)s"),
    ("placement", "placement", "placement", ""),
    ("glance", "image", "glance", ""),
    ("neutron", "network", "neutron", ""),
)


def catalog(identity, ports):
    """Make the users (svc for services, demo and other for people) and the catalog of endpoints."""
    domain = identity.find_domain("default")
    for name, roles in (("service", ("admin", "service")), ("demo", ("member",)), ("other", ("member",))):
        project = identity.find_project(name) or identity.create_project(name=name, domain_id=domain.id)
        login = "svc" if name == "service" else name
        user = identity.find_user(login) or identity.create_user(name=login, password=PASSWORD, domain_id=domain.id)
        for role in roles:
            found = identity.find_role(role) or identity.create_role(name=role)
            identity.assign_project_role_to_user(project, user, found)
    for name, kind, whose, path in SERVICES:
        service = next(iter(identity.services(type=kind)), None) or identity.create_service(name=name, type=kind)
        _endpoints(identity, service, f"http://127.0.0.1:{ports[whose]}{path}")


def _endpoints(identity, service, url):
    present = {endpoint.interface for endpoint in identity.endpoints(service_id=service.id)}
    for interface in {"public", "internal", "admin"} - present:
        identity.create_endpoint(service_id=service.id, interface=interface, region_id="RegionOne", url=url)


def things(cloud):
    """Make a flavor and an image to build servers from."""
    if not cloud.compute.find_flavor("m1.nano"):
        cloud.compute.create_flavor(name="m1.nano", ram=64, vcpus=1, disk=1, id="42")
    if not cloud.image.find_image("cirros"):
        cloud.image.create_image(
            name="cirros", data=b"no system" * 60, disk_format="raw", container_format="bare", visibility="public", wait=True
        )


def ready(cloud, hosts):
    """Wait until every compute host and the volume backend are in service; what a test left forced down or disabled is mended."""
    until = time.monotonic() + READY_S
    while time.monotonic() < until:
        computes = list(cloud.compute.services(binary="nova-compute"))
        for service in computes:
            _mend(cloud.compute, service)
        up = [service.host for service in computes if service.state == "up" and service.status == "enabled"]
        storage = [service.binary for service in cloud.block_storage.services() if service.state == "up"]
        if len(up) == hosts and len(storage) == 2:
            return
        time.sleep(0.5)
    sys.exit(
        f"after {READY_S} s in service: {up or 'no compute host'}, {storage or 'nothing of Cinder'} (wanted {hosts} hosts, 2 of Cinder)"
    )


def sweep(cloud):
    """Delete the servers and volumes of a test run that was cut short; they would fill the quotas."""
    servers = [row for row in cloud.compute.servers(all_projects=True) if OF_TESTS.fullmatch(row.name)]
    for server in servers:
        cloud.compute.delete_server(server)
    until = time.monotonic() + SWEPT_S
    while servers and time.monotonic() < until:
        time.sleep(0.5)
        servers = [row for row in cloud.compute.servers(all_projects=True) if OF_TESTS.fullmatch(row.name)]
    for volume in cloud.block_storage.volumes(all_projects=True):
        if OF_TESTS.fullmatch(volume.name or ""):
            cloud.block_storage.reset_volume_status(volume, "available", "detached", None)
            cloud.block_storage.delete_volume(volume, force=True)


def _mend(compute, service):
    try:
        if service.is_forced_down:
            compute.update_service_forced_down(service, service.host, service.binary, forced=False)
        if service.status == "disabled":
            compute.enable_service(service, service.host, service.binary)
    except exceptions.BadRequestException:
        return  # evacuated, and its nova-compute is not back yet: asked again with the next look


def main():
    """Do the one thing that the command line names."""
    what, *told = sys.argv[1:]
    cloud = openstack.connect(compute_default_microversion="2.95")
    if what == "catalog":
        catalog(cloud.identity, json.loads(Path(told[0]).read_text()))
    elif what == "things":
        things(cloud)
    elif what == "sweep":
        sweep(cloud)
    else:
        ready(cloud, int(told[0]))


if __name__ == "__main__":
    main()
