"""From what people wrote to a setting's value, or one line that names the setting, what was wanted and what was seen."""

import json
import math
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from chaoscinder.errors import SettingsError
from chaoscinder.model.ledgerplan import DEMO_LEDGER, LedgerPlan
from chaoscinder.secret_groups import HEADER_PREFIX

NONE = "none"
SECRET = f"secret {HEADER_PREFIX}Authorization"
SECRETS_OF = {"prometheus_url": "secrets prometheus_username and prometheus_password"}  # where credentials in an address belong


def text(name: str, value: Any) -> str:
    """Take text as it is."""
    if not isinstance(value, str):
        raise SettingsError(f"{name} is {value!r} (wanted text)")
    return value


def url(name: str, value: Any) -> str:
    """Take an address without credentials in it."""
    try:
        parts = urlsplit(text(name, value))
        usable = bool(re.match(r"https?://[^/\s]+", value) and parts.hostname) and parts.port != 0
    except ValueError:  # a port that is none, half of an IPv6 address
        usable = False
    if not usable:
        raise SettingsError(f'{name} is "{value}" (wanted http://HOST[:PORT]/ or https://...)')
    if "@" in parts.netloc:
        raise SettingsError(
            f"{name} holds a user or a password, which would be kept with the run (wanted them as the {SECRETS_OF.get(name, SECRET)})"
        )
    return str(value)


def url_or_none(name: str, value: Any) -> str:
    """Take an address, or the word none."""
    return NONE if value == NONE else url(name, value)


def connections(name: str, value: Any) -> int:
    """Take a number of connections."""
    if not re.fullmatch(r"[0-9]{1,2}", str(value)):
        raise SettingsError(f'{name} is "{value}" (wanted a number of connections from 0 to 99)')
    return int(value)


def pattern(name: str, value: Any) -> str:
    """Take a regular expression."""
    try:
        re.compile(text(name, value))
    except re.error as error:
        raise SettingsError(f'{name} is "{value}" (wanted a regular expression: {error})') from error
    return str(value)


def number(unit: str, most: float = math.inf) -> Callable[[str, Any], float]:
    """Take a number above 0, of a unit, and at most so much."""

    def parse(name: str, value: Any) -> float:
        try:
            found = float("nan") if isinstance(value, bool) else float(value)
        except (TypeError, ValueError, OverflowError):
            found = float("nan")
        if not (0 < found <= most and math.isfinite(found)):
            limit = f", at most {most:g}" if math.isfinite(most) else ""
            raise SettingsError(f'{name} is "{value}" (wanted a number of {unit} above 0{limit})')
        return found

    return parse


def status(name: str, value: Any) -> int:
    """Take an HTTP status."""
    if not re.fullmatch(r"[1-5]\d\d", str(value)):
        raise SettingsError(f'{name} is "{value}" (wanted an HTTP status such as 200)')
    return int(value)


def names(wanted: str) -> Callable[[str, Any], tuple[str, ...]]:
    """Take names with slashes, as a list or in one line."""

    def parse(name: str, value: Any) -> tuple[str, ...]:
        rows = [part.strip() for part in value.split(",")] if isinstance(value, str) else value
        if not isinstance(rows, (list, tuple)) or not all(re.fullmatch(r"[^/\s]+(/[^/\s]+){1,2}", str(row)) for row in rows):
            raise SettingsError(f'{name} is "{value}" (wanted {wanted}, ...)')
        return tuple(str(row) for row in rows)

    return parse


def ledger(name: str, value: Any) -> LedgerPlan | None:
    """Take a ledger by its name, or as an object."""
    if value in ("demo", "none"):
        return DEMO_LEDGER if value == "demo" else None
    try:
        data = dict(json.loads(value) if isinstance(value, str) else value)
        data["acknowledged"] = tuple(int(code) for code in data["acknowledged"])
        re.compile(data["read_pattern"])
        return LedgerPlan(**data)
    except (TypeError, ValueError, KeyError, OverflowError, AttributeError, re.error) as error:
        wanted = "demo, none, or an object with write_method, write_path, write_json, acknowledged, read_method, read_path, read_pattern"
        raise SettingsError(f"{name} cannot be used: {error} (wanted {wanted})") from error
