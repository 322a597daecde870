"""A run of the tests that want the lab: bring it up, test, take it down, tell how many tests ran where.

Most of these tests wait for services, and many break them, so no two may run at once on one lab. Where the memory is enough a second lab
beside the first, with the same installation, therefore has the conformance suite, while the first has the tests of our own activities.
"""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.lab.openstack.install import install
from tests.lab.openstack.lab import Lab
from tests.lab.openstack.needs import MEMORY_GIB, has_memory
from tests.lab.openstack.places import DIRECTORY_VARIABLE, twin_of
from tests.lab.openstack.ports import BASE_VARIABLE, STEP, free_base
from tests.lab.openstack.saying import progress, say

TESTS_VARIABLE = "OPENSTACK_LAB_TESTS"
REPORT_VARIABLE = "OPENSTACK_LAB_REPORT"  # where a run of the second lab leaves its JUnit report for the first
REPOSITORY = Path(__file__).resolve().parents[3]
# As even as their times are: about a quarter of an hour each on two processors with other work.
FIRST = ("tests/lab/openstack", *(f"tests/lab/pack/test_{name}.py" for name in ("broken_services", "client", "late_stop", "killed")))
SECOND = (
    "tests/conformance/openstack",
    "tests/recordings/openstack",
    *(f"tests/lab/pack/test_{name}.py" for name in ("faults", "detach", "credentials")),
)
ASIDE = "tests/conformance/openstack/test_wrong_words.py"  # it asks the sandbox only, and takes long: `make test` has it
ON_LAB, ON_SANDBOX, ON_RECORDING, ON_NEITHER = "the lab", "the sandbox", "the recording", "none of these"
STOP_S = 90.0  # wall seconds that the second lab has for its end

Counts = Mapping[str, "Counter[str]"]


def test_in_lab(lab: Lab, told: Sequence[str]) -> int:
    """Run the tests with the lab up; what was down before is down afterwards. The exit code is pytest's."""
    with tempfile.TemporaryDirectory() as directory:
        report = Path(os.environ.get(REPORT_VARIABLE) or Path(directory) / "report.xml")
        if told:
            code = _with_lab(lab, told, report)
        elif has_memory(2 * MEMORY_GIB):
            code = _with_two(lab, report, Path(directory) / "second.xml")
        else:
            progress(f"less than {2 * MEMORY_GIB:g} GiB of memory are available, so one lab has all tests")
            code = _with_lab(lab, (*FIRST, *SECOND), report)
        _tell([counted(path) for path in (report, Path(directory) / "second.xml") if path.exists()])
    return code


def _with_two(lab: Lab, report: Path, second_report: Path) -> int:
    install(lab.places)
    with _second(lab, second_report) as second:
        code = _with_lab(lab, FIRST, report)
        progress(f"the first half ended with {code}; waiting for the second")
        return code or second.wait()


@contextmanager
def _second(lab: Lab, report: Path) -> Iterator["subprocess.Popen[str]"]:
    """A second lab with its half of the tests, in a process of its own, whose lines are told as its own; it ends with the block."""
    twin = twin_of(lab.places)
    base = str(free_base(lab.ports["keystone"] + STEP))  # chosen here, because the first lab may not listen on its own yet
    env = {**os.environ, DIRECTORY_VARIABLE: str(twin.root), REPORT_VARIABLE: str(report), BASE_VARIABLE: base}
    command = [sys.executable, "-m", "tests.lab.openstack", "test", *SECOND]
    process = subprocess.Popen(command, cwd=REPOSITORY, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    teller = threading.Thread(target=_pass_on, args=(process,), daemon=True)
    teller.start()
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
        teller.join(STOP_S)


def _pass_on(process: "subprocess.Popen[str]") -> None:
    assert process.stdout is not None
    for line in process.stdout:
        say(f"second lab | {line.rstrip()}")


def _with_lab(lab: Lab, what: Sequence[str], report: Path) -> int:
    was_up = lab.is_up
    try:
        lab.up()
        lab.sweep()
        progress("the lab is up: testing")
        return _test(lab, what, report)
    finally:
        if not was_up:
            lab.down()


def _test(lab: Lab, what: Sequence[str], report: Path) -> int:
    env = {**os.environ, TESTS_VARIABLE: "1", DIRECTORY_VARIABLE: str(lab.places.root)}
    plain = ("-p", "no:xdist", "-p", "no:cacheprovider", f"--ignore={ASIDE}")
    told = (f"--junitxml={report}", "--durations=40", "--durations-min=3", "-rR")
    there = [path for path in what if (REPOSITORY / path.partition("::")[0]).exists()]
    return subprocess.run([sys.executable, "-m", "pytest", *plain, *told, *there], cwd=REPOSITORY, env=env).returncode


def _tell(found: Sequence[Counts]) -> None:
    for where in (ON_LAB, ON_SANDBOX, ON_RECORDING, ON_NEITHER):
        outcomes = sum((counts[where] for counts in found), Counter())
        told_of = ", ".join(f"{count} {word}" for word, count in sorted(outcomes.items()))
        say(f"{sum(outcomes.values())} tests on {where}: {told_of or 'none'}")


def counted(report: Path) -> dict[str, Counter[str]]:
    """Read how many tests ran where, by outcome, from a JUnit report."""
    counts: dict[str, Counter[str]] = {where: Counter() for where in (ON_LAB, ON_SANDBOX, ON_RECORDING, ON_NEITHER)}
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        outcome = next((child.tag for child in case if child.tag in ("failure", "error", "skipped")), "passed")
        counts[_where(case.get("classname", ""), case.get("name", ""))][outcome] += 1
    return counts


def _where(module: str, name: str) -> str:
    """Tell by a parameter called lab or sandbox; the pack's own tests are all on the lab, those of recordings all on the recording."""
    words = name.partition("[")[2].rstrip("]").split("-")
    if "lab" in words or ".lab.pack." in f"{module}.":
        return ON_LAB
    if ".recordings." in f"{module}.":
        return ON_RECORDING
    return ON_SANDBOX if "sandbox" in words else ON_NEITHER
