"""Nova over HTTP: what is done to a server (POST .../action), and the record of it (os-instance-actions)."""

import secrets
from collections.abc import Callable

from chaoscinder.sandbox.openstack.nova import Nova
from chaoscinder.sandbox.openstack.refusals import bad_request, forbidden, not_in_the_sandbox
from chaoscinder.sandbox.openstack.server_views import action_view, event_view
from chaoscinder.sandbox.openstack.servers import Server
from chaoscinder.sandbox.openstack.wire import Answer, Call, Json, Route
from chaoscinder.sandbox.ports import CloudError

STAYS_STOPPED_SINCE = (2, 95)  # an evacuated server
REBOOT_TYPES = ("HARD", "Hard", "hard", "SOFT", "Soft", "soft")
KNOWN_BUT_MISSING = frozenset(
    {
        "addFixedIp", "addFloatingIp", "addSecurityGroup", "changePassword", "createBackup", "createImage",
        "forceDelete", "injectNetworkInfo", "os-getConsoleOutput", "os-getSerialConsole", "os-getVNCConsole",
        "rebuild", "removeFixedIp", "removeFloatingIp", "removeSecurityGroup", "resetNetwork",
        "restore", "shelveOffload", "trigger_crash_dump",
    }
)  # fmt: skip


class ActionRoutes:
    """The handlers."""

    def __init__(self, nova: Nova) -> None:
        self._nova = nova
        self._others: dict[str, Callable[[Call, Server, Json], Answer]] = {
            "lock": self._lock,
            "unlock": self._unlock,
            "os-resetState": self._reset_state,
            "reboot": self._reboot,
            "rescue": self._rescue,
            "migrate": self._migrate,
            "resize": self._resize,
            "confirmResize": self._confirm,
            "revertResize": self._revert,
            "os-migrateLive": self._live_migrate,
            "evacuate": self._evacuate,
            "shelve": self._shelve,
            "unshelve": self._unshelve,
        }

    def routes(self, server: str) -> list[Route]:
        """Where they answer, below one server's path."""
        return [
            ("POST", f"{server}/action", self._act),
            ("GET", f"{server}/os-instance-actions", self._list),
            ("GET", f"{server}/os-instance-actions/<request_id>", self._show),
        ]

    def _act(self, call: Call) -> Answer:
        body = call.whole_body()
        name = next(iter(body))
        if name in KNOWN_BUT_MISSING:
            raise not_in_the_sandbox(f"the server action {name}")
        if name in self._others:
            return self._others[name](call, self._server(call), body[name] if isinstance(body[name], dict) else {})
        if name not in self._nova.operator.acts or " " in name:
            raise bad_request(f"There is no such action: {name}")
        return self._begin(call, self._server(call), name)

    def _begin(self, call: Call, server: Server, request: str) -> Answer:
        self._nova.operator.begin(call.caller, server, request)
        return Answer(202)

    def _reboot(self, call: Call, server: Server, body: Json) -> Answer:
        kind = body.get("type")
        if kind not in REBOOT_TYPES:
            raise _not_one_of("type", kind, REBOOT_TYPES)
        return self._begin(call, server, f"reboot {str(kind).upper()}")

    def _rescue(self, call: Call, server: Server, body: Json) -> Answer:
        self._begin(call, server, "rescue")
        return Answer(200, {"adminPass": body.get("adminPass") or secrets.token_urlsafe(9)})

    def _reset_state(self, call: Call, server: Server, body: Json) -> Answer:
        state = body.get("state")
        if state not in ("active", "error"):
            raise _not_one_of("state", state, ("active", "error"))
        self._nova.reset_state(call.caller, server, str(state))
        return Answer(202)

    def _lock(self, call: Call, server: Server, body: Json) -> Answer:
        self._nova.lock(call.caller, server, body.get("locked_reason") if call.version >= (2, 73) else None)
        return Answer(202)

    def _unlock(self, call: Call, server: Server, _: Json) -> Answer:
        self._nova.unlock(call.caller, server)
        return Answer(202)

    def _migrate(self, call: Call, server: Server, body: Json) -> Answer:
        _only_admins(call, "os_compute_api:os-migrate-server:migrate")
        self._nova.mover.migrate(call.caller, server, host=str(body.get("host") or ""))
        return Answer(202)

    def _resize(self, call: Call, server: Server, body: Json) -> Answer:
        try:
            flavor = self._nova.flavors.get(str(body.get("flavorRef")))
        except CloudError as refusal:
            raise bad_request(refusal.message) from refusal
        self._nova.mover.migrate(call.caller, server, flavor)
        return Answer(202)

    def _confirm(self, call: Call, server: Server, _: Json) -> Answer:
        self._nova.mover.confirm(call.caller, server)
        return Answer(204)

    def _revert(self, call: Call, server: Server, _: Json) -> Answer:
        self._nova.mover.revert(call.caller, server)
        return Answer(202)

    def _live_migrate(self, call: Call, server: Server, body: Json) -> Answer:
        _only_admins(call, "os_compute_api:os-migrate-server:migrate_live")
        self._nova.mover.live_migrate(call.caller, server, host=str(body.get("host") or ""))
        return Answer(202)

    def _evacuate(self, call: Call, server: Server, body: Json) -> Answer:
        _only_admins(call, "os_compute_api:os-evacuate")
        stays_stopped = call.version >= STAYS_STOPPED_SINCE
        self._nova.mover.evacuate(call.caller, server, host=str(body.get("host") or ""), stays_stopped=stays_stopped)
        return Answer(200, None if call.version >= (2, 14) else {"adminPass": secrets.token_urlsafe(9)})

    def _shelve(self, call: Call, server: Server, _: Json) -> Answer:
        self._nova.shelf.shelve(call.caller, server)
        return Answer(202)

    def _unshelve(self, call: Call, server: Server, _: Json) -> Answer:
        self._nova.shelf.unshelve(call.caller, server)
        return Answer(202)

    def _list(self, call: Call) -> Answer:
        call.only_known(("limit", "marker"))
        server = self._server(call)
        rows = self._nova.actions.of(server.id)
        if marker := call.query.get("marker"):
            rows = rows[rows.index(self._nova.actions.get(server.id, marker)) + 1 :]
        limit = call.number("limit", len(rows))
        body = {"instanceActions": [action_view(action, call) for action in rows[:limit]]}
        if not 0 < limit < len(rows):
            return Answer(200, body)
        following = f"{call.url}?limit={limit}&marker={rows[limit - 1].caller.request_id}"
        return Answer(200, {**body, "links": [{"rel": "next", "href": following}]})

    def _show(self, call: Call) -> Answer:
        action = self._nova.actions.get(self._server(call).id, call.args["request_id"])
        body = action_view(action, call)
        if call.caller.is_admin or call.version >= (2, 51):
            body["events"] = [event_view(event, action, call) for event in action.events]
        return Answer(200, {"instanceAction": body})

    def _server(self, call: Call) -> Server:
        return self._nova.get(call.caller, call.args["server_id"])


def _only_admins(call: Call, rule: str) -> None:
    if not call.caller.is_admin:
        raise forbidden(rule)


def _not_one_of(attribute: str, value: object, allowed: tuple[str, ...]) -> Exception:
    return bad_request(f"Invalid input for field/attribute {attribute}. Value: {value}. {value!r} is not one of {list(allowed)}")
