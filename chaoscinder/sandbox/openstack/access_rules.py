"""Access rules of an application credential: which requests its tokens may make, judged by each service as keystonemiddleware does.

A credential without rules (None) may do what its roles may; an empty list allows nothing.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from chaoscinder.sandbox.ports import CloudError

METHODS = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")
PART = re.compile(r"(?P<tag>{[^}]*})|(?P<wild>\*(?=$|[^\*]))|(?P<rest>\*\*)|(?P<literal>[^{}\*])")


@dataclass(frozen=True, slots=True)
class AccessRule:
    """One allowed request. In path {anything} and * are one segment, ** is any number of them."""

    id: str
    service: str
    method: str
    path: str

    def allows(self, service: str, method: str, path: str) -> bool:
        """Whether a request to a service is this one; path is the whole path, below the service's host."""
        return self.method == method and self.service == service and re.match(f"^{_regex(self.path)}$", path) is not None

    def shown(self) -> dict[str, str]:
        """As JSON."""
        return {"id": self.id, "service": self.service, "method": self.method, "path": self.path}


def allowed(rules: Iterable[AccessRule] | None, service: str, method: str, path: str) -> bool:
    """Whether a token with these rules may make a request."""
    return rules is None or any(rule.allows(service, method, path) for rule in rules)


def rule(id: str, given: object) -> AccessRule:
    """Read one rule of a request, or refuse as Keystone's schema does."""
    if not isinstance(given, dict) or set(given) - {"id", "service", "method", "path"}:
        raise CloudError(
            400, "Bad Request", f"Invalid input for field 'access_rules': {given!r} is not valid under any of the given schemas"
        )
    service, method, path = (str(given.get(name, "")) for name in ("service", "method", "path"))
    if method not in METHODS:
        raise CloudError(400, "Bad Request", f"Invalid input for field 'method': {method!r} is not one of {list(METHODS)!r}")
    if not path.startswith("/"):
        raise CloudError(400, "Bad Request", f"Invalid input for field 'path': {path!r} does not match '^/\\\\.*'")
    return AccessRule(id, service, method, path)


def _regex(path: str) -> str:
    found = ""
    for match in PART.finditer(path):
        part = match.groupdict()
        found += r"[^\/]+" if part["tag"] or part["wild"] else ".*" if part["rest"] else part["literal"]  # a dot stays a wildcard there too
    return found
