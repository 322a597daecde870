"""Everything the lab needs from the network, into its own directory: services from PyPI, and three programs from Debian packages."""

import os
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.lab.openstack.needs import need_for_install
from tests.lab.openstack.packages import unpack
from tests.lab.openstack.places import HERE, Places
from tests.lab.openstack.saying import progress
from tests.lab.openstack.steps import step

PIP_TRIES = 3
COMPILE = "import compileall, re, sys; compileall.compile_dir(sys.argv[1], quiet=2, workers=0, rx=re.compile(sys.argv[2]))"
NOT_COMPILED = "/tests?/"  # four lines of ten in these packages are tests, of which nothing here is run but one module of Cinder's


def install(places: Places) -> None:
    """Install what is missing; nothing when the lab is complete."""
    if places.installed:
        progress(f"installed already in {places.root}")
        return
    need_for_install(places)
    progress(f"installing into {places.root} (about a minute and 250 MB of downloads)")
    places.root.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(2) as two:  # one waits for the network mostly, the other for the processor
        for done in [two.submit(_install_services, places), two.submit(_unpack_servers, places)]:
            done.result()
    (places.root / "installed").write_text(f"with Python {sys.version.split()[0]}\n")


def _unpack_servers(places: Places) -> None:
    if not any(places.mariadb.glob("complete")):
        unpack(places, "mariadb-server-core", places.mariadb)
        (places.mariadb / "complete").touch()
    if not any(places.rabbit.glob("complete")):
        unpack(places, "rabbitmq-server", places.rabbit)
        _move_erlang(places)
        (places.rabbit / "complete").touch()
    for passing in ("apt", "debs"):
        shutil.rmtree(places.root / passing, ignore_errors=True)


def _move_erlang(places: Places) -> None:
    """Tell Erlang's start scripts where they are now (Debian writes the prefix into them)."""
    for script in [*places.erlang.glob("bin/erl"), *places.erlang.glob("bin/start"), *places.erlang.glob("erts-*/bin/erl")]:
        text = script.read_text()
        script.write_text(text.replace("ROOTDIR=/usr/lib/erlang", f"ROOTDIR={places.erlang}"))


def _install_services(places: Places) -> None:
    env = _pip_environment()
    if not (places.bin / "pip").exists():
        shutil.rmtree(places.venv, ignore_errors=True)
        step(places, "venv", [sys.executable, "-m", "venv", places.venv], env)
    pins: list[str | Path] = ["-r", HERE / "requirements.txt", "-c", HERE / "constraints.txt"]
    options = ["--disable-pip-version-check", "--no-input", "--retries", "5", "--progress-bar", "off", "--prefer-binary", "--no-compile"]
    step(places, "pip install", [places.bin / "pip", "install", *options, *pins], env, tries=PIP_TRIES)
    step(places, "compile", [places.bin / "python", "-c", COMPILE, places.site_packages, NOT_COMPILED], env)


def _pip_environment() -> dict[str, str]:
    """The user's own environment (indexes, proxies, certificates), without what would leave the packages uncompiled."""
    return {name: value for name, value in os.environ.items() if name not in ("PYTHONDONTWRITEBYTECODE", "PYTHONHOME", "PYTHONPATH")}
