"""Reading verbs: get and list, with selectors and pages."""

from chaoscinder.sandbox.kubernetes import pages
from chaoscinder.sandbox.kubernetes.asking import Asked
from chaoscinder.sandbox.kubernetes.store import Object, Store, StoreError, too_large


def get(store: Store, asked: Asked) -> Object:
    """Find one object."""
    return store.get(asked.stored, asked.name, asked.home)


def select(store: Store, asked: Asked) -> tuple[list[Object], Object]:
    """Find the objects of a selection, one page of them if a limit is asked for, and the metadata of their list."""
    token = pages.read(asked.args.get("continue", ""))
    version, rows = _consistent(store, asked, token)
    matches = asked.matches()
    rows = [obj for obj in rows if matches(obj) and (token is None or pages.place(obj) > token.after)]
    metadata: Object = {"resourceVersion": str(version)}
    limit = asked.number("limit", 0)
    if 0 < limit < len(rows):
        metadata["continue"] = pages.Token(version, pages.place(rows[limit - 1])).text()
        if not (asked.args.get("labelSelector") or asked.args.get("fieldSelector")):
            metadata["remainingItemCount"] = len(rows) - limit
        rows = rows[:limit]
    return rows, metadata


def _consistent(store: Store, asked: Asked, token: pages.Token | None) -> tuple[int, list[Object]]:
    """The objects at the version that is asked for: that of the first page, an exact one, or now."""
    version = _wanted(store, asked) if token is None else store.version if token.version < 0 else token.version
    if version == store.version:
        return version, store.list(asked.stored, asked.namespace)
    rows = pages.objects_at(store, asked.stored, version, asked.namespace)
    if rows is None:
        raise pages.expired(token) if token else StoreError(410, "Expired", f"The provided resource version is too old: {version}")
    return version, rows


def _wanted(store: Store, asked: Asked) -> int:
    version = asked.number("resourceVersion", 0)
    if version > store.version:
        raise too_large(version, store.version)
    return version if asked.args.get("resourceVersionMatch") == "Exact" else store.version
