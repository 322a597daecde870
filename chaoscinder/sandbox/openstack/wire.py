"""How HTTP reaches the models: one request in, one answer out, alone inside the world's step.

Here is what all three services share: routes, tokens, microversions, refusals as JSON, request ids, and the 501 for what is missing.
"""

import json
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from chaoscinder.sandbox.openstack.caller import Caller
from chaoscinder.sandbox.openstack.outages import Outages
from chaoscinder.sandbox.openstack.refusals import LateRefusal, bad_request, not_in_the_sandbox
from chaoscinder.sandbox.openstack.releases import Microversion
from chaoscinder.sandbox.ports import CloudError
from chaoscinder.sandbox.world import World

Json = dict[str, Any]
LONGEST_WAIT_S = 120.0  # wall seconds for a late refusal, in case nobody turns the world


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back. body is None for an empty answer."""

    code: int
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Call:
    """One authenticated request, with its body read and its microversion understood. base is the service's own URL."""

    method: str
    args: Mapping[str, str]
    query: Mapping[str, str]
    raw: bytes
    caller: Caller
    version: Microversion
    base: str
    url: str

    def body(self, key: str) -> Json:
        """The object under one key of the body, or 400."""
        found = self.whole_body().get(key)
        if not isinstance(found, dict):
            raise bad_request(f"Invalid input for field/attribute {key}. Value: {found}. {found!r} is not of type 'object'")
        return found

    def texts(self, key: str) -> dict[str, str]:
        """The object under one key of the body, whose values are all texts, or 400."""
        found = self.body(key)
        for name, value in found.items():
            if not isinstance(value, str):
                raise bad_request(f"Invalid input for field/attribute {name}. Value: {value}. {value!r} is not of type 'string'")
        return found

    def whole_body(self) -> Json:
        """The body as an object, or 400."""
        try:
            found = json.loads(self.raw)
        except ValueError:
            found = None
        if not isinstance(found, dict) or not found:
            raise bad_request("Malformed request body")
        return found

    def number(self, name: str, default: int) -> int:
        """A query parameter that counts something, or 400."""
        value = self.query.get(name, str(default))
        if not value.isdecimal():
            raise bad_request(f"Invalid input for query parameters {name}. Value: {value}. {value!r} does not match '^[0-9]*$'")
        return int(value)

    def only_known(self, known: Iterable[str]) -> None:
        """Refuse query parameters that would be ignored."""
        unknown = sorted(set(self.query) - set(known))
        if unknown:
            raise not_in_the_sandbox(f"the query parameters {', '.join(unknown)} of this list")


Handler = Callable[..., Answer]  # takes a Call in Nova and Cinder, the plain request in Keystone
Route = tuple[str, str, Handler]  # methods separated by blanks, path, handler


def routes(rows: Iterable[Route]) -> Map:
    """Make the routing table of a service."""
    return Map(
        [Rule(path, methods=methods.split(), endpoint=handler) for methods, path, handler in rows],
        strict_slashes=False,
        merge_slashes=False,
        redirect_defaults=False,
    )


def find_handler(table: Map, request: Request) -> tuple[Handler, Mapping[str, str]]:
    """Find who answers a request; what nobody answers gets 501 with method and path."""
    try:
        handler, args = table.bind_to_environ(request.environ).match()
    except HTTPException as error:
        raise not_in_the_sandbox(f"{request.method} {request.root_path}{request.path}") from error
    return handler, args


def nova_fault(error: CloudError) -> Json:
    """A refusal in the envelope of Nova and Cinder."""
    extra = {"retryAfter": "0"} if error.code == 413 else {}
    return {error.fault: {"code": error.code, "message": error.message, **extra}}


def keystone_fault(error: CloudError) -> Json:
    """A refusal in Keystone's envelope."""
    title = "Not Implemented" if error.code == 501 else error.fault
    return {"error": {"code": error.code, "message": error.message, "title": title}}


def respond(answer: Answer, request_id: str) -> Response:
    """Put an answer on the wire."""
    body = None if answer.body is None else json.dumps(answer.body)
    response = Response(body, status=answer.code, content_type="application/json")
    response.headers["x-openstack-request-id"] = request_id
    for name, value in answer.headers.items():
        response.headers[name] = value
    return response


class Gate:
    """What every request passes: the world, and what is dead or frozen in front of it."""

    def __init__(self, world: World, outages: Outages, wait: Callable[[float], None] | None = None) -> None:
        self.world = world
        self.outages = outages
        self.wait = wait or self._wait_for_others

    def _wait_for_others(self, cluster_s: float) -> None:
        """Wait for cluster time to go by, outside of the world's lock."""
        over = threading.Event()
        with self.world.step():
            self.world.call_later(cluster_s, over.set, "late refusal")
        over.wait(LONGEST_WAIT_S)


class Service:
    """A WSGI application over a model. Subclasses say how a request becomes an answer. name is the service's name in Outages."""

    name = ""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._world = gate.world

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        request = Request(environ)
        request.get_data()
        request_id = ""
        self._gate.outages.hold(self.name, request.method)
        if self._gate.outages.is_dead(self.name):
            return Response("503 Service Unavailable", 503, content_type="text/plain")(environ, start_response)
        try:
            with self._world.step():
                request_id = f"req-{self._world.new_uuid()}"
                answer = self.answer(request, request_id)
        except LateRefusal as error:
            self._gate.wait(error.after_s)
            answer = self.refusal(error, request)
        except CloudError as error:
            answer = self.refusal(error, request)
        return respond(answer, request_id)(environ, start_response)

    def answer(self, request: Request, request_id: str) -> Answer:
        """Answer a request, inside the world's step."""
        raise NotImplementedError

    def refusal(self, error: CloudError, request: Request) -> Answer:
        """Put a refusal into words."""
        raise NotImplementedError
