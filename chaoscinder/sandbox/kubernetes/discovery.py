"""What the API server says about itself: groups, versions, resources, and as much OpenAPI as kubectl asks for before it writes."""

from collections.abc import Iterable

from chaoscinder.sandbox.kubernetes.resources import Resource
from chaoscinder.sandbox.kubernetes.reviews import REVIEWS
from chaoscinder.sandbox.kubernetes.store import Object
from chaoscinder.sandbox.kubernetes.views import SERVED

VERBS = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]
_CATEGORY_ALL = ("pods", "services", "deployments", "replicasets", "statefulsets", "jobs", "cronjobs")
_SUBRESOURCES: dict[str, Object] = {
    "status": {"verbs": ["get", "patch", "update"]},
    "scale": {"group": "autoscaling", "version": "v1", "kind": "Scale", "verbs": ["get", "patch", "update"]},
    "eviction": {"group": "policy", "version": "v1", "kind": "Eviction", "verbs": ["create"]},
    "binding": {"kind": "Binding", "verbs": ["create"]},
    "log": {"verbs": ["get"]},
    "token": {"group": "authentication.k8s.io", "version": "v1", "kind": "TokenRequest", "verbs": ["create"]},
}


def group_versions() -> list[str]:
    """Every group version but the core's, in order."""
    return list(dict.fromkeys(resource.api_version for resource in (*SERVED, *REVIEWS) if resource.group))


def core_versions(address: str) -> Object:
    """The answer of /api."""
    places = [{"clientCIDR": "0.0.0.0/0", "serverAddress": address}]
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": places}


def groups() -> Object:
    """The answer of /apis."""
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": [_group(version) for version in group_versions()]}


def group(name: str) -> Object | None:
    """The answer of /apis/GROUP; None for a group that is not served."""
    found = [version for version in group_versions() if version.partition("/")[0] == name]
    return {"kind": "APIGroup", "apiVersion": "v1", **_group(found[0])} if found else None


def resources(api_version: str) -> Object | None:
    """The answer of /api/v1 and /apis/GROUP/VERSION; None for one that is not served."""
    if api_version != "v1" and api_version not in group_versions():
        return None
    found = [row for resource in served(api_version) for row in rows(resource)]
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": api_version, "resources": found}


def served(api_version: str) -> list[Resource]:
    """What a group version has."""
    return [resource for resource in (*SERVED, *REVIEWS) if resource.api_version == api_version]


OPENAPI_V2_PROTOBUF = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"  # asked for with an @, which no media type may have


def openapi_v2(accept: str) -> tuple[bytes, str]:
    """The answer of /openapi/v2 and its media type: no schemas, so kubectl before 1.25 applies without validating.

    It reads protobuf, in which a document without any field is an empty one.
    """
    if "protobuf" in accept:
        return b"", OPENAPI_V2_PROTOBUF
    return b'{"swagger":"2.0","info":{"title":"Kubernetes","version":"v1"},"paths":{}}', "application/json"


def openapi_index() -> Object:
    """The answer of /openapi/v3."""
    paths = ["api/v1", *(f"apis/{version}" for version in group_versions())]
    return {"paths": {path: {"serverRelativeURL": f"/openapi/v3/{path}"} for path in paths}}


def openapi(path: str) -> Object | None:
    """The answer of /openapi/v3/PATH: no schemas, only that a patch takes fieldValidation.

    That is what kubectl looks for: it then leaves validation to the server, which here takes unknown fields as they come.
    """
    api_version = path.removeprefix("apis/").removeprefix("api/")
    if resources(api_version) is None:
        return None
    found = [resource for resource in SERVED if resource.api_version == api_version]
    paths = {_object_path(resource): {"patch": _patch_operation(resource)} for resource in found}
    return {"openapi": "3.0.0", "info": {"title": "Kubernetes", "version": "v1"}, "paths": paths}


def _group(api_version: str) -> Object:
    name, _, version = api_version.partition("/")
    entry = {"groupVersion": api_version, "version": version}
    return {"name": name, "versions": [entry], "preferredVersion": entry}


def rows(resource: Resource) -> Iterable[Object]:
    """A resource and its subresources, as the answer of /apis/GROUP/VERSION has them."""
    if resource in REVIEWS:
        yield _review(resource)
        return
    row: Object = {
        "name": resource.plural,
        "singularName": resource.singular or resource.kind.lower(),
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": VERBS,
    }
    if resource.short_names:
        row["shortNames"] = list(resource.short_names)
    if resource.plural in _CATEGORY_ALL:
        row["categories"] = ["all"]
    yield row
    for name in resource.subresources:
        base = {"name": f"{resource.plural}/{name}", "singularName": "", "namespaced": resource.namespaced, "kind": resource.kind}
        yield {**base, **_SUBRESOURCES[name]}


def _review(review: Resource) -> Object:
    name = {"name": review.plural, "singularName": review.kind.lower()}
    return {**name, "namespaced": review.namespaced, "kind": review.kind, "verbs": ["create"]}


def _object_path(resource: Resource) -> str:
    root = f"/apis/{resource.api_version}" if resource.group else "/api/v1"
    return f"{root}{'/namespaces/{namespace}' if resource.namespaced else ''}/{resource.plural}/{{name}}"


def _patch_operation(resource: Resource) -> Object:
    parameters = [{"name": "fieldValidation", "in": "query", "schema": {"type": "string"}}]
    kind = {"group": resource.group, "version": resource.version, "kind": resource.kind}
    return {"parameters": parameters, "x-kubernetes-group-version-kind": kind, "responses": {"200": {"description": "OK"}}}
