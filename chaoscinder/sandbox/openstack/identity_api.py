"""Keystone v3 over HTTP: version documents, logging in, tokens and the catalog."""

import json
from collections.abc import Mapping
from datetime import timedelta

from werkzeug.wrappers import Request

from chaoscinder.sandbox.openstack.identity_credentials import CredentialRoutes
from chaoscinder.sandbox.openstack.keystone import DOMAIN_ID, DOMAIN_NAME, Keystone, Project, Token, expected, unauthorized
from chaoscinder.sandbox.openstack.login import log_in
from chaoscinder.sandbox.openstack.wire import Answer, Gate, Json, Service, find_handler, keystone_fault, routes
from chaoscinder.sandbox.ports import CloudError

REGION = "RegionOne"
DOMAIN = {"id": DOMAIN_ID, "name": DOMAIN_NAME}
SERVICES = (  # type, name, path below the address; volumev3 is the type that older clients look for
    ("identity", "keystone", "identity"),
    ("compute", "nova", "compute/v2.1"),
    ("block-storage", "cinder", "volume/v3"),
    ("volumev3", "cinderv3", "volume/v3/{project_id}"),
)
MEDIA = [{"base": "application/json", "type": "application/vnd.openstack.identity-v3+json"}]


class IdentityApi(Service):
    """The application below /identity."""

    name = "keystone"

    def __init__(self, gate: Gate, keystone: Keystone) -> None:
        super().__init__(gate)
        self._keystone = keystone
        self._ids = {kind: gate.world.new_uuid().replace("-", "") for kind, _, _ in SERVICES}
        self._table = routes(
            [
                ("GET", "/", self._versions),
                ("GET", "/v3", self._version),
                ("POST", "/v3/auth/tokens", self._log_in),
                ("GET", "/v3/auth/tokens", self._show_token),
                ("DELETE", "/v3/auth/tokens", self._revoke),
                ("GET", "/v3/auth/catalog", self._catalog),
                ("GET", "/v3/auth/projects", self._projects),
                *CredentialRoutes(keystone, self.authenticated).routes(),
            ]
        )

    def answer(self, request: Request, request_id: str) -> Answer:  # noqa: ARG002
        """Let the handler answer; HEAD is answered as GET and loses its body on the way out."""
        handler, args = find_handler(self._table, request)
        answer = handler(request, **args)
        return Answer(answer.code, answer.body, {"Vary": "X-Auth-Token", **answer.headers})

    def refusal(self, error: CloudError, request: Request) -> Answer:
        """Refuse in Keystone's envelope."""
        uri = request.root_url.rstrip("/")
        return Answer(error.code, keystone_fault(error), {"WWW-Authenticate": f'Keystone uri="{uri}"'} if error.code == 401 else {})

    def _versions(self, request: Request) -> Answer:
        return Answer(300, {"versions": {"values": [version_document(request)]}})

    def _version(self, request: Request) -> Answer:
        return Answer(200, {"version": version_document(request)})

    def _log_in(self, request: Request) -> Answer:
        try:
            body = json.loads(request.get_data())
        except ValueError as error:
            raise expected("auth", "request body") from error
        token = log_in(self._keystone, body if isinstance(body, Mapping) else {})
        return self._tell(request, token, 201)

    def _show_token(self, request: Request) -> Answer:
        self.authenticated(request)
        return self._tell(request, self._keystone.validate(request.headers.get("X-Subject-Token", "")), 200)

    def _revoke(self, request: Request) -> Answer:
        self.authenticated(request)
        self._keystone.revoke(request.headers.get("X-Subject-Token", ""))
        return Answer(204)

    def _catalog(self, request: Request) -> Answer:
        token = self.authenticated(request)
        links = {"self": request.url, "previous": None, "next": None}
        return Answer(200, {"catalog": self.catalog(request, token.project) if token.project else [], "links": links})

    def _projects(self, request: Request) -> Answer:
        token = self.authenticated(request)
        rows = [project_view(project, request) for project in self._keystone.projects_of(token.user)]
        return Answer(200, {"projects": rows, "links": {"self": request.url, "previous": None, "next": None}})

    def authenticated(self, request: Request) -> Token:
        """The token that a request carries, or 401."""
        try:
            return self._keystone.validate(request.headers.get("X-Auth-Token", ""))
        except CloudError as error:
            raise unauthorized() from error

    def _tell(self, request: Request, token: Token, code: int) -> Answer:
        body: Json = {
            "methods": list(token.methods),
            "user": {"domain": DOMAIN, "id": token.user.id, "name": token.user.name, "password_expires_at": None},
            "audit_ids": [token.audit_id],
            "expires_at": self._time(token.expires_s),
            "issued_at": self._time(token.issued_s),
        }
        if token.project is not None:
            body["project"] = {"domain": DOMAIN, "id": token.project.id, "name": token.project.name}
            body["is_domain"] = False
            body["roles"] = [{"id": self._keystone.role_ids[role], "name": role} for role in token.roles]
            if "nocatalog" not in request.args:
                body["catalog"] = self.catalog(request, token.project)
        if token.credential is not None:
            body["application_credential"] = {"id": token.credential.id, "name": token.credential.name, "restricted": True}
            if token.credential.rules:
                body["application_credential"]["access_rules"] = [rule.shown() for rule in token.credential.rules]
        return Answer(code, {"token": body}, {"X-Subject-Token": token.id})

    def catalog(self, request: Request, project: Project) -> list[Json]:
        """The services, at the address by which the request came."""
        rows = []
        for kind, name, path in SERVICES:
            url = request.host_url + path.format(project_id=project.id)
            endpoints = [
                {"id": f"{self._ids[kind][:-1]}{number}", "interface": interface, "region": REGION, "region_id": REGION, "url": url}
                for number, interface in enumerate(("public", "internal", "admin"))
            ]
            rows.append({"id": self._ids[kind], "type": kind, "name": name, "endpoints": endpoints})
        return rows

    def _time(self, at_s: float) -> str:
        return (self._world.epoch + timedelta(seconds=at_s)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def version_document(request: Request) -> Json:
    """Keystone's only version."""
    links = [{"rel": "self", "href": request.root_url.rstrip("/") + "/v3/"}]
    return {"id": "v3.14", "status": "stable", "updated": "2020-04-07T00:00:00Z", "links": links, "media-types": MEDIA}


def project_view(project: Project, request: Request) -> Json:
    """A project as the API shows it."""
    return {
        "id": project.id,
        "name": project.name,
        "domain_id": DOMAIN_ID,
        "description": "",
        "enabled": True,
        "parent_id": DOMAIN_ID,
        "is_domain": False,
        "tags": [],
        "options": {},
        "links": {"self": f"{request.root_url.rstrip('/')}/v3/projects/{project.id}"},
    }
