"""One request, read to its end before the world is touched, and what can be asked of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from chaoscinder.sandbox.kubernetes.resources import Resource
from chaoscinder.sandbox.kubernetes.selectors import Matches, field_selector, label_selector
from chaoscinder.sandbox.kubernetes.statuses import bad_request, not_implemented
from chaoscinder.sandbox.kubernetes.store import Object, StoreError
from chaoscinder.sandbox.kubernetes.views import stored

JSON = "application/json"
PROTOBUF = "application/vnd.kubernetes.protobuf"
_WAY_OUT = "the sandbox reads no protobuf; with kubectl create NAME use --dry-run=client -o json | kubectl apply -f -"


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of one resource. namespace is None for all of them and for what has none; name is "" for the collection."""

    resource: Resource
    namespace: str | None
    name: str
    subresource: str
    method: str
    path: str
    args: Mapping[str, str]
    content_type: str
    accept: str
    body: bytes

    @property
    def stored(self) -> Resource:
        """The resource whose objects are meant."""
        return stored(self.resource)

    @property
    def home(self) -> str:
        """The namespace as the store writes it: "" for none."""
        return self.namespace or ""

    def says(self, argument: str) -> bool:
        """Whether a query argument is true; one without a value is, too, one that is missing is not."""
        return self.args.get(argument, "false").lower() in ("true", "1", "")

    def number(self, argument: str, default: int) -> int:
        """A query argument as a number."""
        text = self.args.get(argument) or str(default)
        try:
            return int(text)
        except ValueError as error:
            raise bad_request(
                f'invalid value for query parameter {argument}: strconv.ParseInt: parsing "{text}": invalid syntax'
            ) from error

    def document(self) -> Object:
        """The object in the body."""
        if self.content_type not in (JSON, ""):
            raise _unknown_format(self.content_type)
        try:
            document = json.loads(self.body)
        except ValueError as error:
            raise bad_request(f"couldn't get version/kind; json parse error: {error}") from error
        if not isinstance(document, dict):
            raise bad_request("couldn't get version/kind; json parse error: json: cannot unmarshal into an object")
        return document

    def matches(self) -> Matches:
        """Whether an object is in the selection: namespace, name, labels, fields."""
        labels = label_selector(self.args.get("labelSelector", ""))
        fields = field_selector(self.resource, self.args.get("fieldSelector", ""))

        def match(obj: Object) -> bool:
            meta = obj["metadata"]
            if self.namespace is not None and meta.get("namespace") != self.namespace:
                return False
            return labels(meta.get("labels") or {}) and fields(obj)

        return match

    def refuse_dry_run(self) -> None:
        """A dry run would have to change nothing; the sandbox has none, and says so."""
        if "dryRun" in self.args:
            raise not_implemented(self.method, self.path, "dryRun")


def _unknown_format(content_type: str) -> StoreError:
    message = f"the body of the request was in an unknown format - accepted media types include: {JSON}"
    if content_type == PROTOBUF:  # what kubectl's generators (create namespace, create deployment, ...) send since 1.32
        message += f" ({_WAY_OUT})"
    return StoreError(415, "UnsupportedMediaType", message)
