"""What a request asks leave for: verb, group, resource, subresource, name and namespace, or a path that is no resource's.

Read off the path and the query alone, as the API server does (k8s.io/apiserver/pkg/endpoints/request/requestinfo.go), so that leave is
asked for what the sandbox does not serve, too.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

_VERBS = {"POST": "create", "GET": "get", "HEAD": "get", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
_OF_NAMESPACES = ("status", "finalize")


@dataclass(frozen=True, slots=True)
class Attributes:
    """One thing that a user would do. path is set for what is no resource, and then the other fields are empty."""

    verb: str
    group: str = ""
    resource: str = ""
    subresource: str = ""
    name: str = ""
    namespace: str = ""
    path: str = ""
    version: str = ""


def attributes_of(method: str, path: str, args: Mapping[str, str]) -> Attributes:
    """Read a request."""
    parts = [part for part in path.split("/") if part]
    least = {"api": 3, "apis": 4}.get(parts[0] if parts else "", 0)
    if not least or len(parts) < least:
        return Attributes(method.lower(), path=path)
    group, version, rest = ("", parts[1], parts[2:]) if parts[0] == "api" else (parts[1], parts[2], parts[3:])
    namespace = ""
    if rest[0] == "namespaces" and len(rest) > 1:
        namespace = rest[1]
        if len(rest) > 2 and rest[2] not in _OF_NAMESPACES:
            rest = rest[2:]
    resource, name, subresource = ([*rest, "", "", ""])[:3]
    found = Attributes(_VERBS.get(method, ""), group, resource, subresource, name, namespace, version=version)
    return found if name else _of_collection(found, args)


def _of_collection(found: Attributes, args: Mapping[str, str]) -> Attributes:
    if found.verb == "delete":
        return replace(found, verb="deletecollection")
    if found.verb != "get":
        return found
    watches = args.get("watch", "false").lower() in ("true", "1", "")
    named = [term.partition("=")[2].lstrip("=") for term in args.get("fieldSelector", "").split(",") if term.startswith("metadata.name=")]
    return replace(found, verb="watch" if watches else "list", name=named[0] if len(named) == 1 else "")
