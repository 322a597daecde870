"""Try mutants in forked processes: reads a plan from standard input, writes one word for each to standard output.

noticed     a test failed
lived       no test did, neither the module's own nor all of its room
endless     the tests did not end, which somebody would notice
none        it is no mistake: the source is the same, or no Python
not tried   the time was over
"""

import gc
import json
import os
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.checks.mutations import PLAIN, ROOT, Loader, forget

LIMIT_S = 180  # wall seconds: an endless loop, not a busy machine
NONE, ENDLESS = 96, 97
AT_A_TIME = 2


def attempt(row: dict[str, Any], tests: list[str]) -> int:
    """Run tests in this process with the mutant in its module's place; pytest's exit code."""
    import pytest

    from tests.torture.mutants import made

    found = made(row["path"], row["operator"], row["occurrence"]) if row["operator"] else (Path(row["path"]).read_text(), "as it is")
    if found is None:
        return NONE
    Path(row["change"]).write_text(found[1])
    sys.meta_path.insert(0, Loader(row["module"], found[0]))
    forget(row["module"] if ".recovery." not in row["module"] else "chaoscinder.model")
    return int(pytest.main([*PLAIN, f"--rootdir={ROOT}", *tests]))


def judged(row: dict[str, Any]) -> int:
    """Own tests first, then all: 0 where nobody noticed."""
    code = _apart(row, row["tests"])
    return _apart(row, row["all"]) if code == 0 and row["all"] != row["tests"] else code


def _apart(row: dict[str, Any], tests: list[str]) -> int:
    pid = os.fork()
    if not pid:
        code = 98
        try:
            signal.alarm(LIMIT_S)
            code = attempt(row, tests)
        finally:
            os._exit(code)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status)


def forked(row: dict[str, Any]) -> int:
    """Judge it in a child process; its pid."""
    pid = os.fork()
    if pid:
        return pid
    code = 98
    try:
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        code = judged(row)
    finally:
        os._exit(code if code >= 0 else ENDLESS)


def main() -> None:
    """Try them two at a time."""
    import cosmic_ray.mutating
    import cosmic_ray.plugins  # noqa: F401
    import pytest  # noqa: F401
    from hypothesis import Phase, settings

    import chaoscinder.checks.verdict
    import chaoscinder.recovery.undo  # noqa: F401

    settings.register_profile("mutants", max_examples=30, derandomize=True, database=None, deadline=None, phases=[Phase.generate])
    settings.load_profile("mutants")
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    place = Path(tempfile.mkdtemp(prefix="chaoscinder-mutants-"))
    plan = [{**row, "change": str(place / str(number))} for number, row in enumerate(json.loads(sys.stdin.read()))]
    ends = time.monotonic() + float(sys.argv[1])
    gc.collect()
    gc.disable()
    gc.freeze()
    words = ["not tried"] * len(plan)
    running: dict[int, int] = {}
    waiting = list(range(len(plan)))[::-1]
    while waiting or running:
        while waiting and len(running) < AT_A_TIME and time.monotonic() < ends:
            number = waiting.pop()
            running[forked(plan[number])] = number
        if not running:
            break
        pid, status = os.wait()
        code = os.waitstatus_to_exitcode(status)
        words[running.pop(pid)] = {0: "lived", NONE: "none", ENDLESS: "endless"}.get(code, "noticed")
    changes = [Path(row["change"]).read_text() if Path(row["change"]).exists() else "" for row in plan]
    print(json.dumps(list(zip(words, changes, strict=True))))  # noqa: T201


if __name__ == "__main__":
    main()
