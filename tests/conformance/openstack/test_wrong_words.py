"""A sandbox with one wrong word or state is caught: a copy of it is made wrong in five ways, one at a time, and asked the same questions.

The whole suite is run and stops at the first failure; the module that is likely to find it goes first, to save time.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
OPENSTACK = "chaoscinder/sandbox/openstack"
SUITE = ("tests/conformance/openstack", "tests/recordings/openstack")
WRONG = {
    "a refusal names the host instead of the server": (
        "refusals.py",
        "test_server_actions",
        "conflict(f\"Cannot '{action}' instance {server_id} while",
        "conflict(f\"Cannot '{action}' server {server_id} while",
    ),
    "a stopped server is shown as STOPPED": ("servers.py", "test_server_actions", '"stopped": "SHUTOFF"', '"stopped": "STOPPED"'),
    "a volume shows attachments that are only reserved": ("volumes.py", "test_attachments", 'if attachment.status == "attached"]', "]"),
    "a dead host is shown as DOWN without having been forced": ("hosts.py", "test_hosts", 'else "UNKNOWN"', 'else "DOWN"'),
    "a volume that Nova holds may be taken away by an administrator": (
        "cinder.py",
        "test_volumes",
        "if caller.service or",
        "if caller.is_admin or",
    ),
}


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A copy of what the suite needs, with its own package in front of the installed one."""
    place = tmp_path_factory.mktemp("wrong")
    for name in ("chaoscinder", *SUITE):
        shutil.copytree(ROOT / name, place / name, ignore=shutil.ignore_patterns("__pycache__", "test_wrong_words.py", "test_coverage.py"))
    shutil.copy(ROOT / "pyproject.toml", place)
    return place


def run(place, first):
    modules = sorted((place / SUITE[0]).glob("test_*.py"), key=lambda path: (path.stem != first, path.name))
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:xdist",
        "-p",
        "no:cacheprovider",
        "-x",
        "-q",
        "--tb=line",
        *map(str, modules),
        SUITE[1],
    ]
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(place), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True, timeout=110, check=False)


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_word_or_state_is_caught(copy, wrong):
    name, first, right_text, wrong_text = WRONG[wrong]
    file = copy / OPENSTACK / name
    right = file.read_text(encoding="utf-8")
    assert right.count(right_text) == 1
    file.write_text(right.replace(right_text, wrong_text), encoding="utf-8")
    try:
        ran = run(copy, first)
    finally:
        file.write_text(right, encoding="utf-8")
    failures = [line for line in ran.stdout.splitlines() if line.startswith("FAILED")]
    sys.stdout.write(f"{wrong}: {failures}\n")
    assert (ran.returncode, len(failures)) == (1, 1), ran.stdout + ran.stderr
