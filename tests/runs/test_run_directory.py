"""What is written into a run's directory is read back as nouns, whatever happened to the files in between."""

import json
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from chaoscinder import runs
from chaoscinder.clock import Clock
from chaoscinder.errors import NotFound
from chaoscinder.model.attachment import View
from chaoscinder.model.run import Aims, Header, Run, Touched
from chaoscinder.model.sample import Outcome, Sample
from chaoscinder.model.timeline import Change, Event
from chaoscinder.model.verdict import Level
from chaoscinder.model.workload import Kind, Target
from chaoscinder.model.write import ReadBack, Write, WriteOutcome
from chaoscinder.runs import RunDirectory, files, samples

HEADER = Header(
    run_id="0a1b2c3d4e5f60718293a4b5c6d7e8f9", experiment="Does the UI survive?", experiment_sha256="e3b0c442",
    started_at=datetime(2026, 11, 22, 21, 40, 7, tzinfo=UTC), anchor_s=100.0, rate=20.0, sandbox=True,
    aims=Aims(outage_budget_s=200.0, levels={"writes": Level.OPTIONAL}), versions={"python": "3.11"}, settings={"namespace": "shop"},
)  # fmt: skip
TARGET = Target("shop", "web", Kind.STATEFULSET, "web-0", "uid-0", "b1", "server-1", "b1", "data-web-0", "pv-1", "volume-1")


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    """A run with nothing but its header."""
    return runs.create(tmp_path, HEADER)


def write_samples(run: RunDirectory, count: int = 3) -> None:
    more = {"pid": 0, "series": ""}
    line = samples.header_line(t0=101.0, period_s=0.05, answer_within_s=0.9, more=more)
    rows = [(0, Outcome.OK, 1, 200), (1, Outcome.SERVER_ERROR, 0, 503), (2, Outcome.MISSED, 0, 0)][:count]
    unit = samples.unit_us(0.9)
    records = [samples.encode(*row[:2], unit, (0.001, 0.002, 0.003, 0.004), backend=row[2], status=row[3]) for row in rows]
    (run.path / "samples.bin").write_bytes(line + b"".join(records))


def test_everything_comes_back_as_it_was_written(run: RunDirectory) -> None:
    run.write_target(TARGET)
    run.write_json("before.json", {"server": {"status": "ACTIVE"}})
    intent = run.intend("Server", "b1", "stopped", "openstack server start server-1", target_id="server-1")
    run.undone(intent, end_state="ACTIVE")
    run.changed(110.0, View.NOVA, "Server", "b1", "server-1", {"status": "SHUTOFF"})
    run.changed(111.0, View.KUBERNETES, "Pod", "web-0", "uid-0", None)
    run.event(112.0, Event(0.0, "Warning", "NodeNotReady", "node-controller", "Node is not ready", "Pod/web-0", 2))
    run.wrote(105.0, 105.5, Write(1, "chaoscinder-0a1b2c3d-000001", 0.0, 0.0, WriteOutcome.UNKNOWN, "reset"))
    run.read_back(120.0, {"chaoscinder-0a1b2c3d-000001": 1})
    run.write_platform({"status": "completed", "deviated": False})
    write_samples(run)
    files.append_line(run.path / "backends.jsonl", {"index": 1, "name": "web-0"})
    run.write_json("samples.json", _trailer(run))
    run.write_json("recorder.json", {"pid": 1, "t": 121.0, "ended": "asked to end", "problems": ["Nova was asleep (at 3.0 s)"]})
    files.append_line(run.path / "marks.jsonl", {"t": 101.0, "name": "baseline_started", "detail": {}})
    found = run.read()
    assert found == Run(
        header=HEADER,
        target=TARGET,
        marks=(runs_mark(20.0, "baseline_started"),),
        samples=(
            Sample(20.0, Outcome.OK, 0.001, 0.004, 200, "web-0"),
            Sample(21.0, Outcome.SERVER_ERROR, 0.001, 0.004, 503, None),
            Sample(22.0, Outcome.MISSED, 0.001, 0.004, 0, None),
        ),
        writes=(Write(1, "chaoscinder-0a1b2c3d-000001", 100.0, 110.0, WriteOutcome.UNKNOWN, "reset"),),
        read_backs=(ReadBack(400.0, (("chaoscinder-0a1b2c3d-000001", 1),)),),
        changes=(
            Change(200.0, View.NOVA, "Server", "b1", "server-1", {"status": "SHUTOFF"}),
            Change(220.0, View.KUBERNETES, "Pod", "web-0", "uid-0", None),
        ),
        events=(Event(240.0, "Warning", "NodeNotReady", "node-controller", "Node is not ready", "Pod/web-0", 2),),
        touched=(Touched("Server", "b1", "stopped", "openstack server start server-1", True, "ACTIVE"),),
        platform={"status": "completed", "deviated": False},
        problems=("recorder: Nova was asleep (at 3.0 s)",),
        before={"server": {"status": "ACTIVE"}},
        after=None,
        watched_to_s={"KUBERNETES": 420.0, "NOVA": 420.0, "CINDER": 420.0},
    )


def runs_mark(at_s: float, name: str) -> object:
    from chaoscinder.model.timeline import Mark

    return Mark(at_s, name, {})


def _trailer(run: RunDirectory) -> dict[str, object]:
    import hashlib

    content = (run.path / "samples.bin").read_bytes()
    return {"records": 3, "sha256": hashlib.sha256(content).hexdigest(), "counts": {}, "ended": "asked to end", "problem": ""}


def test_an_empty_run_is_read_and_says_what_is_missing(run: RunDirectory) -> None:
    assert run.read() == Run(
        header=HEADER,
        problems=(
            "marks.jsonl is missing",
            "samples.bin is missing: the web UI was not sampled",
            "changes.jsonl is missing",
            "recorder.json is missing: nothing but the web UI was recorded",
        ),
    )


def test_a_torn_last_line_is_left_out_told_and_ended_before_the_next(run: RunDirectory) -> None:
    run.mark("baseline_started")
    with (run.path / "marks.jsonl").open("a") as file:
        file.write('{"t": 12, "na')
    found = run.read()
    assert [mark.name for mark in found.marks] == ["baseline_started"]
    assert "marks.jsonl line 2 is torn and was left out" in found.problems
    run.mark("baseline_met")
    assert [mark.name for mark in run.read().marks] == ["baseline_started", "baseline_met"]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("garbage", "changes.jsonl line 1 cannot be read and was left out"),
        ("[1]", "changes.jsonl line 1 cannot be read and was left out"),
        ('{"t": 1}', "changes.jsonl line 1 was left out (KeyError: 'state')"),
        ('{"t": "x", "ledger": "NOVA", "kind": "", "name": "", "uid": "", "state": null}', "changes.jsonl line 1 was left out (ValueError"),
    ],
)
def test_a_line_that_makes_no_sense_is_told_and_the_next_is_read(run: RunDirectory, line: str, problem: str) -> None:
    (run.path / "changes.jsonl").write_text(line + "\n")
    run.changed(101.0, View.CINDER, "Volume", "v", "v", {"status": "in-use"})
    found = run.read()
    assert [change.name for change in found.changes] == ["v"]
    assert any(text.startswith(problem) for text in found.problems)


def test_samples_are_read_while_they_are_written_and_half_a_record_waits(run: RunDirectory) -> None:
    write_samples(run)
    path = run.path / "samples.bin"
    path.write_bytes(path.read_bytes()[:-5])
    assert [sample.outcome for sample in run.read().samples] == [Outcome.OK, Outcome.SERVER_ERROR]


def test_a_sampler_that_was_killed_is_a_problem(run: RunDirectory) -> None:
    write_samples(run)
    assert "samples.json is missing: the sampler was killed after 3 samples" in run.read().problems


def test_samples_that_were_changed_afterwards_are_a_problem(run: RunDirectory) -> None:
    write_samples(run)
    run.write_json("samples.json", _trailer(run))
    path = run.path / "samples.bin"
    path.write_bytes(path.read_bytes()[:-2] + b"\xc8\x00")
    assert "samples.bin was changed after it was written (its SHA-256 is not the trailer's)" in run.read().problems


def test_a_slot_out_of_order_ends_the_reading_and_is_told(run: RunDirectory) -> None:
    write_samples(run)
    path = run.path / "samples.bin"
    content = path.read_bytes()
    path.write_bytes(content[:-16] + content[-32:-16])
    found = run.read()
    assert len(found.samples) == 2
    assert "record 2 of the samples says slot 1 and outcome 10: the rest was left out" in found.problems


def test_a_directory_without_its_header_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"is not a run's directory \(wanted a run.json in it; it has none\)"):
        RunDirectory(tmp_path).read()


def test_a_header_of_another_version_keeps_what_is_known(run: RunDirectory) -> None:
    record = json.loads((run.path / "run.json").read_text())
    record["aims"]["moon_phase"] = 3
    del record["aims"]["stable_for_s"]
    run.write_json("run.json", record)
    assert RunDirectory(run.path).header == replace(HEADER, aims=replace(HEADER.aims, stable_for_s=10.0))


def test_json_never_holds_nan(run: RunDirectory) -> None:
    run.write_json("verdict.json", {"a": float("nan"), "b": [float("inf")], "c": {Outcome.OK: HEADER.started_at}})
    assert json.loads((run.path / "verdict.json").read_text()) == {"a": None, "b": [None], "c": {"ok": "2026-11-22T21:40:07Z"}}


def test_an_intent_is_open_until_it_was_undone(run: RunDirectory) -> None:
    first = run.intend("Server", "b1", "stopped", "start it", target_id="server-1")
    second = run.intend("Node", "b1", "cordoned", "uncordon it")
    run.seen_as(second, end_state="cordoned")
    assert [(row["id"], row["name"], row.get("target_id")) for row in run.open_intents()] == [
        (first, "b1", "server-1"),
        (second, "b1", None),
    ]
    run.undone(first, end_state="ACTIVE")
    assert [row["id"] for row in run.open_intents()] == [second]
    assert run.read().touched == (
        Touched("Server", "b1", "stopped", "start it", True, "ACTIVE"),
        Touched("Node", "b1", "cordoned", "uncordon it", False, "cordoned"),
    )


def test_many_threads_and_two_processes_append_without_a_torn_line(run: RunDirectory) -> None:
    script = (
        "import sys; from pathlib import Path; from chaoscinder.runs import RunDirectory\n"
        "run = RunDirectory(Path(sys.argv[1]))\nfor number in range(100): run.mark('theirs', number=number, pad='x' * 300)"
    )
    other = subprocess.Popen([sys.executable, "-c", script, str(run.path)])
    threads = [threading.Thread(target=lambda: [run.mark("ours", pad="y" * 300) for _ in range(25)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert other.wait() == 0
    found = run.read()
    names = [mark.name for mark in found.marks]
    assert (names.count("ours"), names.count("theirs")) == (100, 100)
    assert not [problem for problem in found.problems if "marks" in problem]
    assert [mark.at_s for mark in found.marks] == sorted(mark.at_s for mark in found.marks)


def test_a_document_is_replaced_at_once_and_leaves_no_draft(run: RunDirectory) -> None:
    run.write_text("summary.md", "one")
    run.write_text("summary.md", "zwei — \ud800")
    assert (run.path / "summary.md").read_text() == "zwei — ?"
    assert sorted(path.name for path in run.path.iterdir()) == ["run.json", "summary.md"]


def test_a_mark_is_on_the_axis_of_the_run(tmp_path: Path) -> None:
    run = runs.create(tmp_path, replace(HEADER, anchor_s=Clock().monotonic_s() - 1.0, rate=10.0))
    run.mark("fault_started", server="b1")
    (mark,) = run.read().marks
    assert (mark.name, mark.detail) == ("fault_started", {"server": "b1"})
    assert 10.0 <= mark.at_s < 20.0
