"""Nova over HTTP: version documents, servers and their metadata; what else there is comes from the other compute_ modules."""

import re

from werkzeug.wrappers import Request

from chaoscinder.sandbox.openstack import readers
from chaoscinder.sandbox.openstack.caller import Caller
from chaoscinder.sandbox.openstack.compute_actions import ActionRoutes
from chaoscinder.sandbox.openstack.compute_attachments import AttachmentRoutes
from chaoscinder.sandbox.openstack.compute_catalog import CatalogRoutes
from chaoscinder.sandbox.openstack.compute_creation import CreationRoutes
from chaoscinder.sandbox.openstack.keystone import Keystone
from chaoscinder.sandbox.openstack.nova import Nova, metadata_item
from chaoscinder.sandbox.openstack.refusals import bad_request
from chaoscinder.sandbox.openstack.releases import NOVA_MIN, Release
from chaoscinder.sandbox.openstack.server_views import server_brief, server_view
from chaoscinder.sandbox.openstack.servers import Server
from chaoscinder.sandbox.openstack.versioned import VersionedService, spell
from chaoscinder.sandbox.openstack.wire import Answer, Call, Gate, Json, Route

MOST_ROWS = 1000  # nova.conf [api] max_limit
LIST_FILTERS = ("name", "status", "all_tenants", "project_id", "tenant_id", "host", "limit", "marker", "uuid", "deleted")


class ComputeApi(VersionedService):
    """The application below /compute."""

    name = "nova"
    word = "compute"
    service_type = "compute"
    legacy = "X-OpenStack-Nova-API-Version"

    def __init__(self, gate: Gate, nova: Nova, keystone: Keystone, release: Release) -> None:
        self._nova = nova
        self._v2 = release.compute_v2
        super().__init__(gate, keystone, lowest=NOVA_MIN, highest=release.nova_max)

    def routes(self) -> list[Route]:
        """All that Nova answers here."""
        server = "/v2.1/servers/<server_id>"
        return [
            ("GET", "/v2.1/servers", self._list),
            ("GET", "/v2.1/servers/detail", self._list_whole),
            ("GET", server, self._show),
            ("DELETE", server, self._delete),
            ("GET", f"{server}/metadata", self._metadata),
            ("POST PUT", f"{server}/metadata", self._set_metadata),
            ("GET", f"{server}/metadata/<key>", self._metadata_item),
            ("PUT", f"{server}/metadata/<key>", self._set_metadata_item),
            ("DELETE", f"{server}/metadata/<key>", self._delete_metadata_item),
            ("PUT", server, self._rename),
            *CreationRoutes(self._nova).routes(),
            *CatalogRoutes(self._nova).routes(),
            *ActionRoutes(self._nova).routes(server),
            *AttachmentRoutes(self._nova).routes(server),
        ]

    def refuse_by_role(self, caller: Caller, request: Request) -> None:
        """A reader changes nothing."""
        readers.refuse(caller, request)

    def version_document(self, request: Request) -> Answer | None:
        """The documents that need no token."""
        if request.method not in ("GET", "HEAD"):
            return None
        base = request.root_url.rstrip("/")
        if request.path == "/":
            old = {"id": "v2.0", "status": self._v2[0], "version": "", "min_version": "", "updated": self._v2[1]}
            old["links"] = [{"rel": "self", "href": f"{base}/v2/"}]  # type: ignore[assignment]
            return Answer(200, {"versions": [old, self._version(base)]})
        if request.path.rstrip("/") == "/v2.1":
            document = self._version(base)
            document["links"].append({"rel": "describedby", "type": "text/html", "href": "http://docs.openstack.org/"})
            document["media-types"] = [{"base": "application/json", "type": "application/vnd.openstack.compute+json;version=2.1"}]
            return Answer(200, {"version": document})
        return None

    def _version(self, base: str) -> Json:
        limits = {"version": spell(self.highest), "min_version": spell(self.lowest)}
        return {
            "id": "v2.1",
            "status": "CURRENT",
            **limits,
            "updated": "2013-07-23T11:33:21Z",
            "links": [{"rel": "self", "href": f"{base}/v2.1/"}],
        }

    def _server(self, call: Call) -> Server:
        return self._nova.get(call.caller, call.args["server_id"])

    def _list(self, call: Call) -> Answer:
        rows, more = self._page(call)
        return Answer(200, {"servers": [server_brief(server, call) for server in rows], **more})

    def _list_whole(self, call: Call) -> Answer:
        rows, more = self._page(call)
        return Answer(200, {"servers": [server_view(self._nova, server, call, in_list=True) for server in rows], **more})

    def _page(self, call: Call) -> tuple[list[Server], Json]:
        call.only_known(LIST_FILTERS)
        everyone = call.query.get("all_tenants", "0").lower() in ("", "1", "t", "true", "on", "y", "yes")
        name = _pattern(call.query.get("name", ""))
        everybody = self._nova.list(call.caller, all_projects=everyone)
        rows = [server for server in everybody if name.search(server.name) and _matches(server, call)]
        if marker := call.query.get("marker"):
            ids = [server.id for server in rows]
            if marker not in ids:
                raise bad_request(f"marker [{marker}] not found")
            rows = rows[ids.index(marker) + 1 :]
        limit = min(call.number("limit", MOST_ROWS), MOST_ROWS)
        if not 0 < limit < len(rows):
            return rows, {}
        following = f"{call.url}?limit={limit}&marker={rows[limit - 1].id}"
        return rows[:limit], {"servers_links": [{"rel": "next", "href": following}]}

    def _show(self, call: Call) -> Answer:
        return Answer(200, {"server": server_view(self._nova, self._server(call), call)})

    def _rename(self, call: Call) -> Answer:
        server, change = self._server(call), call.body("server")
        server.name, server.description = str(change.get("name", server.name)), change.get("description", server.description)
        server.updated_at = self._nova.world.now
        return Answer(200, {"server": server_view(self._nova, server, call)})

    def _delete(self, call: Call) -> Answer:
        self._nova.delete(call.caller, self._server(call))
        return Answer(204)

    def _metadata(self, call: Call) -> Answer:
        return Answer(200, {"metadata": dict(self._server(call).metadata)})

    def _set_metadata(self, call: Call) -> Answer:
        server = self._server(call)
        self._nova.set_metadata(call.caller, server, call.texts("metadata"), replace=call.method == "PUT")
        return Answer(200, {"metadata": dict(server.metadata)})

    def _metadata_item(self, call: Call) -> Answer:
        key = call.args["key"]
        return Answer(200, {"meta": {key: metadata_item(self._server(call), key)}})

    def _set_metadata_item(self, call: Call) -> Answer:
        item = call.texts("meta")
        if list(item) != [call.args["key"]]:
            raise bad_request("Request body and URI mismatch")
        self._nova.set_metadata(call.caller, self._server(call), item)
        return Answer(200, {"meta": item})

    def _delete_metadata_item(self, call: Call) -> Answer:
        self._nova.delete_metadata(call.caller, self._server(call), call.args["key"])
        return Answer(204)


def _pattern(name: str) -> re.Pattern[str]:
    try:
        return re.compile(name, re.IGNORECASE)
    except re.error as error:
        raise bad_request(f"Invalid filter name: {error}") from error


def _matches(server: Server, call: Call) -> bool:
    """Whether the list's filters let a server through; some are for administrators only, and members' are ignored."""
    query = call.query
    if "status" in query and query["status"].upper() != server.status:
        return False
    if query.get("uuid", server.id) != server.id or query.get("deleted", "false").lower() in ("1", "true"):
        return False
    if not call.caller.is_admin:
        return True
    project_id = query.get("project_id") or query.get("tenant_id") or server.project_id
    return project_id == server.project_id and query.get("host", server.host) == server.host
