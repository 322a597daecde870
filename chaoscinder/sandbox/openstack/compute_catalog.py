"""Nova over HTTP: what there is besides servers: flavors, hosts' services, zones, quotas, migrations."""

from chaoscinder.sandbox.openstack.building import QUOTAS
from chaoscinder.sandbox.openstack.flavors import Flavor
from chaoscinder.sandbox.openstack.migrations import Migration
from chaoscinder.sandbox.openstack.nova import Nova
from chaoscinder.sandbox.openstack.refusals import bad_request, forbidden, not_in_the_sandbox
from chaoscinder.sandbox.openstack.server_views import controller_view, links, service_view, stamp
from chaoscinder.sandbox.openstack.wire import Answer, Call, Json, Route
from chaoscinder.sandbox.ports import CloudError

BY_ID_SINCE = (2, 53)
CONTROLLERS = ("nova-conductor", "nova-scheduler")
OTHER_QUOTAS = {"key_pairs": 100, "metadata_items": 128, "server_groups": 10, "server_group_members": 10}  # nova.conf [quota]


class CatalogRoutes:
    """The handlers."""

    def __init__(self, nova: Nova) -> None:
        self._nova = nova

    def routes(self) -> list[Route]:
        """Where they answer."""
        return [
            ("GET", "/v2.1/os-services", self._services),
            ("PUT", "/v2.1/os-services/<service_id>", self._change_service),
            ("GET", "/v2.1/os-availability-zone", self._zones),
            ("GET", "/v2.1/flavors", self._flavors),
            ("GET", "/v2.1/flavors/detail", self._flavors),
            ("POST", "/v2.1/flavors", self._add_flavor),
            ("GET", "/v2.1/flavors/<flavor_id>", self._flavor),
            ("DELETE", "/v2.1/flavors/<flavor_id>", self._remove_flavor),
            ("GET", "/v2.1/limits", self._limits),
            ("GET", "/v2.1/os-quota-sets/<project_id>", self._quotas),
            ("GET", "/v2.1/os-migrations", self._migrations),
        ]

    def _services(self, call: Call) -> Answer:
        call.only_known(("binary", "host"))
        _only_admins(call, "os_compute_api:os-services:list")
        rows = [controller_view(binary, self._nova, call) for binary in CONTROLLERS]
        rows += [service_view(self._nova.hosts, host, call) for host in self._nova.hosts]
        wanted = call.query
        found = [
            row for row in rows if wanted.get("host", row["host"]) == row["host"] and wanted.get("binary", row["binary"]) == row["binary"]
        ]
        return Answer(200, {"services": found})

    def _change_service(self, call: Call) -> Answer:
        _only_admins(call, "os_compute_api:os-services:update")
        if call.version < BY_ID_SINCE:
            raise _older_form(call)
        host = self._nova.hosts.by_service(call.args["service_id"])
        change = call.whole_body()
        if "forced_down" in change:
            self._nova.force(host, down=bool(change["forced_down"]))
        if "status" in change:
            host.disabled = change["status"] == "disabled"
            host.disabled_reason = change.get("disabled_reason")
        return Answer(200, {"service": service_view(self._nova.hosts, host, call)})

    def _zones(self, _: Call) -> Answer:
        names = sorted({host.zone for host in self._nova.hosts})
        rows = [{"zoneName": name, "zoneState": {"available": True}, "hosts": None} for name in names]
        return Answer(200, {"availabilityZoneInfo": rows})

    def _flavors(self, call: Call) -> Answer:
        return Answer(200, {"flavors": [_flavor_view(flavor, call) for flavor in self._nova.flavors]})

    def _flavor(self, call: Call) -> Answer:
        return Answer(200, {"flavor": _flavor_view(self._nova.flavors.get(call.args["flavor_id"]), call)})

    def _add_flavor(self, call: Call) -> Answer:
        _only_admins(call, "os_compute_api:os-flavor-manage:create")
        wanted = call.body("flavor")
        flavor_id = str(wanted.get("id") or self._nova.world.new_uuid())
        size = {"vcpus": int(wanted["vcpus"]), "ram_mib": int(wanted["ram"]), "disk_gib": int(wanted["disk"])}
        return Answer(200, {"flavor": _flavor_view(self._nova.flavors.add(flavor_id, str(wanted["name"]), **size), call)})

    def _remove_flavor(self, call: Call) -> Answer:
        _only_admins(call, "os_compute_api:os-flavor-manage:delete")
        self._nova.flavors.remove(call.args["flavor_id"])
        return Answer(202)

    def _limits(self, call: Call) -> Answer:
        used = self._nova.builder.usage(call.caller.project_id)
        absolute = {"maxTotalInstances": QUOTAS["instances"], "maxTotalCores": QUOTAS["cores"], "maxTotalRAMSize": QUOTAS["ram"]}
        absolute |= {"maxServerMeta": 128, "maxTotalKeypairs": 100, "maxServerGroups": 10, "maxServerGroupMembers": 10}
        absolute |= {"totalInstancesUsed": used["instances"], "totalCoresUsed": used["cores"], "totalRAMUsed": used["ram"]}
        return Answer(200, {"limits": {"rate": [], "absolute": {**absolute, "totalServerGroupsUsed": 0}}})

    def _quotas(self, call: Call) -> Answer:
        project_id = call.args["project_id"]
        if not call.caller.may_see(project_id):
            raise forbidden("os_compute_api:os-quota-sets:show")
        return Answer(200, {"quota_set": {"id": project_id, **QUOTAS, **OTHER_QUOTAS}})

    def _migrations(self, call: Call) -> Answer:
        call.only_known(("instance_uuid", "migration_type", "status", "source_compute", "host", "limit", "marker"))
        _only_admins(call, "os_compute_api:os-migrations:index")
        rows = [row for row in self._nova.migrations if _matches(row, call)]
        return Answer(200, {"migrations": [_migration_view(row, call) for row in rows]})


def _older_form(call: Call) -> CloudError:
    """Before 2.53 services were named by host and binary."""
    if "host" not in call.whole_body():
        return bad_request("'host' is a required property")
    return not_in_the_sandbox("changing services by host and binary, as before microversion 2.53")


def _only_admins(call: Call, rule: str) -> None:
    if not call.caller.is_admin:
        raise forbidden(rule)


def _flavor_view(flavor: Flavor, call: Call) -> Json:
    more = {"OS-FLV-EXT-DATA:ephemeral": 0, "os-flavor-access:is_public": True, "OS-FLV-DISABLED:disabled": False}
    size = {"ram": flavor.ram_mib, "disk": flavor.disk_gib, "vcpus": flavor.vcpus, "swap": 0 if call.version >= (2, 75) else ""}
    named = {"id": flavor.id, "name": flavor.name, "rxtx_factor": 1.0, "links": links(call, f"flavors/{flavor.id}")}
    named |= {"description": None} if call.version >= (2, 55) else {}
    named |= {"extra_specs": {}} if call.version >= (2, 61) else {}
    return {**named, **size, **more}


def _matches(row: Migration, call: Call) -> bool:
    query = call.query
    return (
        query.get("instance_uuid", row.server_id) == row.server_id
        and query.get("migration_type", row.kind) == row.kind
        and query.get("status", row.status) == row.status
        and query.get("source_compute", row.source) == row.source
        and query.get("host", row.source) in (row.source, row.dest)
    )


def _migration_view(row: Migration, call: Call) -> Json:
    body: Json = {
        "id": row.number,
        "source_compute": row.source,
        "dest_compute": row.dest,
        "source_node": row.source,
        "dest_node": row.dest,
        "dest_host": row.dest_address,
        "old_instance_type_id": row.old_flavor,
        "new_instance_type_id": row.new_flavor,
        "instance_uuid": row.server_id,
        "status": row.status,
        "created_at": stamp(row.created_at),
        "updated_at": stamp(row.updated_at),
    }
    body |= {"migration_type": row.kind} if call.version >= (2, 23) else {}
    body |= {"uuid": row.id} if call.version >= (2, 59) else {}
    return {**body, **({"user_id": row.caller.user_id, "project_id": row.caller.project_id} if call.version >= (2, 80) else {})}
