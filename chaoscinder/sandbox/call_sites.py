"""Which call a request is: its service, method and path, with names and ids taken out, so that the same call counts as the same.

Sites look like this:

    nova POST /v2.1/servers/{id}/action os-stop
    kubernetes GET /api/v1/namespaces/{namespace}/pods/{name}
    kubernetes GET /api/v1/pods watch
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs

SERVICES = {"/identity": "keystone", "/compute": "nova", "/volume": "cinder"}
KUBERNETES = "kubernetes"
NAMES = (KUBERNETES, *SERVICES.values())
CHANGING = ("POST", "PUT", "PATCH", "DELETE")
# POSTs that only ask: a login, and the reviews of what one may do
ASKING = re.compile(r"/v3/auth/tokens|/apis/(authorization|authentication)\.k8s\.io/.*reviews")
ID = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d+")
NAMED_AFTER = {"metadata": "{key}", "flavors": "{id}", "os-keypairs": "{name}"}  # what follows these words is a name, unless it is a verb
VERBS = ("detail", "summary")


@dataclass(frozen=True, slots=True)
class Call:
    """One request. path is as it was asked for, within its service; site_path has no names in it; act is what the body or query adds."""

    service: str
    method: str
    path: str
    site_path: str
    act: str = ""

    @property
    def site(self) -> str:
        """The call in words, the same for each object that it may be about."""
        return " ".join(filter(None, (self.service, self.method, self.site_path, self.act)))

    @property
    def changes(self) -> bool:
        """Whether it asks for a change."""
        return self.method in CHANGING and ASKING.fullmatch(self.path) is None

    @property
    def is_watch(self) -> bool:
        """Whether its answer is a stream without an end."""
        return self.act == "watch"


def of(method: str, path: str, query: str, body: bytes) -> Call:
    """Tell which call a request is; path is the whole path at the sandbox's address."""
    for prefix, service in SERVICES.items():
        if path.startswith(prefix):
            inner = path.removeprefix(prefix) or "/"
            return Call(service, method, inner, _openstack(inner), _action(inner, body))
    return Call(KUBERNETES, method, path, _kubernetes(path), _watch(parse_qs(query)))


def _openstack(path: str) -> str:
    before, words = "", []
    for word in path.split("/"):
        named = NAMED_AFTER.get(before) if word and word not in VERBS else None
        words.append(named or ("{id}" if ID.fullmatch(word) else word))
        before = word
    return "/".join(words)


def _kubernetes(path: str) -> str:
    words = path.strip("/").split("/")
    head = {"api": 2, "apis": 3}.get(words[0], len(words))
    fixed, rest = words[:head], words[head:]
    if len(rest) > 2 and rest[0] == "namespaces" and rest[2] not in ("status", "finalize"):
        fixed, rest = [*fixed, "namespaces", "{namespace}"], rest[2:]
    if len(rest) > 1:
        rest[1] = "{name}"
    return "/" + "/".join([*fixed, *rest])


def _action(path: str, body: bytes) -> str:
    """The word of a request to an action: the only key of its body."""
    if not path.endswith("/action"):
        return ""
    try:
        found = json.loads(body)
    except ValueError:
        return ""
    return next(iter(found), "") if isinstance(found, dict) else ""


def _watch(query: Mapping[str, list[str]]) -> str:
    return "watch" if query.get("watch", [""])[0] in ("1", "true", "True") else ""
