"""Experiments of which a part is something else than Chaos Toolkit reads: one line for each such place."""

from typing import Any

import pytest

from chaoscinder.checks.shapes import misfits

PROBE = {"type": "probe", "name": "page", "provider": {"type": "http", "url": "http://x/"}}
ACTION = {"type": "action", "name": "stop", "provider": {"type": "python", "module": "os", "func": "getcwd", "arguments": {"a": 1}}}
GOOD: dict[Any, Any] = {
    "title": "t",
    "configuration": {"k": "v"},
    "secrets": {"s": {}},
    "runtime": {"rollbacks": {"strategy": "always"}, "hypothesis": {"strategy": "default"}},
    "steady-state-hypothesis": {"title": "h", "probes": [PROBE]},
    "method": [ACTION, {"ref": "page"}],
    "rollbacks": [ACTION],
    "controls": [{"name": "c", "provider": {"type": "python", "module": "m"}}],
}


def with_provider(**changes: Any) -> dict[Any, Any]:
    """The same experiment, with another provider in its only action."""
    return {**GOOD, "method": [{**ACTION, "provider": {**ACTION["provider"], **changes}}]}  # type: ignore[dict-item]


@pytest.mark.parametrize(
    "experiment",
    [
        GOOD,
        {},
        {"method": None, "rollbacks": None, "controls": None, "configuration": None, "runtime": None},
        {"steady-state-hypothesis": None},
        {"runtime": {"rollbacks": None}},
        with_provider(arguments=None),
        with_provider(type="http", arguments=[1]),  # only a Python function takes arguments
        {"method": [{"ref": "page"}]},
    ],
)
def test_what_chaos_toolkit_reads_is_no_misfit(experiment: dict[Any, Any]) -> None:
    assert list(misfits(experiment)) == []


@pytest.mark.parametrize(
    ("experiment", "line"),
    [
        ({**GOOD, 1: 2}, "experiment: the key 1 is no text (wanted quotes around it)"),
        ({**GOOD, "configuration": {True: "v"}}, "configuration: the key True is no text (wanted quotes around it)"),
        ({**GOOD, "secrets": ["s"]}, "secrets is a list (wanted an object)"),
        ({**GOOD, "runtime": "fast"}, "runtime is a str (wanted an object)"),
        ({**GOOD, "runtime": {"rollbacks": "always"}}, "runtime.rollbacks is a str (wanted an object)"),
        ({**GOOD, "runtime": {"hypothesis": {2: 3}}}, "runtime.hypothesis: the key 2 is no text (wanted quotes around it)"),
        ({**GOOD, "steady-state-hypothesis": [PROBE]}, "steady-state-hypothesis is a list (wanted an object, or null)"),
        ({**GOOD, "steady-state-hypothesis": {"probes": PROBE}}, "steady-state-hypothesis.probes is a dict (wanted a list)"),
        ({**GOOD, "steady-state-hypothesis": {"probes": [PROBE, 5]}}, "steady-state-hypothesis.probes[1] is a int (wanted an object)"),
        ({**GOOD, "method": "stop"}, "method is a str (wanted a list)"),
        ({**GOOD, "method": [None]}, "method[0] is null (wanted an object)"),
        ({**GOOD, "rollbacks": [{**ACTION, 7: 8}]}, "rollbacks[0]: the key 7 is no text (wanted quotes around it)"),
        ({**GOOD, "controls": [ACTION, {"provider": None}]}, "controls[1].provider is null (wanted an object)"),
        ({**GOOD, "controls": [{"provider": "recording"}]}, "controls[0].provider is a str (wanted an object)"),
        (with_provider(**{"x": 1, "type": 3}), "method[0].provider.type is a int (wanted text)"),
        (with_provider(module=None), "method[0].provider.module is null (wanted text)"),
        (with_provider(func=["f"]), "method[0].provider.func is a list (wanted text)"),
        (with_provider(type="http", url=80), "method[0].provider.url is a int (wanted text)"),
        (with_provider(type="process", path={}), "method[0].provider.path is a dict (wanted text)"),
        (with_provider(arguments=[1]), "method[0].provider.arguments is a list (wanted an object)"),
        (with_provider(arguments={9: 1}), "method[0].provider.arguments: the key 9 is no text (wanted quotes around it)"),
    ],
)
def test_whatever_has_another_shape_is_one_line_with_its_place(experiment: dict[Any, Any], line: str) -> None:
    assert list(misfits(experiment)) == [line]


def test_every_misfit_is_told_in_the_order_of_the_places() -> None:
    assert list(misfits({"configuration": 1, "method": [3, ACTION, 4], "controls": {}})) == [
        "configuration is a int (wanted an object)",
        "method[0] is a int (wanted an object)",
        "method[2] is a int (wanted an object)",
        "controls is a dict (wanted a list)",
    ]
