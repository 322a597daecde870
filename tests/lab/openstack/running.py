"""A run of the tests that want the lab: bring it up, test, take it down, tell how many tests ran where."""

import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tests.lab.openstack.lab import Lab
from tests.lab.openstack.places import DIRECTORY_VARIABLE
from tests.lab.openstack.saying import progress, say

TESTS_VARIABLE = "OPENSTACK_LAB_TESTS"
REPOSITORY = Path(__file__).resolve().parents[3]
WHAT = ("tests/lab", "tests/conformance/openstack", "tests/recordings/openstack")
ASIDE = "tests/conformance/openstack/test_wrong_words.py"  # it asks the sandbox only, and takes long: `make test` has it
ON_LAB, ON_SANDBOX, ON_RECORDING, ON_NEITHER = "the lab", "the sandbox", "the recording", "none of these"


def test_in_lab(lab: Lab, told: Sequence[str]) -> int:
    """Run the tests with the lab up; what was down before is down afterwards. The exit code is pytest's."""
    was_up = lab.is_up
    try:
        lab.up()
        lab.sweep()
        progress("the lab is up: testing")
        return _test(lab, told)
    finally:
        if not was_up:
            lab.down()


def counted(report: Path) -> dict[str, Counter[str]]:
    """Read how many tests ran where, by outcome, from a JUnit report."""
    counts: dict[str, Counter[str]] = {where: Counter() for where in (ON_LAB, ON_SANDBOX, ON_RECORDING, ON_NEITHER)}
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        outcome = next((child.tag for child in case if child.tag in ("failure", "error", "skipped")), "passed")
        counts[_where(case.get("classname", ""), case.get("name", ""))][outcome] += 1
    return counts


def _test(lab: Lab, told: Sequence[str]) -> int:
    env = {**os.environ, TESTS_VARIABLE: "1", DIRECTORY_VARIABLE: str(lab.places.root)}
    with tempfile.TemporaryDirectory() as directory:
        report = Path(directory) / "report.xml"
        what = told or [path for path in WHAT if (REPOSITORY / path).is_dir()]
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "no:xdist",
            "-p",
            "no:cacheprovider",
            f"--junitxml={report}",
            "--durations=40",
            "--durations-min=3",
            f"--ignore={ASIDE}",
            *what,
        ]
        code = subprocess.run(command, cwd=REPOSITORY, env=env).returncode
        if report.exists():
            for where, outcomes in counted(report).items():
                told_of = ", ".join(f"{count} {word}" for word, count in sorted(outcomes.items()))
                say(f"{sum(outcomes.values())} tests on {where}: {told_of or 'none'}")
    return code


def _where(module: str, name: str) -> str:
    """Tell by a parameter called lab or sandbox; the pack's own tests are all on the lab, those of recordings all on the recording."""
    words = name.partition("[")[2].rstrip("]").split("-")
    if "lab" in words or ".lab.pack." in f"{module}.":
        return ON_LAB
    if ".recordings." in f"{module}.":
        return ON_RECORDING
    return ON_SANDBOX if "sandbox" in words else ON_NEITHER
