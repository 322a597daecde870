"""Who asks: what Keystone's token says about the caller of one request."""

from dataclasses import dataclass, replace

from chaoscinder.sandbox.openstack.access_rules import AccessRule, allowed


@dataclass(frozen=True, slots=True)
class Caller:
    """One authenticated request. service means that it carries a service token besides, as Nova's calls to Cinder do.

    rules are those of the application credential that the token was made with; None where every request is allowed.
    """

    user_id: str
    project_id: str
    roles: tuple[str, ...]
    request_id: str
    service: bool = False
    rules: tuple[AccessRule, ...] | None = None

    @property
    def is_admin(self) -> bool:
        """Whether the default policy of Nova and Cinder takes the caller for an administrator."""
        return "admin" in self.roles

    def may_ask(self, service: str, method: str, path: str) -> bool:
        """Whether the access rules allow a request; one that carries a service token goes on an earlier one that they allowed."""
        return self.service or allowed(self.rules, service, method, path)

    def may_see(self, project_id: str) -> bool:
        """Whether objects of that project exist for the caller at all."""
        return self.is_admin or project_id == self.project_id

    def as_service(self) -> "Caller":
        """The same caller, spoken for by Nova."""
        return replace(self, service=True)
