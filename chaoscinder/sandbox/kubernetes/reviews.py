"""Reviews: requests that are answered and not kept. Who am I, may I, may somebody, whose token is this?"""

from collections.abc import Callable, Mapping
from typing import Any

from chaoscinder.sandbox.kubernetes.asking import Asked
from chaoscinder.sandbox.kubernetes.attributes import Attributes
from chaoscinder.sandbox.kubernetes.authentication import Authenticator
from chaoscinder.sandbox.kubernetes.rbac import Authorizer, Rule
from chaoscinder.sandbox.kubernetes.resources import Resource
from chaoscinder.sandbox.kubernetes.statuses import invalid, invalid_value
from chaoscinder.sandbox.kubernetes.store import Object
from chaoscinder.sandbox.kubernetes.users import User

AUTHENTICATION, AUTHORIZATION = "authentication.k8s.io", "authorization.k8s.io"


def _review(group: str, kind: str, namespaced: bool = False) -> Resource:
    return Resource(group, "v1", f"{kind.lower()}s", kind, namespaced)


SELF_ACCESS = _review(AUTHORIZATION, "SelfSubjectAccessReview")
SELF_RULES = _review(AUTHORIZATION, "SelfSubjectRulesReview")
ACCESS = _review(AUTHORIZATION, "SubjectAccessReview")
LOCAL_ACCESS = _review(AUTHORIZATION, "LocalSubjectAccessReview", True)
SELF = _review(AUTHENTICATION, "SelfSubjectReview")
TOKEN = _review(AUTHENTICATION, "TokenReview")
REVIEWS: tuple[Resource, ...] = (SELF_ACCESS, SELF_RULES, ACCESS, LOCAL_ACCESS, SELF, TOKEN)
_ONE_OF = "exactly one of nonResourceAttributes or resourceAttributes must be specified"
_SOMEBODY = "at least one of user or group must be specified"
_ALONE = "cannot be specified in combination with resourceAttributes"


class Reviews:
    """Answers every kind of review from the rules that requests are judged by."""

    def __init__(self, authenticator: Authenticator, authorizer: Authorizer) -> None:
        self._authenticator = authenticator
        self._authorizer = authorizer
        self._answers: dict[Resource, Callable[[Asked, Object], Object]] = {
            SELF_ACCESS: self._may_i,
            SELF_RULES: self._my_rules,
            ACCESS: self._may_somebody,
            LOCAL_ACCESS: self._may_somebody,
            SELF: lambda asked, _: {"userInfo": info(asked.user)},
            TOKEN: self._whose_token,
        }

    def answer(self, asked: Asked) -> Object:
        """The review with its status."""
        sent = asked.document()
        resource = asked.resource
        head = {"kind": resource.kind, "apiVersion": resource.api_version, "metadata": sent.get("metadata") or {}}
        spec = {"spec": sent.get("spec") or {}} if resource is not SELF else {}
        return {**head, **spec, "status": self._answers[resource](asked, spec.get("spec", {}))}

    def _may_i(self, asked: Asked, spec: Object) -> Object:
        return self._decide(asked, spec, asked.user)

    def _may_somebody(self, asked: Asked, spec: Object) -> Object:
        user = User(spec.get("user", ""), tuple(spec.get("groups") or ()))
        if not user.name and not user.groups:
            raise invalid(asked.resource, "", [invalid_value("spec.user", "", _SOMEBODY)])
        return self._decide(asked, spec, user)

    def _decide(self, asked: Asked, spec: Object, user: User) -> Object:
        decision = self._authorizer.decide(user, _wanted(asked.resource, spec))
        return {"allowed": decision.allowed} | ({"reason": decision.reason} if decision.reason else {})

    def _my_rules(self, asked: Asked, spec: Object) -> Object:
        rules = self._authorizer.rules(asked.user, spec.get("namespace", ""))
        of_resources = [_resource_rule(rule) for rule in rules if rule.get("resources")]
        of_paths = [{key: rule[key] for key in ("verbs", "nonResourceURLs")} for rule in rules if rule.get("nonResourceURLs")]
        return {"resourceRules": of_resources, "nonResourceRules": of_paths, "incomplete": False}

    def _whose_token(self, _: Asked, spec: Object) -> Object:
        user = self._authenticator.of_token(spec.get("token", ""))
        if user is None:
            return {"user": {}, "error": "[invalid bearer token]"}
        return {"authenticated": True, "user": info(user)}


def info(user: User) -> Object:
    """A user as reviews show it."""
    shown = {"username": user.name, "uid": user.uid, "groups": list(user.groups), "extra": user.extra}
    return {key: value for key, value in shown.items() if value}


def _wanted(resource: Resource, spec: Mapping[str, Any]) -> Attributes:
    of_resource, of_path = spec.get("resourceAttributes"), spec.get("nonResourceAttributes")
    if of_resource is None and of_path is None:
        raise invalid(resource, "", [invalid_value("spec.resourceAttributes", None, _ONE_OF)])
    if of_resource is not None and of_path is not None:
        raise invalid(resource, "", [invalid_value("spec.nonResourceAttributes", of_path, _ALONE)])
    if of_path is not None:
        return Attributes(of_path.get("verb", ""), path=of_path.get("path", ""))
    named = ("verb", "group", "resource", "subresource", "name", "namespace")
    return Attributes(*(of_resource.get(field, "") for field in named)) if of_resource else Attributes("")


def _resource_rule(rule: Rule) -> Object:
    return {key: list(rule[key]) for key in ("verbs", "apiGroups", "resources", "resourceNames") if rule.get(key)}
