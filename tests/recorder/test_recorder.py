"""The recorder as the process that it is: a real API server's answers, a real application, and a cloud that nobody answers for."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fault_server import FaultServer
from kubernetes.client import Configuration

from chaoscinder import runs
from chaoscinder.clock import Clock
from chaoscinder.errors import CannotTell, NotFound
from chaoscinder.model.attachment import View
from chaoscinder.model.workload import Target
from chaoscinder.recorder.children import start_recorder
from chaoscinder.recorder.plan import Control
from chaoscinder.recorder.recording import Recording
from chaoscinder.runs import RunDirectory
from chaoscinder.settings import DEMO_LEDGER, Settings
from tests.api_server import ApiServer
from tests.lost_cloud import lost_cloud

clock = Clock()
APPS = "/apis/apps/v1/namespaces/shop"
DEPLOYMENT = {
    "metadata": {"name": "web", "namespace": "shop"},
    "spec": {"replicas": 1, "selector": {"matchLabels": {"app": "web"}}, "template": {"spec": {}}},
}
NODE = {"metadata": {"name": "b1", "uid": "n1", "resourceVersion": "3"}, "spec": {}, "status": {}}


@pytest.fixture
def settings(api: ApiServer, server: FaultServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A cluster with one node and no pods, an application, and a cloud whose address refuses."""
    api.lists[f"{APPS}/deployments/web"].append((200, DEPLOYMENT))
    api.list("/api/v1/nodes", NODE)
    core = ("/api/v1/namespaces/shop/pods", "/api/v1/namespaces/shop/events", "/api/v1/namespaces/default/events")
    for path in (*core, "/apis/storage.k8s.io/v1/volumeattachments"):
        api.list(path)
    api.lists["/api/v1/namespaces/shop"].append((200, {"metadata": {"name": "shop"}}))
    for name, value in lost_cloud(tmp_path, password="canary-7f3a").items():
        monkeypatch.setenv(name, value)
    ledger = replace(DEMO_LEDGER, acknowledged=(200,))
    return Settings(namespace="shop", workload="web", app_url=server.url, ledger=ledger, request_timeout_s=1.5, writes_per_s=10.0)


def wait_for_series(run: RunDirectory, *names: str) -> None:
    deadline = clock.deadline(5.0)
    while not all(run.read().series.get(name) for name in names) and not deadline.passed:
        clock.sleep_wall(0.05)
    assert all(sample.outcome.is_up for name in names for sample in run.read().series[name])


def recorder_json(run: RunDirectory) -> dict[str, Any]:
    return run.read_json("recorder.json") or {}


def test_it_records_what_answers_and_says_what_does_not(run: RunDirectory, settings: Settings, target: Target) -> None:
    child = start_recorder(run, settings, target)
    assert runs.recorder_alive(run)
    os.kill(child.pid, signal.SIGINT)
    deadline = clock.deadline(5.0)
    while not run.read().writes and not deadline.passed:
        clock.sleep_wall(0.05)
    asked_to_end_s = clock.monotonic_s() - run.header.anchor_s
    assert child.stop() == ""
    assert not runs.recorder_alive(run)
    found, told = run.read(), recorder_json(run)
    assert (told["pid"], told["ended"], told["writes"]) == (child.pid, "asked to end", len(found.writes))
    # The API server was asked once more when all was to end; the clouds never answered.
    assert found.watched_to_s.keys() == set(View)
    assert (found.watched_to_s["NOVA"], found.watched_to_s["CINDER"]) == (0.0, 0.0)
    assert asked_to_end_s <= found.watched_to_s["KUBERNETES"] <= told["t"] - run.header.anchor_s
    assert [(change.view, change.kind, change.name) for change in found.changes] == [(View.KUBERNETES, "Node", "b1")]
    assert [write.outcome.value for write in found.writes] == ["ACKNOWLEDGED"] * len(found.writes)
    problems = "\n".join(told["problems"])
    assert "OpenStack did not answer (server 05bc4d1e-16cb-5ebd-89cd-b2700132aaa0)" in problems
    assert "cinder had not answered when the recording began" in problems
    assert "Kubernetes has no /apis/discovery.k8s.io/v1/namespaces/shop/endpointslices" in problems
    assert "canary" not in "".join(path.read_text(errors="replace") for path in run.path.iterdir())


def test_it_reads_the_ledger_once_more_when_its_parent_is_killed(
    run: RunDirectory, settings: Settings, server: FaultServer, target: Target
) -> None:
    server.rows = []
    script = (
        "import sys; from pathlib import Path; from chaoscinder.runs import RunDirectory; from chaoscinder.settings import Settings\n"
        "from chaoscinder.recorder.children import start_recorder\n"
        "run = RunDirectory(Path(sys.argv[1]))\n"
        "child = start_recorder(run, Settings.loads(sys.stdin.read()), run.target()); print(child.pid, flush=True)\n"
        "import signal; signal.pause()"
    )
    parent = subprocess.Popen([sys.executable, "-c", script, str(run.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert parent.stdin is not None
    assert parent.stdout is not None
    with parent.stdin, parent.stdout:
        parent.stdin.write(settings.dumps().encode())
        parent.stdin.close()
        assert int(parent.stdout.readline())
        parent.kill()
        parent.wait()
    deadline = clock.deadline(10.0)
    while not recorder_json(run).get("ended") and not deadline.passed:
        clock.sleep_wall(0.05)
    assert recorder_json(run)["ended"] == "its parent died"
    assert len(run.read().read_backs) == 1


def test_a_recorder_that_cannot_begin_says_why_in_its_last_words(
    run: RunDirectory, settings: Settings, target: Target, api: ApiServer
) -> None:
    api.lists[f"{APPS}/deployments/web"].clear()
    with pytest.raises(CannotTell, match=r"the recorder did not start within .* s: no Deployment or StatefulSet Deployment/web"):
        start_recorder(run, settings, target)


def test_a_recording_starts_both_or_neither_and_stops_twice(run: RunDirectory, settings: Settings, server: FaultServer) -> None:
    recording = Recording(run, settings)
    recording.start()
    assert runs.why_not_recording(run) == ""
    wait_for_series(run, "kept", "control")
    recording.stop()
    recording.stop()
    assert [mark.name for mark in run.read().marks] == ["recording_ended"]
    server.rows = [{"name": write.id, "mail": "m"} for write in run.read().writes]
    recording.read_back()
    assert recording.clean_up() == 0
    assert (server.rows, len(run.read().read_backs)) == ([], 1)


def test_where_the_sampler_cannot_start_the_recorder_does_not_go_on(run: RunDirectory, settings: Settings) -> None:
    (run.path / "samples.bin").write_bytes(b"evidence")
    recording = Recording(run, settings)
    with pytest.raises(Exception, match="File exists"):
        recording.start()
    assert recorder_json(run)["ended"] == "asked to end"


def test_a_recording_without_a_target_does_not_begin(run: RunDirectory, settings: Settings) -> None:
    (run.path / "target.json").unlink()
    with pytest.raises(NotFound, match="has no target"):
        Recording(run, settings).start()


def test_an_api_server_behind_a_proxy_leaves_the_run_without_a_control_and_says_so(
    run: RunDirectory, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = Recording(run, replace(settings, ledger=None))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    if not Configuration().proxy:
        pytest.skip("this version of the kubernetes client asks past every proxy of the environment, and so do we")
    assert recording._control() is None
    assert [(mark.name, mark.detail["why"]) for mark in run.read().marks] == [
        ("no_control_series", "the API server is behind a proxy (wanted control_url, or none)")
    ]


@pytest.mark.parametrize(("told", "expected"), [("none", None), ("http://router/", Control("http://router/"))])
def test_a_control_that_was_named_is_taken_as_it_is(run: RunDirectory, settings: Settings, told: str, expected: Control | None) -> None:
    assert Recording(run, replace(settings, control_url=told))._control() == expected
