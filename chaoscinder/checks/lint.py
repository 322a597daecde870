"""What `chaos validate` lets pass: misspelled keys, arguments nobody takes, strategies that skip the undo.

Pure over the parsed experiment, but for the source files of Python providers, whose signatures are read without importing them.
Each finding is one line: file, place, what, wanted.
"""

import ast
import difflib
import importlib.util
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from chaoscinder.checks.shapes import misfits
from chaoscinder.settings import READERS

EXPERIMENT = frozenset(
    "version title description tags configuration secrets contributions extensions controls runtime steady-state-hypothesis method "
    "rollbacks dry".split()
)
ACTIVITY = frozenset("type name provider tolerance background pauses controls configuration dry ref timeout".split())
CONTROL = frozenset("name provider scope automatic".split())
HYPOTHESIS = frozenset("title probes controls".split())
PROVIDERS = {
    "python": frozenset("type module func arguments secrets".split()),
    "http": frozenset("type url method headers arguments expected_status timeout verify_tls secrets max_redirects".split()),
    "process": frozenset("type path arguments timeout env secrets".split()),
}
RECORDING = "chaoscinder.controls.recording"
VARIABLE = re.compile(r"\$\{([^}]+)\}")

Json = Mapping[str, Any]


def lint_file(path: Path) -> list[str]:
    """Read one experiment and find fault with it; a file that cannot be read is one finding."""
    try:
        experiment = parse_file(path)
    except (OSError, ValueError) as error:
        return [f"{path}: cannot be read: {error}"]
    return [f"{path}: {finding}" for finding in lint(experiment)]


def lint(experiment: Any) -> list[str]:
    """Find fault with one experiment."""
    if not isinstance(experiment, dict):
        return [f"the experiment is a {type(experiment).__name__} (wanted an object)"]
    misshapen = list(misfits(experiment))
    if misshapen:
        return misshapen
    experiment = {key: value for key, value in experiment.items() if value is not None}
    rules = (_keys, _rollbacks, _activities, _duplicates, _variables, _configuration, _recording)
    return [finding for rule in rules for finding in rule(experiment)]


def parse_file(path: Path) -> Any:
    """Read an experiment's file; OSError or ValueError where that cannot be done."""
    text = path.read_text(encoding="utf-8")
    if path.suffix in (".yaml", ".yml"):
        import yaml

        try:
            return yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise ValueError(" ".join(str(error).split())) from error
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def _unknown(place: str, seen: Iterable[str], known: Iterable[str]) -> Iterator[str]:
    known = sorted(known)
    for key in seen:
        if key not in known:
            near = difflib.get_close_matches(key, known)
            yield f'{place}: unknown key "{key}"' + (f' (wanted "{near[0]}"?)' if near else f" (wanted one of {', '.join(known)})")


def _keys(experiment: Json) -> Iterator[str]:
    yield from _unknown("experiment", experiment, EXPERIMENT)
    yield from _unknown("steady-state-hypothesis", experiment.get("steady-state-hypothesis") or {}, HYPOTHESIS)
    for control in experiment.get("controls", []):
        yield from _unknown(f"control {control.get('name')}", control, CONTROL)
    for missing in ("title", "description", "method"):
        if missing not in experiment:
            yield f'experiment: "{missing}" is missing'
    runtime = experiment.get("runtime", {})
    yield from _unknown("runtime", runtime, ("rollbacks", "hypothesis"))
    yield from _unknown("runtime.rollbacks", runtime.get("rollbacks", {}), ("strategy",))
    yield from _unknown("runtime.hypothesis", runtime.get("hypothesis", {}), ("strategy",))


def _rollbacks(experiment: Json) -> Iterator[str]:
    strategy = experiment.get("runtime", {}).get("rollbacks", {}).get("strategy")
    if strategy != "always":
        seen = f'"{strategy}"' if strategy else "not set"
        yield f'runtime.rollbacks.strategy is {seen} (wanted "always": any other skips the undo when a probe raises or on Ctrl-C)'


def _all(experiment: Json) -> Iterator[tuple[str, Json]]:
    for probe in (experiment.get("steady-state-hypothesis") or {}).get("probes", []):
        yield "hypothesis", probe
    for place in ("method", "rollbacks"):
        for activity in experiment.get(place, []):
            yield place, activity


def _activities(experiment: Json) -> Iterator[str]:
    for place, activity in _all(experiment):
        where = f"{place} {activity.get('name', activity.get('ref', '?'))}"
        provider = activity.get("provider", {})
        if "secrets" in activity:
            yield f'{where}: "secrets" beside "provider" is ignored (wanted it inside "provider")'
        yield from _unknown(where, [key for key in activity if key != "secrets"], ACTIVITY)
        yield from _unknown(f"{where} provider", provider, PROVIDERS.get(provider.get("type", ""), frozenset(provider)))
        if place == "hypothesis" and "tolerance" not in activity:
            yield f'{where}: "tolerance" is missing'
        yield from _provider(where, place, activity, provider)


def _provider(where: str, place: str, activity: Json, provider: Json) -> Iterator[str]:
    kind, tolerance = provider.get("type"), activity.get("tolerance")
    arguments = provider.get("arguments", {})
    if kind == "http" and "timeout" not in provider:
        yield f"{where}: an HTTP probe without a timeout waits for ever (wanted provider.timeout)"
    if kind in ("http", "process") and isinstance(tolerance, list) and len(tolerance) == 2:
        yield f"{where}: tolerance {tolerance} on {kind} means one of the two, not a range"
    if kind == "python":
        yield from _signature(where, provider, arguments if isinstance(arguments, dict) else {})
    if place == "hypothesis" and str(provider.get("module", "")).startswith("chaosk8s."):
        raising = [name for name in _parameters(provider) or () if name.startswith("raise_on_") and arguments.get(name) is not False]
        yield from (f"{where}: {name} is not false, so an unmet steady state is an error instead of a deviation" for name in raising)


def _signature(where: str, provider: Json, arguments: Json) -> Iterator[str]:
    parameters = _parameters(provider)
    if parameters is None:
        yield f"{where}: there is no function {provider.get('module')}.{provider.get('func')}"
        return
    yield from _unknown(f"{where} arguments", arguments, [name for name in parameters if name not in ("configuration", "secrets")])


def _parameters(provider: Json) -> list[str] | None:
    try:
        spec = importlib.util.find_spec(str(provider.get("module")))
    except (ImportError, ValueError, AttributeError, TypeError):
        return None
    if spec is None or not spec.origin:
        return None
    try:
        tree = ast.parse(Path(spec.origin).read_text(encoding="utf-8"))
    except (OSError, ValueError, SyntaxError):  # built into the interpreter, a library in C, or no Python
        return None
    for row in tree.body:
        if isinstance(row, ast.FunctionDef) and row.name == provider.get("func"):
            return [argument.arg for argument in (*row.args.posonlyargs, *row.args.args, *row.args.kwonlyargs)]
    return None


def _duplicates(experiment: Json) -> Iterator[str]:
    names = [str(activity["name"]) for _, activity in _all(experiment) if "name" in activity]
    yield from (
        f'{names.count(name)} activities are called "{name}" (wanted one)' for name in sorted({n for n in names if names.count(n) > 1})
    )


def _variables(experiment: Json) -> Iterator[str]:
    known = set(experiment.get("configuration", {}))
    for group in experiment.get("secrets", {}).values():
        known |= set(group) if isinstance(group, dict) else set()
    body = json.dumps({key: value for key, value in experiment.items() if key not in ("configuration", "secrets")}, default=str)
    yield from (f"${{{name}}} is used but never defined" for name in sorted(set(VARIABLE.findall(body)) - known))


def _configuration(experiment: Json) -> Iterator[str]:
    for name, value in experiment.get("configuration", {}).items():
        if isinstance(value, dict) and value.get("type") == "probe":
            yield f"configuration.{name} is a probe: Chaos Toolkit then writes every secret into the journal (wanted a plain value)"
        near = difflib.get_close_matches(name, READERS, cutoff=0.8)
        if name not in READERS and near:
            yield f'configuration: unknown key "{name}" (wanted "{near[0]}"?)'


def _recording(experiment: Json) -> Iterator[str]:
    ours = [a for _, a in _all(experiment) if str(a.get("provider", {}).get("module", "")).startswith("chaoscinder.actions")]
    recorded = any(row.get("provider", {}).get("module") == RECORDING for row in experiment.get("controls", []))
    if ours and not recorded:
        yield f"no control {RECORDING}: our actions refuse to act unrecorded"
