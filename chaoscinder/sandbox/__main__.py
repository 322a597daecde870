"""The sandbox process: `python -m chaoscinder.sandbox --dir DIR`. People start it with `chaoscinder sandbox up`."""

import argparse
import contextlib
import os
import signal
import sys
import threading
from pathlib import Path

from chaoscinder.sandbox import files, profiles
from chaoscinder.sandbox.launch import POWER_LOSSES, SYNCHRONOUS, Plan, Sandbox
from chaoscinder.sandbox.server import refuse_taken, serve

OWNER_LOOK_S = 0.5


def main() -> int:
    """Boot, write the files, and serve until a signal comes or the owner dies."""
    asked = _arguments()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole terminal; whoever lent us ends us when it is time
    directory = Path(asked.dir).absolute()
    try:
        _live(_plan(directory, asked), asked.port, asked.owner, stop)
    except (OSError, ValueError) as error:
        sys.stderr.write(f"the sandbox cannot start: {error}\n")
        return 2
    return 0


def _live(plan: Plan, port: int, owner: int, stop: threading.Event) -> None:
    refuse_taken(port)
    with contextlib.ExitStack() as parts:
        sandbox = Sandbox(plan)
        parts.callback(sandbox.close)
        server = serve(sandbox, port)
        parts.callback(server.close)
        sandbox.boot()
        parts.callback(files.remove, plan.directory)
        files.write(sandbox, server.url)
        while not stop.wait(OWNER_LOOK_S) and (not owner or os.getppid() == owner):
            pass


def _plan(directory: Path, asked: argparse.Namespace) -> Plan:
    return Plan(
        directory, asked.profile, asked.remediation, asked.openstack, asked.rate, power_loss=asked.power_loss,
        app_synchronous=asked.app_synchronous, ssh={"on": True, "off": False}.get(asked.ssh),
    )  # fmt: skip


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m chaoscinder.sandbox")
    parser.add_argument("--dir", required=True)
    parser.add_argument("--profile", default=profiles.DEFAULT)
    parser.add_argument("--remediation", default="out-of-service", choices=["out-of-service", "none"])
    parser.add_argument("--openstack", default="2026.2")
    parser.add_argument("--rate", type=float, default=20.0)
    parser.add_argument("--power-loss", default=POWER_LOSSES[0], choices=POWER_LOSSES)
    parser.add_argument("--app-synchronous", default="", choices=["", *SYNCHRONOUS])
    parser.add_argument("--ssh", default="auto", choices=["auto", "on", "off"])
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--owner", type=int, default=0, help="end when this parent process is gone")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
