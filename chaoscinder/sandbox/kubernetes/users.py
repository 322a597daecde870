"""Who asks: users and groups, as the API server's authentication and authorisation know them."""

from dataclasses import dataclass, field

MASTERS = "system:masters"
AUTHENTICATED = "system:authenticated"
ACCOUNTS = "system:serviceaccounts"
ACCOUNT_PREFIX = "system:serviceaccount:"


@dataclass(frozen=True, slots=True)
class User:
    """One who asks. extra is what the authenticator adds, as the API shows it."""

    name: str
    groups: tuple[str, ...] = ()
    uid: str = ""
    extra: dict[str, list[str]] = field(default_factory=dict, hash=False)


ANONYMOUS = User("system:anonymous", ("system:unauthenticated",))
UNSECURED = User("system:unsecured", (MASTERS, AUTHENTICATED))  # whom kube-apiserver saw behind its --insecure-port (until 1.23)


def administrator(name: str) -> User:
    """A user who may do everything."""
    return User(name, (MASTERS, AUTHENTICATED))


def account_name(namespace: str, name: str) -> str:
    """The user name of a ServiceAccount."""
    return f"{ACCOUNT_PREFIX}{namespace}:{name}"


def account_groups(namespace: str) -> tuple[str, ...]:
    """The groups of every ServiceAccount of a namespace."""
    return ACCOUNTS, f"{ACCOUNTS}:{namespace}", AUTHENTICATED


def account_of(user_name: str) -> tuple[str, str] | None:
    """Namespace and name of the ServiceAccount that a user name means; None for other users."""
    namespace, _, name = user_name.removeprefix(ACCOUNT_PREFIX).partition(":")
    return (namespace, name) if user_name.startswith(ACCOUNT_PREFIX) and namespace and name else None
