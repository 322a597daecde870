"""An API server with one wrong word or rule is caught: a copy of it is made wrong, one way at a time, and asked the same questions."""

import os
import shutil
import subprocess
import sys

import pytest

from tests.conformance.kubernetes.coverage import HERE

ROOT = HERE.parents[2]
API = "chaoscinder/sandbox/kubernetes"
WRONG = {  # what is wrong: file, text, wrong text, the test that is to find it
    "a refusal does not name the namespace": (
        "rbac.py",
        'in the namespace "{wanted.namespace}"',
        'in namespace "{wanted.namespace}"',
        "yet",
    ),
    "a rule with names grants every object": (
        "rbac.py",
        "if names and wanted.name not in names:",
        "if names and not wanted.name:",
        "with_names",
    ),
    "a later page shows the present": ("reading.py", "    if version == store.version:", "    if version:", "one_moment"),
    "a forced deletion is told once": ("store.py", "if resource is PODS else obj\n", "if resource is None else obj\n", "told_twice"),
    "a dry run writes": ("api.py", "Draft(self.store) if asked.is_dry_run else self.store", "self.store", "dry_run"),
    "a failed pod is replaced at once": ("controllers/job.py", "BACKOFF_FIRST_S = 10.0", "BACKOFF_FIRST_S = 0.0", "ten_seconds"),
}


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A copy of what the suite needs, with its own package in front of the installed one."""
    place = tmp_path_factory.mktemp("wrong")
    ignored = shutil.ignore_patterns("__pycache__", "test_wrong_words.py", "test_coverage.py")
    for name in ("chaoscinder", "tests/commands", "tests/conformance/kubernetes", "tests/lab/openstack", "tests/sandbox"):
        shutil.copytree(ROOT / name, place / name, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", place)
    return place


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_word_or_rule_is_caught(copy, wrong):
    name, right_text, wrong_text, words = WRONG[wrong]
    file = copy / API / name
    right = file.read_text(encoding="utf-8")
    assert right.count(right_text) == 1
    file.write_text(right.replace(right_text, wrong_text), encoding="utf-8")
    options = ["-p", "no:xdist", "-p", "no:cacheprovider", "-x", "-q", "--tb=line", "-k", words, "tests/conformance/kubernetes"]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        ran = subprocess.run(
            [sys.executable, "-m", "pytest", *options], cwd=copy, env=environment, capture_output=True, text=True, timeout=110, check=False
        )
    finally:
        file.write_text(right, encoding="utf-8")
    failures = [line for line in ran.stdout.splitlines() if line.startswith("FAILED")]
    assert (ran.returncode, len(failures)) == (1, 1), ran.stdout + ran.stderr
