"""A sandbox with one wrong word or state is caught: a copy of it is made wrong in five ways, one at a time, and asked the same questions.

The suite is run on the copy until its first failure, the module of the test that is to catch it first; that very test must be what failed.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
OPENSTACK = "chaoscinder/sandbox/openstack"
SUITE = ("tests/conformance/openstack", "tests/recordings/openstack")
WRONG = {  # what is wrong: in which file, the module that is asked first, the right text, the wrong one, and the test that catches it
    "a refusal names the host instead of the server": (
        "refusals.py",
        "test_server_actions",
        "conflict(f\"Cannot '{action}' instance {server_id} while",
        "conflict(f\"Cannot '{action}' server {server_id} while",
        "test_what_is_refused_in_each_state_names_action_and_state[sandbox-active]",
    ),
    "a stopped server is shown as STOPPED": (
        "servers.py",
        "test_server_actions",
        '"stopped": "SHUTOFF"',
        '"stopped": "STOPPED"',
        "test_stop_and_start_go_over_powering_off_and_powering_on[sandbox]",
    ),
    "a volume shows attachments that are only reserved": (
        "volumes.py",
        "test_attachments",
        'if attachment.status == "attached"]',
        "]",
        "test_a_volume_is_reserved_attaching_in_use_and_detaching_available[sandbox]",
    ),
    "a dead host is shown as DOWN without having been forced": (
        "hosts.py",
        "test_hosts",
        'else "UNKNOWN"',
        'else "DOWN"',
        "test_a_killed_host_is_unknown_after_a_while_and_its_servers_stay_active[sandbox]",
    ),
    "a volume that Nova holds may be taken away by an administrator": (
        "cinder.py",
        "test_volumes",
        "if caller.service or",
        "if caller.is_admin or",
        "test_what_nova_holds_only_nova_lets_go_whoever_asks_cinder[sandbox]",
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
    name, first, right_text, wrong_text, catcher = WRONG[wrong]
    file = copy / OPENSTACK / name
    right = file.read_text(encoding="utf-8")
    assert right.count(right_text) == 1
    file.write_text(right.replace(right_text, wrong_text), encoding="utf-8")
    try:
        ran = run(copy, first)
    finally:
        file.write_text(right, encoding="utf-8")
    caught = [line.partition("::")[2].partition(" - ")[0] for line in ran.stdout.splitlines() if line.startswith("FAILED")]
    sys.stdout.write(f"{wrong}: caught by {', '.join(caught) or 'nobody'}\n")
    assert (ran.returncode, caught) == (1, [catcher]), ran.stdout + ran.stderr
