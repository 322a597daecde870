"""The paths of the API server, as a werkzeug map. An endpoint is a Route: which resource, and which part of it."""

from collections.abc import Iterator
from dataclasses import dataclass

from werkzeug.routing import Map, Rule

from chaoscinder.sandbox.kubernetes.resources import PODS, Resource
from chaoscinder.sandbox.kubernetes.reviews import REVIEWS
from chaoscinder.sandbox.kubernetes.views import SERVED

COLLECTION = "collection"
OBJECT = "object"
_METHODS = {
    COLLECTION: ("GET", "POST", "DELETE"),
    OBJECT: ("GET", "PUT", "PATCH", "DELETE"),
    "status": ("GET", "PUT", "PATCH"),
    "scale": ("GET", "PUT", "PATCH"),
    "eviction": ("POST",),
    "binding": ("POST",),
    "log": ("GET",),
    "token": ("POST",),
}
_PAGES = {  # what does not concern a resource: path -> name of the page
    "/version": "version",
    "/healthz": "health",
    "/livez": "health",
    "/readyz": "health",
    "/api": "core_versions",
    "/apis": "groups",
    "/apis/<group>": "group",
    "/api/<version>": "resources",
    "/apis/<group>/<version>": "resources",
    "/openapi/v2": "openapi_v2",
    "/openapi/v3": "openapi_index",
    "/openapi/v3/<path:path>": "openapi",
}


@dataclass(frozen=True, slots=True)
class Route:
    """Where a path leads: to a page, or (with a resource) to a collection, an object or a subresource."""

    part: str
    resource: Resource | None = None


def url_map() -> Map:
    """Build the map of every path that is served."""
    return Map(list(_rules()), strict_slashes=False, merge_slashes=False)


def _rules() -> Iterator[Rule]:
    for path, page in _PAGES.items():
        yield Rule(path, endpoint=Route(page), methods=["GET"])
    for review in REVIEWS:
        yield Rule(_home(review), endpoint=Route("review", review), methods=["POST"])
    yield Rule("/api/v1/namespaces/<namespace>/bindings", endpoint=Route("binding", PODS), methods=["POST"])
    for resource in SERVED:
        yield from _rules_of(resource)


def _rules_of(resource: Resource) -> Iterator[Rule]:
    home = _home(resource)
    if resource.namespaced:
        yield Rule(f"{_root(resource)}/{resource.plural}", endpoint=Route(COLLECTION, resource), methods=["GET"])
    yield Rule(home, endpoint=Route(COLLECTION, resource), methods=_METHODS[COLLECTION])
    yield Rule(f"{home}/<name>", endpoint=Route(OBJECT, resource), methods=_METHODS[OBJECT])
    for part in resource.subresources:
        yield Rule(f"{home}/<name>/{part}", endpoint=Route(part, resource), methods=_METHODS[part])


def _root(resource: Resource) -> str:
    return f"/apis/{resource.api_version}" if resource.group else "/api/v1"


def _home(resource: Resource) -> str:
    return f"{_root(resource)}/{'namespaces/<namespace>/' if resource.namespaced else ''}{resource.plural}"
