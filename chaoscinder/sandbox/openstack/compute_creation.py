"""Nova over HTTP: POST /servers. What the sandbox cannot do for a new server (networks, keys, boot volumes) is refused with 501."""

import secrets

from chaoscinder.sandbox.openstack.building import Wanted
from chaoscinder.sandbox.openstack.nova import Nova
from chaoscinder.sandbox.openstack.refusals import bad_request, forbidden, not_in_the_sandbox
from chaoscinder.sandbox.openstack.server_views import links
from chaoscinder.sandbox.openstack.wire import Answer, Call, Json, Route
from chaoscinder.sandbox.ports import CloudError

REQUIRED = (((2, 1), "name"), ((2, 1), "flavorRef"), ((2, 37), "networks"))
KNOWN = frozenset(
    {
        "name", "flavorRef", "imageRef", "networks", "host", "availability_zone", "metadata", "description",
        "min_count", "max_count", "OS-DCF:diskConfig", "accessIPv4", "accessIPv6", "adminPass",
    }
)  # fmt: skip


class CreationRoutes:
    """The handler."""

    def __init__(self, nova: Nova) -> None:
        self._nova = nova

    def routes(self) -> list[Route]:
        """Where it answers."""
        return [("POST", "/v2.1/servers", self._create)]

    def _create(self, call: Call) -> Answer:
        body = call.body("server")
        _check(call, body)
        server = self._nova.builder.create(call.caller, self._wanted(body))
        more = {"OS-DCF:diskConfig": "MANUAL", "security_groups": [{"name": "default"}], "adminPass": secrets.token_urlsafe(9)}
        return Answer(202, {"server": {"id": server.id, "links": links(call, f"servers/{server.id}"), **more}})

    def _wanted(self, body: Json) -> Wanted:
        try:
            flavor = self._nova.flavors.get(str(body["flavorRef"]))
        except CloudError as refusal:
            raise bad_request(refusal.message) from refusal
        return Wanted(
            str(body["name"]),
            flavor,
            image_id=str(body.get("imageRef") or ""),
            host=str(body.get("host") or ""),
            zone=str(body.get("availability_zone") or ""),
            metadata=body.get("metadata") or {},
            description=body.get("description"),
        )


def _check(call: Call, body: Json) -> None:
    for since, name in REQUIRED:
        if call.version >= since and name not in body:
            raise bad_request(f"Invalid input for field/attribute server. Value: {body}. {name!r} is a required property")
    if strange := sorted(set(body) - KNOWN):
        raise not_in_the_sandbox(f"servers with {', '.join(strange)}")
    if body.get("networks", "none") not in ("none", "auto"):
        raise not_in_the_sandbox("servers with networks")
    if {body.get("min_count", 1), body.get("max_count", 1)} - {1, "1"}:
        raise not_in_the_sandbox("several servers at once")
    if body.get("host") and not call.caller.is_admin:
        raise forbidden("compute:servers:create:requested_destination")
