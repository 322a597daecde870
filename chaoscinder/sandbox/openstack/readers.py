"""What Nova's default policy refuses to a token without the role member: whoever only reads changes nothing."""

import json

from werkzeug.wrappers import Request

from chaoscinder.sandbox.openstack.caller import Caller
from chaoscinder.sandbox.openstack.refusals import forbidden, not_in_the_sandbox

ACTIONS = {"os-stop": "servers:stop", "os-start": "servers:start"}
METADATA = {"POST": "create", "PUT": "update_all", "DELETE": "delete"}


def refuse(caller: Caller, request: Request) -> None:
    """Refuse a change by a reader with 403 and the policy's rule; 501 for one whose rule is not known here."""
    if request.method == "GET" or {"member", "manager", "admin"} & set(caller.roles):
        return
    words = request.path.strip("/").split("/")
    if words[-1] == "action":
        act = next(iter(json.loads(request.get_data() or b"{}")), "")
        rule = ACTIONS.get(act, "")
    else:
        rule = f"server-metadata:{METADATA[request.method]}" if "metadata" in words[-2:] else ""
    if not rule:
        raise not_in_the_sandbox(f"{request.method} {request.path} by a token without the role member")
    raise forbidden(f"os_compute_api:{rule}")
