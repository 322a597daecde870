"""Pages of a list: all of them show the objects as they were at the first one, as long as the store remembers that.

A token holds the resource version of the first page and where the next one starts.
"""

import base64
import binascii
import json
from dataclasses import dataclass

from chaoscinder.sandbox.kubernetes.resources import Resource
from chaoscinder.sandbox.kubernetes.statuses import bad_request
from chaoscinder.sandbox.kubernetes.store import Object, Store, StoreError

Place = tuple[str, str]
VERSION = "meta.k8s.io/v1"
EXPIRED = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue"
    " parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided"
    " token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was"
    " returned and now may show up in the list."
)


@dataclass(frozen=True, slots=True)
class Token:
    """Where a later page starts; version -1 means at the present."""

    version: int
    after: Place

    def text(self) -> str:
        """As a client sends it back."""
        document = {"v": VERSION, "rv": self.version, "start": "/".join(self.after)}
        return base64.urlsafe_b64encode(json.dumps(document, separators=(",", ":")).encode()).decode()


def read(text: str) -> Token | None:
    """Read a token; None for the first page, 400 for what is none."""
    if not text:
        return None
    try:
        found = json.loads(base64.urlsafe_b64decode(text))
        namespace, _, name = found["start"].rpartition("/")
        return Token(int(found["rv"]), (namespace, name))
    except (ValueError, KeyError, TypeError, binascii.Error) as error:
        raise bad_request(f"continue key is not valid: {error}") from error


def objects_at(store: Store, resource: Resource, version: int, namespace: str | None) -> list[Object] | None:
    """The objects of a resource as they were at a version, in order; None where the store has forgotten."""
    if store.history and version < store.history[0].version - 1:
        return None
    rows = {place(obj): obj for obj in store.list(resource, namespace)}
    for event in reversed(store.history):
        if event.version <= version:
            break
        if event.resource is not resource or namespace not in (None, event.object["metadata"].get("namespace", "")):
            continue
        if event.previous is None:
            rows.pop(place(event.object), None)
        else:
            rows[place(event.object)] = event.previous
    return [rows[key] for key in sorted(rows)]


def expired(token: Token) -> StoreError:
    """410 with a token for the rest, as it is now."""
    return StoreError(410, "Expired", EXPIRED, {"continue": Token(-1, token.after).text()})


def place(obj: Object) -> Place:
    """Where an object stands in a list."""
    return obj["metadata"].get("namespace", ""), obj["metadata"]["name"]
