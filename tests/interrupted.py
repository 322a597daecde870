"""Experiments that end otherwise than planned, run with the real command line against a sandbox, and what they left."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.lent import CHAOS, NODE_SHUTDOWN, Done, Lent, merged, run, servers

ACTIVITIES = '''
import os, time
from chaoslib.exceptions import ActivityFailed

class Odd(BaseException):
    """What no except clause of Chaos Toolkit's expects."""

def fails():
    raise ActivityFailed("as written")

def breaks():
    raise RuntimeError("not foreseen")

def explodes():
    raise Odd("not even an Exception")

def waits(seconds: float = 60.0):
    open(os.environ["REACHED"], "w").close()
    time.sleep(seconds)

def nothing():
    return None

def after_activity_control(context, **kwargs):
    raise Odd("a control that breaks")
'''


def answers(lent: Lent) -> bool:
    import requests

    try:
        return requests.get(lent.environment["CHAOSCINDER_APP_URL"], timeout=1).status_code == 200
    except requests.RequestException:
        return False


def untouched(lent: Lent) -> bool:
    """Whether every server is ACTIVE without metadata of ours, and no Lease of ours is left."""
    state = lent.state()
    return all(row == ("ACTIVE", {}) for row in servers(state).values()) and leases(lent) == []


def leases(lent: Lent) -> list[str]:
    """The runs that hold a Lease."""
    import requests

    answer = requests.get(
        lent.found["url"] + "/apis/coordination.k8s.io/v1/namespaces/default/leases",
        headers={"Authorization": f"Bearer {lent.found['token']}"},
        timeout=5,
    ).json()
    return [row["metadata"]["annotations"]["chaoscinder/run"] for row in answer["items"] if row["metadata"]["name"] == "chaoscinder"]


def python(func: str, kind: str = "action", **more: Any) -> dict[str, Any]:
    """One activity of the module above."""
    return {"type": kind, "name": func, "provider": {"type": "python", "module": "oddities", "func": func}, **more}


def waits_for(seconds: float, **more: Any) -> dict[str, Any]:
    """An activity that does nothing for a while."""
    activity = python("waits")
    activity["provider"]["arguments"] = {"seconds": seconds}
    return {**activity, **more}


def experiment(tmp_path: Path, *then: Mapping[str, Any], probes: tuple[Mapping[str, Any], ...] = (), **more: Any) -> Path:
    """The shutdown of a node, then something else instead of waiting for recovery."""
    known = json.loads(NODE_SHUTDOWN.read_text())
    known["method"] = [known["method"][0], *then]
    known["configuration"]["baseline_s"] = "5"
    if probes:
        known["steady-state-hypothesis"] = {"title": "odd", "probes": list(probes)}
    else:
        del known["steady-state-hypothesis"]
    path = tmp_path / "experiment.json"
    path.write_text(json.dumps({**known, **more}))
    (tmp_path / "oddities.py").write_text(ACTIVITIES)
    return path


def environment(lent: Lent, tmp_path: Path, **more: str) -> dict[str, str | None]:
    """What the command needs: the sandbox, our odd module, and where it says that it got that far."""
    return {**lent.environment, "PYTHONPATH": str(tmp_path), "REACHED": str(tmp_path / "reached"), **more}


def directory_of(tmp_path: Path) -> Path:
    """The one run's directory."""
    (found,) = (path for path in (tmp_path / "chaoscinder-runs").iterdir() if path.is_dir())
    return found


def verdict_of(tmp_path: Path) -> tuple[str, bool | None]:
    """The one run's word, and whether all was restored."""
    verdict = json.loads((directory_of(tmp_path) / "verdict.json").read_text())
    return verdict["verdict"], verdict["restored"]


def marks(tmp_path: Path) -> list[str]:
    """The names of the one run's marks, in order."""
    return [json.loads(line)["name"] for line in (directory_of(tmp_path) / "marks.jsonl").read_text().splitlines()]


def play(lent: Lent, tmp_path: Path, path: Path, **more: str) -> Done:
    """Run it to its end."""
    return run([CHAOS, "--no-version-check", "run", str(path)], cwd=tmp_path, env=environment(lent, tmp_path, **more))


@contextmanager
def under_way(
    lent: Lent, tmp_path: Path, path: Path, reached: Callable[[], bool], *, within_s: float = 90.0, **more: str
) -> "Iterator[subprocess.Popen[bytes]]":
    """Start it and wait until it got to a point; whatever happens, it is gone afterwards."""
    process = subprocess.Popen(
        [CHAOS, "--no-version-check", "run", str(path)], cwd=tmp_path, env=merged(environment(lent, tmp_path, **more)),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, preexec_fn=_listen,
    )  # fmt: skip
    try:
        give_up = time.monotonic() + within_s
        while not reached():
            assert time.monotonic() < give_up, "never got there"
            assert process.poll() is None, process.communicate()[0].decode()
            time.sleep(0.02)
        yield process
    finally:
        process.kill()
        process.communicate()


def _listen() -> None:
    """Let signals reach the command even where the tests themselves run in the background, which ignores them."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def at_wait(tmp_path: Path) -> Callable[[], bool]:
    """Until the activity waits() was begun."""
    return (tmp_path / "reached").exists


def marked(tmp_path: Path, name: str) -> Callable[[], bool]:
    """Until the run has a mark."""
    return lambda: any(f'"{name}"' in path.read_text() for path in tmp_path.glob("chaoscinder-runs/*/marks.jsonl"))


def untouched_servers(lent: Lent) -> bool:
    """Whether every server is ACTIVE without metadata of ours."""
    return all(row == ("ACTIVE", {}) for row in servers(lent.state()).values())


@contextmanager
def frozen(lent: Lent) -> Iterator[None]:
    """Both APIs take connections and answer nothing."""
    os.kill(lent.found["pid"], signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(lent.found["pid"], signal.SIGCONT)
