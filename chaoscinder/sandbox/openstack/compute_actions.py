"""Nova over HTTP: what is done to a server (POST .../action), and the record of it (os-instance-actions)."""

from collections.abc import Callable

from chaoscinder.sandbox.openstack.nova import Nova
from chaoscinder.sandbox.openstack.refusals import bad_request, not_in_the_sandbox
from chaoscinder.sandbox.openstack.server_views import action_view, event_view
from chaoscinder.sandbox.openstack.servers import Server
from chaoscinder.sandbox.openstack.wire import Answer, Call, Route

REBOOT_TYPES = ("HARD", "Hard", "hard", "SOFT", "Soft", "soft")
KNOWN_BUT_MISSING = frozenset(
    {
        "addFixedIp", "addFloatingIp", "addSecurityGroup", "changePassword", "confirmResize", "createBackup", "createImage", "evacuate",
        "forceDelete", "injectNetworkInfo", "migrate", "os-getConsoleOutput", "os-getSerialConsole", "os-getVNCConsole",
        "os-migrateLive", "rebuild", "removeFixedIp", "removeFloatingIp", "removeSecurityGroup", "rescue", "resetNetwork", "resize",
        "restore", "revertResize", "shelve", "shelveOffload", "trigger_crash_dump", "unrescue", "unshelve",
    }
)  # fmt: skip


class ActionRoutes:
    """The handlers."""

    def __init__(self, nova: Nova) -> None:
        self._nova = nova
        self._others: dict[str, Callable[[Call, Server, object], None]] = {
            "lock": self._lock,
            "unlock": self._unlock,
            "os-resetState": self._reset_state,
            "reboot": self._reboot,
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
        simple = name in self._nova.operator.acts and " " not in name
        if not simple and name not in self._others:
            raise bad_request(f"There is no such action: {name}")
        if simple:
            self._nova.operator.begin(call.caller, self._server(call), name)
        else:
            self._others[name](call, self._server(call), body[name])
        return Answer(202)

    def _reboot(self, call: Call, server: Server, body: object) -> None:
        kind = body.get("type") if isinstance(body, dict) else None
        if kind not in REBOOT_TYPES:
            raise _not_one_of("type", kind, REBOOT_TYPES)
        self._nova.operator.begin(call.caller, server, f"reboot {str(kind).upper()}")

    def _reset_state(self, call: Call, server: Server, body: object) -> None:
        state = body.get("state") if isinstance(body, dict) else None
        if state not in ("active", "error"):
            raise _not_one_of("state", state, ("active", "error"))
        self._nova.reset_state(call.caller, server, str(state))

    def _lock(self, call: Call, server: Server, body: object) -> None:
        reason = body.get("locked_reason") if isinstance(body, dict) and call.version >= (2, 73) else None
        self._nova.lock(call.caller, server, reason)

    def _unlock(self, call: Call, server: Server, _: object) -> None:
        self._nova.unlock(call.caller, server)

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


def _not_one_of(attribute: str, value: object, allowed: tuple[str, ...]) -> Exception:
    return bad_request(f"Invalid input for field/attribute {attribute}. Value: {value}. {value!r} is not one of {list(allowed)}")
