"""Mutation test of the judgement and of the pure parts of recovery: cosmic-ray makes the mistakes, our tests must notice them.

cosmic-ray's operators decide what a mistake is. Its own runner writes each into the file and starts the tests anew, 5 s for each; here a
forked process whose tests are collected already gets the mistake in place (trying.py), well below a second. One mistake for each place in
the source and kind is tried, in an order that is shuffled with a fixed seed, so that a part of them is a fair sample.
Survivors of a module's own tests meet all tests of the room before they count. Those that are left are explained in survivors*.toml, each
with the reason why no test can tell it from the right code; one without an explanation is a finding, and so is an explanation of none.
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
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.lent import ROOT

HERE = Path(__file__).parent
Row = dict[str, Any]
UNTRIED = "not tried"
SEED = 20
# Mistakes that are nobody's, `+x` and `~x` for `-x` (`x` is tried), and `is` for `==`, which is the same of the enumerations we compare.
LEFT_OUT = re.compile(
    r"RemoveDecorator|VariableReplacer|VariableInserter|_USub_(UAdd|Invert|Not)$|_(Pow|Mod|RShift|LShift|BitXor|FloorDiv)$|_Is_Eq$|_IsNot_NotEq$"
)
# Modules of recovery that compute and wait for nobody.
RECOVERY = ("leftovers", "steps")
# What tests a module beside its own file, or in its place.
TESTS: dict[str, tuple[str, ...]] = {
    "case": ("test_verdict", "test_broken_runs"),
    "objectives": ("test_bounds", "test_broken_runs", "test_verdict"),
    "quality": ("test_bounds", "test_broken_runs"),
    "sentences": ("test_bounds",),
    "restoration": ("test_broken_runs",),
    "safety_losses": ("test_safety",),
    "safety_placement": ("test_safety",),
    "safety_surroundings": ("test_safety",),
    "shapes": ("test_lint",),
    "states": ("test_bounds", "test_verdict"),
    "story": ("test_verdict", "test_handover"),
    "times": ("test_availability",),
    "verdict": ("test_broken_runs",),
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
    """Try mutants for so long, or so many; the counts, and a finding for each survivor that nobody explained."""
    directory.mkdir(parents=True, exist_ok=True)
    if not _cosmic_ray():
        return {"mutants": 0}, ["cosmic-ray is not installed (wanted it for the mutation test: pip install '.[mutation]')"]
    there_are = mutants()
    chosen = there_are[:sample] if sample else there_are
    same = [Mutant(module, str(path), "", 0, 0) for module, path in modules()]
    seen = _tried([*same, *chosen], limit_s)
    (directory / "mutants.json").write_text(json.dumps(seen, indent=1))
    return judged(seen, explanations(), left_out=len(there_are) - len(chosen))


def judged(seen: Sequence[Row], known: Mapping[str, str], *, left_out: int = 0) -> tuple[dict[str, int], list[str]]:
    """Count what came of each, print what lived, and find fault with the tests and with the explanations.

    left_out is how many more mutants there are: an explanation can be called stale only when all were tried.
    """
    failing = [f"{row['name']} ({row['word']})" for row in seen if not row["operator"] and row["word"] not in ("lived", UNTRIED)]
    if failing:
        return {"mutants": 0}, [f"the tests do not even pass of {name}" for name in failing]
    found = [row for row in seen if row["operator"] and row["word"] != "none"]
    tried = [row for row in found if row["word"] not in (UNTRIED, "broken")]
    lived = [row for row in tried if row["word"] == "lived"]
    explained = [row for row in lived if row["name"] in known]
    counts = {
        "mutants": len(tried),
        "mutants there are": len(found) + left_out,
        "mutants noticed": len(tried) - len(lived),
        "mutants that live, explained": len(explained),
        "mutants that live, unexplained": len(lived) - len(explained),
    }
    _tell(counts, explained, known)
    wrong = [f"no test notices this, and nothing explains why: {_place(row)}" for row in lived if row["name"] not in known]
    wrong += [f"could not be tried: {_place(row)}" for row in found if row["word"] == "broken"]
    stale = sorted(known.keys() - {row["name"] for row in lived}) if len(tried) == counts["mutants there are"] else []
    return counts, wrong + [f"an explanation that explains no mutant that lives: {name}" for name in stale]


def _tell(counts: Mapping[str, int], explained: Sequence[Row], known: Mapping[str, str]) -> None:
    score = 100.0 * counts["mutants noticed"] / max(1, counts["mutants"])
    tried = f"{counts['mutants']} of {counts['mutants there are']} tried, {counts['mutants noticed']} noticed"
    sys.stdout.write(f"mutants: {tried}: score {score:.1f} %\n")
    for row in explained:
        sys.stdout.write(f"  lives: {_place(row)}\n         because {known[row['name']]}\n")


def _place(row: Row) -> str:
    return f"{row['name']} (line {row['line']})"


def explanations() -> dict[str, str]:
    """Name to reason of every survivor that is right to survive."""
    rows = [row for path in sorted(HERE.glob("survivors*.toml")) for row in tomllib.loads(path.read_text()).get("survivor", [])]
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
    own = [folder / f"{stem}.py" for stem in (f"test_{name}", *(TESTS.get(name, ()) if room == "checks" else ()))]
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


def made(source: str, tree: Any, operator: str, occurrence: int) -> tuple[str | None, str]:
    """The whole source with a mistake in it, and the line with it as `right -> wrong`; None where it is no mistake or no Python.

    tree is cosmic-ray's of that source, and is changed.
    """
    from cosmic_ray.mutating import MutationVisitor
    from cosmic_ray.plugins import get_operator

    visitor = MutationVisitor(occurrence, get_operator(operator)())
    mutated = visitor.walk(tree).get_code()
    return (mutated, _change(source, mutated)) if mutated != source and _compiles(mutated) else (None, "")


def _said(source: str) -> set[int]:
    """The lines of docstrings, imports, and of what only describes types, frozen and slotted classes among it."""
    found: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        says = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        if says or isinstance(node, (ast.Import, ast.ImportFrom)):
            found |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
        found |= {row.lineno for row in node.decorator_list} if isinstance(node, ast.ClassDef) else set()
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


def _tried(chosen: Sequence[Mutant], limit_s: float, at_a_time: int = 2) -> list[Row]:
    """Hand them to a process that has pytest and the tests' imports ready, and read what came of each."""
    known = explanations()
    plan = [{**asdict(row), **_plan(row, known)} for row in chosen]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *[path for path in sys.path if path]]), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "tests.torture.trying", str(limit_s), str(at_a_time)]
    done = subprocess.run(command, cwd=ROOT, env=env, input=json.dumps(plan), stdout=subprocess.PIPE, text=True, check=True)
    pairs = zip(chosen, json.loads(done.stdout), strict=True)
    return [
        {"name": f"{_short(row.module)}{change}", "module": row.module, "line": row.line, "operator": row.operator, "word": word}
        for row, (word, change) in pairs
    ]


def _plan(row: Mutant, known: Mapping[str, str]) -> Row:
    """Which tests it meets, and what is explained of its module."""
    own, everything = tests_of(row.module), (all_tests if row.operator else tests_of)(row.module)
    explained = [name.removeprefix(_short(row.module)) for name in known if name.startswith(_short(row.module))]
    return {"tests": _paths(own), "all": _paths(everything), "explained": explained}


def _short(module: str) -> str:
    return f"{module.removeprefix('chaoscinder.')}: "


def _paths(paths: Sequence[Path]) -> list[str]:
    return [str(path) for path in paths]


if __name__ == "__main__":
    began = time.monotonic()
    counts, wrong = run(Path(sys.argv[1]), limit_s=float(sys.argv[2]), sample=int(sys.argv[3]) if len(sys.argv) > 3 else 0)
    sys.stdout.write("".join(f"WRONG  {line}\n" for line in wrong))
    sys.stdout.write(f"{counts}\n{len(wrong)} findings, {time.monotonic() - began:.0f} s\n")
    sys.exit(1 if wrong else 0)
