"""Whether an experiment has the shape that Chaos Toolkit reads: objects where objects belong, lists where lists do, keys that are text."""

from collections.abc import Iterator, Mapping
from typing import Any

OBJECTS = ("configuration", "secrets", "runtime", "runtime.rollbacks", "runtime.hypothesis", "steady-state-hypothesis")
ACTIVITIES = ("method", "rollbacks", "steady-state-hypothesis.probes", "controls")
TEXTS = ("type", "module", "func", "url", "path")
MAY_BE_NULL = ("steady-state-hypothesis",)  # what `chaos init` writes for none


def misfits(experiment: Mapping[Any, Any]) -> Iterator[str]:
    """Tell every place that holds something else than it must, one line each."""
    yield from _keys("experiment", experiment)
    for place in OBJECTS:
        yield from _object(place, _at(experiment, place), may_be_null=place in MAY_BE_NULL)
    for place in ACTIVITIES:
        rows = _at(experiment, place)
        if rows is not None and not isinstance(rows, list):
            yield _line(place, rows, "a list")
        for number, row in enumerate(rows if isinstance(rows, list) else ()):
            yield from _activity(f"{place}[{number}]", row)


def _activity(place: str, row: Any) -> Iterator[str]:
    yield from _object(place, row, may_be_null=False, wanted=True)
    if not isinstance(row, dict) or "provider" not in row:
        return
    provider = row["provider"]
    yield from _object(f"{place}.provider", provider, may_be_null=False, wanted=True)
    if not isinstance(provider, dict):
        return
    for key in TEXTS:
        if key in provider and not isinstance(provider[key], str):
            yield _line(f"{place}.provider.{key}", provider[key], "text")
    if provider.get("type") == "python":
        yield from _object(f"{place}.provider.arguments", provider.get("arguments"), may_be_null=False)


def _at(experiment: Mapping[Any, Any], place: str) -> Any:
    found: Any = experiment
    for key in place.split("."):
        found = found.get(key) if isinstance(found, Mapping) else None
    return found


def _object(place: str, value: Any, *, may_be_null: bool, wanted: bool = False) -> Iterator[str]:
    if isinstance(value, Mapping):
        yield from _keys(place, value)
    elif value is not None or wanted:
        yield _line(place, value, "an object, or null" if may_be_null else "an object")


def _keys(place: str, value: Mapping[Any, Any]) -> Iterator[str]:
    yield from (f"{place}: the key {key!r} is no text (wanted quotes around it)" for key in value if not isinstance(key, str))


def _line(place: str, value: Any, wanted: str) -> str:
    return f"{place} is {'null' if value is None else f'a {type(value).__name__}'} (wanted {wanted})"
