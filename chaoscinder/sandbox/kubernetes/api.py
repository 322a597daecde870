"""The API server of the sandbox: a WSGI application over the store.

1. A request acts on the world alone, at one moment, inside world.step(); only the writing of a watch happens outside.
2. What a real API server can do and this one cannot is refused with 501, naming method and path; it is never an empty success.
3. The words of a refusal are the real API server's.
"""

import json
import logging
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.wrappers import Request, Response

from chaoscinder.sandbox.kubernetes import aggregated, default_roles, deleting, discovery, escalation, reading, subresources, writing
from chaoscinder.sandbox.kubernetes.asking import JSON, Asked
from chaoscinder.sandbox.kubernetes.attributes import attributes_of
from chaoscinder.sandbox.kubernetes.authentication import Authenticator
from chaoscinder.sandbox.kubernetes.draft import Draft
from chaoscinder.sandbox.kubernetes.eviction import evict
from chaoscinder.sandbox.kubernetes.rbac import Authorizer
from chaoscinder.sandbox.kubernetes.rendering import Rendering
from chaoscinder.sandbox.kubernetes.reviews import Reviews
from chaoscinder.sandbox.kubernetes.routes import COLLECTION, OBJECT, Route, url_map
from chaoscinder.sandbox.kubernetes.statuses import failure, not_implemented
from chaoscinder.sandbox.kubernetes.store import Object, Store, StoreError
from chaoscinder.sandbox.kubernetes.subresources import ReadLog
from chaoscinder.sandbox.kubernetes.tokens import Tokens
from chaoscinder.sandbox.kubernetes.users import User
from chaoscinder.sandbox.kubernetes.watching import Watch, Watches
from chaoscinder.sandbox.world import World

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

log = logging.getLogger(__name__)
Act = Callable[[Asked], Response]


class KubernetesApi:
    """The WSGI application. close() ends the watches that are under way, so that a server can shut down."""

    def __init__(
        self,
        world: World,
        store: Store,
        *,
        git_version: str,
        rate: float,
        log: ReadLog | None = None,
        tokens: Mapping[str, str] | None = None,
        ca: str = "",
        disruption_conditions: bool = True,
    ) -> None:
        """Serve store.

        git_version and rate are what /version says. log reads the output of the pod with a uid (LookupError: nothing yet); without it
        pods/log is refused. tokens maps bearer tokens to the names of administrators (see Authenticator); without it everybody is one. ca
        is the certificate that goes along with ServiceAccounts' tokens. disruption_conditions: whether an eviction marks its pod.
        """
        self.world = world
        self.store = store
        self.watches = Watches()
        self._git_version = git_version
        self._rate = rate
        self._read_log = log
        self._tells_disruption = disruption_conditions
        self._tokens = Tokens(store, ca)
        self._authorizer = Authorizer(store)
        self._authenticator = Authenticator(tokens, self._tokens, self._authorizer)
        self._reviews = Reviews(self._authenticator, self._authorizer)
        if tokens is not None:
            default_roles.build(store)
        self._map = url_map()
        self._verbs = self._all_verbs()

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer one request."""
        return self._answer(Request(environ))(environ, start_response)

    def close(self) -> None:
        """End every watch, now and from now on."""
        with self.world.lock:
            self.watches.close()

    def _answer(self, request: Request) -> Response:
        try:
            user = self._admitted(request)
            route, values = self._map.bind_to_environ(request.environ).match()
            return self._page(route, request, values) if route.resource is None else self._act(route, request, values, user)
        except StoreError as refusal:
            return _refused(refusal)
        except MethodNotAllowed as error:
            return _refused(_method_not_allowed(), error.get_headers())
        except HTTPException as error:
            if error.code != 404:
                return _refused(StoreError(error.code or 500, "", str(error)))
            return _refused(not_implemented(request.method, request.path))
        except Exception:  # the edge of the server: a bug must not look like a network failure to the client
            log.exception("%s %s", request.method, request.path)
            return _refused(StoreError(500, "InternalError", "Internal error occurred: see the sandbox's log"))

    def _admitted(self, request: Request) -> User:
        """Who asks, if it may."""
        with self.world.lock:
            user = self._authenticator.user(request)
            self._authorizer.refuse(user, attributes_of(request.method, request.path, request.args))
        return user

    def _act(self, route: Route, request: Request, values: Mapping[str, Any], user: User) -> Response:
        assert route.resource is not None
        asked = Asked(
            resource=route.resource,
            namespace=values.get("namespace"),
            name=values.get("name", ""),
            subresource="" if route.part in (COLLECTION, OBJECT) else route.part,
            method=request.method,
            path=request.path,
            args=request.args.to_dict(),
            content_type=request.mimetype,
            accept=request.headers.get("Accept", ""),
            body=request.get_data(),
            user=user,
            guard=lambda resource, obj, old: escalation.check(self._authorizer, user, resource, obj, old),
        )
        verb = self._verbs[route.part, "GET" if request.method == "HEAD" else request.method]
        with self.world.step():
            response = verb(asked)
        for warning in asked.warnings:
            response.headers.add("Warning", f"299 - {json.dumps(warning)}")
        return response

    def _all_verbs(self) -> dict[tuple[str, str], Act]:
        verbs: dict[tuple[str, str], Act] = {
            (COLLECTION, "GET"): self._list_or_watch,
            (COLLECTION, "POST"): self._shows(writing.create, 201),
            (COLLECTION, "DELETE"): lambda asked: self._rendering(asked).rows(*deleting.delete_collection(self._target(asked), asked)),
            ("log", "GET"): self._log,
            ("eviction", "POST"): self._says(partial(evict, tells=self._tells_disruption), 201),
            ("binding", "POST"): self._says(subresources.bind, 201),
            ("token", "POST"): self._says(self._tokens.request, 201),
            ("review", "POST"): self._says(lambda _, asked: self._reviews.answer(asked), 201),
            ("scale", "GET"): self._says(subresources.read_scale),
            (OBJECT, "DELETE"): self._shows(deleting.delete),
        }
        for method in ("PUT", "PATCH"):
            verbs["scale", method] = self._says(subresources.write_scale)
        for part in (OBJECT, "status"):
            verbs[part, "GET"] = self._shows(reading.get)
            verbs[part, "PUT"] = self._shows(writing.replace)
            verbs[part, "PATCH"] = self._shows(writing.patch)
        return verbs

    def _rendering(self, asked: Asked) -> Rendering:
        return Rendering(asked, self.world)

    def _target(self, asked: Asked) -> Store:
        return Draft(self.store) if asked.is_dry_run else self.store

    def _shows(self, verb: Callable[[Store, Asked], Object], code: int = 200) -> Act:
        return lambda asked: self._rendering(asked).one(verb(self._target(asked), asked), code)

    def _says(self, verb: Callable[[Store, Asked], Object], code: int = 200) -> Act:
        return lambda asked: _json(verb(self._target(asked), asked), code)

    def _log(self, asked: Asked) -> Response:
        response = Response(subresources.read_log(self.store, asked, self._read_log), mimetype="text/plain")
        if warning := subresources.log_warning(asked):
            response.headers["Warning"] = f'299 - "{warning}"'
        return response

    def _list_or_watch(self, asked: Asked) -> Response:
        if asked.says("watch"):
            return self._watch(asked)
        return self._rendering(asked).rows(*reading.select(self.store, asked))

    def _watch(self, asked: Asked) -> Response:
        rendering = self._rendering(asked)
        bookmark = {"kind": asked.resource.kind, "apiVersion": asked.resource.api_version} if asked.says("allowWatchBookmarks") else None
        watch = Watch(self.store, asked.stored, asked.matches(), rendering.event, bookmark=bookmark)
        version = asked.number("resourceVersion", 0) or None
        initial_end = asked.says("sendInitialEvents")
        timeout_s = float(asked.number("timeoutSeconds", 0))
        self.watches.add(watch)
        watch.start(None if initial_end else version, timeout_s=timeout_s, initial_end=initial_end, on_close=self.watches.remove)
        return Response(watch, mimetype=JSON, headers={"Cache-Control": "no-cache, private"})

    def _page(self, route: Route, request: Request, values: Mapping[str, Any]) -> Response:
        if route.part == "health":
            return Response("ok", mimetype="text/plain")
        if route.part == "openapi_v2":
            body, media_type = discovery.openapi_v2(request.headers.get("Accept", ""))
            return Response(body, content_type=media_type)
        version = aggregated.accepted(request.headers.get("Accept", ""))
        if version and route.part in ("core_versions", "groups"):
            return Response(json.dumps(aggregated.document(request.path, version)), content_type=aggregated.content_type(version))
        found = self._document(route.part, request, values)
        if found is None:
            raise not_implemented(request.method, request.path)
        return _json(found)

    def _document(self, page: str, request: Request, values: Mapping[str, Any]) -> Object | None:
        pages: dict[str, Callable[[], Object | None]] = {
            "version": self._version,
            "core_versions": lambda: discovery.core_versions(request.host),
            "groups": discovery.groups,
            "group": lambda: discovery.group(values["group"]),
            "resources": lambda: discovery.resources("/".join(values[part] for part in ("group", "version") if part in values)),
            "openapi_index": discovery.openapi_index,
            "openapi": lambda: discovery.openapi(values["path"]),
        }
        return pages[page]()

    def _version(self) -> Object:
        major, minor = self._git_version.removeprefix("v").split(".")[:2]
        build = {"gitVersion": self._git_version, "gitCommit": "", "gitTreeState": "", "buildDate": "1970-01-01T00:00:00Z"}
        language = {"goVersion": "", "compiler": "", "platform": "linux/amd64"}
        return {"major": major, "minor": minor, **build, **language, "chaoscinder": {"sandbox": True, "rate": self._rate}}


def _json(document: Object, code: int = 200) -> Response:
    return Response(json.dumps(document, separators=(",", ":")), code, mimetype=JSON)


def _refused(refusal: StoreError, headers: Iterable[tuple[str, str]] = ()) -> Response:
    response = _json(failure(refusal), refusal.code)
    for name, value in headers:
        if name == "Allow":
            response.headers[name] = value
    if retry_s := (refusal.details or {}).get("retryAfterSeconds"):
        response.headers["Retry-After"] = str(retry_s)
    return response


def _method_not_allowed() -> StoreError:
    return StoreError(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {})
