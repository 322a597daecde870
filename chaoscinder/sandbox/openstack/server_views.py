"""Servers, services and what happened to them, as Nova's JSON has them at each microversion."""

import hashlib
import uuid
from datetime import datetime

from chaoscinder.sandbox.openstack.hosts import Host, Hosts
from chaoscinder.sandbox.openstack.instance_actions import ActionEvent, InstanceAction
from chaoscinder.sandbox.openstack.nova import Nova
from chaoscinder.sandbox.openstack.nova_volumes import BlockDevice
from chaoscinder.sandbox.openstack.servers import Server
from chaoscinder.sandbox.openstack.wire import Call, Json

IMAGE_ID = "a89639bd-88ac-4412-8903-09e41187579e"
IN_PROGRESS = ("ACTIVE", "BUILD", "REBUILD", "RESIZE", "VERIFY_RESIZE", "MIGRATING")  # nova.api.openstack.compute.views.servers


def stamp(at: datetime | None) -> str | None:
    """A moment with microseconds, as most of Nova and Cinder write it: whole seconds, no zone."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.000000") if at else None


def links(call: Call, path: str) -> list[Json]:
    """The two links of a resource of Nova."""
    return [{"rel": "self", "href": f"{call.base}/v2.1/{path}"}, {"rel": "bookmark", "href": f"{call.base}/{path}"}]


def server_brief(server: Server, call: Call) -> Json:
    """A server in a list without details."""
    return {"id": server.id, "name": server.name, "links": links(call, f"servers/{server.id}")}


def server_view(nova: Nova, server: Server, call: Call, *, in_list: bool = False) -> Json:
    """A server whole."""
    body = {
        "id": server.id,
        "name": server.name,
        "status": server.status,
        "tenant_id": server.project_id,
        "user_id": server.user_id,
        "metadata": dict(server.metadata),
        "hostId": host_id(server.host, server.project_id),
        "image": _image(server, call),
        "flavor": _flavor(server, call),
        "created": server.created_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "updated": server.updated_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "addresses": {},
        "accessIPv4": "",
        "accessIPv6": "",
        "links": links(call, f"servers/{server.id}"),
        "OS-DCF:diskConfig": "MANUAL",
    }
    return {**body, **_state(server), **_volumes(nova, server, call), **_by_role(nova, server, call), **_since(server, call, in_list)}


def host_id(host: str, project_id: str) -> str:
    """The host's name as members see it: hashed together with their project; empty for no host."""
    return "" if not host else hashlib.sha224((project_id + host).encode()).hexdigest()


def service_view(hosts: Hosts, host: Host, call: Call) -> Json:
    """A nova-compute service."""
    body = {
        "binary": "nova-compute",
        "host": host.name,
        "id": host.service_id if call.version >= (2, 53) else host.number,
        "zone": host.zone,
        "status": "disabled" if host.disabled else "enabled",
        "state": "up" if hosts.is_up(host) else "down",
        "updated_at": stamp(hosts.last_report_at(host)),
        "disabled_reason": host.disabled_reason,
    }
    return {**body, **({"forced_down": host.forced_down} if call.version >= (2, 11) else {})}


def controller_view(binary: str, nova: Nova, call: Call) -> Json:
    """A service of Nova's own that no host of servers runs; here it never fails."""
    common = {"zone": "internal", "status": "enabled", "state": "up", "updated_at": stamp(nova.world.now), "disabled_reason": None}
    body: Json = {"binary": binary, "host": "controller", "id": str(uuid.uuid5(uuid.NAMESPACE_DNS, binary)), **common}
    return {**body, **({"forced_down": False} if call.version >= (2, 11) else {})}


def attachment_view(device: BlockDevice, call: Call, *, created: bool = False) -> Json:
    """A volume attachment of Nova; the answer to its creation keeps the old form in every version."""
    body: Json = {"volumeId": device.volume_id, "serverId": device.server_id, "device": device.device}
    if call.version < (2, 89) or created:
        body["id"] = device.volume_id
    if call.version >= (2, 70):
        body["tag"] = None
    if call.version >= (2, 79):
        body["delete_on_termination"] = False
    if call.version >= (2, 89) and not created:
        body |= {"attachment_id": device.attachment_id, "bdm_uuid": device.id}
    return body


def action_view(action: InstanceAction, call: Call) -> Json:
    """An instance action without its events."""
    body = {
        "action": action.name,
        "instance_uuid": action.server_id,
        "request_id": action.caller.request_id,
        "user_id": action.caller.user_id,
        "project_id": action.caller.project_id,
        "start_time": stamp(action.started_at),
        "message": action.message,
    }
    return {**body, **({"updated_at": stamp(action.updated_at)} if call.version >= (2, 58) else {})}


def event_view(event: ActionEvent, action: InstanceAction, call: Call) -> Json:
    """An event of an instance action; members see neither host nor traceback nor details."""
    body: Json = {
        "event": event.name,
        "start_time": stamp(event.started_at),
        "finish_time": stamp(event.finished_at),
        "result": event.result,
    }
    if call.caller.is_admin:
        body["traceback"] = event.details and f'  File "nova/compute/manager.py"\n{event.details}\n'
    if call.version >= (2, 62):
        body["hostId"] = host_id(event.host, action.caller.project_id)
        body |= {"host": event.host} if call.caller.is_admin else {}
    if call.version >= (2, 84) and call.caller.is_admin:
        body["details"] = event.details
    return body


def _image(server: Server, call: Call) -> Json:
    image_id = server.image_id or IMAGE_ID
    return {"id": image_id, "links": links(call, f"images/{image_id}")[1:]}


def _flavor(server: Server, call: Call) -> Json:
    flavor = server.flavor
    if call.version < (2, 47):
        return {"id": flavor.id, "links": links(call, f"flavors/{flavor.id}")[1:]}
    size = {"vcpus": flavor.vcpus, "ram": flavor.ram_mib, "disk": flavor.disk_gib, "ephemeral": 0, "swap": 0}
    return {**size, "original_name": flavor.name, **({"extra_specs": {}} if call.version >= (2, 61) else {})}


def _state(server: Server) -> Json:
    body: Json = {
        "OS-EXT-AZ:availability_zone": server.zone,
        "config_drive": "",
        "key_name": None,
        "OS-SRV-USG:launched_at": stamp(server.launched_at),
        "OS-SRV-USG:terminated_at": None,
        "OS-EXT-STS:task_state": server.task_state,
        "OS-EXT-STS:vm_state": server.vm_state,
        "OS-EXT-STS:power_state": server.power_state,
    }
    if server.status in IN_PROGRESS:
        body["progress"] = 0
    if server.status in ("ERROR", "DELETED") and server.fault:
        body["fault"] = {"code": 500, "created": server.updated_at.strftime("%Y-%m-%dT%H:%M:%SZ"), "message": server.fault}
    return body


def _volumes(nova: Nova, server: Server, call: Call) -> Json:
    with_more = {"delete_on_termination": False} if call.version >= (2, 3) else {}
    devices = nova.volumes.of(server.id, ghosts=True)
    return {"os-extended-volumes:volumes_attached": [{"id": device.volume_id, **with_more} for device in devices]}


def _by_role(nova: Nova, server: Server, call: Call) -> Json:
    body: Json = {"OS-EXT-SRV-ATTR:hostname": server.name} if call.version >= (2, 90) else {}
    if not call.caller.is_admin:
        return body
    body["OS-EXT-SRV-ATTR:host"] = body["OS-EXT-SRV-ATTR:hypervisor_hostname"] = server.host or None
    body["OS-EXT-SRV-ATTR:instance_name"] = f"instance-{server.number:08x}"
    if call.version >= (2, 3):
        body["OS-EXT-SRV-ATTR:hostname"] = server.name
        body["OS-EXT-SRV-ATTR:reservation_id"] = "r-" + server.id.replace("-", "")[:8]
        body |= {
            "OS-EXT-SRV-ATTR:launch_index": 0,
            "OS-EXT-SRV-ATTR:root_device_name": nova.volumes.root_device if server.was_placed else None,
            "OS-EXT-SRV-ATTR:user_data": None,
        }
        body |= {"OS-EXT-SRV-ATTR:kernel_id": "", "OS-EXT-SRV-ATTR:ramdisk_id": ""}
    if call.version >= (2, 16):
        body["host_status"] = nova.hosts.status(nova.hosts.get(server.host)) if server.host else ""
    return body


def _since(server: Server, call: Call, in_list: bool) -> Json:
    rows: list[tuple[tuple[int, int], str, object]] = [
        ((2, 9), "locked", server.locked_by is not None),
        ((2, 19), "description", server.description),
        ((2, 26), "tags", []),
        ((2, 63), "trusted_image_certificates", None),
        ((2, 73), "locked_reason", server.locked_reason),
        ((2, 96), "pinned_availability_zone", None),
        ((2, 100), "scheduler_hints", {}),
    ]
    body: Json = {key: value for since, key, value in rows if call.version >= since}
    return body if in_list or call.version < (2, 71) else {**body, "server_groups": []}
