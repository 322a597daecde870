"""JSON on disk: a document is replaced at once, a line is appended in one write, and what cannot be read is told, not raised."""

import json
import math
import os
import threading
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Any

Record = dict[str, Any]


def plain(value: object) -> Any:
    """Turn nouns into what JSON knows; a number that is not finite becomes null, because NaN is not JSON."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in (sorted(value) if isinstance(value, (set, frozenset)) else value)]
    return value if value is None or isinstance(value, (str, bool, int)) else str(value)


def replace_text(path: Path, text: str, *, sync: bool = False) -> None:
    """Write a whole file so that a reader sees the old one or the new one, never half of it."""
    draft = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}")
    with draft.open("wb") as file:
        file.write(text.encode("utf-8", "replace"))
        if sync:
            file.flush()
            os.fsync(file.fileno())
    draft.replace(path)
    if sync:
        sync_directory(path.parent)


def replace_json(path: Path, value: object, *, sync: bool = False) -> None:
    """Write a whole JSON document at once."""
    replace_text(path, json.dumps(plain(value), indent=1, allow_nan=False) + "\n", sync=sync)


def append_line(path: Path, record: Mapping[str, object], *, sync: bool = False) -> None:
    """Append one JSON line in one write, after ending a line that a killed writer left torn.

    sync makes the line survive a loss of power before this returns.
    """
    line = json.dumps(plain(record), allow_nan=False, separators=(",", ":")).encode() + b"\n"
    new = not path.exists()
    handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        size = os.fstat(handle).st_size
        if size and os.pread(handle, 1, size - 1) != b"\n":
            line = b"\n" + line
        os.write(handle, line)
        if sync:
            os.fsync(handle)
    finally:
        os.close(handle)
    if sync and new:
        sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """Make the names in a directory survive a loss of power."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read_json(path: Path, problems: list[str]) -> Record | None:
    """Read a JSON document; None where it is missing, and where it cannot be read, which is a problem."""
    try:
        value = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        problems.append(f"{path.name} cannot be read: {error}")
        return None
    if not isinstance(value, dict):
        problems.append(f"{path.name} holds a {type(value).__name__} (wanted an object)")
        return None
    return value


def read_lines(path: Path, problems: list[str]) -> list[tuple[int, Record]]:
    """Read JSON lines with their numbers; lines that cannot be read are left out and told."""
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return []
    except OSError as error:
        problems.append(f"{path.name} cannot be read: {error}")
        return []
    found = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            record = _parsed(line)
            if record is not None:
                found.append((number, record))
            else:
                torn = "is torn" if number == len(lines) else "cannot be read"
                problems.append(f"{path.name} line {number} {torn} and was left out")
    return found


def _parsed(line: bytes) -> Record | None:
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) else None
