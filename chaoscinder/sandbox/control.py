"""The sandbox's own paths, below /_sandbox/: what is there, which requests came, and the faults. They want the sandbox's token.

    GET    /_sandbox/state                             every object of both clouds that a run may have touched
    GET    /_sandbox/requests[?since=N]                how often each call was made, and the last requests
    DELETE /_sandbox/requests                          count from nothing
    GET    /_sandbox/faults                            the faults that there are, and those that are active
    POST   /_sandbox/faults                            {"name": ..., "arguments": [...]}: let one happen
    DELETE /_sandbox/faults[/NAME[/TARGET]]            heal all, those of a name, or one
    GET    /_sandbox/api-faults                        the rules for requests (api_faults.Rule), with what they have struck and hold
    POST   /_sandbox/api-faults                        {"what": ..., ...}: begin one; tells its id
    GET    /_sandbox/api-faults/ID[?struck=N&wait_s=S] one of them, as soon as it struck N times, or after S wall seconds
    POST   /_sandbox/api-faults/ID/release             let go on what it holds
    DELETE /_sandbox/api-faults[/ID]                   end one, or all

An answer is 200 with JSON, or 400 with {"message": one line}.
"""

import json
from typing import Any

from werkzeug.wrappers import Request, Response

from chaoscinder.sandbox import faults
from chaoscinder.sandbox.launch import Sandbox

PREFIX = "/_sandbox/"
LONGEST_WAIT_S = 60.0


class NotSupported(Exception):
    """A path or a method that is not there."""


def answer(sandbox: Sandbox, request: Request) -> Response:
    """Answer one request."""
    if request.headers.get("Authorization") != f"Bearer {sandbox.token}":
        return _json({"message": "the sandbox's own paths want its token"}, 401)
    name, *rest = request.path.removeprefix(PREFIX).split("/")
    try:
        return _json(_answers(sandbox, request, name, rest), 200)
    except NotSupported:
        return _json({"message": f"the sandbox does not support {request.method} {request.path}"}, 501)
    except (ValueError, TypeError, KeyError, AttributeError, OSError) as error:
        return _json({"message": f"the fault cannot be had: {error}"}, 400)


def _answers(sandbox: Sandbox, request: Request, name: str, rest: list[str]) -> Any:
    match request.method, name, rest:
        case "GET", "state", []:
            return sandbox.state()
        case "GET", "requests", []:
            return sandbox.requests.shown(int(request.args.get("since", "0")))
        case "DELETE", "requests", []:
            sandbox.requests.forget()
            return {"message": "requests are counted from nothing"}
        case _, "faults", _:
            return _faults(sandbox, request, rest)
        case _, "api-faults", _:
            return _api_faults(sandbox, request, rest)
    raise NotSupported


def _faults(sandbox: Sandbox, request: Request, rest: list[str]) -> Any:
    match request.method, rest:
        case "GET", []:
            return {"faults": faults.listed(), "active": faults.active(sandbox), "api_faults": sandbox.api_faults.shown()}
        case "POST", []:
            asked = json.loads(request.get_data())
            return {"message": faults.inject(sandbox, asked["name"], asked.get("arguments", []))}
        case "DELETE", ([] | [_] | [_, _]):
            return {"message": faults.heal(sandbox, *rest)}
    raise NotSupported


def _api_faults(sandbox: Sandbox, request: Request, rest: list[str]) -> Any:
    known = sandbox.api_faults
    match request.method, rest:
        case "GET", []:
            return {"api_faults": known.shown()}
        case "POST", []:
            fault = known.add(json.loads(request.get_data()))
            return {"id": fault.id, "message": fault.rule.in_words()}
        case "GET", [fault_id]:
            wait_s = min(float(request.args.get("wait_s", "0")), LONGEST_WAIT_S)
            return known.awaited(fault_id, int(request.args.get("struck", "0")), wait_s)
        case "POST", [fault_id, "release"]:
            return {"message": f"{known.release(fault_id)} requests go on"}
        case "DELETE", ([] | [_]):
            return {"message": f"{known.remove(rest[0] if rest else None)} API faults are over"}
    raise NotSupported


def _json(value: Any, status: int) -> Response:
    return Response(json.dumps(value), status=status, mimetype="application/json")
