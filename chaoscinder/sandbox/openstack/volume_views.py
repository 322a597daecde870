"""Volumes and attachments, as Cinder's JSON has them at each microversion."""

from chaoscinder.sandbox.openstack.backend import POOL
from chaoscinder.sandbox.openstack.server_views import stamp
from chaoscinder.sandbox.openstack.volumes import Attachment, Volume
from chaoscinder.sandbox.openstack.wire import Call, Json

SERVICE_ID = "530d4440-91cd-4d9a-8e07-f0c9db3a5bc3"


def links(call: Call, path: str) -> list[Json]:
    """The two links of a resource of Cinder."""
    project_id = call.caller.project_id
    return [
        {"rel": "self", "href": f"{call.base}/v3/{project_id}/{path}"},
        {"rel": "bookmark", "href": f"{call.base}/{project_id}/{path}"},
    ]


def volume_brief(volume: Volume, call: Call) -> Json:
    """A volume in a list without details."""
    return {"id": volume.id, "name": volume.name, "links": links(call, f"volumes/{volume.id}")}


def volume_view(volume: Volume, call: Call, *, created: bool = False) -> Json:
    """A volume whole; the answer to its creation lacks what only the finished one has."""
    body = {
        "id": volume.id,
        "status": volume.status,
        "size": volume.size_gib,
        "availability_zone": volume.zone,
        "created_at": stamp(volume.created_at),
        "updated_at": None if created else stamp(volume.updated_at),
        "name": volume.name,
        "description": volume.description,
        "volume_type": volume.type.name,
        "snapshot_id": None,
        "source_volid": None,
        "metadata": dict(volume.metadata),
        "links": links(call, f"volumes/{volume.id}"),
        "user_id": volume.user_id,
        "bootable": "false",
        "encrypted": False,
        "replication_status": None,
        "consistencygroup_id": None,
        "multiattach": volume.multiattach,
        "attachments": [attached_view(attachment, call) for attachment in volume.attached],
    }
    return {**body, **_since(volume, call, created), **({} if created else _tenant(volume, call))}


def attached_view(attachment: Attachment, call: Call) -> Json:
    """One of a volume's attachments; the host is an administrator's business."""
    return {
        "id": attachment.volume_id,
        "attachment_id": attachment.id,
        "volume_id": attachment.volume_id,
        "server_id": attachment.server_id,
        "host_name": attachment.host if call.caller.is_admin else None,
        "device": attachment.device,
        "attached_at": stamp(attachment.attached_at),
    }


def attachment_brief(attachment: Attachment) -> Json:
    """An attachment record in a list without details."""
    return {
        "id": attachment.id,
        "status": attachment.status,
        "instance": attachment.server_id,
        "volume_id": attachment.volume_id,
    }


def attachment_view(attachment: Attachment) -> Json:
    """An attachment record whole."""
    info: Json = {}
    if attachment.is_connected:
        info = {"access_mode": "rw", "qos_specs": None, "encrypted": False, "cacheable": False, "driver_volume_type": "iscsi"}
        info |= {"attachment_id": attachment.id, "enforce_multipath": False}
    return {
        **attachment_brief(attachment),
        "attached_at": stamp(attachment.attached_at) or "",
        "detached_at": "",
        "attach_mode": "rw" if attachment.is_connected else "null",
        "connection_info": info,
    }


def _since(volume: Volume, call: Call, created: bool) -> Json:
    admin = call.caller.is_admin
    rows: list[tuple[tuple[int, int], bool, str, object]] = [
        ((3, 0), admin, "migration_status", None),
        ((3, 13), True, "group_id", None),
        ((3, 21), admin, "provider_id", None),
        ((3, 48), True, "shared_targets", created),
        ((3, 48), True, "service_uuid", None if created or not volume.is_placed else SERVICE_ID),
        ((3, 61), admin, "cluster_name", None),
        ((3, 63), True, "volume_type_id", volume.type.id),
        ((3, 65), True, "consumes_quota", True),
    ]
    return {key: value for since, shown, key, value in rows if shown and call.version >= since}


def _tenant(volume: Volume, call: Call) -> Json:
    body: Json = {"os-vol-tenant-attr:tenant_id": volume.project_id}
    if call.caller.is_admin:
        body |= {
            "os-vol-mig-status-attr:migstat": None,
            "os-vol-mig-status-attr:name_id": None,
            "os-vol-host-attr:host": POOL if volume.is_placed else None,
        }
    return body
