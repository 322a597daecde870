"""A disk that fails in the middle of a fault never keeps the server off."""

import shutil
import subprocess
import time
from pathlib import Path

from tests.lent import CHAOS, NODE_SHUTDOWN, Lent, merged, servers


def test_a_run_directory_that_goes_away_in_the_middle_does_not_keep_the_server_off(lent: Lent, tmp_path: Path) -> None:
    command = [CHAOS, "--no-version-check", "run", str(NODE_SHUTDOWN)]
    process = subprocess.Popen(
        command, cwd=tmp_path, env=merged(lent.environment), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    give_up = time.monotonic() + 60
    while not any('"fault_confirmed"' in path.read_text() for path in tmp_path.glob("chaoscinder-runs/*/marks.jsonl")):
        assert process.poll() is None
        assert time.monotonic() < give_up
        time.sleep(0.05)
    shutil.rmtree(tmp_path / "chaoscinder-runs", ignore_errors=True)
    out, _ = process.communicate(timeout=100)
    assert process.returncode != 0
    assert "Traceback" not in out.decode(), out.decode()
    assert {status for status, _ in servers(lent.state()).values()} == {"ACTIVE"}, out.decode()
    assert [metadata for _, metadata in servers(lent.state()).values() if metadata] == [], out.decode()
    assert "PASS" not in out.decode()
