"""Whether a noun that was read from a file holds what its fields say: JSON that was cut, edited or damaged may hold anything."""

import math
from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

T = TypeVar("T")


def fitting(noun: T) -> T:
    """Give a dataclass back whose fields hold what they say; TypeError names the first that does not."""
    for name, wanted in _fields(type(noun)):  # type: ignore[arg-type]
        value = getattr(noun, name)
        if not _fits(value, wanted):
            raise TypeError(f"{name} is {str(value)[:40]!r}, a {type(value).__name__}")
    return noun


@cache
def _fields(kind: type) -> tuple[tuple[str, Any], ...]:
    hints = get_type_hints(kind)
    return tuple((field.name, hints[field.name]) for field in fields(kind))


def _fits(value: Any, wanted: Any) -> bool:
    if wanted is Any:
        return True
    origin, arguments = get_origin(wanted), get_args(wanted)
    if origin is UnionType:
        return any(_fits(value, one) for one in arguments)
    if wanted is NoneType:
        return value is None
    if wanted is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    if origin is tuple:
        return isinstance(value, tuple) and _all_fit(value, arguments)
    if origin is not None and issubclass(origin, Mapping):
        return isinstance(value, Mapping) and all(_fits(key, arguments[0]) and _fits(row, arguments[1]) for key, row in value.items())
    if wanted is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return not isinstance(wanted, type) or isinstance(value, wanted)


def _all_fit(value: tuple[Any, ...], wanted: tuple[Any, ...]) -> bool:
    if len(wanted) == 2 and wanted[1] is Ellipsis:
        return all(_fits(row, wanted[0]) for row in value)
    return len(value) == len(wanted) and all(_fits(row, one) for row, one in zip(value, wanted, strict=True))
