"""Nova over HTTP: os-volume_attachments, in the forms of its microversions."""

from chaoscinder.sandbox.openstack.nova import Nova
from chaoscinder.sandbox.openstack.nova_volumes import Way
from chaoscinder.sandbox.openstack.refusals import bad_request
from chaoscinder.sandbox.openstack.server_views import attachment_view
from chaoscinder.sandbox.openstack.servers import Server
from chaoscinder.sandbox.openstack.wire import Answer, Call, Route

ASYNC_SINCE = (2, 101)  # from here on attaching answers 202 without a body


class AttachmentRoutes:
    """The handlers."""

    def __init__(self, nova: Nova) -> None:
        self._nova = nova

    def routes(self, server: str) -> list[Route]:
        """Where they answer, below one server's path."""
        return [
            ("GET", f"{server}/os-volume_attachments", self._list),
            ("POST", f"{server}/os-volume_attachments", self._attach),
            ("GET", f"{server}/os-volume_attachments/<volume_id>", self._show),
            ("DELETE", f"{server}/os-volume_attachments/<volume_id>", self._detach),
        ]

    def _list(self, call: Call) -> Answer:
        call.only_known(("limit", "offset"))
        devices = self._nova.volumes.of(self._server(call).id)
        offset = call.number("offset", 0)
        limit = call.number("limit", len(devices))
        rows = devices[offset : offset + limit]
        return Answer(200, {"volumeAttachments": [attachment_view(device, call) for device in rows]})

    def _show(self, call: Call) -> Answer:
        device = self._nova.volumes.get(self._server(call).id, call.args["volume_id"])
        return Answer(200, {"volumeAttachment": attachment_view(device, call)})

    def _attach(self, call: Call) -> Answer:
        wanted = call.body("volumeAttachment")
        if not isinstance(wanted.get("volumeId"), str):
            raise bad_request(f"Invalid input for field/attribute volumeAttachment. Value: {wanted}. 'volumeId' is a required property")
        way = Way(call.version, waits=call.version < ASYNC_SINCE)
        device = self._nova.volumes.attach(call.caller, self._server(call), wanted["volumeId"], way)
        if device is None or not way.waits:
            return Answer(202)
        return Answer(200, {"volumeAttachment": attachment_view(device, call, created=True)})

    def _detach(self, call: Call) -> Answer:
        self._nova.volumes.detach(call.caller, self._server(call), call.args["volume_id"])
        return Answer(202)

    def _server(self, call: Call) -> Server:
        return self._nova.get(call.caller, call.args["server_id"])
