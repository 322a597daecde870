"""What `python -m tests.torture` refuses: it must never seem to have played what it has not."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.lent import ROOT
from tests.torture import fuzz, guards
from tests.torture.stage import UNPLAYED


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--parts", "nonsense"], "argument --parts: unknown: 'nonsense'; there are kill, fail, guards, mutants, fuzz"),
        (["--parts", "kill,"], "argument --parts: unknown: ''; there are kill, fail, guards, mutants, fuzz"),
        (["--experiments", "node-shutdwon"], "argument --experiments: unknown: 'node-shutdwon'; there are node-shutdown, "),
        (["--workers", "0"], "argument --workers: wanted a whole number from 1 on, got '0'"),
        (["--minutes", "nan"], "argument --minutes: wanted minutes above 0, got 'nan'"),
    ],
)
def test_a_part_that_does_not_exist_is_refused(words: list[str], told: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.torture", *words], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert f"python -m tests.torture: error: {told}" in done.stderr


def test_what_another_one_left_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "results.jsonl").touch()
    words = [sys.executable, "-m", "tests.torture", "--keep", str(tmp_path)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith(f"error: argument --keep: {tmp_path} is no empty directory\n")


def test_what_is_left_when_it_is_over_is_counted(tmp_path: Path) -> None:
    counts, wrong = guards.run(tmp_path / "guards", seed=1, short=True, over=lambda: True)
    assert (counts, wrong) == ({"guards broken": 0, "races for the Lease": 0, UNPLAYED: 11}, [])
    counts, wrong = fuzz.run(tmp_path / "fuzz", over=lambda: True)
    assert (counts, wrong) == ({UNPLAYED: 6, "inputs": 0, "answered by the last resort": 0}, [])
