"""Which kubectl the tests run: the one of Debian's package, fetched and unpacked as any user, and the one on PATH.

1. The package is looked for once per machine and kept below the user's cache (CHAOSCINDER_TESTS_CACHE names another place).
2. The machine's own package lists are tried first (two seconds); where they are stale or missing, private ones are fetched (half a minute).
   Neither needs root, and nothing of the system is touched.
3. What cannot be had is an error with a reason: the caller counts it, nobody passes over it.
"""

import fcntl
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.lab.openstack.packages import unpack
from tests.lab.openstack.places import Places
from tests.lab.openstack.saying import LabError

PACKAGE = "kubernetes-client"
CACHE_VARIABLE = "CHAOSCINDER_TESTS_CACHE"


class Missing(Exception):
    """This kubectl cannot be had here; the message says why."""


@dataclass(frozen=True)
class Kubectl:
    """One kubectl on this machine."""

    path: Path
    version: str
    origin: str

    @property
    def minor(self) -> int:
        """20 of v1.20.2."""
        return int(self.version.split(".")[1])


def find(origin: str) -> Kubectl:
    """The kubectl of an origin, "debian" or "path"; Missing where there is none, or where both are the same version."""
    if origin == "debian":
        return of_debian()
    found = on_path()
    if found.version == _version_of_debian():
        raise Missing(f"kubectl {found.version} on PATH is the version of the Debian package, with which it ran already")
    return found


def best() -> Kubectl:
    """The one on PATH, else Debian's."""
    try:
        return on_path()
    except Missing:
        return of_debian()


def on_path() -> Kubectl:
    """The kubectl that a person here would get."""
    found = shutil.which("kubectl")
    if found is None:
        raise Missing("there is no kubectl on PATH")
    return Kubectl(Path(found), _version(Path(found)), "PATH")


@cache
def of_debian() -> Kubectl:
    """The kubectl of Debian's package, fetched now if this machine has not got it yet."""
    root = cache_directory() / "kubectl"
    program = root / "tree" / "usr" / "bin" / "kubectl"
    if not program.exists():
        for needed in ("apt-get", "apt-config", "dpkg"):
            if shutil.which(needed) is None:
                raise Missing(f"Debian's {PACKAGE} cannot be fetched: there is no {needed} here")
        with _alone(root):
            _fetch(root, program)
    return Kubectl(program, _version(program), "Debian's package")


def cache_directory() -> Path:
    """Where the tests keep what they fetched."""
    given = os.environ.get(CACHE_VARIABLE)
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(given) if given else base / "chaoscinder"


def _fetch(root: Path, program: Path) -> None:
    if program.exists():
        return
    try:
        if not _fetch_by_the_machines_lists(root):
            unpack(Places(root), PACKAGE, root / "tree")
    except (LabError, OSError, subprocess.SubprocessError) as error:
        raise Missing(f"Debian's {PACKAGE} cannot be fetched: {error}") from error
    for passing in ("apt", "debs"):
        shutil.rmtree(root / passing, ignore_errors=True)


def _fetch_by_the_machines_lists(root: Path) -> bool:
    """Download and unpack the package as the machine's own lists know it; whether that worked."""
    debs = root / "debs"
    shutil.rmtree(debs, ignore_errors=True)
    debs.mkdir(parents=True)
    command = ["apt-get", "-q", "download", PACKAGE]
    done = subprocess.run(command, cwd=debs, capture_output=True, text=True, timeout=60, check=False)
    found = list(debs.glob("*.deb"))
    if done.returncode != 0 or len(found) != 1:
        return False
    subprocess.run(["dpkg", "-x", str(found[0]), str(root / "tree")], check=True)
    return True


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """One process at a time: the test workers ask at the same moment."""
    root.mkdir(parents=True, exist_ok=True)
    with (root / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _version_of_debian() -> str | None:
    try:
        return of_debian().version
    except Missing:
        return None


def _version(program: Path) -> str:
    told = subprocess.run([program, "version", "--client", "-o", "json"], capture_output=True, text=True, timeout=30, check=False).stdout
    found = re.search(r'"gitVersion":\s*"(v\d+\.\d+\.\d+)', told)
    if found is None:
        raise Missing(f"{program} does not tell its version")
    return found[1]
