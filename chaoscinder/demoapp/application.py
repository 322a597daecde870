"""The web application: five requests over the database, each answer naming the pod that gave it.

    GET    /              each user as name|mail, then the pod's and the node's name, as plain text
    GET    /healthz       200 when the users can be read from the volume, else 503
    GET    /users         all users as JSON
    POST   /users         {"name": ..., "mail": ...}: 201 after the commit reached the disk, 400 with one line for bad input
    DELETE /users/NAME    204 after every user of that name is gone from the disk, 404 where there is none

503 means that SQLite failed or was busy. After a POST it says only that the write was not acknowledged, not that it did not happen.
"""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from werkzeug.exceptions import BadRequest, HTTPException, NotFound, ServiceUnavailable
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from chaoscinder.demoapp.database import Database, User, valid_user

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

MOST_BYTES = 16 * 1024
ROUTES = Map(
    [
        Rule("/", methods=["GET"], endpoint="home"),
        Rule("/healthz", methods=["GET"], endpoint="health"),
        Rule("/users", methods=["GET"], endpoint="list"),
        Rule("/users", methods=["POST"], endpoint="add"),
        Rule("/users/<path:name>", methods=["DELETE"], endpoint="remove"),
    ],
    strict_slashes=False,
    merge_slashes=False,
)


class Application:
    """The WSGI application. pod and node are the names that the downward API gave, uid that of the pod, "" where it did not give one.

    started is since when this process serves: it and the uid tell two writers apart that have one name.
    """

    def __init__(self, database: Database, *, pod: str, node: str, started: datetime, uid: str = "") -> None:
        self._database = database
        self._pod = pod
        self._node = node
        self._headers = {"X-Pod-Name": pod, "X-Pod-Started": started.isoformat(timespec="milliseconds"), "Cache-Control": "no-store"}
        if uid:
            self._headers["X-Pod-Uid"] = uid

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer one request; the headers tell who did."""
        response = self.answer(Request(environ))
        response.headers.update(self._headers)
        return response(environ, start_response)

    def answer(self, request: Request) -> Response:
        """Find the view and run it; every failure becomes one line."""
        try:
            endpoint, arguments = ROUTES.bind_to_environ(request.environ).match()
            return self._view(endpoint, request, arguments)
        except sqlite3.Error as error:
            return _one_line(ServiceUnavailable(f"database: {error}"))
        except HTTPException as error:
            return _one_line(error)

    def _view(self, endpoint: str, request: Request, arguments: Mapping[str, str]) -> Response:
        match endpoint:
            case "home":
                return self.home()
            case "health":
                return self.health()
            case "list":
                return self.list()
            case "add":
                return self.add(request)
            case _:
                return self.remove(arguments["name"])

    def home(self) -> Response:
        """Show the users, the pod and the node."""
        lines = [f"{user.name}|{user.mail}" for user in self._database.users()]
        lines += [f"My pod name: {self._pod}", f"My node name {self._node}"]
        return Response("".join(f"{line}\n" for line in lines))

    def health(self) -> Response:
        """Tell whether the users can be read."""
        self._database.check()
        return Response("ok\n")

    def list(self) -> Response:
        """Give all users."""
        return _json([{"name": user.name, "mail": user.mail} for user in self._database.users()], 200)

    def add(self, request: Request) -> Response:
        """Add the user in the body; 201 after the commit reached the disk."""
        user = _user_in(request)
        self._database.add(user)
        return _json({"name": user.name, "mail": user.mail}, 201)

    def remove(self, name: str) -> Response:
        """Remove every user of that name."""
        if not self._database.remove(name):
            raise NotFound(f"no user has the name {name}")
        return Response(status=204)


def _user_in(request: Request) -> User:
    request.max_content_length = MOST_BYTES
    try:
        body = json.loads(request.get_data())
        if not isinstance(body, dict) or set(body) != {"name", "mail"}:
            raise ValueError('wanted a JSON object with exactly "name" and "mail"')
        return valid_user(body["name"], body["mail"])
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"cannot add the user: {error}") from error


def _json(value: object, status: int) -> Response:
    return Response(json.dumps(value) + "\n", status, mimetype="application/json")


def _one_line(error: HTTPException) -> Response:
    """Turn an error into its status, its own headers (Allow, ...) and one line of text."""
    headers = [(name, value) for name, value in error.get_headers() if name != "Content-Type"]
    text = " ".join((error.description or error.name).split())
    return Response(f"{text}\n", error.code, headers)
