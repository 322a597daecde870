"""The users, in one SQLite file on the volume.

What is acknowledged must survive the loss of power, because the experiments count what is lost. So, from SQLite's own documentation:

1. journal_mode DELETE, SQLite's default: a transaction is committed at the moment its rollback journal is unlinked. At rest there is one
   file, which another node can take over without a shared-memory index, and there is nothing to replay but what was not acknowledged.
2. synchronous EXTRA: FULL syncs the journal and the database, but not the directory after the unlink. Power lost just then could
   bring the journal back, and the next opening would roll an acknowledged transaction back. EXTRA syncs the directory too.

WAL with synchronous FULL would be as durable and cost one sync a write instead of five. It was turned down because its wal-index is
memory shared by the processes of one host, while two pods on two nodes are what goes wrong here; and for the WAL-reset race of SQLite 3.7.0
to 3.51.2, which needs two connections that write at the same time, as the requests here do.

Every request opens its own connection: that costs a fraction of a millisecond, keeps threads apart, and sees a volume that went away.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from chaoscinder.errors import SettingsError

FILE_NAME = "database.db"
BUSY_S = 0.5  # below the 0.9 s that a look at the web UI waits, so that a locked database is an answer (503) and not a silence
LEVELS = ("EXTRA", "FULL", "NORMAL", "OFF")
MOST_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class User:
    """One row. Names are not unique: a write that was sent twice must be seen twice."""

    name: str
    mail: str


def valid_user(name: object, mail: object) -> User:
    """Check what came from outside; ValueError says in one line what is wrong."""
    return User(_shown("name", name), _shown("mail", mail))


def _shown(word: str, value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{word} is not a string")
    if not value.strip() or len(value) > MOST_CHARACTERS:
        raise ValueError(f"{word} has {len(value)} characters (wanted 1 to {MOST_CHARACTERS}, not only spaces)")
    if "|" in value or not value.isprintable():
        raise ValueError(f"{word} has a character that cannot be shown in a line name|mail")
    return value


class Database:
    """The file database.db in a directory that must exist: a volume that is not mounted must not look like an empty database."""

    def __init__(self, directory: Path, synchronous: str = "EXTRA") -> None:
        if synchronous not in LEVELS:
            raise SettingsError(f"DATABASE_SYNCHRONOUS is {synchronous!r} (wanted one of {', '.join(LEVELS)})")
        if not directory.is_dir():
            raise SettingsError(f"DATABASE_DIR is {str(directory)!r}, which is not a directory (is the volume mounted?)")
        self.path = directory / FILE_NAME
        self._synchronous = synchronous

    def create(self) -> None:
        """Make the file and its table where they are missing; what is there stays."""
        with self._open("rwc") as connection:
            connection.execute("PRAGMA journal_mode=DELETE")
            connection.execute("CREATE TABLE IF NOT EXISTS users (id INTEGER PRIMARY KEY, name TEXT NOT NULL, mail TEXT NOT NULL)")

    def users(self) -> list[User]:
        """Read all users in the order in which they were added."""
        with self._open() as connection:
            return [User(name, mail) for name, mail in connection.execute("SELECT name, mail FROM users ORDER BY id")]

    def add(self, user: User) -> None:
        """Add a user; returns after the commit has reached the disk."""
        with self._open() as connection:
            connection.execute("INSERT INTO users (name, mail) VALUES (?, ?)", (user.name, user.mail))

    def remove(self, name: str) -> int:
        """Remove every user of that name and tell how many there were; returns after the commit has reached the disk."""
        with self._open() as connection:
            return connection.execute("DELETE FROM users WHERE name = ?", (name,)).rowcount

    def check(self) -> None:
        """Touch the file: raises sqlite3.Error where the table cannot be read."""
        with self._open() as connection:
            connection.execute("SELECT id FROM users LIMIT 1").fetchall()

    @contextmanager
    def _open(self, mode: str = "rw") -> Iterator[sqlite3.Connection]:
        """Connect in autocommit: each statement is its own transaction. Mode rw never makes a new file in place of one that is gone."""
        address = f"file:{quote(str(self.path.absolute()))}?mode={mode}"
        connection = sqlite3.connect(address, uri=True, timeout=BUSY_S, isolation_level=None)
        try:
            connection.execute(f"PRAGMA synchronous={self._synchronous}")
            yield connection
        finally:
            connection.close()
