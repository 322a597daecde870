"""Fuzz: experiment files, clouds.yaml, kubeconfig, answers of the APIs and run directories that are not what they should be.

The commands are called in this process, as their entry points are, and whatever comes out of one but an exit is a traceback that a user
would have seen. hypothesis makes the inputs and shrinks what it finds.
"""

import contextlib
import io
import json
import logging
import os
import random
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import FlakyFailure

from tests.torture.points import path_of
from tests.torture.stage import UNPLAYED, Stage, stage

EXIT_CODES = (0, 1, 2, 3, 4, 5, 6, 7)
LINES = 4  # of standard error at most, where something is wrong: one line, and what click says about usage
SHRINKS = 100  # kinds with fewer inputs are too slow to be made smaller
KIND_LIMIT_S = float(os.environ.get("TORTURE_KIND_LIMIT_S", "45"))  # wall seconds for one kind of input
EXPERIMENT = "node-shutdown"
ODD: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1e308,
    2**70,
    "",
    "${x}",
    "\x00",
    "ü" * 40,
    "2026-13-45T99:00:00Z",
    [],
    {},
    [None],
    {"": None},
    "nan",
)
# The last resort of the command line is one line, too, and still a finding; not for a run's own files, which nobody writes but we.
STRICT, LENIENT = re.compile("Traceback|not foreseen"), re.compile("Traceback")
HOST_LIMITS = {"CHAOSCINDER_REQUEST_TIMEOUT_S": "1", "CHAOSCINDER_SERVER_TIMEOUT_S": "100", "CHAOSCINDER_RESTORE_TIMEOUT_S": "100"}


class Wrong(Exception):
    """A user would have seen a traceback, or nothing."""


@st.composite
def changed(draw: st.DrawFn, value: Any) -> Any:
    """The same document with one to three places changed: another value, a key more, a key less, an item twice."""
    document = json.loads(json.dumps(value))
    for _ in range(draw(st.integers(1, 3))):
        document = _changed_once(draw, document)
    return document


def _changed_once(draw: st.DrawFn, document: Any) -> Any:
    places = list(_places(document))
    if not places:
        return draw(st.sampled_from(ODD))
    holder, key = draw(st.sampled_from(places))
    how = draw(st.sampled_from(("value", "value", "value", "gone", "twice", "type")))
    if how == "gone":
        del holder[key]
    elif how == "twice" and isinstance(holder, list):
        holder.append(holder[key])
    elif how == "type":
        holder[key] = _other_type(holder[key])
    else:
        holder[key] = draw(
            st.sampled_from(ODD) | st.text(max_size=8) | st.integers(-5, 5) | st.floats(allow_nan=False, allow_infinity=False)
        )
    return document


def _places(document: Any) -> Iterator[tuple[Any, Any]]:
    pairs = document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    for key, value in list(pairs):
        yield document, key
        yield from _places(value)


def _other_type(value: Any) -> Any:
    if isinstance(value, dict):
        return list(value)
    if isinstance(value, list):
        return {str(number): row for number, row in enumerate(value)} or "x"
    return [value] if isinstance(value, str) else str(value)


class Desk:
    """Where commands are called, and what is counted."""

    def __init__(self, on: Stage, directory: Path, over: Callable[[], bool]) -> None:
        self.on = on
        self.over = over
        self.directory = directory
        self.last_resort = 0
        self.environment = {**on.environment, **HOST_LIMITS}

    def call(self, words: Sequence[str], *, strict: bool = True, **changes: str) -> None:
        """Call `chaoscinder WORDS`; Wrong where it ends otherwise than with a code and at most a few lines."""
        from chaoscinder.cli import main

        out, errors, code = io.StringIO(), io.StringIO(), None
        with self._as(["chaoscinder", *words], changes), contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors):
            try:
                main()
            except SystemExit as ended:
                code = ended.code
            except BaseException as error:
                raise Wrong(f"{' '.join(words)}: {type(error).__name__}: {str(error)[:200]} at {_where(error)}") from error
        self.last_resort += "not foreseen" in errors.getvalue()
        said = [line for line in errors.getvalue().splitlines() if line.strip()]
        if code not in EXIT_CODES or len(said) > LINES or (STRICT if strict else LENIENT).search(out.getvalue() + errors.getvalue()):
            raise Wrong(f"{' '.join(words)} ended with {code} and said {errors.getvalue()[-300:]!r}")

    def begin(self) -> None:
        """Let the control begin a run, as Chaos Toolkit calls it; it may refuse, and whatever else it raises nobody would see."""
        from chaoslib.exceptions import InterruptExecution

        from chaoscinder.controls import recording

        with self._as(["chaos"], {"CHAOSCINDER_BASELINE_S": "10"}):
            try:
                recording.before_experiment_control(json.loads(path_of(EXPERIMENT).read_text()), configuration={}, secrets={})
            except InterruptExecution:
                pass
            except BaseException as error:
                raise Wrong(f"the control: {type(error).__name__}: {str(error)[:200]} at {_where(error)}") from error
            finally:
                recording.cleanup_control()

    @contextlib.contextmanager
    def _as(self, argv: list[str], changes: Mapping[str, str]) -> Iterator[None]:
        from kubernetes.config import kube_config

        before, arguments, here = dict(os.environ), sys.argv, Path.cwd()
        given = {name: value for name, value in before.items() if not name.startswith(("OS_", "CHAOSCINDER_", "KUBE"))}
        os.environ.clear()
        os.environ.update({**given, **self.environment, **changes})
        sys.argv = argv
        kube_config.KUBE_CONFIG_DEFAULT_LOCATION = os.environ["KUBECONFIG"]
        os.chdir(self.directory)
        try:
            yield
        finally:
            os.chdir(here)
            sys.argv = arguments
            os.environ.clear()
            os.environ.update(before)


def _where(error: BaseException) -> str:
    trace, found = error.__traceback__, "?"
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        found = f"{name.rpartition('/chaoscinder/')[2]}:{trace.tb_lineno}" if "/chaoscinder/" in name else found
        trace = trace.tb_next
    return found


Count = dict[str, int]
Play = Callable[["Desk", Path, int], Iterator[int]]


def run(directory: Path, *, examples: int = 300, over: Callable[[], bool] = bool) -> tuple[Count, list[str]]:
    """All kinds of input, until it is over; the counts, and what was wrong in its smallest form."""
    counts: Count = {UNPLAYED: 0}
    wrong: list[str] = []
    with stage(directory) as on, _silent():
        desk = Desk(on, directory, over)
        record = _a_record(on)
        kinds: dict[str, tuple[int, Play]] = {
            "experiment files": (examples, experiments),
            "clouds.yaml": (examples // 4, _clouds),
            "kubeconfigs": (examples // 4, _kubeconfigs),
            "run directories": (examples, _directories),
            "answers of the APIs": (examples // 4, _answers),
            "beginnings": (examples // 12, _beginnings),
        }
        for kind, (number, play) in kinds.items():
            if over():
                counts[UNPLAYED] += 1
                continue
            tried = [0]
            try:
                for _ in play(desk, record, max(3, number)):
                    tried[0] += 1
            except Wrong as error:
                wrong.append(f"{kind}: {error}")
            except FlakyFailure as error:
                wrong.append(f"{kind}, once: {error.exceptions[0].__cause__ or error.exceptions[0]}")
            on.proxy.alter = None
            sys.stdout.write(f"{kind}: {getattr(play, 'tried', tried)[0]} inputs {wrong[-1:]}\n")
            sys.stdout.flush()
            counts[f"inputs: {kind}"] = getattr(play, "tried", tried)[0]
    counts["inputs"] = sum(count for name, count in counts.items() if name.startswith("inputs: "))
    counts["answered by the last resort"] = desk.last_resort
    return counts, wrong


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """Log nothing, in this process."""
    logger = logging.getLogger("chaostoolkit")
    before = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(before)


def _a_record(on: Stage) -> Path:
    """The directory of a run that went well."""
    played = on.play(path_of(EXPERIMENT), on.place())
    assert played.directory is not None, played.out
    return played.directory


def _each(strategy: st.SearchStrategy[Any], number: int, act: Callable[[Any], None], counted: list[int], over: Callable[[], bool]) -> None:
    ends, failed = time.monotonic() + KIND_LIMIT_S, []

    phases = [Phase.generate, *([Phase.shrink] if number >= SHRINKS else [])]

    @seed(7)
    @settings(
        max_examples=number, database=None, deadline=None, phases=phases, verbosity=Verbosity.quiet,
        suppress_health_check=list(HealthCheck), report_multiple_bugs=False, print_blob=False,
    )  # fmt: skip
    @given(strategy)
    def play(value: Any) -> None:
        if (time.monotonic() < ends and not over()) or failed:
            counted[0] += 1
            try:
                act(value)
            except Wrong:
                failed.append(value)
                raise

    play()


def _kind(make: Callable[[Desk, Path], tuple[st.SearchStrategy[Any], Callable[[Any], None]]]) -> Callable[[Desk, Path, int], Iterator[int]]:
    def play(desk: Desk, record: Path, number: int) -> Iterator[int]:
        counted = play.tried = [0]  # type: ignore[attr-defined]
        strategy, act = make(desk, record)
        _each(strategy, number, act, counted, desk.over)
        yield counted[0]

    return play


@_kind
def experiments(desk: Desk, record: Path) -> tuple[st.SearchStrategy[Any], Callable[[Any], None]]:
    known = json.loads(path_of(EXPERIMENT).read_text())
    texts = st.text(max_size=60) | changed(known).map(json.dumps) | st.binary(max_size=40).map(lambda raw: raw.decode("latin-1"))
    path = desk.directory / "fuzzed.json"

    def act(text: str) -> None:
        path.write_text(text, encoding="utf-8", errors="surrogatepass")
        desk.call(["lint", str(path)])
        if '"configuration"' in text[:2000]:
            desk.call(["preflight", str(path)], KUBECONFIG=str(desk.directory / "none"))

    return texts, act


@_kind
def _clouds(desk: Desk, record: Path) -> tuple[st.SearchStrategy[Any], Callable[[Any], None]]:
    return _configuration(desk, "OS_CLIENT_CONFIG_FILE")


@_kind
def _kubeconfigs(desk: Desk, record: Path) -> tuple[st.SearchStrategy[Any], Callable[[Any], None]]:
    return _configuration(desk, "KUBECONFIG")


def _configuration(desk: Desk, variable: str) -> tuple[st.SearchStrategy[Any], Callable[[Any], None]]:
    known = json.loads(Path(desk.environment[variable]).read_text())
    path = desk.directory / f"fuzzed-{variable}"

    def act(text: str) -> None:
        path.write_text(text, encoding="utf-8", errors="surrogatepass")
        desk.call(["recover", "--all", "--dry-run"], **{variable: str(path)})
        desk.call(["preflight", str(path_of(EXPERIMENT))], **{variable: str(path)})

    return st.text(max_size=30) | changed(known).map(json.dumps), act


@_kind
def _answers(desk: Desk, record: Path) -> tuple[st.SearchStrategy[Any], Callable[[Any], None]]:
    return _altered(desk, _ask_all(desk))


@_kind
def _beginnings(desk: Desk, record: Path) -> tuple[st.SearchStrategy[Any], Callable[[Any], None]]:
    return _altered(desk, desk.begin)


def _ask_all(desk: Desk) -> Callable[[], None]:
    def ask() -> None:
        desk.call(["preflight", str(path_of(EXPERIMENT))])
        desk.call(["recover", "--all", "--dry-run"])

    return ask


def _altered(desk: Desk, act: Callable[[], None]) -> tuple[st.SearchStrategy[Any], Callable[[Any], None]]:
    """One answer of a run's, chosen by its number, comes back changed."""

    def play(chosen: tuple[int, int]) -> None:
        number, chance, seen = chosen[0], random.Random(chosen[1]), [0]

        def alter(path: str, body: bytes) -> bytes:
            seen[0] += 1
            return _mangled(chance, body) if seen[0] - 1 == number else body

        desk.on.proxy.alter = alter
        try:
            act()
        finally:
            desk.on.proxy.alter = None

    return st.tuples(st.integers(0, 60), st.integers(0, 2**32)), play


@_kind
def _directories(desk: Desk, record: Path) -> tuple[st.SearchStrategy[Any], Callable[[Any], None]]:
    names = sorted(path.name for path in record.iterdir() if path.suffix in (".json", ".jsonl", ".bin"))
    place = desk.directory / "fuzzed-runs" / record.name

    def act(number: int) -> None:
        chance = random.Random(number)
        name = chance.choice(names)
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(record, place)
        (place / name).write_bytes(_damaged(chance, (place / name).read_bytes(), name))
        for command in (["verdict"], ["verdict", "--json"], ["report"], ["recover", "--dry-run"]):
            desk.call([*command, str(place)], strict=False)

    return st.integers(0, 2**32), act


def _damaged(chance: random.Random, content: bytes, name: str) -> bytes:
    how = chance.choice(("cut", "byte", "changed", "changed", "changed", "empty"))
    if how == "empty" or not content:
        return b""
    if how == "cut":
        return content[: chance.randrange(len(content))]
    if how == "byte" or name.endswith(".bin"):
        place = chance.randrange(len(content))
        return content[:place] + bytes([chance.randrange(256)]) + content[place + 1 :]
    if name.endswith(".json"):
        return _mangled(chance, content)
    lines = content.splitlines()
    place = chance.randrange(len(lines))
    lines[place] = _mangled(chance, lines[place])
    return b"\n".join(lines) + b"\n"


def _mangled(chance: random.Random, content: bytes) -> bytes:
    """The same document with one place changed."""
    try:
        document = json.loads(content)
    except ValueError:
        return content
    places = list(_places(document))
    if not places or chance.random() < 0.05:
        return json.dumps(chance.choice(ODD)).encode()
    holder, key = chance.choice(places)
    how = chance.random()
    if how < 0.2:
        del holder[key]
    else:
        holder[key] = _other_type(holder[key]) if how < 0.4 else chance.choice(ODD)
    return json.dumps(document).encode()
