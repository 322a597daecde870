"""The users in their SQLite file."""

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from chaoscinder.demoapp.database import Database, User, valid_user
from chaoscinder.errors import SettingsError

FOO = User("foo", "foo@example.com")


@pytest.fixture
def database(tmp_path: Path) -> Database:
    made = Database(tmp_path)
    made.create()
    return made


def test_users_come_back_in_the_order_in_which_they_were_added(database: Database) -> None:
    database.add(User("zoe", "z@example.com"))
    database.add(FOO)
    assert database.users() == [User("zoe", "z@example.com"), FOO]


def test_a_write_that_was_sent_twice_is_there_twice(database: Database) -> None:
    database.add(FOO)
    database.add(FOO)
    assert database.users() == [FOO, FOO]


def test_removing_tells_how_many_were_there(database: Database) -> None:
    database.add(FOO)
    database.add(FOO)
    assert (database.remove("foo"), database.remove("foo"), database.users()) == (2, 0, [])


def test_creating_again_keeps_what_is_there(database: Database) -> None:
    database.add(FOO)
    database.create()
    assert database.users() == [FOO]


def test_the_journal_is_deleted_at_commit_and_the_directory_synced_after_it(database: Database) -> None:
    with database._open() as connection:
        modes = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")]
    assert modes == ["delete", 3]  # 3 is EXTRA


def test_at_rest_there_is_one_file(database: Database, tmp_path: Path) -> None:
    database.add(FOO)
    assert [path.name for path in tmp_path.iterdir()] == ["database.db"]


ADD = """
import sys
from contextlib import closing
from pathlib import Path
from chaoscinder.demoapp.database import Database, User
Database(Path(sys.argv[1])).add(User("foo", "foo@example.com"))
"""


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_the_last_thing_before_an_acknowledgement_is_a_sync_of_the_directory(database: Database, tmp_path: Path) -> None:
    trace = tmp_path.parent / "trace"
    calls = "trace=unlink,unlinkat,openat,fsync,fdatasync"
    command = ["strace", "-y", "-o", str(trace), "-e", calls, "-e", "signal=none", sys.executable, "-c", ADD, str(tmp_path)]
    if subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("strace may not trace here")
    lines = [line for line in trace.read_text().splitlines() if str(tmp_path) in line and "openat" not in line]
    assert [_call(line) for line in lines] == [
        "sync database.db-journal",
        "sync .",
        "sync database.db-journal",
        "sync database.db",
        "unlink database.db-journal",
        "sync .",
    ]


def _call(line: str) -> str:
    """sync or unlink, and of what."""
    name = "unlink" if line.startswith("unlink") else "sync"
    path = line.split('"')[1] if name == "unlink" else line.partition("<")[2].partition(">")[0]
    return f"{name} {'.' if 'database.db' not in path else Path(path).name}"


def test_what_a_killed_writer_left_half_written_is_rolled_back_on_the_next_node(database: Database, tmp_path: Path) -> None:
    database.add(FOO)
    next_node = tmp_path / "next-node"
    next_node.mkdir()
    with closing(sqlite3.connect(database.path, isolation_level=None)) as writer:
        writer.execute("PRAGMA cache_size=1")  # pages go to the file before the commit
        writer.execute("BEGIN IMMEDIATE")
        writer.executemany("INSERT INTO users (name, mail) VALUES (?, 'm')", [("half written" * 50,)] * 500)
        for path in tmp_path.glob("database.db*"):
            shutil.copy(path, next_node / path.name)
    assert b"half written" in (next_node / "database.db").read_bytes()
    assert Database(next_node).users() == [FOO]
    assert [path.name for path in next_node.iterdir()] == ["database.db"]


def test_another_synchronous_level_is_taken_and_a_wrong_one_refused(tmp_path: Path) -> None:
    with Database(tmp_path, "OFF")._open("rwc") as connection:
        assert connection.execute("PRAGMA synchronous").fetchone() == (0,)
    with pytest.raises(SettingsError, match="DATABASE_SYNCHRONOUS is 'off, really'"):
        Database(tmp_path, "off, really")


def test_a_volume_that_is_not_mounted_is_not_an_empty_database(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="is not a directory"):
        Database(tmp_path / "gone")


def test_a_file_that_went_away_is_an_error_and_not_made_anew(database: Database, tmp_path: Path) -> None:
    database.path.unlink()
    with pytest.raises(sqlite3.OperationalError, match="unable to open"):
        database.users()
    assert list(tmp_path.iterdir()) == []


def test_a_locked_database_is_given_up_before_a_look_would_be(database: Database) -> None:
    with closing(sqlite3.connect(database.path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            database.check()


def test_a_path_with_a_question_mark_is_a_path(tmp_path: Path) -> None:
    (tmp_path / "a?mode=ro#b %20").mkdir()
    database = Database(tmp_path / "a?mode=ro#b %20")
    database.create()
    database.add(FOO)
    assert database.users() == [FOO]


@pytest.mark.parametrize(
    ("name", "mail", "message"),
    [
        (None, "m", "name is not a string"),
        ("n", 5, "mail is not a string"),
        ("", "m", "name has 0 characters (wanted 1 to 200, not only spaces)"),
        ("  ", "m", "name has 2 characters (wanted 1 to 200, not only spaces)"),
        ("n", "m" * 201, "mail has 201 characters (wanted 1 to 200, not only spaces)"),
        ("a|b", "m", "name has a character that cannot be shown in a line name|mail"),
        ("a\nb", "m", "name has a character that cannot be shown in a line name|mail"),
        ("\ud800", "m", "name has a character that cannot be shown in a line name|mail"),
    ],
)
def test_what_cannot_be_shown_in_a_line_is_refused(name: object, mail: object, message: str) -> None:
    with pytest.raises(ValueError) as refusal:
        valid_user(name, mail)
    assert str(refusal.value) == message
