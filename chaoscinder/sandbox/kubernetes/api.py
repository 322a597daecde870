"""The API server of the sandbox: a WSGI application over the store.

1. A request acts on the world alone, at one moment, inside world.step(); only the writing of a watch happens outside.
2. What a real API server can do and this one cannot is refused with 501, naming method and path; it is never an empty success.
3. The words of a refusal are the real API server's.
"""

import json
import logging
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.wrappers import Request, Response

from chaoscinder.sandbox.kubernetes import deleting, discovery, reading, subresources, writing
from chaoscinder.sandbox.kubernetes.asking import JSON, Asked
from chaoscinder.sandbox.kubernetes.eviction import evict
from chaoscinder.sandbox.kubernetes.rendering import Rendering
from chaoscinder.sandbox.kubernetes.routes import COLLECTION, OBJECT, OPEN_PATHS, Route, url_map
from chaoscinder.sandbox.kubernetes.statuses import failure, not_implemented
from chaoscinder.sandbox.kubernetes.store import Object, Store, StoreError
from chaoscinder.sandbox.kubernetes.subresources import ReadLog
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
    ) -> None:
        """Serve store.

        git_version and rate are what /version says. log reads the output of the pod with a uid (LookupError: nothing yet); without it
        pods/log is refused. tokens maps bearer tokens to user names; without it everybody may come in.
        """
        self.world = world
        self.store = store
        self.watches = Watches()
        self._git_version = git_version
        self._rate = rate
        self._read_log = log
        self._tokens = tokens
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
            self._authenticate(request)
            route, values = self._map.bind_to_environ(request.environ).match()
            return self._page(route, request, values) if route.resource is None else self._act(route, request, values)
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

    def _authenticate(self, request: Request) -> None:
        given = _bearer_token(request)
        if self._tokens is None or (given or "") in self._tokens or (given is None and request.path in OPEN_PATHS):
            return
        raise StoreError(401, "Unauthorized", "Unauthorized")

    def _user(self, request: Request) -> str:
        return (self._tokens or {}).get(_bearer_token(request) or "", "system:anonymous")

    def _act(self, route: Route, request: Request, values: Mapping[str, Any]) -> Response:
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
        )
        verb = self._verbs[route.part, "GET" if request.method == "HEAD" else request.method]
        with self.world.step():
            return verb(asked)

    def _all_verbs(self) -> dict[tuple[str, str], Act]:
        store = self.store
        verbs: dict[tuple[str, str], Act] = {
            (COLLECTION, "GET"): self._list_or_watch,
            (COLLECTION, "POST"): self._shows(writing.create, 201),
            (COLLECTION, "DELETE"): lambda asked: self._rendering(asked).rows(*deleting.delete_collection(store, asked)),
            ("log", "GET"): self._log,
            ("eviction", "POST"): _says(evict, store, 201),
            ("binding", "POST"): _says(subresources.bind, store, 201),
            ("scale", "GET"): _says(subresources.read_scale, store),
            (OBJECT, "DELETE"): self._shows(deleting.delete),
        }
        for method in ("PUT", "PATCH"):
            verbs["scale", method] = _says(subresources.write_scale, store)
        for part in (OBJECT, "status"):
            verbs[part, "GET"] = self._shows(reading.get)
            verbs[part, "PUT"] = self._shows(writing.replace)
            verbs[part, "PATCH"] = self._shows(writing.patch)
        return verbs

    def _rendering(self, asked: Asked) -> Rendering:
        return Rendering(asked, self.world)

    def _shows(self, verb: Callable[[Store, Asked], Object], code: int = 200) -> Act:
        return lambda asked: self._rendering(asked).one(verb(self.store, asked), code)

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
        if route.part == "review":
            return _json({**(request.get_json(silent=True) or {}), "status": {"allowed": True}}, 201)
        if route.part == "whoami":
            return _json({**(request.get_json(silent=True) or {}), "status": {"userInfo": {"username": self._user(request)}}}, 201)
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


def _bearer_token(request: Request) -> str | None:
    given = request.authorization
    return given.token if given and given.type == "bearer" else None


def _says(verb: Callable[[Store, Asked], Object], store: Store, code: int = 200) -> Act:
    return lambda asked: _json(verb(store, asked), code)


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
