"""What a log-in request (POST /v3/auth/tokens) says, and the token it earns."""

from collections.abc import Mapping
from typing import Any

from chaoscinder.sandbox.openstack.keystone import ApplicationCredential, Keystone, Name, Token, User, expected, unauthorized

Json = Mapping[str, Any]


def log_in(keystone: Keystone, body: Json) -> Token:
    """Check who asks and for which project, and issue a token."""
    auth = _part(body, "auth", "request body")
    identity = _part(auth, "identity", "auth")
    methods = tuple(identity.get("methods") or ())
    scope = auth.get("scope")
    wanted = _scope(scope) if isinstance(scope, Mapping) else None
    if methods == ("password",):
        return keystone.issue(_by_password(keystone, identity), wanted, methods)
    if methods == ("application_credential",):
        return _by_credential(keystone, identity, has_scope=scope is not None)
    if methods == ("token",):
        return _by_token(keystone, identity, wanted)
    raise unauthorized("Attempted to authenticate with an unsupported method.")


def _by_password(keystone: Keystone, identity: Json) -> User:
    user = _part(_part(identity, "password", "identity"), "user", "password")
    return keystone.user_by_password(_name(user, "user"), str(user.get("password", "")))


def _by_credential(keystone: Keystone, identity: Json, *, has_scope: bool) -> Token:
    given = _part(identity, "application_credential", "identity")
    if has_scope:
        raise unauthorized("Error authenticating with application credential: Application credentials cannot request a scope.")
    owner = Name() if given.get("id") else _name(_part(given, "user", "application_credential"), "user")
    found: ApplicationCredential = keystone.credential_by_secret(given.get("id"), given.get("name"), owner, str(given.get("secret", "")))
    return keystone.issue(found.user, Name(id=found.project.id), ("application_credential",), credential=found)


def _by_token(keystone: Keystone, identity: Json, wanted: Name | None) -> Token:
    token_id = str(_part(identity, "token", "identity").get("id", ""))
    token = keystone.validate(token_id)
    return keystone.issue(token.user, wanted, tuple(dict.fromkeys((*token.methods, "token"))))


def _scope(scope: Json) -> Name:
    if "project" not in scope:
        raise unauthorized()  # nobody here has a role on a domain or on the system
    return _name(_part(scope, "project", "scope"), "project")


def _name(given: Json, target: str) -> Name:
    if given.get("id"):
        return Name(id=str(given["id"]))
    if not given.get("name"):
        raise expected("id or name", target)
    if not isinstance(given.get("domain"), Mapping):
        raise expected("domain", target)
    domain = given["domain"]
    return Name(name=str(given["name"]), domain=domain.get("id") or domain.get("name"))


def _part(body: Json, key: str, target: str) -> Json:
    found = body.get(key)
    if not isinstance(found, Mapping):
        raise expected(key, target)
    return found
