"""Try every mutation of mutations.toml: does a test of the judgement notice the mistake?

Nothing is changed on disk: each mutation is tried in a forked process, in which the mutated source takes the place of the module before
anything of ours is imported. Run as a script it prints one JSON object, name to word, where "none" stands for the source as it is:

    passed      no test noticed
    caught      a test failed
    does not fit    the text to be changed is not there exactly once: the mutation has to be written anew, not left out
    broken      the tests did not even run
"""

import gc
import importlib.abc
import json
import os
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[2]
TESTS = {
    "chaoscinder.checks.backends": "test_backends",
    "chaoscinder.checks.budget": "test_budget",
    "chaoscinder.checks.case": "test_verdict",
    "chaoscinder.checks.control": "test_control",
    "chaoscinder.checks.durability": "test_durability",
    "chaoscinder.checks.edges": "test_edges",
    "chaoscinder.checks.gate": "test_gate",
    "chaoscinder.checks.latency": "test_latency",
    "chaoscinder.checks.objectives": "test_broken_runs",
    "chaoscinder.checks.quality": "test_quality",
    "chaoscinder.checks.verdict": "test_broken_runs",
    "chaoscinder.checks.watching": "test_broken_runs",
    "chaoscinder.model.write": "test_durability",
}
OTHERWISE = "test_availability"
WORDS = {0: "passed", 1: "caught", 99: "does not fit"}
AT_A_TIME = 2
# Nobody reads why a test failed, so nothing is made ready to explain it, or to look after it: that takes longer than the tests.
PLAIN = ["-x", "-q", "--assert=plain", "--tb=no", "--import-mode=importlib", "-c", os.devnull, "-p", "no:cacheprovider"]
PLAIN += ["-p", "no:unraisableexception", "-p", "no:threadexception", f"--confcutdir={ROOT / 'tests'}"]


@dataclass(frozen=True)
class Mutation:
    """One mistake: what it is called, the module it is made in, and what takes the place of what."""

    name: str
    module: str
    right: str
    wrong: str

    @property
    def path(self) -> Path:
        """The module's source."""
        return ROOT / (self.module.replace(".", "/") + ".py")

    def source(self) -> str | None:
        """Tell the source with the mistake in it; None where it does not fit exactly once."""
        source = self.path.read_text()
        return source.replace(self.right, self.wrong) if source.count(self.right) == 1 else None


class Loader(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives one module another source."""

    def __init__(self, module: str, source: str) -> None:
        self.module, self.source = module, source

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Answer for that module only."""
        return spec_from_loader(fullname, self) if fullname == self.module else None

    def exec_module(self, module: ModuleType) -> None:
        """Run the other source."""
        exec(compile(self.source, f"<mutated {self.module}>", "exec"), module.__dict__)


def read() -> list[Mutation]:
    """Read the mutations."""
    rows = tomllib.loads(Path(__file__).with_name("mutations.toml").read_text())["mutation"]
    return [Mutation(**row) for row in rows]


def attempt(mutation: Mutation | None) -> int:
    """Run the tests in this process, with the mistake in place; the exit code that stands for what came of it."""
    import pytest

    names = [TESTS.get(mutation.module, OTHERWISE)] if mutation else sorted({OTHERWISE, *TESTS.values()})
    if mutation is not None:
        source = mutation.source()
        if source is None:
            return 99
        sys.meta_path.insert(0, Loader(mutation.module, source))
        forget(mutation.module)
    return int(pytest.main([*PLAIN, f"--rootdir={ROOT}", *(str(Path(__file__).with_name(f"{name}.py")) for name in names)]))


def forget(module: str) -> None:
    """Let everything be imported anew that may have seen a module as it is."""
    stale = "chaoscinder" if module.startswith("chaoscinder.model") else "chaoscinder.checks"
    for name in [name for name in sys.modules if name.startswith(stale)]:
        del sys.modules[name]


def forked(mutation: Mutation | None) -> int:
    """Attempt it in a child process; its pid."""
    pid = os.fork()
    if pid:
        return pid
    code = 98
    try:
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        code = attempt(mutation)
    finally:
        os._exit(code)


def main() -> None:
    """Attempt them all, two at a time, and print what came of each."""
    import pytest  # noqa: F401  (here once, for all children; so are the next ones)
    from hypothesis import Phase, settings

    import chaoscinder.checks.verdict  # noqa: F401

    settings.register_profile("mutations", max_examples=50, derandomize=True, database=None, deadline=None, phases=[Phase.generate])
    settings.load_profile("mutations")
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    gc.collect()
    gc.disable()
    gc.freeze()
    waiting: list[tuple[str, Mutation | None]] = [("none", None), *((one.name, one) for one in read())]
    running: dict[int, str] = {}
    found: dict[str, str] = {}
    while waiting or running:
        while waiting and len(running) < AT_A_TIME:
            name, mutation = waiting.pop(0)
            running[forked(mutation)] = name
        pid, status = os.wait()
        found[running.pop(pid)] = WORDS.get(os.waitstatus_to_exitcode(status), "broken")
    print(json.dumps(found, indent=1))  # noqa: T201


if __name__ == "__main__":
    main()
