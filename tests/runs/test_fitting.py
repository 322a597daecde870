"""What was read from a damaged file either holds what it says, or is left out and told."""

from pathlib import Path

import pytest

from chaoscinder.model.timeline import Mark
from chaoscinder.model.workload import Kind
from chaoscinder.model.write import Write, WriteOutcome
from chaoscinder.runs import files, layout, processes
from chaoscinder.runs.fitting import fitting

WHOLE = Write(1, "chaoscinder-0a1b2c3d-000001", 1.5, 2, WriteOutcome.ACKNOWLEDGED, "")


def test_a_whole_noun_is_given_back() -> None:
    assert fitting(WHOLE) is WHOLE
    mark = Mark(1.0, "undone", {"server_id": "x", "why": None})
    assert fitting(mark) is mark


@pytest.mark.parametrize(
    ("field", "value", "line"),
    [
        ("sequence", "1", "sequence is '1', a str"),
        ("sequence", True, "sequence is 'True', a bool"),
        ("id", ["x"], "id is \"['x']\", a list"),
        ("at_s", float("inf"), "at_s is 'inf', a float"),
        ("at_s", None, "at_s is 'None', a NoneType"),
        ("outcome", "ACKNOWLEDGED", "outcome is 'ACKNOWLEDGED', a str"),
        ("backend", 7, "backend is '7', a int"),
    ],
)
def test_a_field_that_holds_something_else_is_named(field: str, value: object, line: str) -> None:
    spoilt = {name: getattr(WHOLE, name) for name in WHOLE.__dataclass_fields__} | {field: value}
    with pytest.raises(TypeError) as refused:
        fitting(Write(**spoilt))
    assert str(refused.value) == line


def test_an_enumeration_is_no_text_of_the_same_name() -> None:
    assert Kind("Deployment") is Kind.DEPLOYMENT
    with pytest.raises(TypeError, match="name is '5', a int"):
        fitting(Mark(1.0, 5, {}))  # type: ignore[arg-type]


@pytest.mark.parametrize("pid", [0, -1, None, "1", 1.0, True, 2**40, [1]])
def test_what_is_no_process_id_does_not_live(pid: object) -> None:
    assert not processes.alive(pid) or pid is True


def test_an_intent_that_lost_half_of_its_line_is_still_open(tmp_path: Path) -> None:
    from chaoscinder.runs import RunDirectory

    files.append_line(tmp_path / layout.INTENT, {"what": "Server"})
    (intent,) = RunDirectory(tmp_path).open_intents()
    assert intent == {"name": "?", "did": "?", "undo": "?", "what": "Server"}
