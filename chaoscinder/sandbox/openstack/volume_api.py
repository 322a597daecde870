"""Cinder over HTTP: version documents, volumes and their actions, attachments, and the little that clients ask besides.

Every path exists with and without the project's id in it, as in the real service.
"""

from werkzeug.wrappers import Request

from chaoscinder.sandbox.openstack.cinder import Cinder, Wanted
from chaoscinder.sandbox.openstack.cinder_actions import VolumeActions
from chaoscinder.sandbox.openstack.keystone import Keystone
from chaoscinder.sandbox.openstack.refusals import bad_request, not_found
from chaoscinder.sandbox.openstack.releases import CINDER_MIN, Release
from chaoscinder.sandbox.openstack.versioned import VersionedService, need, spell
from chaoscinder.sandbox.openstack.volume_extras import ExtraRoutes
from chaoscinder.sandbox.openstack.volume_types import DEFAULT_TYPE
from chaoscinder.sandbox.openstack.volume_views import attachment_brief, attachment_view, volume_brief, volume_view
from chaoscinder.sandbox.openstack.volumes import Attachment, Volume
from chaoscinder.sandbox.openstack.wire import Answer, Call, Gate, Handler, Json, Route

ATTACHMENTS_SINCE = (3, 27)
LIST_FILTERS = ("name", "status", "availability_zone", "all_tenants", "limit", "marker", "project_id")


class VolumeApi(VersionedService):
    """The application below /volume."""

    name = "cinder"
    word = "volume"
    service_type = "block-storage"

    def __init__(self, gate: Gate, cinder: Cinder, keystone: Keystone, release: Release, *, zone: str) -> None:
        self._cinder = cinder
        self._zone = zone
        self._actions = VolumeActions(cinder)
        super().__init__(gate, keystone, lowest=CINDER_MIN, highest=release.cinder_max)

    def routes(self) -> list[Route]:
        """All that Cinder answers here."""
        rows: list[Route] = [
            ("GET", "volumes", self._list),
            ("GET", "volumes/detail", self._list_whole),
            ("POST", "volumes", self._create),
            ("GET", "volumes/<volume_id>", self._show),
            ("DELETE", "volumes/<volume_id>", self._delete),
            ("POST", "volumes/<volume_id>/action", self._act),
            ("GET", "attachments", self._attachments),
            ("GET", "attachments/detail", self._attachments_whole),
            ("POST", "attachments", self._create_attachment),
            ("GET", "attachments/<attachment_id>", self._attachment),
            ("DELETE", "attachments/<attachment_id>", self._delete_attachment),
            *ExtraRoutes(self._cinder, self._zone).routes(),
        ]
        projects = ("", "<project_id>/")
        root: list[Route] = [("GET", "/v3", self._versions)]
        return root + [
            (methods, f"/v3/{project}{path}", self._in_project(handler)) for methods, path, handler in rows for project in projects
        ]

    def version_document(self, request: Request) -> Answer | None:
        """The document at the root, which needs no token; the same below /v3 needs one."""
        if request.method not in ("GET", "HEAD") or request.path.rstrip("/"):
            return None
        return Answer(300, {"versions": [self._version(request.root_url.rstrip("/"))]})

    def _versions(self, call: Call) -> Answer:
        return Answer(200, {"versions": [self._version(call.base)]})

    def _version(self, base: str) -> Json:
        return {
            "id": "v3.0",
            "status": "CURRENT",
            "version": spell(self.highest),
            "min_version": spell(self.lowest),
            "updated": "2023-08-31T00:00:00Z",
            "links": [
                {"rel": "describedby", "type": "text/html", "href": "https://docs.openstack.org/"},
                {"rel": "self", "href": f"{base}/v3/"},
            ],
            "media-types": [{"base": "application/json", "type": "application/vnd.openstack.volume+json;version=3"}],
        }

    def _in_project(self, handler: Handler) -> Handler:
        def checked(call: Call) -> Answer:
            if call.args.get("project_id", call.caller.project_id) != call.caller.project_id:
                raise bad_request("Malformed request url")
            return handler(call)

        return checked

    def _list(self, call: Call) -> Answer:
        rows, more = self._page(call)
        return Answer(200, {"volumes": [volume_brief(volume, call) for volume in rows], **more})

    def _list_whole(self, call: Call) -> Answer:
        rows, more = self._page(call)
        return Answer(200, {"volumes": [volume_view(volume, call) for volume in rows], **more})

    def _page(self, call: Call) -> tuple[list[Volume], Json]:
        call.only_known(LIST_FILTERS)
        rows = [volume for volume in self._cinder.list(call.caller, all_projects=_everyone(call)) if _matches(volume, call)]
        if marker := call.query.get("marker"):
            ids = [volume.id for volume in rows]
            if marker not in ids:
                raise not_found(f"Volume {marker} could not be found.")
            rows = rows[ids.index(marker) + 1 :]
        limit = call.number("limit", len(rows))
        if not 0 < limit < len(rows):
            return rows, {}
        following = f"{call.url}?limit={limit}&marker={rows[limit - 1].id}"
        return rows[:limit], {"volumes_links": [{"rel": "next", "href": following}]}

    def _create(self, call: Call) -> Answer:
        wanted = call.body("volume")
        size = wanted.get("size")
        if isinstance(size, bool) or not str(size).isdecimal():
            raise bad_request(f"Invalid input for field/attribute size. Value: {size}. {size!r} does not match '^[0-9]+$'")
        if int(str(size)) < 1:
            raise bad_request(f"Invalid input for field/attribute size. Value: {size}. {size} is less than the minimum of 1")
        kind = wanted.get("volume_type")
        request = Wanted(
            wanted.get("name") or wanted.get("display_name") or "",
            int(str(size)),
            zone=wanted.get("availability_zone") or self._zone,
            type=self._cinder.types.named(kind) if kind else DEFAULT_TYPE,
            metadata=wanted["metadata"] if isinstance(wanted.get("metadata"), dict) else {},
            description=wanted.get("description"),
        )
        volume = self._cinder.create(call.caller, request)
        return Answer(202, {"volume": volume_view(volume, call, created=True)})

    def _show(self, call: Call) -> Answer:
        return Answer(200, {"volume": volume_view(self._cinder.get(call.caller, call.args["volume_id"]), call)})

    def _delete(self, call: Call) -> Answer:
        self._cinder.delete(call.caller, call.args["volume_id"])
        return Answer(202)

    def _act(self, call: Call) -> Answer:
        body = call.whole_body()
        name = next(iter(body))
        content = body[name] if isinstance(body[name], dict) else {}
        self._actions.do(call.caller, call.version, call.args["volume_id"], name, content)
        return Answer(202)

    def _attachments(self, call: Call) -> Answer:
        return Answer(200, {"attachments": [attachment_brief(row) for row in self._attachment_rows(call)]})

    def _attachments_whole(self, call: Call) -> Answer:
        return Answer(200, {"attachments": [attachment_view(row) for row in self._attachment_rows(call)]})

    def _attachment_rows(self, call: Call) -> list[Attachment]:
        need(call, ATTACHMENTS_SINCE)
        call.only_known(("volume_id", "instance_id", "status", "all_tenants"))
        wanted = call.query
        return [
            row
            for row in self._cinder.attachments(call.caller, all_projects=_everyone(call))
            if wanted.get("volume_id", row.volume_id) == row.volume_id
            and wanted.get("instance_id", row.server_id) == row.server_id
            and wanted.get("status", row.status) == row.status
        ]

    def _create_attachment(self, call: Call) -> Answer:
        need(call, ATTACHMENTS_SINCE)
        wanted = call.body("attachment")
        volume = self._cinder.get(call.caller, str(wanted.get("volume_uuid")))
        attachment = self._cinder.reserve(volume, wanted.get("instance_uuid"))
        return Answer(200, {"attachment": attachment_view(attachment)})

    def _attachment(self, call: Call) -> Answer:
        need(call, ATTACHMENTS_SINCE)
        _, attachment = self._cinder.get_attachment(call.caller, call.args["attachment_id"])
        return Answer(200, {"attachment": attachment_view(attachment)})

    def _delete_attachment(self, call: Call) -> Answer:
        need(call, ATTACHMENTS_SINCE)
        volume, attachment = self._cinder.get_attachment(call.caller, call.args["attachment_id"])
        self._cinder.check_nova_lets_go(call.caller, attachment)
        self._cinder.remove(volume, attachment)
        return Answer(200, {"attachments": [attachment_brief(row) for row in volume.attachments]})


def _everyone(call: Call) -> bool:
    """Whether an administrator asks for all projects; from members Cinder ignores the wish."""
    return call.caller.is_admin and call.query.get("all_tenants", "0").lower() in ("1", "t", "true", "on", "y", "yes")


def _matches(volume: Volume, call: Call) -> bool:
    wanted = call.query
    return (
        wanted.get("name", volume.name) == volume.name
        and wanted.get("status", volume.status) == volume.status
        and wanted.get("availability_zone", volume.zone) == volume.zone
        and wanted.get("project_id", volume.project_id) == volume.project_id
    )
