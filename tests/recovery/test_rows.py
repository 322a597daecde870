"""Rows that a killed run left in the application: which runs may have some, and that they go although it is only coming back."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from chaoscinder import runs
from chaoscinder.clients.site import Site
from chaoscinder.model.run import Aims, Header
from chaoscinder.recovery import rows
from chaoscinder.runs import RunDirectory, layout
from chaoscinder.settings import DEMO_LEDGER, Settings

RUN = "0a1b2c3d" + "0" * 24
MINE, OTHERS = "chaoscinder-0a1b2c3d-000001", "chaoscinder-ffffffff-000001"


class Application(ThreadingHTTPServer):
    """Names of users; the first few requests get no answer."""

    daemon_threads = True

    def __init__(self, breaks: int) -> None:
        self.users, self.breaks = [MINE, OTHERS], breaks
        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server_port}/"


class Handler(BaseHTTPRequestHandler):
    server: Application

    def do_GET(self) -> None:
        self._answer(200, "[" + ", ".join(f'{{"name": "{name}"}}' for name in self.server.users) + "]")

    def do_DELETE(self) -> None:
        self.server.users.remove(self.path.rpartition("/")[2])
        self._answer(204, "")

    def _answer(self, status: int, body: str) -> None:
        if self.server.breaks:
            self.server.breaks -= 1
            return
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def application(request: pytest.FixtureRequest) -> Iterator[Application]:
    made = Application(getattr(request, "param", 0))
    yield made
    made.shutdown()
    made.server_close()


def site(url: str, **more: object) -> Site:
    return Site(Settings(app_url=url, ledger=DEMO_LEDGER, rate=100.0, restore_timeout_s=200.0, request_timeout_s=1.0, **more))  # type: ignore[arg-type]


def run(root: Path, deletes: str = "yes", *, recorded: bool = True) -> RunDirectory:
    made = runs.create(root, Header(RUN, "a title", "e3b0", datetime.now(UTC), 0.0, 100.0, True, Aims(), {}, {"ledger_deletes": deletes}))
    if recorded:
        (made.path / layout.RECORDER_LOG).touch()
    return made


def test_a_run_whose_recorder_was_started_may_have_rows_until_somebody_saw_none(tmp_path: Path) -> None:
    made = run(tmp_path)
    assert rows.may_be_left(made)
    made.write_json(layout.AFTER, {"rows": 3})
    assert rows.may_be_left(made)
    made.write_json(layout.AFTER, {"rows": 0})
    assert not rows.may_be_left(made)


def test_a_run_without_a_recorder_or_whose_rows_are_to_stay_has_none_to_take_away(tmp_path: Path) -> None:
    assert not rows.may_be_left(run(tmp_path / "a", recorded=False))
    assert not rows.may_be_left(run(tmp_path / "b", "no"))


@pytest.mark.parametrize("application", [0, 1, 3], indirect=True)
def test_they_are_taken_away_although_the_application_is_only_coming_back(application: Application, tmp_path: Path) -> None:
    made = run(tmp_path)
    assert rows.clear(site(application.url), RUN, made) == ""
    assert application.users == [OTHERS]
    assert made.read_json(layout.AFTER) == {"rows": 0}


def test_by_the_runs_id_alone(application: Application, tmp_path: Path) -> None:
    assert rows.clear(site(application.url, runs_dir=str(tmp_path / "none")), RUN, None) == ""
    assert application.users == [OTHERS]
    assert not (tmp_path / "none").exists()


def test_what_cannot_be_taken_away_is_said(tmp_path: Path) -> None:
    made = run(tmp_path)
    line = "its rows may be left in the application: nobody said how to delete them "
    assert rows.clear(Site(Settings()), RUN, made) == f"{line}(wanted what the run had: CHAOSCINDER_LEDGER, CHAOSCINDER_APP_URL)"
    away = rows.clear(
        site(
            "http://127.0.0.1:9/",
        ),
        RUN,
        made,
    )
    assert away.startswith("its rows may be left in the application: the application could not be asked for /users: ")
    assert rows.may_be_left(made)
