"""What `python -m tests.torture` refuses: it must never seem to have played what it has not."""

import subprocess
import sys

import pytest

from tests.lent import ROOT


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
