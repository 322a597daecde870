"""The commands, and the server as a real process."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from chaoscinder.demoapp.__main__ import main
from chaoscinder.demoapp.database import Database, User

APP = [sys.executable, "-m", "chaoscinder.demoapp"]


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DATABASE_DIR", str(tmp_path))
    monkeypatch.setenv("MY_POD_NAME", "test-cinder-1")
    monkeypatch.setenv("MY_NODE_NAME", "worker-1")
    monkeypatch.delenv("DATABASE_SYNCHRONOUS", raising=False)
    return tmp_path


class Served:
    """The application as a process of its own on a free port."""

    def __init__(self) -> None:
        self.process = subprocess.Popen([*APP, "serve", "-p", "0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.first_line = self.process.stdout.readline()
        self.port = int(self.first_line.rpartition(":")[2])

    def ask(self, method: str, path: str, body: str | None = None) -> tuple[int, str]:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=3)) as connection:
            connection.request(method, path, body)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()

    def end(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, float, str]:
        """Exit code, seconds it took, standard error."""
        started = time.monotonic()
        self.process.send_signal(number)
        _, error = self.process.communicate(timeout=5)
        return self.process.returncode, time.monotonic() - started, error


@pytest.fixture
def served(data: Path) -> Iterator[Served]:
    made = Served()
    yield made
    if made.process.poll() is None:
        made.end(signal.SIGKILL)


def test_initdb_may_be_run_again_and_adduser_adds(data: Path) -> None:
    codes = [main(["initdb"]), main(["adduser", "foo", "foo@example.com"]), main(["initdb"])]
    assert (codes, Database(data).users()) == ([0, 0, 0], [User("foo", "foo@example.com")])


def test_serving_needs_no_initdb_and_shows_the_names_it_was_given(served: Served) -> None:
    assert served.ask("GET", "/") == (200, "My pod name: test-cinder-1\nMy node name worker-1\n")


def test_an_acknowledged_write_survives_a_kill(served: Served) -> None:
    assert served.ask("POST", "/users", '{"name": "foo", "mail": "m"}')[0] == 201
    served.end(signal.SIGKILL)
    again = Served()
    seen = again.ask("GET", "/users")
    again.end()
    assert seen == (200, '[{"name": "foo", "mail": "m"}]\n')


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_at_once_and_in_order(served: Served, number: signal.Signals) -> None:
    served.ask("GET", "/")
    code, spent_s, error = served.end(number)
    assert (code, error) == (0, "")
    assert spent_s < 1.0  # measured: 0.05; the rest is for a busy machine


def test_a_request_that_was_begun_is_finished_before_the_end(served: Served) -> None:
    with socket.create_connection(("127.0.0.1", served.port), 3) as client, client.makefile("rb") as answer:
        body = b'{"name": "foo", "mail": "m"}'
        client.sendall(b"POST /users HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(body))
        assert answer.readline() == b"HTTP/1.1 100 Continue\r\n"
        later = threading.Timer(0.2, client.sendall, [body])
        later.start()
        code, spent_s, _ = served.end()
        later.join()
        assert b"HTTP/1.1 201 CREATED\r\n" in answer.readlines()
    assert code == 0
    assert spent_s > 0.1


def test_it_answers_after_a_quarter_of_a_second_of_work_at_most(served: Served) -> None:
    served.ask("GET", "/healthz")
    fields = Path(f"/proc/{served.process.pid}/stat").read_text().rpartition(")")[2].split()
    work_s = sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")  # user and system time, so that a busy machine does not count
    assert work_s < 0.25  # measured: 0.13


def test_looks_are_not_logged_but_writes_and_failures_are(served: Served) -> None:
    served.ask("GET", "/")
    served.ask("POST", "/users", '{"name": "foo", "mail": "m"}')
    served.ask("GET", "/nowhere")
    lines = served.end()[2].splitlines()
    assert [line.rpartition("] ")[2] for line in lines] == ["'POST /users HTTP/1.1' 201", "'GET /nowhere HTTP/1.1' 404"]


def test_many_at_once_are_all_answered_and_every_write_is_there(served: Served) -> None:
    codes: list[int] = []

    def write(number: int) -> None:
        codes.append(served.ask("POST", "/users", f'{{"name": "n{number}", "mail": "m"}}')[0])
        codes.append(served.ask("GET", "/")[0])

    threads = [threading.Thread(target=write, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (sorted(codes), served.ask("GET", "/users")[1].count('"name"')) == ([200] * 20 + [201] * 20, 20)


def test_a_taken_port_is_one_line(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        port = other.getsockname()[1]
        assert main(["serve", "-p", str(port)]) == 2
    assert capsys.readouterr().err == f"error: cannot listen on http://127.0.0.1:{port}: Address already in use\n"


def test_without_a_directory_nothing_starts(data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("DATABASE_DIR", str(data / "gone"))
    codes = [main(["serve"])]
    monkeypatch.delenv("DATABASE_DIR")
    codes.append(main(["initdb"]))
    assert codes == [2, 2]
    assert capsys.readouterr().err.splitlines() == [
        f"error: DATABASE_DIR is {str(data / 'gone')!r}, which is not a directory (is the volume mounted?)",
        "error: DATABASE_DIR is not set (wanted the directory of the mounted volume)",
    ]


def test_a_user_that_cannot_be_added_is_one_line(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    codes = [main(["adduser", "foo", "m"]), main(["initdb"]), main(["adduser", "a|b", "m"])]
    assert codes == [1, 0, 2]
    assert capsys.readouterr().err.splitlines() == [
        "error: database: unable to open database file",
        "error: name has a character that cannot be shown in a line name|mail",
    ]


@pytest.mark.parametrize("port", ["65536", "-1", "http"])
def test_a_port_that_is_none_is_refused(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["serve", f"--port={port}"])
    assert end.value.code == 2
    assert port in capsys.readouterr().err
