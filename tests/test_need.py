"""What is missing for the two commands is named, with the line that installs it."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.lent import ROOT


def need(tmp_path: Path, *present: str, python: str = "python3") -> tuple[int, str]:
    """Run .ci/need where only some commands exist."""
    for name in ("bash", "env", *present):
        found = next(Path(folder) / name for folder in ("/usr/bin", "/bin", "/usr/local/bin") if (Path(folder) / name).exists())
        (tmp_path / name).symlink_to(found)
    done = subprocess.run([str(ROOT / ".ci" / "need")], env={"PATH": str(tmp_path), "PYTHON": python}, capture_output=True, text=True)
    return done.returncode, done.stderr


def test_a_missing_python_is_named_with_the_apt_line(tmp_path: Path) -> None:
    if not Path("/usr/bin/git").exists():
        pytest.fail("git is not in /usr/bin, so that this cannot be shown here")
    assert need(tmp_path, "git") == (1, "chaoscinder: missing python3 (on Debian: sudo apt-get install python3)\n")


def test_a_missing_git_is_named_with_the_apt_line(tmp_path: Path) -> None:
    python = os.path.realpath("/proc/self/exe")
    assert need(tmp_path, python=python) == (1, "chaoscinder: missing git (on Debian: sudo apt-get install git)\n")


def test_a_python_that_is_too_old_is_named(tmp_path: Path) -> None:
    old = tmp_path / "old-python"
    old.write_text('#!/usr/bin/env bash\n[ "$1" = --version ] && echo "Python 3.9.2"\n[ "$1" = -c ] && exit 1\nexit 0\n')
    old.chmod(0o755)
    assert need(tmp_path, "git", python=str(old)) == (1, "chaoscinder: Python 3.9.2 is too old (wanted Python 3.11 or newer)\n")
