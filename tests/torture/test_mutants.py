"""The mutation test itself: a mistake takes effect in place, and what nobody notices or explains is a finding."""

import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from tests.torture.mutants import UNTRIED, judged
from tests.torture.trying import put_in_place

SOURCE = """
LIMIT = 3

def within(value, most=LIMIT):
    def inner():
        return value <= most
    return inner()

class Account:
    total = 0

    @property
    def is_empty(self):
        return not self.total

    @staticmethod
    def named(name):
        return name + "!"
"""


@pytest.fixture
def module() -> Iterator[ModuleType]:
    """A module of that source, as if it had been imported."""
    made = ModuleType("made_for_mutants")
    sys.modules[made.__name__] = made
    exec(compile(SOURCE, "made", "exec"), made.__dict__)
    yield made
    del sys.modules[made.__name__]


def test_a_mistake_in_a_function_is_there_for_everybody_who_has_imported_it(module: ModuleType) -> None:
    within, account = module.within, module.Account()
    assert (within(3), account.is_empty, account.named("a")) == (True, True, "a!")
    for right, wrong in (("<=", "<"), ("not self.total", "self.total"), ("name +", "name * 2 +")):
        assert put_in_place(module, SOURCE, SOURCE.replace(right, wrong)) is True
    assert (within(3), account.is_empty, account.named("a")) == (False, 0, "aa!")


@pytest.mark.parametrize(("right", "wrong"), [("LIMIT = 3", "LIMIT = 4"), ("most=LIMIT", "most=-LIMIT"), ("total = 0", "total = 1")])
def test_a_mistake_in_what_runs_on_import_cannot_be_put_in_place(module: ModuleType, right: str, wrong: str) -> None:
    assert put_in_place(module, SOURCE, SOURCE.replace(right, wrong)) is False


def test_the_same_code_is_no_mistake(module: ModuleType) -> None:
    assert put_in_place(module, SOURCE, SOURCE.replace("value <= most", "(value <= most)")) is None


def mutant(name: str, word: str, operator: str = "core/AddNot") -> dict[str, Any]:
    return {"name": name, "module": "chaoscinder.checks.m", "line": 7, "operator": operator, "word": word}


SAME, KILLED, LIVED = mutant("m: as it is", "lived", ""), mutant("m: a -> b", "noticed"), mutant("m: c -> d", "lived")


def test_a_mutant_that_lives_unexplained_is_a_finding_and_one_that_is_explained_is_none() -> None:
    found = ["no test notices this, and nothing explains why: m: c -> d (line 7)"]
    counts = {"mutants": 2, "mutants there are": 2, "mutants noticed": 1}
    assert judged([SAME, KILLED, LIVED], {}) == (
        {**counts, "mutants that live, explained": 0, "mutants that live, unexplained": 1},
        found,
    )
    assert judged([SAME, KILLED, LIVED, mutant("m: ", "none")], {"m: c -> d": "it is the same"}) == (
        {**counts, "mutants that live, explained": 1, "mutants that live, unexplained": 0},
        [],
    )


def test_an_explanation_of_no_mutant_that_lives_is_stale_once_all_were_tried() -> None:
    known = {"m: a -> b": "nobody can tell"}
    stale = ["an explanation that explains no mutant that lives: m: a -> b"]
    assert judged([SAME, KILLED], known)[1] == stale
    assert judged([SAME, KILLED], known, left_out=1)[1] == []
    assert judged([SAME, KILLED, mutant("m: ", UNTRIED)], known)[1] == []


def test_tests_that_fail_without_a_mistake_and_mutants_that_could_not_be_tried_are_findings() -> None:
    assert judged([mutant("m: as it is", "noticed", ""), KILLED], {}) == (
        {"mutants": 0},
        ["the tests do not even pass of m: as it is (noticed)"],
    )
    assert judged([SAME, KILLED, mutant("m: no memory", "broken")], {})[1] == ["could not be tried: m: no memory (line 7)"]


def test_a_mutant_that_never_ends_is_noticed() -> None:
    assert judged([SAME, mutant("m: a -> b", "endless")], {})[0]["mutants noticed"] == 1
