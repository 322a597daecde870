"""What both suites' coverage pages have in common: they are made by a command, and no test of a suite may leave its endpoints out."""

import ast
import sys
from collections.abc import Callable
from pathlib import Path


def main(page: Path, text: Callable[[], str], command: str) -> int:
    """Write a page, or with --check say whether it is stale."""
    if "--check" in sys.argv[1:]:
        fresh = page.exists() and page.read_text(encoding="utf-8") == text()
        sys.stdout.write(f"{page.name} is {'up to date' if fresh else f'stale: {command}'}\n")
        return 0 if fresh else 1
    page.write_text(text(), encoding="utf-8")
    sys.stdout.write(f"wrote {page}\n")
    return 0


def silent(suite: Path, *fixtures: str) -> list[str]:
    """The tests in a directory that use one of these fixtures and name no endpoint."""
    found = []
    for path in sorted(suite.glob("test_*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if not isinstance(node, ast.FunctionDef) or not {*fixtures} & {argument.arg for argument in node.args.args}:
                continue
            marks = [ast.unparse(mark) for mark in node.decorator_list]
            if node.name.startswith("test_") and not any(mark.startswith("pytest.mark.endpoint(") for mark in marks):
                found.append(f"{path.name}::{node.name}")
    return found
