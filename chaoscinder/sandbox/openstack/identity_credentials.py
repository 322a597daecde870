"""Keystone v3 over HTTP: the application credentials of a user, made, listed and deleted by that user."""

import json
from collections.abc import Callable

from werkzeug.wrappers import Request

from chaoscinder.sandbox.openstack.access_rules import rule
from chaoscinder.sandbox.openstack.keystone import IMPLIED, ApplicationCredential, Keystone, Token, expected
from chaoscinder.sandbox.openstack.wire import Answer, Json, Route
from chaoscinder.sandbox.ports import CloudError

UNASSIGNED = "Invalid application credential: Cannot create an application credential with unassigned role"
ROLE = {"domain_id": None, "description": None, "options": {"immutable": True}}


class CredentialRoutes:
    """The handlers. authenticated tells whose token a request carries, or refuses."""

    def __init__(self, keystone: Keystone, authenticated: Callable[[Request], Token]) -> None:
        self._keystone = keystone
        self._authenticated = authenticated

    def routes(self) -> list[Route]:
        """Where they answer."""
        path = "/v3/users/<user_id>/application_credentials"
        return [
            ("GET", path, self._list),
            ("POST", path, self._create),
            ("GET", f"{path}/<credential_id>", self._show),
            ("DELETE", f"{path}/<credential_id>", self._delete),
        ]

    def _list(self, request: Request, user_id: str) -> Answer:
        token = self._own(request, user_id, "list_application_credentials")
        rows = [self._view(row, request) for row in self._keystone.credentials_of(token.user)]
        return Answer(200, {"application_credentials": rows, "links": {"self": request.url, "previous": None, "next": None}})

    def _create(self, request: Request, user_id: str) -> Answer:
        token = self._own(request, user_id, "create_application_credential")
        wanted = (json.loads(request.get_data() or b"{}") or {}).get("application_credential", {})
        if not wanted.get("name"):
            raise expected("name", "application_credential")
        if token.project is None:
            raise _forbidden("create_application_credential")
        roles, given = self._roles(wanted.get("roles") or [], token), wanted.get("access_rules")
        rules = None if given is None else tuple(rule(self._keystone.new_rule_id(), row) for row in given)
        made = self._keystone.add_application_credential(token.user, token.project, str(wanted["name"]), roles=roles, rules=rules)
        return Answer(201, {"application_credential": {**self._view(made, request), "secret": made.secret}})

    def _show(self, request: Request, user_id: str, credential_id: str) -> Answer:
        token = self._own(request, user_id, "get_application_credential")
        return Answer(200, {"application_credential": self._view(self._keystone.credential(token.user, credential_id), request)})

    def _delete(self, request: Request, user_id: str, credential_id: str) -> Answer:
        token = self._own(request, user_id, "delete_application_credential")
        self._keystone.remove_credential(token.user, credential_id)
        return Answer(204)

    def _roles(self, given: list[Json], token: Token) -> tuple[str, ...]:
        """The roles that are asked for and what they imply; empty where none is; 400 for one that the user does not have."""
        names = {role_id: name for name, role_id in self._keystone.role_ids.items()}
        asked = [str(row.get("name") or names.get(str(row.get("id")), "")) for row in given]
        whole = tuple(dict.fromkeys(role for name in asked for role in IMPLIED.get(name, (name,))))
        if not set(whole) <= set(token.roles):
            raise CloudError(400, "Bad Request", UNASSIGNED)
        return whole

    def _own(self, request: Request, user_id: str, rule: str) -> Token:
        """The caller's token, if the path is about the caller and the token was not itself made with such a credential."""
        token = self._authenticated(request)
        if token.user.id != user_id or (token.credential is not None and request.method != "GET"):
            raise _forbidden(rule)
        return token

    def _view(self, row: ApplicationCredential, request: Request) -> Json:
        roles = row.roles or IMPLIED[row.user.roles[row.project.id]]
        return {
            "id": row.id,
            "name": row.name,
            "description": None,
            "user_id": row.user.id,
            "project_id": row.project.id,
            "system": None,
            "expires_at": None,
            "unrestricted": None,
            **({} if row.rules is None else {"access_rules": [rule.shown() for rule in row.rules]}),
            "roles": [{"id": self._keystone.role_ids[role], "name": role, **ROLE} for role in roles],
            "links": {"self": f"{request.root_url.rstrip('/')}/v3/application_credentials/{row.id}"},
        }


def _forbidden(rule: str) -> CloudError:
    return CloudError(403, "Forbidden", f"You are not authorized to perform the requested action: identity:{rule}.")
