"""The commands: python -m chaoscinder.demoapp initdb | adduser NAME MAIL | serve -H 0.0.0.0 [-p 8080].

Environment: DATABASE_DIR (required) is the directory of the mounted volume. MY_POD_NAME, MY_NODE_NAME and
MY_POD_UID come from the downward API.
DATABASE_SYNCHRONOUS (EXTRA, FULL, NORMAL or OFF; EXTRA unless told) is for tests of power loss: with OFF a 201 proves nothing.

argparse and late imports keep the start short.
"""

import argparse
import os
import signal
import sqlite3
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from chaoscinder.clock import Clock
from chaoscinder.demoapp.database import Database, valid_user
from chaoscinder.errors import SettingsError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Exit code 0 done, 1 failed, 2 the input or the environment cannot be used."""
    options = parser().parse_args(arguments)
    try:
        run(options, os.environ)
    except (SettingsError, ValueError) as error:
        return _complain(str(error), 2)
    except sqlite3.Error as error:
        return _complain(f"database: {error}", 1)
    return 0


def parser() -> argparse.ArgumentParser:
    """Describe the commands."""
    top = argparse.ArgumentParser(prog="python -m chaoscinder.demoapp", description="A small web application with SQLite on a volume.")
    commands = top.add_subparsers(dest="command", required=True)
    commands.add_parser("initdb", help="make the database in DATABASE_DIR; what is there stays")
    adduser = commands.add_parser("adduser", help="add a user")
    adduser.add_argument("name")
    adduser.add_argument("mail")
    serve = commands.add_parser("serve", help="make the database where it is missing, and answer HTTP until SIGTERM")
    serve.add_argument("-H", "--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1; a container wants 0.0.0.0)")
    serve.add_argument("-p", "--port", type=_port, default=8080, help="port to listen on (default 8080; 0 means any free one)")
    return top


def run(options: argparse.Namespace, environment: Mapping[str, str]) -> None:
    """Do what the command says."""
    directory = environment.get("DATABASE_DIR")
    if not directory:
        raise SettingsError("DATABASE_DIR is not set (wanted the directory of the mounted volume)")
    database = Database(Path(directory), environment.get("DATABASE_SYNCHRONOUS", "EXTRA"))
    if options.command == "adduser":
        database.add(valid_user(options.name, options.mail))
        return
    database.create()
    if options.command == "serve":
        _serve(database, options, environment)


def _serve(database: Database, options: argparse.Namespace, environment: Mapping[str, str]) -> None:
    from chaoscinder.demoapp.application import Application
    from chaoscinder.demoapp.server import serve

    pod, node = environment.get("MY_POD_NAME", "unknown"), environment.get("MY_NODE_NAME", "unknown")
    application = Application(database, pod=pod, node=node, started=Clock().wall_now(), uid=environment.get("MY_POD_UID", ""))
    serve(application, options.host, options.port)


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"{text} is not a port (wanted 0 to 65535)")
    return port


def _complain(text: str, code: int) -> int:
    sys.stderr.write(f"error: {text}\n")
    return code


if __name__ == "__main__":
    # Process 1 of a container ignores a signal that it has no handler for, so there is one from the first moment on.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    sys.exit(main())
