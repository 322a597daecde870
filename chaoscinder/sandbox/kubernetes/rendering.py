"""Answers in the form the client accepts: the object, a Table (what kubectl get prints), or its metadata alone."""

import json
import re

from werkzeug.wrappers import Response

from chaoscinder.sandbox.kubernetes.asking import JSON, Asked
from chaoscinder.sandbox.kubernetes.store import Object
from chaoscinder.sandbox.kubernetes.tables import partial, table
from chaoscinder.sandbox.kubernetes.views import shown
from chaoscinder.sandbox.world import World

TABLE = "Table"
PARTIAL = "PartialObjectMetadata"
_PLAIN = ""


class Rendering:
    """How the objects of one request are written."""

    def __init__(self, asked: Asked, world: World) -> None:
        self._asked = asked
        self._resource = asked.resource
        self._world = world
        self._form = _accepted(asked.accept)
        self._include = asked.args.get("includeObject", "Metadata")

    def one(self, obj: Object, code: int = 200) -> Response:
        """Write one object, or the Status that stands for it."""
        return _response(obj if obj.get("kind") == "Status" else self.event(obj), code)

    def rows(self, objects: list[Object], metadata: Object) -> Response:
        """Write a list."""
        if self._form == TABLE:
            return _response(table(self._resource, objects, metadata, self._world.now, self._include))
        if self._form == PARTIAL:
            kind, version, items = f"{PARTIAL}List", "meta.k8s.io/v1", [partial(obj) for obj in objects]
        else:
            kind, version = f"{self._resource.kind}List", self._resource.api_version
            items = [shown(self._resource, obj) for obj in objects]
        return _response({"kind": kind, "apiVersion": version, "metadata": metadata, "items": items})

    def event(self, obj: Object) -> Object:
        """Shape one object, as a watch event carries it."""
        if self._form == TABLE:
            metadata = {"resourceVersion": obj["metadata"].get("resourceVersion", "")}
            return table(self._resource, [obj], metadata, self._world.now, self._include)
        return partial(obj) if self._form == PARTIAL else shown(self._resource, obj)


def _accepted(accept: str) -> str:
    """The form of the first media type in an Accept header that the sandbox can write."""
    for media_type in accept.split(","):
        form = re.search(r";\s*as=(\w+)", media_type)
        if form is None:
            return _PLAIN
        if "g=meta.k8s.io" in media_type and "v=v1" in media_type.split(";") and JSON in media_type:
            return PARTIAL if form[1].startswith(PARTIAL) else form[1] if form[1] == TABLE else _PLAIN
    return _PLAIN


def _response(document: Object, code: int = 200) -> Response:
    return Response(json.dumps(document, separators=(",", ":")), code, mimetype=JSON)
