"""What must never be said: secret values, which whoever reads one tells here, and what looks like a credential.

1. Whoever reads a secret learns it here: settings, the clients, the control.
2. Whatever says something to people passes clean(): every error of ours, every log record of a run, Chaos Toolkit's journal.
3. A value is found as it is, quoted for an address, escaped, and in base64. One shorter than SHORTEST would be found everywhere and is not.
"""

import base64
import binascii
import json
import re
import threading
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, quote_plus

MASK = "***"
SHORTEST = 4
SHORTEST_LINE = 16  # of a secret that has several lines, such as a key, each line of at least this length is a secret too
WORDS = frozenset({"true", "false", "none", "null"})
PEM = "PRIVATE" + " KEY"
SECRET_NAME = re.compile(r"passw(or)?d|passphrase|secret|token|api_?key|access_?key|private_?key|authorization|credential", re.IGNORECASE)
# A secrets group holds these beside its secrets; they name places and people, and reports need them.
PUBLIC = frozenset(
    "region auth_url project_name username user_domain_name project_domain_name prometheus_username application_credential_id "
    "ssh_user ssh_known_hosts "
    "KUBERNETES_CONTEXT KUBERNETES_HOST KUBERNETES_USERNAME KUBERNETES_VERIFY_SSL KUBERNETES_CA_CERT_FILE KUBERNETES_CERT_FILE "
    "KUBERNETES_KEY_FILE KUBERNETES_API_KEY_PREFIX".split()
)
LOOKS = (  # what looks like a credential, and what is said instead
    (re.compile(rf"-----BEGIN [A-Z ]*{PEM}-----.*?(?:-----END [A-Z ]*{PEM}-----|\Z)", re.DOTALL), MASK),
    (re.compile(r"\b(Bearer)\s+[A-Za-z0-9._~+/=-]{8,}", re.IGNORECASE), rf"\1 {MASK}"),
    (re.compile(r"(?<=://)[^/\s:@'\"]*:[^/\s@'\"]+(?=@)"), MASK),
    (re.compile(r"\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]*"), MASK),  # a JSON web token: Kubernetes' service accounts
    (re.compile(r"\bgAAAA[\w-]{20,}=*"), MASK),  # a Fernet token: Keystone's
    (re.compile(r"([?&](?:password|passwd|secret|token|api_?key|signature|sig)=)[^&\s'\"]+", re.IGNORECASE), rf"\1{MASK}"),
)
BASIC = re.compile(r"\b(Basic)\s+([A-Za-z0-9+/]{6,}={0,2})", re.IGNORECASE)


class Redaction:
    """The secrets of one process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._forms: frozenset[str] = frozenset()
        self._known: re.Pattern[str] | None = None

    def learn(self, *values: object) -> None:
        """Take values that must never be said; None, empty and very short ones are passed over."""
        forms = {form for value in values if value is not None for form in _forms(str(value))}
        with self._lock:
            if not forms <= self._forms:
                self._forms |= forms
                self._known = re.compile("|".join(re.escape(form) for form in sorted(self._forms, key=len, reverse=True)))

    def learn_group(self, group: Mapping[str, Any]) -> None:
        """Take the values of a secrets group, of whatever depth, but for those that name places and people."""
        for name, value in group.items():
            if isinstance(value, Mapping):
                self.learn_group(value)
            elif name not in PUBLIC:
                self.learn(value)

    def clean(self, text: str) -> str:
        """Say a text without secrets."""
        known = self._known
        said = known.sub(MASK, text) if known else text
        for pattern, instead in LOOKS:
            said = pattern.sub(instead, said)
        return BASIC.sub(_basic, said)

    def clean_all(self, value: Any, *, by_name: bool = True) -> Any:
        """The same for everything in lists and mappings, as copies; by_name masks the values whose names say that they are secret."""
        if isinstance(value, str):
            return self.clean(value)
        if isinstance(value, Mapping):
            return {self.clean_all(name): self._named(name, item, by_name) for name, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.clean_all(item, by_name=by_name) for item in value]
        return self.clean(value.decode(errors="replace")) if isinstance(value, bytes) else value

    def _named(self, name: object, value: Any, by_name: bool) -> Any:
        if by_name and name == "secrets" and isinstance(value, Mapping):
            return _masked(value)
        return MASK if by_name and isinstance(value, str) and _is_secret(name, value) else self.clean_all(value, by_name=by_name)


redaction = Redaction()


def _masked(group: Mapping[str, Any]) -> dict[str, Any]:
    """A secrets section: where each comes from stays, what it is does not."""
    if "type" in group and ("key" in group or "path" in group):
        return {str(name): value for name, value in group.items() if name != "default"}
    return {str(name): _masked(value) if isinstance(value, Mapping) else MASK for name, value in group.items()}


def _is_secret(name: object, value: str) -> bool:
    return bool(value) and not value.startswith("${") and isinstance(name, str) and bool(SECRET_NAME.search(name))


def _forms(value: str) -> Iterator[str]:
    if len(value) < SHORTEST or value.lower() in WORDS:
        return
    yield from (value, quote(value, safe=""), quote(value), quote_plus(value), json.dumps(value)[1:-1], repr(value)[1:-1])
    yield base64.b64encode(value.encode()).decode()
    lines = value.splitlines()
    yield from (line.strip() for line in lines if len(lines) > 1 and len(line.strip()) >= SHORTEST_LINE and PEM not in line)


def _basic(found: re.Match[str]) -> str:
    """Mask what follows Basic where it is a user and a password in base64, and leave plain English alone."""
    try:
        pair = base64.b64decode(found.group(2), validate=True)
    except binascii.Error:
        return found.group()
    return f"{found.group(1)} {MASK}" if b":" in pair else found.group()
