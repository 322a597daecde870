"""Aggregated discovery: all groups and resources in one answer of /api and /apis, for clients that take it (kubectl since 1.26)."""

from chaoscinder.sandbox.kubernetes import discovery
from chaoscinder.sandbox.kubernetes.resources import Resource
from chaoscinder.sandbox.kubernetes.store import Object

VERSIONS = ("v2", "v2beta1")


def accepted(accept: str) -> str | None:
    """The version that a client likes best, of those that there are; None for one that wants the plain form."""
    for media_type in accept.split(","):
        parts = [part.strip() for part in media_type.split(";")]
        if parts[0] != "application/json":
            continue
        if "as=APIGroupDiscoveryList" not in parts:
            return None
        found = [version for version in VERSIONS if f"v={version}" in parts]
        if found and "g=apidiscovery.k8s.io" in parts:
            return found[0]
    return None


def content_type(version: str) -> str:
    """What the answer says it is."""
    return f"application/json;g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList"


def document(path: str, version: str) -> Object:
    """The answer of /api or /apis."""
    versions = ["v1"] if path.rstrip("/") == "/api" else discovery.group_versions()
    groups: dict[str, list[Object]] = {}
    for api_version in versions:
        group, _, name = api_version.rpartition("/")
        resources = [_resource(resource) for resource in discovery.served(api_version)]
        groups.setdefault(group, []).append({"version": name, "resources": resources, "freshness": "Current"})
    items = [{"metadata": {"name": group} if group else {}, "versions": rows} for group, rows in groups.items()]
    return {"kind": "APIGroupDiscoveryList", "apiVersion": f"apidiscovery.k8s.io/{version}", "metadata": {}, "items": items}


def _resource(resource: Resource) -> Object:
    rows = list(discovery.rows(resource))
    row = rows[0]
    found = {
        "resource": resource.plural,
        "responseKind": _kind(row, resource),
        "scope": "Namespaced" if resource.namespaced else "Cluster",
        "singularResource": row["singularName"],
        "verbs": row["verbs"],
    }
    found |= {field: row[field] for field in ("shortNames", "categories") if field in row}
    parts = [
        {"subresource": part["name"].partition("/")[2], "responseKind": _kind(part, resource), "verbs": part["verbs"]} for part in rows[1:]
    ]
    return found | ({"subresources": parts} if parts else {})


def _kind(row: Object, resource: Resource) -> Object:
    return {"group": row.get("group", resource.group), "version": row.get("version", resource.version), "kind": row["kind"]}
