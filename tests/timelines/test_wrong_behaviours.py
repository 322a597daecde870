"""Deliberately wrong sandboxes: the comparison has to catch each of them.

Each wrong behaviour is one edit of a temporary copy of the package, which then plays one recording in a process of its own.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

import chaoscinder

PACKAGE = Path(chaoscinder.__file__).parent
ROOT = Path(__file__).parent.parent.parent
CONTROLLERS, PROFILES = "sandbox/kubernetes/controllers", "sandbox/profiles"

GRACE = '"node_grace_s": {\n      "value": 50,'


@dataclass(frozen=True)
class Wrong:
    """Put new in the place of old in a file; the named recording then tells a difference that contains caught."""

    what: str
    file: str
    old: str
    new: str
    recording: str
    caught: str


WRONG = (
    Wrong(
        "a node is called NotReady 10 s late", f"{PROFILES}/1.36-csi.json", GRACE, GRACE.replace("50", "60"),
        "1.36-f", "10.2 s late: Node/f1 condition Ready",
    ),
    Wrong(
        "the volume is given up after 350 s", f"{PROFILES}/1.36-csi.json", '"value": 360,', '"value": 350,',
        "1.36-e", "10.0 s early: VolumeAttachment/pv-e-data-web@e1 deletionTimestamp",
    ),
    Wrong(
        "pods are evicted 10 s early", f"{CONTROLLERS}/tainteviction.py", "max(0.0, float(seconds))", "max(0.0, float(seconds) - 10)",
        "1.36-b", "10.0 s early: Event of Pod/db-0 Normal TaintManagerEviction [taint-eviction-controller]",
    ),
    Wrong(
        "the Multi-Attach event is missing", f"{CONTROLLERS}/attachdetach.py", "for pod in wanting:", "for pod in wanting[1:]:",
        "1.36-c", "missing: Event of Pod/web.2 Warning FailedAttachVolume [attachdetach-controller]",
    ),
    Wrong(
        "the Multi-Attach event is repeated", f"{CONTROLLERS}/attachdetach.py", "self._complained.add(place)", "pass",
        "1.36-c", "extra: Event again",
    ),
    Wrong(
        "a text is wrong", f"{CONTROLLERS}/attachdetach.py", "can't be attached to another", "can not be attached to another",
        "1.36-e", "value: Event of Pod/web.2 Warning FailedAttachVolume [attachdetach-controller]",
    ),
    Wrong(
        "the space at the end of a text is missing", f"{PROFILES}/1.36-csi.json", '{volume}\\" "', '{volume}\\""',
        "1.36-c", "value: Event of Pod/web.2 Normal SuccessfulAttachVolume [attachdetach-controller]",
    ),
    Wrong(
        "a component has another name", f"{PROFILES}/1.36-csi.json", '"taint-eviction-controller"', '"taint-controller"',
        "1.36-f", "extra: Event of Pod/bare Normal TaintManagerEviction [taint-controller]",
    ),
    Wrong(
        "a volume is detached while it is in use", f"{CONTROLLERS}/attachdetach.py", "if not held.in_use or timed_out or out_of_service:",
        "if held:", "1.36-a", "early: VolumeAttachment/pv-a-data-web@a1 deletionTimestamp",
    ),
    Wrong(
        "the out-of-service taint does not free the volume", f"{CONTROLLERS}/attachdetach.py",
        "out_of_service = self", "out_of_service = False and self",
        "1.36-c", "48.9 s late: VolumeAttachment/pv-c-data-web@c1 deletionTimestamp",
    ),
    Wrong(
        "a replacement waits until the old pod is gone", f"{CONTROLLERS}/pods.py",
        "return not is_finished(pod) and not is_terminating(pod)",
        "return not is_finished(pod)", "1.36-b", " s late: Pod/web.2 ADDED",
    ),
    Wrong(
        "an evicted pod gets no grace", f"{CONTROLLERS}/tainteviction.py", "self.store.delete(PODS, name, namespace)",
        "self.store.delete(PODS, name, namespace, grace_s=0)", "1.36-b", "missing: Pod/db-0 deletionGracePeriodSeconds",
    ),
    Wrong(
        "a repeated event is written anew", f"{CONTROLLERS}/events.py", "if not name or self._store.find(EVENTS, name, namespace) is None:",
        "if name is not None:", "1.36-b", "missing: Event again",
    ),
    Wrong(
        "the in-tree plugin looks at Cinder every 6 s", f"{PROFILES}/1.20-intree.json", '"value": 1,', '"value": 6,',
        "1.20-e", "late: Event of Pod/web.2 Normal SuccessfulAttachVolume [attachdetach-controller]",
    ),
)  # fmt: skip


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sandbox's half of the package."""
    home = tmp_path_factory.mktemp("wrong") / "chaoscinder"
    home.mkdir()
    for name in ("__init__.py", "clock.py", "errors.py"):
        shutil.copy(PACKAGE / name, home / name)
    shutil.copytree(PACKAGE / "sandbox", home / "sandbox", ignore=shutil.ignore_patterns("__pycache__"))
    return home


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.what.replace(" ", "-"))
def test_a_wrong_sandbox_is_caught(copy: Path, wrong: Wrong) -> None:
    file = copy / wrong.file
    right = file.read_text(encoding="utf-8")
    assert right.count(wrong.old) == 1, "the edit does not fit the code any more"
    file.write_text(right.replace(wrong.old, wrong.new), encoding="utf-8")
    try:
        code, told = play(copy, wrong.recording)
    finally:
        file.write_text(right, encoding="utf-8")
    assert (code, wrong.caught in told) == (1, True), told


def test_a_right_copy_is_not_called_wrong(copy: Path) -> None:
    assert play(copy, "1.36-f") == (0, "1.36-f: 0 differences\n      ours |   recorded\n")


def play(home: Path, recording: str) -> tuple[int, str]:
    """Play a recording with a copy of the package; tells the exit code and what was printed."""
    environment = {**os.environ, "PYTHONPATH": f"{home.parent}{os.pathsep}{ROOT}", "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "tests.timelines", recording]
    done = subprocess.run(command, cwd=home.parent, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert not done.stderr, done.stderr
    return done.returncode, done.stdout
