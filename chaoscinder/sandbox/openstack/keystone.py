"""Keystone's model: projects, users, roles, application credentials and tokens. It knows no HTTP.

Passwords and secrets are kept as given: this is a sandbox on the loopback interface, and its clouds.yaml holds them too.
Tokens expire in cluster time.
"""

import secrets
from dataclasses import dataclass, field

from chaoscinder.sandbox.openstack.access_rules import AccessRule
from chaoscinder.sandbox.openstack.caller import Caller
from chaoscinder.sandbox.ports import CloudError
from chaoscinder.sandbox.world import World

DOMAIN_ID = "default"
DOMAIN_NAME = "Default"
TOKEN_LIFE_S = 3600.0  # keystone.conf [token] expiration
IMPLIED = {"admin": ("admin", "manager", "member", "reader"), "member": ("member", "reader")}  # as keystone-manage bootstrap sets up
FERNET = "gAAAAA"  # how every token begins
UNAUTHORIZED = "The request you have made requires authentication."
MALFORMED = (
    "The server could not comply with the request since it is either malformed or otherwise incorrect. "
    "The client is assumed to be in error."
)


def unauthorized(message: str = UNAUTHORIZED) -> CloudError:
    """401. Keystone says the same for an unknown user, a wrong password and a project without a role."""
    return CloudError(401, "Unauthorized", message)


def expected(attribute: str, target: str) -> CloudError:
    """400 for a request that lacks something."""
    return CloudError(400, "Bad Request", f"Expecting to find {attribute} in {target}. {MALFORMED}")


@dataclass(frozen=True, slots=True)
class Project:
    """A project of the domain Default."""

    id: str
    name: str


@dataclass(slots=True)
class User:
    """A user of the domain Default; roles maps a project's id to the role granted there."""

    id: str
    name: str
    password: str
    roles: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ApplicationCredential:
    """A password of its own for one user in one project, with fewer roles (empty: all) and with access rules (None: every request)."""

    id: str
    name: str
    secret: str
    user: User
    project: Project
    roles: tuple[str, ...] = ()
    rules: tuple[AccessRule, ...] | None = None


@dataclass(frozen=True, slots=True)
class Token:
    """A login. project is None for an unscoped one."""

    id: str
    user: User
    project: Project | None
    roles: tuple[str, ...]
    methods: tuple[str, ...]
    issued_s: float
    expires_s: float
    audit_id: str
    credential: ApplicationCredential | None = None


@dataclass(frozen=True, slots=True)
class Name:
    """How a request names a user or a project: by id, or by name within a domain."""

    id: str | None = None
    name: str | None = None
    domain: str | None = None


class Keystone:
    """Who may log in, and who has."""

    def __init__(self, world: World, *, token_life_s: float = TOKEN_LIFE_S) -> None:
        self._world = world
        self._token_life_s = token_life_s
        self._projects: dict[str, Project] = {}
        self._users: dict[str, User] = {}
        self._credentials: dict[str, ApplicationCredential] = {}
        self._tokens: dict[str, Token] = {}
        self.role_ids = {role: self._new_id() for role in IMPLIED["admin"]}

    def add_project(self, name: str) -> Project:
        """Make a project."""
        project = Project(self._new_id(), name)
        self._projects[project.id] = project
        return project

    def add_user(self, name: str, password: str, project: Project, role: str) -> User:
        """Make a user with one role in one project."""
        user = User(self._new_id(), name, password, {project.id: role})
        self._users[user.id] = user
        return user

    def add_application_credential(
        self, user: User, project: Project, name: str, *, roles: tuple[str, ...] = (), rules: tuple[AccessRule, ...] | None = None
    ) -> ApplicationCredential:
        """Make an application credential with a random secret."""
        credential = ApplicationCredential(self._new_id(), name, secrets.token_urlsafe(32), user, project, roles, rules)
        self._credentials[credential.id] = credential
        return credential

    def credentials_of(self, user: User) -> list[ApplicationCredential]:
        """The application credentials of a user."""
        return [row for row in self._credentials.values() if row.user is user]

    def credential(self, user: User, credential_id: str) -> ApplicationCredential:
        """One application credential of a user, or Keystone's 404."""
        for row in self.credentials_of(user):
            if row.id == credential_id:
                return row
        raise _no_credential(credential_id)

    def remove_credential(self, user: User, credential_id: str) -> None:
        """Delete an application credential; the tokens that it earned are worth nothing from then on."""
        gone = self.credential(user, credential_id)
        del self._credentials[gone.id]
        self._tokens = {key: token for key, token in self._tokens.items() if token.credential is not gone}

    def find_user(self, wanted: Name) -> User | None:
        """Find the user that a request names."""
        return next((user for user in self._users.values() if _is(wanted, user.id, user.name)), None)

    def find_project(self, wanted: Name) -> Project | None:
        """Find the project that a request names."""
        return next((project for project in self._projects.values() if _is(wanted, project.id, project.name)), None)

    def projects_of(self, user: User) -> list[Project]:
        """The projects in which the user has a role."""
        return [project for project in self._projects.values() if project.id in user.roles]

    def user_by_password(self, wanted: Name, password: str) -> User:
        """Check a password."""
        user = self.find_user(wanted)
        if user is None or not secrets.compare_digest(user.password.encode(), password.encode()):
            raise unauthorized()
        return user

    def credential_by_secret(self, credential_id: str | None, name: str | None, owner: Name, secret: str) -> ApplicationCredential:
        """Check an application credential, named by its id, or by its name and owner; an unknown id is 404, as Keystone has it."""
        if credential_id and credential_id not in self._credentials:
            raise _no_credential(credential_id)
        for credential in self._credentials.values():
            named = credential.name == name and _is(owner, credential.user.id, credential.user.name)
            if (credential.id == credential_id if credential_id else named) and secrets.compare_digest(
                credential.secret.encode(), secret.encode()
            ):
                return credential
        raise unauthorized()

    def issue(self, user: User, wanted: Name | None, methods: tuple[str, ...], *, credential: ApplicationCredential | None = None) -> Token:
        """Issue a token for the project that the request names; None leaves it unscoped."""
        project = self.find_project(wanted) if wanted else None
        if wanted and (project is None or project.id not in user.roles):
            raise unauthorized()
        now_s = self._world.now_s
        token = Token(
            id=FERNET + secrets.token_urlsafe(120),
            user=user,
            project=project,
            roles=(credential.roles if credential and credential.roles else IMPLIED[user.roles[project.id]]) if project else (),
            methods=methods,
            issued_s=now_s,
            expires_s=now_s + self._token_life_s,
            audit_id=secrets.token_urlsafe(16),
            credential=credential,
        )
        self._tokens[token.id] = token
        return token

    def validate(self, token_id: str) -> Token:
        """Look a token up that still holds, or refuse with 404."""
        token = self._tokens.get(token_id)
        if token is None or token.expires_s <= self._world.now_s:
            self._tokens.pop(token_id, None)
            known = token_id.startswith(FERNET)
            raise CloudError(404, "Not Found", "Failed to validate token" if known else "Could not recognize Fernet token")
        return token

    def revoke(self, token_id: str) -> None:
        """Make a token worthless."""
        self._tokens.pop(self.validate(token_id).id)

    def expire_all(self) -> int:
        """Let every token expire now; tells how many there were."""
        count = len(self._tokens)
        self._tokens.clear()
        return count

    def caller(self, token_id: str, request_id: str) -> Caller:
        """Tell Nova or Cinder who asks; 401 for a token that is missing, expired or without a project."""
        try:
            token = self.validate(token_id)
        except CloudError as error:
            raise unauthorized() from error
        if token.project is None:
            raise unauthorized()
        return Caller(token.user.id, token.project.id, token.roles, request_id, rules=token.credential.rules if token.credential else None)

    def new_rule_id(self) -> str:
        """An id for an access rule."""
        return self._new_id()

    def _new_id(self) -> str:
        return self._world.new_uuid().replace("-", "")


def _no_credential(credential_id: str) -> CloudError:
    return CloudError(404, "Not Found", f"Could not find Application Credential: {credential_id}.")


def _is(wanted: Name, object_id: str, name: str) -> bool:
    if wanted.id is not None:
        return wanted.id == object_id
    return wanted.name == name and wanted.domain in (DOMAIN_ID, DOMAIN_NAME)
