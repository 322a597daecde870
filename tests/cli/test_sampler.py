"""The selftest as people run it, in its quick form (about 15 s)."""

import re
from pathlib import Path

from tests.lent import CHAOSCINDER, run


def test_the_sampler_is_as_good_as_it_says_on_this_machine(tmp_path: Path) -> None:
    done = run([CHAOSCINDER, "sampler", "selftest", "--quick", "--seconds", "2", "--samples-per-s", "20"], cwd=tmp_path)
    assert done.code == 0, done.out
    assert re.fullmatch(r"PASS: answer due within 0\.9 s, seed 1, \d+ s", done.last)
    for kind in ("refused", "killed", "503", "wrong", "reset", "stall", "flapping"):
        assert f"outage, quiet: {kind}" in done.out or f"outage, busy neighbour: {kind}" in done.out
    assert not list(tmp_path.iterdir())


def test_a_rate_that_would_not_resolve_the_flapping_is_a_usage_error(tmp_path: Path) -> None:
    done = run([CHAOSCINDER, "sampler", "selftest", "--samples-per-s", "2"], cwd=tmp_path)
    assert (done.code, done.last) == (2, "Error: Invalid value for '--samples-per-s': 2.0 is not in the range 10<=x<=100.")
