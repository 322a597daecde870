"""Each experiment of ours, run once with the least that it must be allowed, with every kind of secret, and with activities that tell them.

Shown of that one run: it may do all that it wants to, it wants nothing else, and no secret is in anything that it leaves, says, or is
called with.
"""

import json
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from chaoscinder import settings
from chaoscinder.checks.access import minimal
from chaoscinder.faults.access import of_experiment
from chaoscinder.model.access import ClusterCall
from tests.allowed import allow, asked_of_cloud, asked_of_cluster, forget, requests_of
from tests.interrupted import untouched
from tests.lent import CHAOS, CHAOSCINDER, ROOT, Lent, run, sandbox

EXPERIMENTS = sorted((ROOT / "experiments").glob("*.json"))
TELLTALE = """
import urllib.request

def told(secrets, configuration):
    return {"text": " ".join(map(str, secrets.values())) + str(configuration.get("given")), "again": [dict(secrets)]}

def leaks(secrets=None, configuration=None):
    return told(secrets, configuration)

def breaks(secrets=None, configuration=None):
    try:
        urllib.request.urlopen("http://127.0.0.1:9/?password=" + secrets["bare"], timeout=1)
    except OSError as error:
        raise RuntimeError("asked with " + str(told(secrets, configuration))) from error

def found(secrets=None, configuration=None):
    return (secrets.get("all") or secrets)["bare"]
"""
# no key of anybody: the lines between say so
KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nc4nary0key0line0one0of0two\nc4nary0key0line0two0of0two\n-----END OPENSSH PRIVATE KEY-----\n"
CANARIES = {
    "T_HEADER": "Bearer c4nary-header",
    "T_METRICS": "c4nary-metrics-token",
    "T_BARE": 'c4nary+bare/with&odd=signs "quoted"',
    "T_GIVEN_PASSWORD": "c4nary-configuration-password",
    "SHOP_API_KEY": "c4nary-of-the-environment",
}
INLINE = "c4nary-inline"
SLOWLY = {
    "CHAOSCINDER_BASELINE_S": "330",  # cluster seconds: more than the 5 wall seconds after which a run renews its Lease for the first time
    "CHAOSCINDER_SAMPLES_PER_S": "10",  # a busy machine is late
}


@dataclass(frozen=True)
class Played:
    """One run: what it said, what it left, the command lines of all processes meanwhile, its requests, and its secrets."""

    experiment: Path
    environment: dict[str, str]
    here: Path
    said: str
    called: set[bytes]
    requests: list[dict[str, Any]]
    secrets: list[str]

    @property
    def journal(self) -> dict[str, Any]:
        """Chaos Toolkit's journal."""
        return dict(json.loads((self.here / "journal.json").read_text()))

    @property
    def statuses(self) -> set[str]:
        """How the experiment's own activities ended."""
        return {row["status"] for row in (*self.journal["run"][2:], *self.journal["rollbacks"])}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lent]:
    """A sandbox at rate 60."""
    directory = tmp_path_factory.mktemp("sandbox") / "world"
    directory.mkdir()
    with sandbox(directory, "--rate", "60") as found:
        yield found


@pytest.fixture(scope="module", params=EXPERIMENTS, ids=lambda path: path.stem)
def played(request: pytest.FixtureRequest, world: Lent, tmp_path_factory: pytest.TempPathFactory) -> Played:
    """One experiment, played to its end; once more where a busy machine kept it from measuring, since a rerun of a test keeps this run."""
    first = play(request.param, world, tmp_path_factory.mktemp(request.param.stem))
    return first if first.journal["status"] == "completed" else play(request.param, world, tmp_path_factory.mktemp(request.param.stem))


def play(path: Path, world: Lent, directory: Path) -> Played:
    """Play an experiment with all canaries."""
    allowed, secrets = allow(world, path, directory)
    experiment, here = talkative(path, directory), directory / "here"
    here.mkdir()
    environment = {**world.environment, **allowed, **CANARIES, **SLOWLY, "PYTHONPATH": str(directory)}
    words = [CHAOS, "--no-version-check", "--verbose", "run", *(["--events-file", "events.json"] if streams() else []), str(experiment)]
    forget(world)
    with process_list() as called:
        done = run(words, cwd=here, env=environment, limit_s=400)
        rows = requests_of(world)
        said = [run([CHAOSCINDER, *line], cwd=here, env=environment).out for line in (["verdict", "last"], ["report", "last"])]
    assert (here / "journal.json").exists(), done.out
    every = [*secrets, *CANARIES.values(), INLINE, *KEY.splitlines()[1:3]]
    return Played(path, environment, here, "".join((done.out, *said)), called, rows, every)


def telltale(kind: str, func: str) -> dict[str, Any]:
    """An activity that is given every secret."""
    return {"type": kind, "name": func, "provider": {"type": "python", "module": "telltale", "func": func, "secrets": ["all"]}}


def talkative(path: Path, directory: Path) -> Path:
    """The same experiment with every kind of secret, a dynamic configuration, and activities that tell all they know."""
    body = json.loads(path.read_text())
    every = {"header:Authorization": {"type": "env", "key": "T_HEADER"}, "prometheus_token": {"type": "env", "key": "T_METRICS"}}
    every |= {"bare": {"type": "env", "key": "T_BARE"}, "inline": INLINE, "private": KEY}
    body["secrets"] = {**body.get("secrets", {}), "all": every}
    dynamic = {name: {**telltale("probe", func), "name": name} for name, func in (("found", "found"), ("broken", "breaks"))}
    body["configuration"] |= {"given": {"type": "env", "key": "T_GIVEN_PASSWORD"}, **dynamic}
    body["method"] = [telltale("action", "leaks"), telltale("probe", "breaks"), *body["method"]]
    body["title"] += " ${inline}"
    (directory / "telltale.py").write_text(TELLTALE)
    written = directory / "in" / path.name
    written.parent.mkdir()
    written.write_text(json.dumps(body))
    return written


def streams() -> bool:
    """Whether this Chaos Toolkit writes a stream of events (1.21)."""
    return tuple(int(part) for part in version("chaostoolkit").split(".")[:2]) >= (1, 21)


@contextmanager
def process_list() -> Iterator[set[bytes]]:
    """Every command line that a process of this machine had meanwhile."""
    seen: set[bytes] = set()
    over = threading.Event()

    def look() -> None:
        while not over.wait(0.05):
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                with suppress(OSError):
                    seen.add(path.read_bytes())

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


def forms(secret: str) -> Iterator[bytes]:
    """What a secret looks like in text, JSON, an address and a header."""
    for text in (secret, json.dumps(secret)[1:-1], quote(secret), quote(secret, safe=""), quote_plus(secret)):
        yield text.encode()
    yield b64encode(secret.encode())


def test_it_runs_with_exactly_what_access_prints(played: Played, world: Lent) -> None:
    assert played.statuses == {"succeeded"}, played.said
    refused = {row["site"]: row["number"] for row in played.requests if row["status"] in (401, 403)}
    granted = {row["site"]: row["number"] for row in played.requests if (row["status"] or 500) < 400}
    assert [
        site for site, number in refused.items() if granted.get(site, 0) < number
    ] == []  # a token may expire, a right may not be missing
    assert untouched(world)


def test_what_is_declared_is_what_it_asks_for(played: Played) -> None:
    read = settings.of_experiment(json.loads(played.experiment.read_text()), played.environment)
    declared = of_experiment(json.loads(played.experiment.read_text()), read)
    named = {(call.group, call.resource, call.verb, call.place): call.names for call in declared.cluster if call.names}
    seen = {ClusterCall(*key, names=named.get(key, ())) for key in asked_of_cluster(played.requests)}
    assert minimal(seen) == minimal(call for call in declared.cluster if not call.sometimes)
    asked, unused = asked_of_cloud(played.requests, declared.cloud)
    assert (asked, unused) == ([], [])


def test_no_secret_is_in_anything_that_it_leaves_says_or_is_called_with(played: Played) -> None:
    assert [row["status"] for row in played.journal["run"][:2]] == ["succeeded", "failed"], played.said
    left = {str(path.relative_to(played.here)): path.read_bytes() for path in played.here.rglob("*") if path.is_file()}
    assert len(left) > 15
    assert any(b"chaoscinder.recorder" in line for line in played.called)
    everything = {**left, "standard output": played.said.encode(), "process list": b"\n".join(played.called)}
    leaks = [(place, word) for word in played.secrets for place, text in everything.items() if any(form in text for form in forms(word))]
    assert leaks == []
    assert played.journal["run"][0]["output"]["again"][0]["bare"] == "***"
