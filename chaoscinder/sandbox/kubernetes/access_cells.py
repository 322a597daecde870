"""The cells of ServiceAccounts, Roles and bindings in a table."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from chaoscinder.sandbox.kubernetes.ages import age
from chaoscinder.sandbox.kubernetes.store import Object


def account_cells(obj: Object, now: datetime) -> list[Any]:
    """Name, Secrets, Age."""
    return [obj["metadata"]["name"], len(obj.get("secrets") or []), age(obj["metadata"].get("creationTimestamp"), now)]


def role_cells(obj: Object, _: datetime) -> list[Any]:
    """Name, Created At: the columns of what has none of its own."""
    return [obj["metadata"]["name"], obj["metadata"].get("creationTimestamp", "")]


def binding_cells(obj: Object, now: datetime) -> list[Any]:
    """Name, Role, Age, Users, Groups, ServiceAccounts."""
    reference, subjects = obj["roleRef"], obj.get("subjects") or []
    who = [_named(subjects, "User"), _named(subjects, "Group")]
    accounts = ", ".join(f"{each.get('namespace', '')}/{each['name']}" for each in subjects if each["kind"] == "ServiceAccount")
    since = age(obj["metadata"].get("creationTimestamp"), now)
    return [obj["metadata"]["name"], f"{reference['kind']}/{reference['name']}", since, *who, accounts]


def _named(subjects: Sequence[Object], kind: str) -> str:
    return ", ".join(str(each["name"]) for each in subjects if each["kind"] == kind)
