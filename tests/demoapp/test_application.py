"""The five requests, without a network."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from werkzeug.test import Client, TestResponse

from chaoscinder.demoapp.application import Application
from chaoscinder.demoapp.database import Database, User

FOO = User("foo", "foo@example.com")
STARTED = datetime(2031, 5, 1, 10, 0, 0, 250_999, UTC)


@pytest.fixture
def database(tmp_path: Path) -> Database:
    made = Database(tmp_path)
    made.create()
    return made


@pytest.fixture
def client(database: Database) -> Client:
    return Client(Application(database, pod="test-cinder-1", node="worker-1", started=STARTED, uid="43fa1482"))


def said(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, answer.text


def test_the_front_page_shows_users_pod_and_node(client: Client, database: Database) -> None:
    database.add(FOO)
    answer = client.get("/")
    assert said(answer) == (200, "foo|foo@example.com\nMy pod name: test-cinder-1\nMy node name worker-1\n")
    assert answer.content_type == "text/plain; charset=utf-8"


@pytest.mark.parametrize("path", ["/", "/healthz", "/users", "/nowhere"])
def test_every_answer_names_its_pod_and_is_not_to_be_cached(client: Client, path: str) -> None:
    headers = client.get(path).headers
    told = {name: headers[name] for name in ("X-Pod-Name", "X-Pod-Uid", "X-Pod-Started", "Cache-Control")}
    assert told == {
        "X-Pod-Name": "test-cinder-1", "X-Pod-Uid": "43fa1482", "X-Pod-Started": "2031-05-01T10:00:00.250+00:00",
        "Cache-Control": "no-store",
    }  # fmt: skip


def test_without_the_uid_of_its_pod_no_answer_names_one(database: Database) -> None:
    answer = Client(Application(database, pod="p", node="n", started=STARTED)).get("/")
    assert {name for name, _ in answer.headers if name.startswith("X-Pod")} == {"X-Pod-Name", "X-Pod-Started"}


def test_a_posted_user_is_listed(client: Client) -> None:
    answer = client.post("/users", json={"name": "foo", "mail": "foo@example.com"})
    assert (answer.status_code, answer.json) == (201, {"name": "foo", "mail": "foo@example.com"})
    assert client.get("/users").json == [{"name": "foo", "mail": "foo@example.com"}]


def test_a_write_that_is_tried_again_counts_twice(client: Client) -> None:
    codes = [client.post("/users", json={"name": "foo", "mail": "m"}).status_code for _ in range(2)]
    assert (codes, client.get("/users").json) == ([201, 201], [{"name": "foo", "mail": "m"}] * 2)


def test_a_deleted_user_is_gone_and_cannot_be_deleted_again(client: Client, database: Database) -> None:
    database.add(User("a b/c//d", "m"))
    answers = [said(client.delete("/users/a%20b/c//d")) for _ in range(2)]
    assert answers == [(204, ""), (404, "no user has the name a b/c//d\n")]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", (400, "cannot add the user: Expecting value: line 1 column 1 (char 0)\n")),
        (b"[]", (400, 'cannot add the user: wanted a JSON object with exactly "name" and "mail"\n')),
        (b'{"name": "n"}', (400, 'cannot add the user: wanted a JSON object with exactly "name" and "mail"\n')),
        (b'{"name": "n", "mail": "m", "x": 1}', (400, 'cannot add the user: wanted a JSON object with exactly "name" and "mail"\n')),
        (b'{"name": 1, "mail": "m"}', (400, "cannot add the user: name is not a string\n")),
        (b'{"name": "a\\nb", "mail": "m"}', (400, "cannot add the user: name has a character that cannot be shown in a line name|mail\n")),
        (b"x" * 20_000, (413, "The data value transmitted exceeds the capacity limit.\n")),
    ],
)
def test_bad_input_gets_one_line_and_changes_nothing(client: Client, database: Database, body: bytes, expected: tuple[int, str]) -> None:
    assert said(client.post("/users", data=body)) == expected
    assert database.users() == []


@pytest.mark.parametrize("body", [b"[" * 15_000, b"\xff\xfe\xff", b"1" * 10_000])
def test_hostile_input_is_bad_input(client: Client, body: bytes) -> None:
    code, text = said(client.post("/users", data=body))
    assert (code, text.count("\n"), text.startswith("cannot add the user: ")) == (400, 1, True)


def test_an_unknown_path_and_a_wrong_method_get_one_line(client: Client) -> None:
    answer = client.put("/users")
    assert said(answer) == (405, "The method is not allowed for the requested URL.\n")
    assert sorted(answer.headers["Allow"].split(", ")) == ["GET", "HEAD", "POST"]
    assert client.get("/nowhere").status_code == 404


def test_a_volume_that_went_away_makes_everything_unavailable(client: Client, database: Database) -> None:
    database.path.unlink()
    answers = [
        client.get("/"),
        client.get("/healthz"),
        client.get("/users"),
        client.post("/users", json={"name": "n", "mail": "m"}),
        client.delete("/users/n"),
    ]
    assert [said(answer) for answer in answers] == [(503, "database: unable to open database file\n")] * 5


def test_a_write_that_was_not_committed_is_not_acknowledged(client: Client, database: Database) -> None:
    with closing(sqlite3.connect(database.path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        answer = said(client.post("/users", json={"name": "n", "mail": "m"}))
    assert (answer, database.users()) == ((503, "database: database is locked\n"), [])


def test_health_reads_the_database(client: Client, database: Database) -> None:
    assert said(client.get("/healthz")) == (200, "ok\n")
    with database._open() as connection:
        connection.execute("DROP TABLE users")
    assert said(client.get("/healthz")) == (503, "database: no such table: users\n")
