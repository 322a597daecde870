"""The tests of the judgement notice every mistake of mutations.toml."""

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


def test_every_mistake_in_the_judgement_is_noticed() -> None:
    names = [row["name"] for row in tomllib.loads((HERE / "mutations.toml").read_text())["mutation"]]
    assert len(names) == len(set(names))
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, str(HERE / "mutations.py")], cwd=ROOT, env=env, capture_output=True, text=True, timeout=110)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"none": "passed"} | dict.fromkeys(names, "caught")
