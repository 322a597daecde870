"""Try mutants in forked processes: reads a plan from standard input, writes a word and the change for each to standard output.
Arguments: for how many seconds, and how many at a time.

noticed     a test failed
lived       no test did, neither the module's own nor all of its room (an explained one meets the module's own only)
endless     the tests did not end, which somebody would notice
none        it is no mistake: the same code, or no Python
broken      it could not be tried, and in place of the change stands why
not tried   the time was over

Each module has a process of its own that has collected its tests once. For a mutant it forks; the fork gives the module's functions the
mistaken code in place, so that everybody who imported them has it, and runs the tests until one fails: first those that noticed mistakes
nearby, then the others, hypothesis last. A mistake in what runs on import cannot be put in place so late: for it everything is imported and
collected anew.
"""

import gc
import json
import multiprocessing
import os
import signal
import sys
import time
import traceback
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import pairwise
from multiprocessing.connection import Connection, wait
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import IO, Any, NoReturn

import pytest
from hypothesis import Phase, settings

from tests.checks.mutations import PLAIN, ROOT, Loader

Row = dict[str, Any]  # one mutant of the plan: module, path, operator, occurrence, line, tests, all, explained
LIMIT_S, LIMIT_OF_ALL_S = 60, 180  # wall seconds: an endless loop, not a busy machine
OPTIMIZED = 0x1  # of a code's flags: a function, not the body of a class
PROFILE = settings(max_examples=50, derandomize=True, database=None, deadline=None, phases=[Phase.explicit, Phase.generate])


class Desk:
    """A pytest plugin that, in place of running the tests of one module, tries the mutants that it is asked for."""

    def __init__(self, asked: Connection, first: Row) -> None:
        from cosmic_ray.ast import get_ast

        self.asked = asked
        self.module = sys.modules[first["module"]]
        self.source = Path(first["path"]).read_text()
        self.tree = get_ast(self.source)
        self.noticed_by: list[tuple[int, int]] = []  # line of a mutant, place of the test that noticed it

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Answer until nobody asks any more."""
        self.session = session
        gc.collect()
        gc.freeze()
        while (row := self.asked.recv()) is not None:
            self.asked.send(self._apart(row))
        return True

    def _apart(self, row: Row) -> tuple[str, str]:
        """Try one in a fork, which writes what it finds, each with its name: the change, a word, the place of the test that noticed it."""
        reading, writing = os.pipe()
        pid = os.fork()
        if not pid:
            with os.fdopen(writing, "w", buffering=1) as file:
                self._forked(row, file)
        os.close(writing)
        with os.fdopen(reading) as file:
            told = dict(json.loads(line) for line in file)
        _, status = os.waitpid(pid, 0)
        if os.WIFSIGNALED(status):
            told["word"] = {signal.SIGALRM: "endless", signal.SIGKILL: "broken"}.get(os.WTERMSIG(status), "noticed")
        self.noticed_by += [(row["line"], told["place"])] if "place" in told else []
        return told["word"], told.get("change", "killed")

    def _forked(self, row: Row, file: IO[str]) -> NoReturn:
        try:
            signal.alarm(LIMIT_S)
            for name, value in self._judged(row):
                file.write(json.dumps([name, value]) + "\n")
        except BaseException:
            why = " ".join(traceback.format_exc().split())
            file.write(json.dumps(["change", why]) + "\n" + json.dumps(["word", "broken"]) + "\n")
        finally:
            file.flush()
            os._exit(0)

    def _judged(self, row: Row) -> Iterator[tuple[str, Any]]:
        """Own tests first, then all of the room."""
        from tests.torture.mutants import made

        source, change = made(self.source, self.tree, row["operator"], row["occurrence"]) if row["operator"] else (self.source, "as it is")
        in_place = None if source is None else put_in_place(self.module, self.source, source) if row["operator"] else True
        yield "change", change
        if source is None or in_place is None:
            yield "word", "none"
            return
        place = self._fails(row["line"]) if in_place else None
        noticed = place is not None if in_place else fails_anew(row["module"], source, row["tests"])
        if not noticed and change not in row["explained"] and row["all"] != row["tests"]:
            signal.alarm(LIMIT_OF_ALL_S)
            noticed = fails_anew(row["module"], source, row["all"])
        yield "word", "noticed" if noticed else "lived"
        if place is not None:
            yield "place", place

    def _fails(self, line: int) -> int | None:
        """Run the tests until one fails: its place; None where none does."""
        order = self._order(line)
        for place, then in pairwise([*order, None]):
            assert place is not None
            item, nextitem = self.session.items[place], None if then is None else self.session.items[then]
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=nextitem)
            if self.session.testsfailed:
                return place
        return 0 if self.session.testsfailed or not order else None

    def _order(self, line: int) -> list[int]:
        near = (place for _, place in sorted(self.noticed_by, key=lambda row: abs(row[0] - line)))
        drawn = [hasattr(getattr(item, "obj", None), "is_hypothesis_test") for item in self.session.items]
        return list(dict.fromkeys([*near, *sorted(range(len(drawn)), key=drawn.__getitem__)]))


def put_in_place(module: ModuleType, right: str, wrong: str) -> bool | None:
    """Give a module's functions the code of another source; False where that cannot be done, None where it is the same code."""
    (runs, functions), (runs_now, functions_now) = (parts(compile(text, module.__name__, "exec")) for text in (right, wrong))
    changed = {name: now for name, now in functions_now.items() if name not in functions or plain(functions[name]) != plain(now)}
    found = {one.__code__.co_qualname: one for one in functions_of(module, vars(module).values())}
    if runs == runs_now and not changed:
        return None
    if runs != runs_now or not changed.keys() <= found.keys():
        return False
    for name, now in changed.items():
        found[name].__code__ = now
    return True


def plain(code: CodeType) -> CodeType:
    """A function's code without where it stands in its line."""
    consts = tuple(plain(row) if isinstance(row, CodeType) else row for row in code.co_consts)
    return code.replace(co_linetable=b"", co_consts=consts)


def parts(code: CodeType) -> tuple[list[Any], dict[str, CodeType]]:
    """What of a module or a class runs on import, and the code of its functions by their qualified names."""
    runs: list[Any] = [code.co_code, code.co_names, [repr(row) for row in code.co_consts if not isinstance(row, CodeType)]]
    functions: dict[str, CodeType] = {}
    for row in code.co_consts:
        if isinstance(row, CodeType) and row.co_flags & OPTIMIZED and not row.co_name.startswith("<"):
            functions[row.co_qualname] = row
        elif isinstance(row, CodeType):
            inner, found = parts(row)
            runs.append(inner)
            functions |= found
    return runs, functions


def functions_of(module: ModuleType, values: Iterable[Any]) -> Iterator[FunctionType]:
    """Every function that a module or its classes define."""
    for value in values:
        if isinstance(value, type) and value.__module__ == module.__name__:
            yield from functions_of(module, vars(value).values())
        for one in (value, *(getattr(value, name, None) for name in ("fget", "__func__", "__wrapped__"))):
            if isinstance(one, FunctionType) and one.__module__ == module.__name__:
                yield one


def fails_anew(module: str, source: str, tests: list[str]) -> bool:
    """Whether a test fails where everything is imported anew, with another source in a module's place."""
    sys.meta_path.insert(0, Loader(module, source))
    for name in [name for name in sys.modules if name.partition(".")[0] in ("chaoscinder", "chaoscinder_tests_stories", "tests")]:
        del sys.modules[name]
    return int(pytest.main([*PLAIN, f"--rootdir={ROOT}", *tests])) not in (0, 5)


def serve(asked: Connection, first: Row, others: list[Connection]) -> None:
    """The process of one module; what belongs to others is closed, so that it ends with whoever asks."""
    for other in others:
        other.close()
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    with suppress(EOFError):
        pytest.main([*PLAIN, "--capture=sys", f"--rootdir={ROOT}", *first["tests"]], plugins=[Desk(asked, first)])


def tried(plan: list[Row], ends: float, at_a_time: int) -> list[tuple[str, str]]:
    """Try as many as the time allows, in their order but for those whose module is busy; a word and the change for each."""
    told = [("not tried", "")] * len(plan)
    desks: dict[str, Connection] = {}
    with suppress(KeyboardInterrupt):  # Ctrl-C: what was tried is told
        _try(plan, told, desks, ends, at_a_time)
    for desk in desks.values():
        with suppress(OSError):
            desk.send(None)
    return told


def _try(plan: list[Row], told: list[tuple[str, str]], desks: dict[str, Connection], ends: float, at_a_time: int) -> None:
    busy: dict[Connection, int] = {}
    waiting = list(range(len(plan)))
    while waiting or busy:
        taken = {plan[number]["module"] for number in busy.values()}
        number = next((number for number in waiting if plan[number]["module"] not in taken), None)
        if number is not None and len(busy) < at_a_time and time.monotonic() < ends:
            waiting.remove(number)
            busy[_ask(desks, plan[number])] = number
            continue
        if not busy:
            break
        for desk in wait(list(busy)):
            assert isinstance(desk, Connection)
            told[busy.pop(desk)] = _heard(desk)


def _ask(desks: dict[str, Connection], row: Row) -> Connection:
    """Hand a mutant to the process of its module, which is started for the first."""
    if row["module"] not in desks:
        forking = multiprocessing.get_context("fork")
        desks[row["module"]], theirs = forking.Pipe()
        forking.Process(target=serve, args=(theirs, row, list(desks.values())), daemon=True).start()
        theirs.close()
    with suppress(OSError):
        desks[row["module"]].send(row)
    return desks[row["module"]]


def _heard(desk: Connection) -> tuple[str, str]:
    try:
        word, change = desk.recv()
    except (EOFError, OSError):
        return "broken", "the tests could not be collected"
    return word, change


def main() -> None:
    """Have everything imported once, and try them."""
    import cosmic_ray.mutating
    import cosmic_ray.plugins  # noqa: F401

    import chaoscinder.checks.verdict
    import chaoscinder.recovery.undo  # noqa: F401

    settings.register_profile("mutants", PROFILE)
    settings.load_profile("mutants")  # our conftest's profile is made of the one that is loaded
    plan = json.loads(sys.stdin.read())
    for module in {row["module"] for row in plan}:
        __import__(module)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    gc.disable()
    ends = time.monotonic() + float(sys.argv[1])
    print(json.dumps(tried(plan, ends, int(sys.argv[2]))))  # noqa: T201


if __name__ == "__main__":
    main()
