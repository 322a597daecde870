"""Whom a request comes from: a static token, a ServiceAccount's token, nobody, or somebody who is impersonated."""

from collections.abc import Mapping

from werkzeug.wrappers import Request

from chaoscinder.sandbox.kubernetes.attributes import Attributes
from chaoscinder.sandbox.kubernetes.rbac import Authorizer
from chaoscinder.sandbox.kubernetes.store import StoreError
from chaoscinder.sandbox.kubernetes.tokens import Tokens
from chaoscinder.sandbox.kubernetes.users import ANONYMOUS, AUTHENTICATED, UNSECURED, User, account_groups, account_of, administrator


class Authenticator:
    """Tells users. static maps tokens to the names of administrators; its entry "" opens the plain HTTP port to everybody.

    Without static everybody is an administrator who brings no token.
    """

    def __init__(self, static: Mapping[str, str] | None, tokens: Tokens, authorizer: Authorizer) -> None:
        self._static = static
        self._tokens = tokens
        self._authorizer = authorizer

    def user(self, request: Request) -> User:
        """The user to judge a request by; 401 for credentials that are not known, 403 for an impersonation that is not allowed."""
        user = self._known(request)
        wanted = request.headers.get("Impersonate-User")
        return user if wanted is None else self._impersonated(user, wanted, request.headers.getlist("Impersonate-Group"))

    def of_token(self, token: str) -> User | None:
        """The user of a token; None for one that is not known."""
        if token and token in (self._static or {}):
            return administrator((self._static or {})[token])
        return self._tokens.read(token)

    def _known(self, request: Request) -> User:
        """kubectl sends no token over plain HTTP, so who comes that way without one is whom the old insecure port let in."""
        token = bearer_token(request)
        if token is None:
            open_ = self._static is None or (request.scheme == "http" and "" in self._static)
            return UNSECURED if open_ else ANONYMOUS
        user = self.of_token(token)
        if user is None:
            raise StoreError(401, "Unauthorized", "Unauthorized")
        return user

    def _impersonated(self, user: User, name: str, groups: list[str]) -> User:
        account = account_of(name)
        if account:
            self._authorizer.refuse(user, Attributes("impersonate", "", "serviceaccounts", "", account[1], account[0]))
        else:
            self._authorizer.refuse(user, Attributes("impersonate", "", "users", "", name))
        for group in groups:
            self._authorizer.refuse(user, Attributes("impersonate", "", "groups", "", group))
        if account and not groups:
            return User(name, account_groups(account[0]))
        more = () if name == ANONYMOUS.name or AUTHENTICATED in groups else (AUTHENTICATED,)
        return User(name, (*groups, *more))


def bearer_token(request: Request) -> str | None:
    """The token that a request brings."""
    given = request.authorization
    return given.token if given and given.type == "bearer" else None
