"""Numbered writes through a real connection: what is called acknowledged was acknowledged, and nothing unknown is called failed."""

import json
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from fault_server import Fault, FaultServer

from chaoscinder.errors import CannotTell, SettingsError, TimedOut, Unreachable
from chaoscinder.model.write import ReadBack, Write, WriteOutcome
from chaoscinder.recorder.ledger import Ledger
from chaoscinder.runs import RunDirectory
from chaoscinder.settings import DEMO_LEDGER, Settings

ID, SECOND = "chaoscinder-0a1b2c3d-000001", "chaoscinder-0a1b2c3d-000002"
ANSWERS_200 = replace(DEMO_LEDGER, acknowledged=(200,))


def settings(server: FaultServer, **more: object) -> Settings:
    return Settings(app_url=server.url, ledger=ANSWERS_200, request_timeout_s=0.3, **more)  # type: ignore[arg-type]


def test_a_write_carries_its_number_and_the_hash_of_its_id(run: RunDirectory, server: FaultServer) -> None:
    write = Ledger(run, settings(server, app_headers={"Authorization": "Bearer x"})).write(1)
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert json.loads(body) == {"name": ID, "mail": "ed74bcee215b7ebc@ledger.invalid"}
    assert head.startswith(b"POST /users HTTP/1.1\r\n")
    assert b"\r\nAuthorization: Bearer x\r\nContent-Type: application/json\r\n" in head
    assert (write.sequence, write.id, write.outcome) == (1, ID, WriteOutcome.ACKNOWLEDGED)
    assert run.read().writes == (write,)


@pytest.mark.parametrize(
    ("fault", "outcome", "why"),
    [
        (Fault.NONE, WriteOutcome.ACKNOWLEDGED, ""),
        (Fault.REFUSED, WriteOutcome.REJECTED, "refused"),
        (Fault.NOT_FOUND, WriteOutcome.REJECTED, "404"),
        (Fault.SERVER_ERROR, WriteOutcome.UNKNOWN, "503"),
        (Fault.RESET, WriteOutcome.UNKNOWN, "reset"),
        (Fault.TRUNCATED, WriteOutcome.UNKNOWN, "reset"),
        (Fault.STALL, WriteOutcome.UNKNOWN, "read-timeout"),
        (Fault.NOT_HTTP, WriteOutcome.UNKNOWN, "wrong-content"),
    ],
)
def test_a_write_without_a_clear_answer_is_unknown_and_never_failed(
    run: RunDirectory, server: FaultServer, fault: Fault, outcome: WriteOutcome, why: str
) -> None:
    with server.broken(fault):
        write = Ledger(run, settings(server)).write(1)
    assert (write.outcome, write.why) == (outcome, why)
    assert 0 <= write.at_s < write.done_at_s


def test_a_host_without_an_address_never_got_the_write(run: RunDirectory, server: FaultServer) -> None:
    write = Ledger(run, replace(settings(server), app_url="http://no-such-host.invalid/")).write(1)
    assert (write.outcome, write.why) == (WriteOutcome.REJECTED, "dns")


def test_writes_are_numbered_without_gaps_at_the_rate_that_was_asked_for(run: RunDirectory, server: FaultServer) -> None:
    ledger, stop = Ledger(run, settings(server, writes_per_s=20.0)), threading.Event()
    thread = threading.Thread(target=ledger.run, args=(stop,))
    thread.start()
    stop.wait(0.5)
    stop.set()
    thread.join()
    found = run.read().writes
    assert [write.sequence for write in found] == list(range(1, len(found) + 1))
    assert 5 <= len(found) <= 11
    assert ledger.writes == len(found)


@pytest.fixture
def app(server: FaultServer) -> FaultServer:
    """An application that holds two rows of ours, one of them twice, and some of others."""
    second = (SECOND, "9577f80eaeb0bba8@ledger.invalid")
    rows = [(ID, "ed74bcee215b7ebc@ledger.invalid"), second, second, ("chaoscinder-ffffffff-000001", "m"), ("anna", "m")]
    server.rows = [{"name": name, "mail": mail} for name, mail in rows]
    return server


def test_reading_back_counts_our_rows_only_and_keeps_the_reading(run: RunDirectory, app: FaultServer) -> None:
    reading = Ledger(run, settings(app)).read_back()
    assert (reading.seen, reading.torn) == (((ID, 1), (SECOND, 2)), ())
    assert run.read().read_backs == (ReadBack(pytest.approx(reading.at_s), reading.seen),)


@pytest.mark.parametrize("mail", ["ed74bcee215b7eb", "", "ed74bcee215b7ebc@ledg", "9577f80eaeb0bba8@ledger.invalid"])
def test_a_row_whose_payload_is_not_what_was_written_is_torn(run: RunDirectory, app: FaultServer, mail: str) -> None:
    assert app.rows is not None
    app.rows[0]["mail"] = mail
    reading = Ledger(run, settings(app)).read_back()
    assert (reading.seen, reading.torn) == (((ID, 1), (SECOND, 2)), (ID,))
    assert run.read().read_backs[0].torn == (ID,)


def test_a_row_without_its_payload_is_torn(run: RunDirectory, server: FaultServer) -> None:
    server.rows = [{"name": ID}]
    assert Ledger(run, settings(server)).read_back().torn == (ID,)


def test_one_torn_copy_of_a_row_that_is_there_twice_is_told(run: RunDirectory, app: FaultServer) -> None:
    assert app.rows is not None
    app.rows[1]["mail"] = "x"
    reading = Ledger(run, settings(app)).read_back()
    assert (reading.seen, reading.torn) == (((ID, 1), (SECOND, 2)), (SECOND,))


def test_without_a_group_for_the_payload_nothing_is_called_torn(run: RunDirectory, app: FaultServer) -> None:
    assert app.rows is not None
    app.rows[0]["mail"] = "x"
    plan = replace(ANSWERS_200, read_pattern=r'"name": "(chaoscinder-[0-9a-f]+-[0-9]+)"')
    reading = Ledger(run, replace(settings(app), ledger=plan)).read_back()
    assert (reading.seen, reading.torn) == (((ID, 1), (SECOND, 2)), ())


class Naming(BaseHTTPRequestHandler):
    """An application that says in its headers who answers, and since when it runs."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(503 if "000002" in self.path else 201)
        for name, value in {
            "x-pod-name": "web-7",
            "X-Pod-Uid": "43fa",
            "X-Pod-Started": "2031-05-01T10:00Z",
            "Content-Length": "0",
        }.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


def test_a_write_names_the_pod_that_acknowledged_it_and_since_when_that_runs(run: RunDirectory) -> None:
    plan = replace(DEMO_LEDGER, write_path="/users/{id}")
    with HTTPServer(("127.0.0.1", 0), Naming) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        ledger = Ledger(run, Settings(app_url=f"http://127.0.0.1:{server.server_port}/", ledger=plan))
        writes = [ledger.write(1), ledger.write(2)]
        server.shutdown()
    assert [(write.outcome, write.backend, write.writer_uid, write.writer_started) for write in writes] == [
        (WriteOutcome.ACKNOWLEDGED, "web-7", "43fa", "2031-05-01T10:00Z"),
        (WriteOutcome.UNKNOWN, None, None, None),
    ]
    assert run.read().writes == tuple(writes)
    first, second = map(json.loads, (run.path / "writes.jsonl").read_text().splitlines())
    assert (first["backend"], first["writer_uid"], first["writer_started"]) == ("web-7", "43fa", "2031-05-01T10:00Z")
    assert {"backend", "writer_uid", "writer_started"}.isdisjoint(second)


def test_the_pod_is_found_in_the_page_where_no_header_names_it(run: RunDirectory, server: FaultServer) -> None:
    write = Ledger(run, settings(server, app_backend_pattern=r"My pod name: (\S+)")).write(1)
    assert (write.backend, run.read().writes[0].backend) == ("web-0", "web-0")
    assert Ledger(run, settings(server)).write(2).backend is None


def test_a_reading_is_dated_when_it_was_asked_for(run: RunDirectory, app: FaultServer) -> None:
    ledger = Ledger(run, settings(app))
    before = ledger.write(1)
    assert before.done_at_s <= ledger.read_back().at_s


@pytest.mark.parametrize(
    ("fault", "error"),
    [(Fault.REFUSED, Unreachable), (Fault.STALL, TimedOut), (Fault.TRUNCATED, Unreachable), (Fault.SERVER_ERROR, CannotTell)],
)
def test_half_a_reading_is_no_reading(run: RunDirectory, app: FaultServer, fault: Fault, error: type[CannotTell]) -> None:
    with app.broken(fault), pytest.raises(error, match="no write was read back"):
        Ledger(run, settings(app)).read_back()
    assert run.read().read_backs == ()


def test_cleaning_up_deletes_our_rows_and_nobody_elses(run: RunDirectory, app: FaultServer) -> None:
    assert Ledger(run, settings(app)).clean_up() == 0
    assert [row["name"] for row in app.rows or []] == ["chaoscinder-ffffffff-000001", "anna"]


def test_without_a_delete_request_the_rows_stay_and_are_counted(run: RunDirectory, app: FaultServer) -> None:
    kept = replace(ANSWERS_200, delete_method="", delete_path="")
    assert Ledger(run, replace(settings(app), ledger=kept)).clean_up() == 3
    assert len(app.rows or []) == 5


def test_an_application_below_a_path_is_written_to_below_it(run: RunDirectory, server: FaultServer) -> None:
    Ledger(run, replace(settings(server), app_url=server.url + "ui/")).write(1)
    assert server.requests[0].startswith(b"POST /ui/users HTTP/1.1\r\n")


def test_without_a_description_there_is_no_ledger(run: RunDirectory) -> None:
    with pytest.raises(SettingsError, match="no ledger is configured"):
        Ledger(run, Settings(app_url="http://x/"))


def test_a_write_is_on_disk_when_it_is_told(run: RunDirectory, server: FaultServer) -> None:
    write = Ledger(run, settings(server)).write(7)
    line = json.loads((run.path / "writes.jsonl").read_text())
    assert {key: line[key] for key in ("sequence", "id", "outcome", "why")} == {
        "sequence": 7, "id": "chaoscinder-0a1b2c3d-000007", "outcome": "ACKNOWLEDGED", "why": "",
    }  # fmt: skip
    assert isinstance(write, Write)
