"""One request, read to its end before the world is touched, and what can be asked of it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from chaoscinder.sandbox.kubernetes import protobuf
from chaoscinder.sandbox.kubernetes.resources import Resource
from chaoscinder.sandbox.kubernetes.selectors import Matches, field_selector, label_selector
from chaoscinder.sandbox.kubernetes.statuses import bad_request, invalid, not_implemented, not_supported
from chaoscinder.sandbox.kubernetes.store import Object, StoreError
from chaoscinder.sandbox.kubernetes.users import UNSECURED, User
from chaoscinder.sandbox.kubernetes.views import stored

Guard = Callable[[Resource, Object, Object | None], None]
JSON = "application/json"
PROTOBUF = "application/vnd.kubernetes.protobuf"
_WAY_OUT = "with kubectl create NAME use --dry-run=client -o json | kubectl apply -f -"


def _no_guard(_: Resource, __: Object, ___: Object | None) -> None:
    """Let everything pass."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of one resource. namespace is None for all of them and for what has none; name is "" for the collection.

    warnings are for the client. guard refuses a new object, or a change from an old one, that this user may not make though it may write
    the resource.
    """

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
    user: User = UNSECURED
    guard: Guard = _no_guard
    warnings: list[str] = field(default_factory=list)

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
        if self.content_type == PROTOBUF:
            return _of_protobuf(self)
        if self.content_type not in (JSON, ""):
            raise _unknown_format()
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

    @property
    def is_dry_run(self) -> bool:
        """Whether nothing is to be changed; a deletion may say so in its options."""
        options: Object = {}
        if self.method == "DELETE" and self.body.strip() not in (b"", b"null"):
            options = self.document()
        elif self.subresource == "eviction":
            options = self.document().get("deleteOptions") or {}
        wanted = [self.args["dryRun"]] if "dryRun" in self.args else options.get("dryRun") or []
        for word in wanted:
            if word != "All":
                raise _unknown_dry_run(self.method, word)
        return bool(wanted)

    def note_unknown(self, fields: list[str]) -> None:
        """Warn of fields that the type does not know, or refuse them, as fieldValidation says; kubectl says Strict."""
        how = self.args.get("fieldValidation") or "Warn"
        texts = [f'unknown field "{field}"' for field in fields]
        if texts and how == "Strict":
            head = f'{self.resource.kind} in version "{self.resource.version}" cannot be handled as a {self.resource.kind}: '
            raise bad_request(f"{'' if self.method == 'PATCH' else head}strict decoding error: {', '.join(texts)}")
        self.warnings.extend(texts if how == "Warn" else [])


def _of_protobuf(asked: Asked) -> Object:
    """What kubectl's generators (create namespace, create deployment, ...) send since 1.32."""
    try:
        return protobuf.document(asked.body)
    except protobuf.NotRead as error:
        raise not_implemented(asked.method, asked.path, f"protobuf: {error}; {_WAY_OUT}") from error


def _unknown_dry_run(method: str, word: str) -> StoreError:
    kind = {"POST": "CreateOptions", "DELETE": "DeleteOptions", "PUT": "UpdateOptions"}.get(method, "PatchOptions")
    options = Resource("meta.k8s.io", "v1", "options", kind, False)
    return invalid(options, "", [not_supported("dryRun", word, ("All",))])


def _unknown_format() -> StoreError:
    message = f"the body of the request was in an unknown format - accepted media types include: {JSON}, {PROTOBUF}"
    return StoreError(415, "UnsupportedMediaType", message)
