"""The sampler as the process that it is, against a real server whose outages are written down as they happen."""

import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path

import pytest
from fault_server import Fault, FaultServer

from chaoscinder.clock import Clock
from chaoscinder.errors import SettingsError
from chaoscinder.model.sample import Outcome, Sample
from chaoscinder.recorder.children import start_sampler
from chaoscinder.recorder.plan import Control, Plan, further, headline
from chaoscinder.runs import RunDirectory, files, sampler_alive, samples
from chaoscinder.settings import Settings

SLACK_S = 0.06  # what a busy machine may add to an edge: the server's and the sampler's own waits for a processor
clock = Clock()


def plan(url: str, **more: object) -> Plan:
    return Plan("", url, body_pattern="users", backend_pattern="pod name: (.*)", period_s=0.02, **more)  # type: ignore[arg-type]


def read_bytes(run: RunDirectory) -> bytes:
    return (run.path / "samples.bin").read_bytes()


def wait_for_samples(run: RunDirectory, count: int) -> None:
    deadline = clock.deadline(5.0)
    while samples.parse(read_bytes(run)).records < count and not deadline.passed:
        clock.sleep_wall(0.02)


def stretches(found: Sequence[Sample]) -> list[tuple[Outcome, float, float, float, float]]:
    """Every unbroken series of bad samples: outcome, last good before, first bad, last bad, first good after.

    The outcome is its first; where that is a reset its second, because a listener that closes resets who waits.
    """
    rows = [(up, list(group)) for up, group in groupby(found, key=lambda sample: sample.outcome.is_up)]
    return [
        (
            bad[:2][-1].outcome if bad[0].outcome is Outcome.RESET else bad[0].outcome,
            rows[place - 1][1][-1].at_s,
            bad[0].at_s,
            bad[-1].at_s,
            rows[place + 1][1][0].at_s,
        )
        for place, (up, bad) in enumerate(rows)
        if not up
    ]


def test_every_outage_is_found_once_and_its_edges_hold_the_truth(run: RunDirectory, server: FaultServer) -> None:
    faults = {
        Fault.REFUSED: Outcome.REFUSED,
        Fault.SERVER_ERROR: Outcome.SERVER_ERROR,
        Fault.NOT_FOUND: Outcome.CLIENT_ERROR,
        Fault.WRONG: Outcome.WRONG_CONTENT,
        Fault.RESET: Outcome.RESET,
    }
    child = start_sampler(run, plan(server.url))
    clock.sleep_wall(0.3)
    for fault in faults:
        with server.broken(fault):
            clock.sleep_wall(0.25)
        clock.sleep_wall(0.2)
    assert child.stop() == ""
    anchor_s, found = run.header.anchor_s, stretches(run.read().samples)
    assert [row[0] for row in found] == list(faults.values())
    for (_, started, ended), (_, last_good, first_bad, last_bad, next_good) in zip(server.truth, found, strict=True):
        assert last_good - SLACK_S <= started - anchor_s <= first_bad + SLACK_S
        assert last_bad - SLACK_S <= ended - anchor_s <= next_good + SLACK_S


def test_a_stall_is_down_until_its_end_less_the_deadline_and_slow_after_that(run: RunDirectory, server: FaultServer) -> None:
    child = start_sampler(run, plan(server.url, answer_within_s=0.4, slow_after_s=0.1))
    clock.sleep_wall(0.3)
    with server.broken(Fault.STALL):
        clock.sleep_wall(1.0)
    clock.sleep_wall(0.3)
    assert child.stop() == ""
    found = run.read().samples
    ((outcome, last_good, first_bad, last_bad, next_good),) = stretches(found)
    (_, started, ended) = server.truth[0]
    truth_s = ended - started - 0.4
    assert outcome is Outcome.READ_TIMEOUT
    assert last_bad - first_bad - SLACK_S <= truth_s <= next_good - last_good + SLACK_S
    late = [sample for sample in found if sample.outcome is Outcome.SLOW]
    assert late
    assert all(0.1 < sample.latency_s <= 0.4 for sample in late)


def test_every_slot_has_a_record_and_the_trailer_accounts_for_all(run: RunDirectory, server: FaultServer) -> None:
    child = start_sampler(run, plan(server.url))
    wait_for_samples(run, 20)
    assert sampler_alive(run)
    assert child.stop() == ""
    assert not sampler_alive(run)
    content, trailer = read_bytes(run), json.loads((run.path / "samples.json").read_text())
    series = samples.parse(content)
    found = run.read()
    assert {key: trailer[key] for key in ("records", "sha256", "ended", "problem")} == {
        "records": series.records, "sha256": hashlib.sha256(content).hexdigest(), "ended": "asked to end", "problem": "",
    }  # fmt: skip
    assert sum(trailer["counts"].values()) == len(found.samples) == series.records >= 20
    assert {sample.backend for sample in found.samples if sample.outcome is Outcome.OK} == {"web-0"}
    gaps = [round(after.at_s - before.at_s, 6) for before, after in zip(found.samples, found.samples[1:], strict=False)]
    assert set(gaps) == {0.02}
    assert not [problem for problem in found.problems if "sampl" in problem]


def test_it_writes_its_trailer_when_its_parent_is_killed(run: RunDirectory, server: FaultServer, tmp_path: Path) -> None:
    text = plan(server.url).dumps()
    script = (
        "import sys; from pathlib import Path; from chaoscinder.runs import RunDirectory\n"
        "from chaoscinder.recorder.children import start_sampler; from chaoscinder.recorder.plan import Plan\n"
        "child = start_sampler(RunDirectory(Path(sys.argv[1])), Plan.loads(sys.stdin.read())); print(child.pid, flush=True)\n"
        "import signal; signal.pause()"
    )
    parent = subprocess.Popen([sys.executable, "-c", script, str(run.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert parent.stdin is not None
    assert parent.stdout is not None
    with parent.stdin, parent.stdout:
        parent.stdin.write(text.encode())
        parent.stdin.close()
        assert int(parent.stdout.readline())
        parent.kill()
        parent.wait()
    deadline = clock.deadline(5.0)
    while not (run.path / "samples.json").exists() and not deadline.passed:
        clock.sleep_wall(0.02)
    trailer = json.loads((run.path / "samples.json").read_text())
    assert (trailer["ended"], trailer["records"]) == ("its parent died", samples.parse(read_bytes(run)).records)


def test_ctrl_c_does_not_reach_it_and_a_second_sigterm_does_not_break_its_end(run: RunDirectory, server: FaultServer) -> None:
    child = start_sampler(run, plan(server.url))
    os.kill(child.pid, signal.SIGINT)
    count = samples.parse(read_bytes(run)).records
    wait_for_samples(run, count + 20)
    assert os.getsid(child.pid) == child.pid
    assert child.running
    for _ in range(3):
        os.kill(child.pid, signal.SIGTERM)
        clock.sleep_wall(0.1)
    assert child.stop() == ""
    assert child.stop() == ""


def test_a_host_without_an_address_is_recorded_as_that(run: RunDirectory) -> None:
    child = start_sampler(run, plan("http://no-such-host.invalid/"))
    wait_for_samples(run, 5)
    child.stop()
    found = run.read()
    assert {sample.outcome for sample in found.samples} == {Outcome.DNS}
    assert any("no-such-host.invalid has no address" in problem for problem in found.problems)


def test_a_plan_that_cannot_be_followed_is_one_line(run: RunDirectory) -> None:
    with pytest.raises(SettingsError, match="the application's address or its CA file cannot be used: wanted http"):
        start_sampler(run, Plan("", "ftp://x/"))
    assert not (run.path / "samples.bin").exists()


def test_no_secret_is_in_the_arguments_or_in_the_run(run: RunDirectory, server: FaultServer) -> None:
    child = start_sampler(run, plan(server.url, headers={"Authorization": "Bearer canary-7f3a"}))
    arguments = Path(f"/proc/{child.pid}/cmdline").read_bytes()
    wait_for_samples(run, 2)
    child.stop()
    assert b"canary" not in arguments
    assert all(b"canary" not in path.read_bytes() for path in run.path.iterdir())
    assert b"Authorization: Bearer canary-7f3a\r\n" in server.requests[0]


def test_a_busy_neighbour_thread_of_the_parent_invents_no_outage(run: RunDirectory, server: FaultServer) -> None:
    child = start_sampler(run, plan(server.url))
    deadline, text = clock.deadline(1.0), json.dumps([{"a": list(range(50))}] * 2000)
    while not deadline.passed:
        json.loads(text)
    child.stop()
    assert {sample.outcome.is_up for sample in run.read().samples if sample.outcome.is_known} == {True}


def test_the_headline_series_follows_the_settings() -> None:
    settings = Settings(app_url="http://x/", samples_per_s=50, answer_within_s=0.3, app_expected_status=204, app_headers={"A": "b"})
    expected = Plan("d", "http://x/", {"A": "b"}, expected_status=204, period_s=0.02, answer_within_s=0.3, slow_after_s=0.3 / 3)
    assert headline(settings, "d") == expected
    assert Plan.loads(expected.dumps()) == expected
    assert "b'" not in repr(expected)


def test_a_sampler_never_writes_over_the_samples_of_another(run: RunDirectory, server: FaultServer) -> None:
    (run.path / "samples.bin").write_bytes(b"evidence")
    with pytest.raises(SettingsError):
        start_sampler(run, plan(server.url))
    assert read_bytes(run) == b"evidence"
    assert files.read_json(run.path / "samples.json", []) is None


def test_kept_connections_do_not_see_what_only_new_ones_meet(run: RunDirectory, server: FaultServer) -> None:
    children = [start_sampler(run, plan(server.url)), start_sampler(run, plan(server.url, series="kept", kept_connections=4))]
    clock.sleep_wall(0.4)
    with server.broken(Fault.REFUSED):
        clock.sleep_wall(0.3)
    clock.sleep_wall(0.2)
    assert [child.stop() for child in children] == ["", ""]
    found = run.read()
    assert {sample.outcome for sample in found.samples if not sample.outcome.is_up} == {Outcome.REFUSED}
    assert {sample.outcome.is_up for sample in found.series["kept"]} == {True}
    assert not [problem for problem in found.problems if "sampl" in problem]


def test_kept_connections_that_end_are_opened_anew_in_the_next_slot(run: RunDirectory, server: FaultServer) -> None:
    child = start_sampler(run, plan(server.url, series="kept", kept_connections=2))
    clock.sleep_wall(0.3)
    with server.broken(Fault.RESET):
        clock.sleep_wall(0.2)
    clock.sleep_wall(0.3)
    assert child.stop() == ""
    ((outcome, *_),) = stretches(run.read().series["kept"])
    assert outcome is Outcome.RESET


def test_a_hundred_samples_a_second_are_asked_and_answered(run: RunDirectory, server: FaultServer) -> None:
    child = start_sampler(run, replace(plan(server.url), period_s=0.01))
    wait_for_samples(run, 100)
    assert child.stop() == ""
    header, found = json.loads(read_bytes(run).partition(b"\n")[0]), run.read().samples
    ended_s = json.loads((run.path / "samples.json").read_text())["t"] - header["t0"]
    assert 100 <= len(found) <= 100 * ended_s + 1
    assert {sample.outcome.is_up for sample in found} == {True}
    assert sorted(sample.late_s for sample in found)[len(found) // 2] < 0.005


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (Fault.REDIRECT, Outcome.WRONG_CONTENT),
        (Fault.NOT_HTTP, Outcome.WRONG_CONTENT),
        (Fault.TRUNCATED, Outcome.RESET),
        (Fault.DRIP, Outcome.READ_TIMEOUT),
    ],
)
def test_what_is_no_answer_is_called_by_its_name(run: RunDirectory, server: FaultServer, fault: Fault, outcome: Outcome) -> None:
    with server.broken(fault):
        child = start_sampler(run, plan(server.url, answer_within_s=0.2))
        wait_for_samples(run, 5)
        assert child.stop() == ""
    assert {sample.outcome for sample in run.read().samples} == {outcome}


def test_the_address_is_looked_up_once_and_kept(run: RunDirectory, server: FaultServer) -> None:
    child = start_sampler(run, plan(f"http://localhost:{server.port}/"))
    wait_for_samples(run, 5)
    child.stop()
    header = json.loads(read_bytes(run).partition(b"\n")[0])
    assert (header["host"], header["address"]) in ((f"localhost:{server.port}", "127.0.0.1"), (f"localhost:{server.port}", "::1"))


def test_the_series_of_one_run_are_asked_at_different_moments(run: RunDirectory, server: FaultServer) -> None:
    children = [start_sampler(run, plan(server.url)), start_sampler(run, plan(server.url, series="control", phase=0.25))]
    wait_for_samples(run, 2)
    assert [child.stop() for child in children] == ["", ""]
    headers = [json.loads((run.path / name).read_bytes().partition(b"\n")[0]) for name in ("samples.bin", "samples-control.bin")]
    phases = [round(header["t0"] / 0.02 % 1, 3) % 1 for header in headers]
    assert phases == [0.0, 0.25]


@pytest.mark.parametrize(("fault", "is_up"), [(Fault.NOT_FOUND, True), (Fault.WRONG, True), (Fault.SERVER_ERROR, False)])
def test_a_control_is_up_when_it_answers_anything_but_an_error_of_its_own(
    run: RunDirectory, server: FaultServer, fault: Fault, is_up: bool
) -> None:
    (control,) = further(Settings(app_url="http://x/", app_body_pattern="users", kept_connections=0), "", Control(server.url))
    with server.broken(fault):
        child = start_sampler(run, control)
        deadline = clock.deadline(5.0)
        while not run.read().series.get("control") and not deadline.passed:
            clock.sleep_wall(0.05)
        child.stop()
    assert {sample.outcome.is_up for sample in run.read().series["control"]} == {is_up}


def test_the_further_series_follow_the_settings_and_the_control_gets_no_secret() -> None:
    settings = Settings(
        app_url="http://x/", app_ca_file="a.pem", app_headers={"A": "b"}, app_body_pattern="users", direct_url="http://10.0.0.7:8080/"
    )
    first = headline(settings, "d")
    control = Plan(
        "d", "https://api/readyz", ca_file="ca.pem", expected_status=0, slow_after_s=first.slow_after_s, series="control", phase=0.25,
        server_name="kubernetes",
    )  # fmt: skip
    assert further(settings, "d", Control("https://api/readyz", "ca.pem", True, "kubernetes")) == (
        replace(first, series="kept", kept_connections=4, phase=0.5),
        replace(first, series="direct", url="http://10.0.0.7:8080/", phase=0.75),
        control,
    )
    assert further(Settings(kept_connections=0), "d", None) == ()
