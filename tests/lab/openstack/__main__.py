"""A real OpenStack on 127.0.0.1: python -m tests.lab.openstack COMMAND (see docs/lab.md)."""

import argparse
import sys
from collections.abc import Callable

from tests.lab.openstack.guests import Guests
from tests.lab.openstack.install import install
from tests.lab.openstack.lab import Lab
from tests.lab.openstack.places import DIRECTORY_VARIABLE
from tests.lab.openstack.running import test_in_lab
from tests.lab.openstack.saying import LabError, progress, say

ONE = {
    "start": "start one service",
    "stop": "end one service in order",
    "kill": "end one service at once",
    "freeze": "let one service hang",
    "thaw": "let a frozen service go on",
}
HARM = {
    "power-off": "cut a guest's power behind Nova's back",
    "power-on": "switch it on behind Nova's back",
    "crash": "let it crash",
    "pause": "pause it behind Nova's back",
    "remove": "make it unknown to its hypervisor",
}


def main(told: list[str] | None = None) -> int:
    """Do what the command line says; 1 with one line when it cannot be done."""
    given = _parser().parse_args(told)
    try:
        return int(_do(given, Lab()) or 0)
    except LabError as error:
        say(f"lab: {error}")
        return 1
    except KeyboardInterrupt:
        say(f"lab: {given.command} was interrupted, by hand or by a time limit")
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.lab.openstack", description=__doc__, epilog=f"{DIRECTORY_VARIABLE} chooses the directory."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("install", help="fetch and unpack everything, start nothing")
    commands.add_parser("up", help="install what is missing, start, wait until every host is in service")
    commands.add_parser("down", help="stop it").add_argument("--purge", action="store_true", help="forget its data too")
    commands.add_parser("status", help="every service, its pid and its memory; 1 when the lab is not up")
    commands.add_parser("test", help="bring it up, run the tests that want it, take it down").add_argument(
        "pytest", nargs="*", metavar="TESTS"
    )
    commands.add_parser("env", help="what a shell must export to reach it")
    for name, words in ONE.items():
        commands.add_parser(name, help=words).add_argument("name", metavar="NAME")
    _add_guest(commands.add_parser("guest", help="harm guests and hypervisors"))
    return parser


def _add_guest(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(dest="harm", required=True, metavar="HARM")
    commands.add_parser("list", help="every guest, its host and its power state")
    for name, words in HARM.items():
        commands.add_parser(name, help=words).add_argument("server", metavar="SERVER_ID")
    fail = commands.add_parser("fail", help="let an operation of a host's hypervisor fail or be slow")
    fail.add_argument("host", metavar="HOST")
    fail.add_argument("operation", metavar="OPERATION")
    fail.add_argument("--sleep", type=float, default=0.0, metavar="SECONDS")
    fail.add_argument("--raise", dest="error", metavar="ERROR", help="an exception of Nova's")
    commands.add_parser("lose-events", help="let a host not tell Nova what happens to guests").add_argument("host", metavar="HOST")
    commands.add_parser("heal", help="take every fault off a host, or off all").add_argument("host", nargs="?", metavar="HOST")


def _do(given: argparse.Namespace, lab: Lab) -> int | None:
    if given.command in ONE:
        getattr(lab, given.command)(given.name)
        return None
    does: dict[str, Callable[[argparse.Namespace, Lab], int | None]] = {
        "install": _install,
        "up": _up,
        "down": _down,
        "status": _status,
        "test": _test,
        "env": _env,
        "guest": _guest,
    }
    return does[given.command](given, lab)


def _install(given: argparse.Namespace, lab: Lab) -> None:
    install(lab.places)


def _up(given: argparse.Namespace, lab: Lab) -> None:
    lab.up()
    progress(f"up: {len(lab.hosts)} compute hosts in service, Keystone at http://127.0.0.1:{lab.ports['keystone']}/v3")
    say(f"reach it with OS_CLIENT_CONFIG_FILE={lab.places.clouds} and OS_CLOUD=lab-admin, lab-member or lab-other")


def _down(given: argparse.Namespace, lab: Lab) -> None:
    lab.down(purge=given.purge)
    progress("down" + (", its data forgotten" if given.purge else ""))


def _status(given: argparse.Namespace, lab: Lab) -> int:
    if not lab.places.clouds.is_file():
        say(f"no lab in {lab.places.root}")
        return 1
    standings = lab.status()
    for one in standings:
        say(f"{one.name:18} {one.word:7} {f'pid {one.pid}' if one.pid else '':12} {one.memory_mib:6.0f} MiB")
    say(f"{'all':18} {'up' if lab.is_up else 'not up':7} {'':12} {sum(one.memory_mib for one in standings):6.0f} MiB  in {lab.places.root}")
    return 0 if lab.is_up and all(one.word == "up" for one in standings) else 1


def _test(given: argparse.Namespace, lab: Lab) -> int:
    return test_in_lab(lab, given.pytest)


def _env(given: argparse.Namespace, lab: Lab) -> None:
    for name, value in lab.environment.items():
        say(f"export {name}={value}")


def _guest(given: argparse.Namespace, lab: Lab) -> None:
    guests = Guests(lab)
    if given.harm == "list":
        for server, guest in guests.all().items():
            say(f"{server}  {guest['host']}  power state {guest['state']}  {guest['name']}")
    elif given.harm == "fail":
        guests.fail(given.host, given.operation, error=given.error, sleep_s=given.sleep)
    elif given.harm in ("heal", "lose-events"):
        getattr(guests, given.harm.replace("-", "_"))(given.host)
    else:
        getattr(guests, given.harm.replace("-", "_"))(given.server)


if __name__ == "__main__":
    sys.exit(main())
