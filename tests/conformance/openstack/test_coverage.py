"""The coverage page, and that no test leaves it out."""

import ast
from pathlib import Path

from tests.conformance.openstack import coverage

HERE = Path(__file__).parent


def test_the_coverage_page_is_not_stale():
    assert coverage.PAGE.read_text(encoding="utf-8") == coverage.page(), "python -m tests.conformance.openstack.coverage"


def test_every_conformance_test_names_its_endpoints():
    silent = []
    for path in sorted(HERE.glob("test_*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if not isinstance(node, ast.FunctionDef) or "cloud" not in [argument.arg for argument in node.args.args]:
                continue
            marks = [ast.unparse(mark) for mark in node.decorator_list]
            if node.name.startswith("test_") and not any(mark.startswith("pytest.mark.endpoint(") for mark in marks):
                silent.append(f"{path.name}::{node.name}")
    assert silent == []


def test_what_the_real_services_confirmed_is_in_the_suite():
    known = {row.test for row in coverage.rows()}
    assert [name for name in coverage.json.loads(coverage.CONFIRMED.read_text(encoding="utf-8")) if name not in known] == []


def test_all_that_was_observed_has_tests_or_a_reason_why_not():
    known = {row.test for row in coverage.rows()}
    rows = coverage.observed()
    assert [row["observed"] for row in rows if bool(row["tests"]) == bool(row.get("left_out"))] == []
    assert sorted({name for row in rows for name in row["tests"]} - known) == []
