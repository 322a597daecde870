"""Reading verbs: get and list, with selectors and pages."""

import base64
import json

from chaoscinder.sandbox.kubernetes.asking import Asked
from chaoscinder.sandbox.kubernetes.statuses import bad_request
from chaoscinder.sandbox.kubernetes.store import Object, Store, StoreError, too_large

_Place = tuple[str, str]


def get(store: Store, asked: Asked) -> Object:
    """Find one object."""
    return store.get(asked.stored, asked.name, asked.home)


def select(store: Store, asked: Asked) -> tuple[list[Object], Object]:
    """Find the objects of a selection, one page of them if a limit is asked for, and the metadata of their list.

    A later page shows the objects as they are then: a real API server shows them as they were at the first page.
    """
    check_version(store, asked)
    matches = asked.matches()
    rows = [obj for obj in store.list(asked.stored, asked.namespace) if matches(obj)]
    start = _read_token(asked.args.get("continue", ""))
    if start:
        rows = [obj for obj in rows if _place(obj) > start]
    metadata: Object = {"resourceVersion": str(store.version)}
    limit = asked.number("limit", 0)
    if 0 < limit < len(rows):
        metadata["continue"] = _write_token(_place(rows[limit - 1]))
        metadata["remainingItemCount"] = len(rows) - limit
        rows = rows[:limit]
    return rows, metadata


def check_version(store: Store, asked: Asked) -> None:
    """Refuse a list at a version that is yet to come, or at exactly one that is past (the sandbox keeps only the present)."""
    version = asked.number("resourceVersion", 0)
    if version > store.version:
        raise too_large(version, store.version)
    if asked.args.get("resourceVersionMatch") == "Exact" and version != store.version:
        raise StoreError(410, "Expired", f"The resourceVersion for the provided list is too old: {version} (only {store.version} is kept)")


def _place(obj: Object) -> _Place:
    return obj["metadata"].get("namespace", ""), obj["metadata"]["name"]


def _write_token(place: _Place) -> str:
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode()


def _read_token(token: str) -> _Place | None:
    if not token:
        return None
    try:
        namespace, name = json.loads(base64.urlsafe_b64decode(token))
    except ValueError as error:
        raise bad_request(f"continue key is not valid: {error}") from error
    return namespace, name
