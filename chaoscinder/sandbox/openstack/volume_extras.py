"""Cinder over HTTP: what there is besides volumes and attachments: snapshots, types, the backend's pool, messages, services, quotas."""

from datetime import timedelta

from chaoscinder.sandbox.openstack.backend import HOST, POOL
from chaoscinder.sandbox.openstack.cinder import MOST_GIB, MOST_VOLUMES, Cinder
from chaoscinder.sandbox.openstack.refusals import bad_request, forbidden, not_found
from chaoscinder.sandbox.openstack.server_views import stamp
from chaoscinder.sandbox.openstack.snapshots import Message, Snapshot
from chaoscinder.sandbox.openstack.volume_types import DEFAULT_TYPE, VolumeType
from chaoscinder.sandbox.openstack.volume_views import links
from chaoscinder.sandbox.openstack.wire import Answer, Call, Json, Route

POOL_GIB = 2000
MESSAGES_LAST = timedelta(days=30)  # cinder.conf [DEFAULT] message_ttl
MOST_OTHERS = {"snapshots": 10, "backups": 10, "backup_gigabytes": 1000, "groups": 10, "per_volume_gigabytes": -1}  # cinder.conf quota_...


class ExtraRoutes:
    """The handlers."""

    def __init__(self, cinder: Cinder, zone: str) -> None:
        self._cinder = cinder
        self._zone = zone

    def routes(self) -> list[Route]:
        """Where they answer, below the version and the project."""
        return [
            ("GET", "snapshots", self._snapshots),
            ("GET", "snapshots/detail", self._snapshots),
            ("POST", "snapshots", self._create_snapshot),
            ("GET", "snapshots/<snapshot_id>", self._snapshot),
            ("DELETE", "snapshots/<snapshot_id>", self._delete_snapshot),
            ("GET", "types", self._types),
            ("POST", "types", self._create_type),
            ("GET", "types/<type_id>", self._type),
            ("DELETE", "types/<type_id>", self._delete_type),
            ("GET", "scheduler-stats/get_pools", self._pools),
            ("GET", "messages", self._messages),
            ("GET", "messages/<message_id>", self._message),
            ("GET", "os-services", self._services),
            ("GET", "os-availability-zone", self._zones),
            ("GET", "limits", self._limits),
            ("GET", "os-quota-sets/<target_id>", self._quotas),
        ]

    def _snapshots(self, call: Call) -> Answer:
        call.only_known(("volume_id", "status", "name", "limit"))
        rows = [row for row in self._cinder.snapshots.mine(call.caller) if call.query.get("volume_id", row.volume_id) == row.volume_id]
        return Answer(200, {"snapshots": [_snapshot_view(row) for row in rows]})

    def _create_snapshot(self, call: Call) -> Answer:
        wanted = call.body("snapshot")
        row = self._cinder.snapshot(call.caller, str(wanted.get("volume_id")), wanted.get("name"), wanted.get("description"))
        return Answer(202, {"snapshot": _snapshot_view(row, created=True)})

    def _snapshot(self, call: Call) -> Answer:
        return Answer(200, {"snapshot": _snapshot_view(self._cinder.snapshots.get(call.caller, call.args["snapshot_id"]))})

    def _delete_snapshot(self, call: Call) -> Answer:
        self._cinder.snapshots.delete(call.caller, call.args["snapshot_id"])
        return Answer(202)

    def _types(self, call: Call) -> Answer:
        return Answer(200, {"volume_types": [_type_view(row, call) for row in self._cinder.types]})

    def _type(self, call: Call) -> Answer:
        wanted = call.args["type_id"]
        row = DEFAULT_TYPE if wanted == "default" else self._cinder.types.find(wanted)
        return Answer(200, {"volume_type": _type_view(row, call)})

    def _create_type(self, call: Call) -> Answer:
        _only_admins(call, "volume_extension:type_create")
        wanted = call.body("volume_type")
        if not wanted.get("name"):
            raise bad_request(f"Invalid input for field/attribute volume_type. Value: {wanted}. 'name' is a required property")
        row = self._cinder.types.add(str(wanted["name"]), wanted.get("extra_specs") or {}, wanted.get("description"))
        return Answer(200, {"volume_type": _type_view(row, call, created=True)})

    def _delete_type(self, call: Call) -> Answer:
        _only_admins(call, "volume_extension:type_delete")
        self._cinder.types.remove(call.args["type_id"])
        return Answer(202)

    def _pools(self, call: Call) -> Answer:
        _only_admins(call, "scheduler_extension:scheduler_stats:get_pools")
        if call.query.get("detail", "").lower() != "true":
            return Answer(200, {"pools": [{"name": POOL}]})
        body: Json = {
            "pool_name": "sandbox",
            "total_capacity_gb": POOL_GIB,
            "free_capacity_gb": POOL_GIB,
            "provisioned_capacity_gb": 0,
            "reserved_percentage": 0,
            "allocated_capacity_gb": self._cinder.used_gib,
            "volume_backend_name": "sandbox",
            "storage_protocol": "fake",
            "vendor_name": "Open Source",
            "driver_version": "3.0.0",
            "timestamp": self._cinder.world.now.strftime("%Y-%m-%dT%H:%M:%S.%f"),
            **{name: name in YES for name in (*YES, *NO)},
            "filter_function": None,
            "goodness_function": None,
        }
        return Answer(200, {"pools": [{"name": POOL, "capabilities": body}]})

    def _messages(self, call: Call) -> Answer:
        return Answer(200, {"messages": [_message_view(row, call) for row in self._mine(call)]})

    def _message(self, call: Call) -> Answer:
        for row in self._mine(call):
            if row.id == call.args["message_id"]:
                return Answer(200, {"message": _message_view(row, call)})
        raise not_found(f"Message {call.args['message_id']} could not be found.")

    def _mine(self, call: Call) -> list[Message]:
        return [row for row in self._cinder.messages[::-1] if row.caller.project_id == call.caller.project_id]

    def _services(self, call: Call) -> Answer:
        call.only_known(("binary", "host"))
        _only_admins(call, "volume_extension:services:index")
        backend = self._cinder.backend
        common: Json = {"zone": self._zone, "status": "enabled", "cluster": None, "disabled_reason": None}
        reported = stamp(backend.hosts.last_report_at(backend.host))
        volume: Json = {
            "binary": "cinder-volume",
            "host": HOST,
            **common,
            "state": "up" if backend.is_up else "down",
            "updated_at": reported,
        }
        volume |= {"backend_state": "up" if backend.is_up else None, "replication_status": "disabled"}
        volume |= {"active_backend_id": None, "frozen": False}
        scheduler: Json = {
            "binary": "cinder-scheduler",
            "host": "cinder1",
            **common,
            "state": "up",
            "updated_at": stamp(self._cinder.world.now),
        }
        rows = [row for row in (volume, scheduler) if call.query.get("binary", row["binary"]) == row["binary"]]
        return Answer(200, {"services": rows})

    def _zones(self, _: Call) -> Answer:
        return Answer(200, {"availabilityZoneInfo": [{"zoneName": self._zone, "zoneState": {"available": True}}]})

    def _limits(self, call: Call) -> Answer:
        volumes, gib = self._cinder.usage(call.caller.project_id)
        snapshots = len(self._cinder.snapshots.mine(call.caller))
        absolute = {"maxTotalVolumes": MOST_VOLUMES, "maxTotalVolumeGigabytes": MOST_GIB, "maxTotalSnapshots": MOST_OTHERS["snapshots"]}
        absolute |= {"maxTotalBackups": 10, "maxTotalBackupGigabytes": 1000, "totalBackupsUsed": 0, "totalBackupGigabytesUsed": 0}
        absolute |= {"totalVolumesUsed": volumes, "totalGigabytesUsed": gib, "totalSnapshotsUsed": snapshots}
        return Answer(200, {"limits": {"rate": [], "absolute": absolute}})

    def _quotas(self, call: Call) -> Answer:
        target_id = call.args["target_id"]
        if not call.caller.may_see(target_id):
            raise forbidden("volume_extension:quotas:show")
        volumes, gib = self._cinder.usage(target_id)
        used = {"volumes": volumes, "gigabytes": gib}
        limits = {"volumes": MOST_VOLUMES, "gigabytes": MOST_GIB, **MOST_OTHERS}
        if call.query.get("usage", "").lower() != "true":
            return Answer(200, {"quota_set": {"id": target_id, **limits}})
        rows = {name: {"limit": limit, "in_use": used.get(name, 0), "reserved": 0} for name, limit in limits.items()}
        return Answer(200, {"quota_set": {"id": target_id, **rows}})


YES = ("replication_enabled", "group_replication_enabled", "multiattach")
NO = ("QoS_support", "consistencygroup_support", "thin_provisioning_support")


def _only_admins(call: Call, rule: str) -> None:
    if not call.caller.is_admin:
        raise forbidden(rule)


def _type_view(row: VolumeType, call: Call, *, created: bool = False) -> Json:
    body: Json = {"id": row.id, "name": row.name, "is_public": True, "description": row.description}
    body["os-volume-type-access:is_public"] = True
    body |= {"extra_specs": dict(row.extra_specs)} if call.caller.is_admin else {}
    return body if created else {**body, "qos_specs_id": None}


def _snapshot_view(row: Snapshot, *, created: bool = False) -> Json:
    body: Json = {
        "id": row.id,
        "created_at": stamp(row.created_at),
        "updated_at": stamp(row.updated_at),
        "name": row.name,
        "description": row.description,
        "volume_id": row.volume_id,
        "status": row.status,
        "size": row.size_gib,
        "metadata": {},
        "group_snapshot_id": None,
        "user_id": row.user_id,
        "consumes_quota": True,
    }
    if created:
        return body
    progress = "100%" if row.status == "available" else "0%"
    more = {"os-extended-snapshot-attributes:project_id": row.project_id, "os-extended-snapshot-attributes:progress": progress}
    return {**body, **more}


def _message_view(row: Message, call: Call) -> Json:
    return {
        "id": row.id,
        "event_id": row.event,
        "user_message": row.text,
        "message_level": "ERROR",
        "created_at": stamp(row.created_at),
        "guaranteed_until": stamp(row.created_at + MESSAGES_LAST),
        "request_id": row.caller.request_id,
        "links": links(call, f"messages/{row.id}"),
        "resource_type": "VOLUME",
        "resource_uuid": row.volume_id,
    }
