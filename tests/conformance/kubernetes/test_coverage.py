"""The coverage page, and that no test leaves it out."""

import ast
from pathlib import Path

from tests.conformance.kubernetes import coverage

HERE = Path(__file__).parent


def test_the_coverage_page_is_not_stale():
    assert coverage.PAGE.read_text(encoding="utf-8") == coverage.page(), "python -m tests.conformance.kubernetes.coverage"


def test_every_conformance_test_names_its_endpoints():
    silent = []
    for path in sorted(HERE.glob("test_*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if not isinstance(node, ast.FunctionDef) or not {"cluster", "batch"} & {argument.arg for argument in node.args.args}:
                continue
            marks = [ast.unparse(mark) for mark in node.decorator_list]
            if node.name.startswith("test_") and not any(mark.startswith("pytest.mark.endpoint(") for mark in marks):
                silent.append(f"{path.name}::{node.name}")
    assert silent == []


def test_every_endpoint_that_is_named_is_served():
    served = coverage._answered()
    assert [each for row in coverage.rows() for each in row.endpoints if coverage._plain(each) not in served] == []
