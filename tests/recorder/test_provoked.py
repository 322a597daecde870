"""What goes wrong around a sampler and a ledger, provoked in the processes that they are, and what judgement makes of it."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from conftest import TARGET
from fault_server import Fault, FaultServer

from chaoscinder import runs
from chaoscinder.checks import durability
from chaoscinder.checks.availability import availability, outages
from chaoscinder.checks.gate import baseline
from chaoscinder.checks.quality import sampling_problems
from chaoscinder.checks.series import as_judged
from chaoscinder.clock import Clock
from chaoscinder.model.run import Aims, Header, Run
from chaoscinder.model.sample import Outcome
from chaoscinder.recorder.children import start_recorder, start_sampler
from chaoscinder.recorder.ledger import Ledger
from chaoscinder.recorder.plan import Plan
from chaoscinder.runs import RunDirectory
from chaoscinder.settings import DEMO_LEDGER, Settings
from tests.api_server import ApiServer

RATE = 20.0
NEW_POD = "web-6d5fcd9584-4kx2p"
SLICES = "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices"
clock = Clock()


# --- this machine ---


def test_a_sampler_that_stood_still_calls_the_slots_of_that_time_missed_and_not_down(run: RunDirectory, server: FaultServer) -> None:
    child = start_sampler(run, Plan("", server.url, body_pattern="users"))
    clock.sleep_wall(0.3)
    stood_still = clock.deadline(2.0)
    os.kill(child.pid, signal.SIGSTOP)
    clock.sleep_wall(2.0)
    os.kill(child.pid, signal.SIGCONT)
    most = stood_still.spent_s / 0.05
    clock.sleep_wall(0.5)
    assert child.stop() == ""
    record = run.read()
    words = [sample.outcome for sample in record.samples]
    first, last = words.index(Outcome.MISSED), len(words) - words[::-1].index(Outcome.MISSED)
    assert set(words) <= {Outcome.OK, Outcome.SLOW, Outcome.MISSED}
    assert 15 <= last - first == words.count(Outcome.MISSED) <= most  # 2 s less the 0.9 s within which an answer may still come
    seen = availability(record.samples, since_s=0.0, period_s=0.05, rate=1.0)
    assert (outages(record.samples), seen.bad, seen.missed) == ((), 0, words.count(Outcome.MISSED))
    assert any("samples missed" in line for line in sampling_problems(seen, record.samples, baseline_s=0.0, rate=1.0))
    assert json.loads((run.path / "samples.json").read_text())["counts"]["missed"] == seen.missed


def test_a_look_that_was_begun_too_late_for_an_answer_is_missed_and_not_down(run: RunDirectory, server: FaultServer) -> None:
    """Nobody answers; the looks of the time in which the sampler stood still have less and less time left, or none."""
    with server.broken(Fault.STALL):
        child = start_sampler(run, Plan("", server.url, body_pattern="users"))
        clock.sleep_wall(0.2)
        os.kill(child.pid, signal.SIGSTOP)
        clock.sleep_wall(1.2)
        os.kill(child.pid, signal.SIGCONT)
        clock.sleep_wall(0.2)
        assert child.stop() == ""
    found = run.read().samples
    assert {sample.outcome for sample in found if sample.late_s > 0.45} == {Outcome.MISSED}
    assert {sample.outcome for sample in found if sample.late_s < 0.45} == {Outcome.READ_TIMEOUT}
    assert any(0.5 < sample.late_s < 0.85 for sample in found)


def test_an_outage_of_this_machine_is_unknown_by_the_series_of_the_control(run: RunDirectory, server: FaultServer) -> None:
    other = FaultServer()
    with closing(other):
        plan = Plan("", server.url, body_pattern="users", period_s=0.02)
        children = [start_sampler(run, plan), start_sampler(run, replace(plan, url=other.url, series="control", phase=0.25))]
        clock.sleep_wall(0.3)
        with server.broken(Fault.REFUSED), other.broken(Fault.REFUSED):
            clock.sleep_wall(0.4)
        clock.sleep_wall(0.3)
        with server.broken(Fault.SERVER_ERROR):
            clock.sleep_wall(0.2)
        clock.sleep_wall(0.3)
        assert [child.stop() for child in children] == ["", ""]
    record = run.read()
    waited = (Outcome.RESET, 1)  # a listener that closes resets who waits
    words = [next(row[0] for row in one.outcomes if row != waited) for one in outages(record.samples)]
    assert words == [Outcome.REFUSED, Outcome.SERVER_ERROR]
    judged = as_judged(record)
    (left,) = [one for one in outages(judged.samples) if one.shortest_s > 0.1]
    assert {outcome for outcome, _ in left.outcomes} == {Outcome.SERVER_ERROR}
    _, started_s, ended_s = server.truth[1]
    assert left.shortest_s <= ended_s - started_s <= (left.longest_s or 0.0)
    assert sum(sample.outcome is Outcome.UNKNOWN for sample in judged.samples) >= 15  # of the 20 in 0.4 s
    assert baseline(record).unknown == sum(sample.outcome is Outcome.UNKNOWN for sample in judged.samples)


# --- a lost pod that lives on, beside the one that took its place ---


class Relay:
    """One address before several: each connection goes to the next of them."""

    def __init__(self, *ports: int) -> None:
        self._ports = ports
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5.0)

    def _serve(self) -> None:
        turn = 0
        while True:
            try:
                link, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._pass_on, args=(link, self._ports[turn % len(self._ports)]), daemon=True).start()
            turn += 1

    def _pass_on(self, link: socket.socket, port: int) -> None:
        with link, suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=3.0) as behind:
            link.settimeout(3.0)
            behind.sendall(link.recv(65536))  # a request of ours is one piece, and closes its connection
            while data := behind.recv(65536):
                link.sendall(data)


@contextmanager
def demo_application(directory: Path, pod: str) -> Iterator[int]:
    """The demo application as a process of its own, as the pod of that name."""
    environment = {**os.environ, "DATABASE_DIR": str(directory), "MY_POD_NAME": pod, "MY_NODE_NAME": "b1", "MY_POD_UID": f"uid-{pod[-5:]}"}
    command = [sys.executable, "-m", "chaoscinder.demoapp", "serve", "-p", "0"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline().rpartition(":")[2])
        finally:
            process.kill()


def endpoints(pod: str, version: str) -> dict[str, object]:
    row = {"targetRef": {"name": pod}, "conditions": {"ready": True}}
    return {"metadata": {"name": "web-1", "uid": "s1", "resourceVersion": version}, "endpoints": [row]}


def cluster() -> ApiServer:
    """A cluster whose Service goes from the target's pod to another one as soon as it is watched."""
    api = ApiServer()
    spec = {"replicas": 1, "selector": {"matchLabels": {"app": "web"}}, "template": {"spec": {}}}
    deployment = {"metadata": {"name": "web", "namespace": "shop"}, "spec": spec}
    api.lists["/apis/apps/v1/namespaces/shop/deployments/web"].append((200, deployment))
    api.lists["/api/v1/namespaces/shop"].append((200, {"metadata": {"name": "shop"}}))
    paths = ("/api/v1/nodes", "/api/v1/namespaces/shop/pods", "/apis/storage.k8s.io/v1/volumeattachments")
    for path in (*paths, "/api/v1/namespaces/shop/events", "/api/v1/namespaces/default/events"):
        api.list(path)
    api.list(SLICES, endpoints(TARGET.pod, "5"), version="10")
    api.watch(SLICES, {"type": "MODIFIED", "object": endpoints(NEW_POD, "11")})
    return api


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> RunDirectory:
    """Two pods on one volume behind one address, recorded for a while at rate 20; then a row is damaged, and all are read back."""
    place = tmp_path_factory.mktemp("two-writers")
    header = Header("0a1b2c3d" + "0" * 24, "two writers", "e3b0", datetime.now(UTC), clock.monotonic_s(), RATE, False, Aims())
    run = runs.create(place / "runs", header)
    run.write_target(TARGET)
    with ExitStack() as undo:
        api = undo.enter_context(closing(cluster()))
        environment = undo.enter_context(pytest.MonkeyPatch.context())
        (place / "kubeconfig").write_text(api.kubeconfig())
        (place / "volume").mkdir()
        clouds = {
            "clouds": {"none": {"auth": {"auth_url": "http://127.0.0.1:9/v3", "username": "u", "password": "p", "project_name": "p"}}}
        }
        (place / "clouds.yaml").write_text(json.dumps(clouds))
        for name, value in {"KUBECONFIG": "kubeconfig", "OS_CLIENT_CONFIG_FILE": "clouds.yaml"}.items():
            environment.setenv(name, str(place / value))
        environment.setenv("OS_CLOUD", "none")
        ports = [undo.enter_context(demo_application(place / "volume", pod)) for pod in (TARGET.pod, NEW_POD)]
        written, looked_at = undo.enter_context(closing(Relay(*ports))), undo.enter_context(closing(Relay(*ports)))
        pattern = r"My pod name: (\S+)"
        settings = Settings(
            namespace="shop", workload="web", app_url=written.url, ledger=DEMO_LEDGER, rate=RATE, request_timeout_s=1.0, writes_per_s=20.0
        )
        plan = Plan("", looked_at.url, body_pattern="My pod", backend_pattern=pattern)
        children = [start_recorder(run, settings, TARGET), start_sampler(run, plan)]
        clock.sleep_wall(1.6)
        assert [child.stop() for child in reversed(children)] == ["", ""]
        with closing(sqlite3.connect(place / "volume" / "database.db")) as volume, volume:
            volume.execute("UPDATE users SET mail = 'half a payl' WHERE id = 2")
        Ledger(run, settings).read_back()
    return run


@pytest.fixture
def two_writers(recorded: RunDirectory) -> Run:
    return recorded.read()


def test_two_pods_that_acknowledge_in_turn_are_a_second_writer(two_writers: Run) -> None:
    acknowledged = [write for write in two_writers.writes if write.backend]
    generations = {(write.backend, write.writer_uid, write.writer_started) for write in acknowledged}
    assert {(name, uid) for name, uid, _ in generations} == {(TARGET.pod, "uid-9c5wf"), (NEW_POD, "uid-4kx2p")}
    assert len(generations) == 2
    assert all(datetime.fromisoformat(started or "").tzinfo for _, _, started in generations)
    told = durability.account(two_writers.writes, two_writers.read_backs)
    assert told.second_writer
    assert durability.suspicions(told)[0].startswith("a second writer: writes were acknowledged by web-6d5fcd9584-")


def test_two_pods_of_one_name_are_told_apart_by_their_uid_and_start(two_writers: Run) -> None:
    """As after a force-deleted pod of a StatefulSet, whose name comes back while the lost one still runs."""
    renamed = [replace(write, backend="web-0" if write.backend else None) for write in two_writers.writes]
    told = durability.account(renamed, two_writers.read_backs)
    assert told.second_writer
    assert all(name.startswith("web-0 (uid uid-") and ", since 20" in name for name in told.writers)


def test_a_row_whose_payload_was_damaged_is_torn(two_writers: Run) -> None:
    told = durability.account(two_writers.writes, two_writers.read_backs)
    assert (told.torn, told.lost, told.duplicate) == ((two_writers.writes[1].id,), (), ())
    assert told.recovered == told.acknowledged - 1 > 0


def test_answers_of_the_pod_that_left_its_service_are_stale_after_the_tolerance(two_writers: Run, recorded: RunDirectory) -> None:
    (left_s,) = [
        change.at_s for change in two_writers.changes if change.kind == "EndpointSlice" and (change.state or {})["ready"] == [NEW_POD]
    ]
    judged = as_judged(two_writers).samples
    stale = [sample for sample in judged if sample.outcome is Outcome.STALE_BACKEND]
    assert stale
    assert {sample.backend for sample in stale} == {TARGET.pod}
    assert {sample.backend for sample in judged if sample.outcome.is_up and sample.at_s > left_s + 15.0} == {NEW_POD}
    assert min(sample.asked_at_s(RATE) for sample in stale) > left_s + 15.0
    generations = [json.loads(line) for line in (recorded.path / "backends.jsonl").read_text().splitlines()]
    assert sorted(row["name"] for row in generations) == sorted((TARGET.pod, NEW_POD))
    assert all(datetime.fromisoformat(row["started"]).tzinfo for row in generations)
