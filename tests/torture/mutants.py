"""Mutation test of the judgement and of the pure parts of recovery: cosmic-ray makes the mistakes, our tests must notice them.

cosmic-ray's operators decide what a mistake is. Its own runner writes each into the file and starts the tests anew, 5 s for each; here a
mutant takes the place of the module in a forked process instead (tests/checks/mutations.py), well below a second. One mistake for each
place in the source and kind is tried, in an order that is shuffled with a fixed seed, so that a part of them is a fair sample.
Survivors of a module's own tests meet all tests of the room before they count. Those that are left are explained in survivors.toml.
"""

import ast
import json
import os
import random
import re
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.lent import ROOT

HERE = Path(__file__).parent
EXPLAINED = HERE / "survivors.toml"
SEED = 20
# Mistakes in what nobody computes with, mistakes that are nobody's, and `is` for `==`, which is the same of the enumerations we compare.
LEFT_OUT = re.compile(
    r"NumberReplacer|ReplaceUnaryOperator|RemoveDecorator|VariableReplacer|VariableInserter|_(Pow|Mod|RShift|LShift|BitXor|FloorDiv)$"
    r"|_Is_Eq$|_IsNot_NotEq$"
)
LEAST_SCORE = 70.0  # percent; below it the part fails, above it the survivors are told
# Modules of recovery that compute and wait for nobody.
RECOVERY = ("leftovers", "steps")
# Whose own tests are called otherwise.
TESTS: dict[str, tuple[str, ...]] = {
    "case": ("test_verdict", "test_broken_runs"),
    "deeds": ("test_faults", "test_verdict"),
    "handover": ("test_handover", "test_verdict"),
    "milestones": ("test_verdict", "test_recovery"),
    "objectives": ("test_broken_runs", "test_verdict"),
    "quality": ("test_quality", "test_broken_runs"),
    "restoration": ("test_restoration", "test_broken_runs"),
    "safety_losses": ("test_safety",),
    "safety_placement": ("test_safety",),
    "safety_surroundings": ("test_safety",),
    "shapes": ("test_lint",),
    "states": ("test_verdict",),
    "story": ("test_verdict",),
    "times": ("test_verdict",),
    "verdict": ("test_verdict", "test_broken_runs"),
    "watching": ("test_broken_runs",),
}


@dataclass(frozen=True, slots=True)
class Mutant:
    """One mistake that could be made: the module, which operator, which of its places, and the line."""

    module: str
    path: str
    operator: str
    occurrence: int
    line: int


def run(directory: Path, *, limit_s: float, sample: int = 0) -> tuple[dict[str, int], list[str]]:
    """Try mutants for so long, or so many; the counts, and what is wrong with the tests as a whole. Survivors are printed."""
    directory.mkdir(parents=True, exist_ok=True)
    if not _cosmic_ray():
        return {"mutants": 0}, ["cosmic-ray is not installed (wanted it for the mutation test: pip install '.[mutation]')"]
    there_are = mutants()
    chosen = there_are[:sample] if sample else there_are
    same = [Mutant(module, str(path), "", 0, 0) for module, path in modules()]
    seen = _tried([*same, *chosen], limit_s)
    broken = [f"{row['name']} ({row['word']})" for row in seen if not row["operator"] and not row["lived"]]
    if broken:
        return {"mutants": 0}, [f"the tests do not even pass of {name}" for name in broken]
    found = [row for row in seen if row["operator"]]
    (directory / "mutants.json").write_text(json.dumps(found, indent=1))
    lived = [row for row in found if row["lived"]]
    known = explanations()
    unexplained = [row["name"] for row in lived if row["name"] not in known]
    score = 100.0 * (len(found) - len(lived)) / max(1, len(found))
    sys.stdout.write(f"mutants: {len(found)} of {len(there_are)} tried, {len(found) - len(lived)} noticed: score {score:.1f} %\n")
    for row in lived:
        sys.stdout.write(f"  lived: {row['name']} (line {row['line']}) {known.get(row['name'], '')}\n")
    counts = {"mutants": len(found), "mutants there are": len(there_are), "mutants noticed": len(found) - len(lived)}
    counts |= {"mutants that live, explained": len(lived) - len(unexplained), "mutants that live, unexplained": len(unexplained)}
    low = found and score < LEAST_SCORE
    return counts, [f"the tests notice {score:.1f} % of the mutants (wanted {LEAST_SCORE:g} %)"] if low else []


def explanations() -> dict[str, str]:
    """Name to reason of every survivor that is right to survive."""
    rows = tomllib.loads(EXPLAINED.read_text()).get("survivor", []) if EXPLAINED.exists() else []
    return {row["name"]: row["why"] for row in rows}


def modules() -> Iterator[tuple[str, Path]]:
    """What is mutated: every module of checks/, and those of recovery/ that compute."""
    for path in sorted((ROOT / "chaoscinder" / "checks").glob("*.py")):
        if path.stem != "__init__":
            yield f"chaoscinder.checks.{path.stem}", path
    for name in RECOVERY:
        path = ROOT / "chaoscinder" / "recovery" / f"{name}.py"
        if path.exists():
            yield f"chaoscinder.recovery.{name}", path


def mutants() -> list[Mutant]:
    """All of them in a fixed order that favours no module."""
    found = [mutant for module, path in modules() for mutant in _of(module, path)]
    random.Random(SEED).shuffle(found)
    return found


def tests_of(module: str) -> list[Path]:
    """The tests that look first: the module's own."""
    room, _, name = module.removeprefix("chaoscinder.").partition(".")
    folder = ROOT / "tests" / room
    named = TESTS.get(name, (f"test_{name}",)) if room == "checks" else (f"test_{name}",)
    own = [folder / f"{stem}.py" for stem in named] + [folder / f"test_mutants_{name}.py"]
    return [path for path in own if path.exists()] or all_tests(module)


def all_tests(module: str) -> list[Path]:
    """Every test of the room but the one that tries mutations itself."""
    room = module.split(".")[1]
    return [path for path in sorted((ROOT / "tests" / room).glob("test_*.py")) if path.stem != "test_mutations" and _pure(path)]


def _pure(path: Path) -> bool:
    return "tests.lent" not in path.read_text()


def _cosmic_ray() -> bool:
    try:
        import cosmic_ray  # noqa: F401
    except ImportError:
        return False
    return True


def _of(module: str, path: Path) -> Iterator[Mutant]:
    from cosmic_ray.ast import ast_nodes, get_ast
    from cosmic_ray.plugins import get_operator, operator_names

    source = path.read_text()
    said, nodes, taken = _said(source), list(ast_nodes(get_ast(source))), set()
    for name in operator_names():
        if LEFT_OUT.search(name):
            continue
        operator = get_operator(name)()
        places = [place for node in nodes for place in operator.mutation_positions(node)]
        for occurrence, (start, stop) in enumerate(places):
            kind = (start, stop, re.sub(r"(?<=_)[A-Za-z]+$", "", name))
            if start[0] not in said and kind not in taken:
                taken.add(kind)
                yield Mutant(module, str(path), name, occurrence, start[0])


def made(path: str, operator: str, occurrence: int) -> tuple[str, str] | None:
    """The whole source with a mistake in it, and the line with it as `right -> wrong`; None where it is no mistake or no Python."""
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator

    source = Path(path).read_text()
    mutated = mutate_code(source, get_operator(operator)(), occurrence)
    return None if mutated is None or mutated == source or not _compiles(mutated) else (mutated, _change(source, mutated))


def _said(source: str) -> set[int]:
    """The lines of docstrings, imports, and of what only describes types."""
    found: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        says = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        if says or isinstance(node, (ast.Import, ast.ImportFrom)):
            found |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
        notes = (
            [node.returns, *(row.annotation for row in (*node.args.args, *node.args.kwonlyargs))]
            if isinstance(node, ast.FunctionDef)
            else []
        )
        notes += [node.annotation] if isinstance(node, ast.AnnAssign) else []
        for note in notes:
            if isinstance(note, ast.BinOp):
                found |= set(range(note.lineno, (note.end_lineno or note.lineno) + 1))
    return found


def _compiles(source: str) -> bool:
    try:
        compile(source, "mutant", "exec")
    except (SyntaxError, ValueError):
        return False
    return True


def _change(source: str, mutated: str) -> str:
    pairs = zip(source.splitlines(), mutated.splitlines(), strict=False)
    right, wrong = next((pair for pair in pairs if pair[0] != pair[1]), ("?", "?"))
    return f"{right.strip()} -> {wrong.strip()}"


def _tried(chosen: Sequence[Mutant], limit_s: float) -> list[dict[str, Any]]:
    """Hand them to a process that has pytest and the tests' imports ready, and read what came of each."""
    plan = [
        {**asdict(row), "tests": _paths(tests_of(row.module)), "all": _paths((all_tests if row.operator else tests_of)(row.module))}
        for row in chosen
    ]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *[path for path in sys.path if path]]), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "tests.torture.trying", str(limit_s)]
    done = subprocess.run(command, cwd=ROOT, env=env, input=json.dumps(plan), stdout=subprocess.PIPE, text=True)
    found = []
    for row, (word, change) in zip(chosen, json.loads(done.stdout), strict=True):
        name = f"{row.module.removeprefix('chaoscinder.')}: {change}"
        if word in ("noticed", "lived", "endless"):
            found.append({"name": name, "line": row.line, "operator": row.operator, "lived": word == "lived", "word": word})
    return found


def _paths(paths: Sequence[Path]) -> list[str]:
    return [str(path) for path in paths]


if __name__ == "__main__":
    began = time.monotonic()
    counts, wrong = run(Path(sys.argv[1]), limit_s=float(sys.argv[2]), sample=int(sys.argv[3]) if len(sys.argv) > 3 else 0)
    sys.stdout.write(f"{counts}\n{len(wrong)} findings, {time.monotonic() - began:.0f} s\n")
