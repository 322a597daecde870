"""What the machine must have before anything is downloaded or started; each lack is one line that says what helps."""

import os
import platform
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.lab.openstack.places import Places
from tests.lab.openstack.saying import LabError

PYTHONS = ((3, 11), (3, 12), (3, 13))  # run with 3.11 and 3.13; the pinned releases say 3.11 and later
INSTALL_GIB = 2.0  # 1.1 GiB stay; wheels and packages pass through
RUN_GIB = 0.5
MEMORY_GIB = 2.5  # 1.9 GiB fresh, 2.1 after an hour, and something for the tests
COMMANDS = {"apt-get": "apt", "apt-config": "apt", "dpkg": "dpkg", "dpkg-query": "dpkg"}


def need_for_install(places: Places) -> None:
    """Refuse to install where it cannot succeed."""
    if platform.system() != "Linux" or not Path("/proc/self/stat").is_file():
        raise LabError(f"the lab runs on Linux with /proc only (this is {platform.system()})")
    need_python(PYTHONS)
    need_commands(COMMANDS)
    need_disk(places, INSTALL_GIB, "to install")


def need_for_start(places: Places) -> None:
    """Refuse to start where it would be killed or fill the disk."""
    need_disk(places, RUN_GIB, "to run")
    need_memory(MEMORY_GIB)


def need_python(wanted: tuple[tuple[int, int], ...]) -> None:
    """Refuse a Python that the pinned OpenStack does not run on, or one without venv."""
    if sys.version_info[:2] not in wanted:
        named = ", ".join(f"{major}.{minor}" for major, minor in wanted)
        raise LabError(f"this is Python {platform.python_version()} (the lab wants {named}): run it with another, as in PYTHON=python3.11")
    try:
        import ensurepip  # noqa: F401
    except ImportError:
        raise LabError("this Python has no ensurepip: apt-get install python3-venv") from None


def need_commands(wanted: Mapping[str, str]) -> None:
    """Refuse a machine without these commands; each is named with the package that brings it."""
    for command, package in wanted.items():
        if not shutil.which(command, path=f"{os.environ.get('PATH', '')}:/usr/bin:/bin"):
            raise LabError(f"{command} is missing (Debian or Ubuntu package {package}): the lab unpacks RabbitMQ and MariaDB from packages")


def need_disk(places: Places, wanted_gib: float, what: str) -> None:
    """Refuse a directory that cannot be written or holds less."""
    at = next(path for path in (places.root, *places.root.parents) if path.exists())
    if not os.access(at, os.W_OK):
        raise LabError(f"{at} is not writable (choose another directory with OPENSTACK_LAB_DIR)")
    free_gib = shutil.disk_usage(at).free / 2**30
    if free_gib < wanted_gib:
        raise LabError(f"{free_gib:.1f} GiB are free in {at} (the lab wants {wanted_gib:g} GiB {what})")


def need_memory(wanted_gib: float) -> None:
    """Refuse to start where less memory is available."""
    if not has_memory(wanted_gib):
        raise LabError(f"{_free_gib():.1f} GiB of memory are available (the lab wants {wanted_gib:g} GiB): stop something else first")


def has_memory(wanted_gib: float) -> bool:
    """Whether that much memory is available."""
    return _free_gib() >= wanted_gib


def _free_gib() -> float:
    lines = Path("/proc/meminfo").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable:")) / 2**20
