"""RabbitMQ, Erlang and MariaDB from the distribution's own packages: fetched and unpacked, never installed, as any user.

1. Package lists, caches and the record of what is installed are private, so stale or empty lists of the system do not matter and
   nothing of the system is touched. What the machine says of sources, proxies and certificates is kept; its hooks are not.
2. Wanted is the whole closure of a package, less what this machine has installed; the programs themselves are always unpacked.
"""

import os
import shutil
import subprocess
from pathlib import Path

from tests.lab.openstack.places import Places
from tests.lab.openstack.saying import LabError
from tests.lab.openstack.steps import step

OURS = ("erlang-", "rabbitmq-", "mariadb-server-core", "mysql-common")
LEFT_OUT = ("libc6", "libc-bin", "libgcc-s1", "gcc-", "dpkg", "debconf", "perl-base")
TRIES = 3


def unpack(places: Places, package: str, tree: Path) -> None:
    """Fetch a package with what it needs and unpack all of it below a directory."""
    env = _apt_environment(places)
    _update(places, env)
    planned = step(places, f"plan {package}", [*_APT, "install", "-s", "-y", "--no-install-recommends", package], env)
    wanted = sorted(name for name in _names(planned) if _unpacked(name))
    debs = places.root / "debs" / tree.name
    shutil.rmtree(debs, ignore_errors=True)
    debs.mkdir(parents=True)
    step(places, f"download {package}", [*_APT, "download", "-q", *wanted], env, tries=TRIES, cwd=debs)
    shutil.rmtree(tree, ignore_errors=True)
    for deb in sorted(debs.glob("*.deb")):
        subprocess.run(["dpkg", "-x", str(deb), str(tree)], check=True)
    shutil.rmtree(debs)


_APT = ("apt-get", "-q")


def _update(places: Places, env: dict[str, str]) -> None:
    if not any((places.root / "apt" / "lists").glob("*Packages*")):
        step(places, "update package lists", [*_APT, "update", "-o", "APT::Update::Error-Mode=any"], env, tries=TRIES)


def _apt_environment(places: Places) -> dict[str, str]:
    home = places.root / "apt"
    for name in ("lists/partial", "state", "cache/archives/partial", "log"):
        (home / name).mkdir(parents=True, exist_ok=True)
    (home / "state" / "status").touch()
    private = (
        f'Dir::Etc::main "/dev/null";\nDir::Etc::parts "/dev/null";\nDir::State "{home}/state";\nDir::State::lists "{home}/lists";\n'
        f'Dir::State::status "{home}/state/status";\nDir::Cache "{home}/cache";\nDir::Log "{home}/log";\n'
        'APT::Sandbox::User "";\nAcquire::Retries "5";\nAcquire::Languages "none";\nAPT::Get::AllowUnauthenticated "false";\n'
    )
    (home / "apt.conf").write_text(_machine_settings() + private)
    return {**os.environ, "APT_CONFIG": str(home / "apt.conf"), "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}


def _machine_settings() -> str:
    """What the machine's own apt is told, without hooks and places."""
    dumped = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=True).stdout
    hooks = (
        "APT::Update::",
        "APT::Periodic",
        "DPkg::",
        "Dir::State",
        "Dir::Cache",
        "Dir::Log",
        "Dir::Etc::main",
        "Dir::Etc::parts",
        "Unattended",
    )
    return "".join(f"{line}\n" for line in dumped.splitlines() if not line.startswith(hooks))


def _names(planned: str) -> set[str]:
    found = {line.split()[1] for line in planned.splitlines() if line.startswith("Inst ")}
    if not found:
        raise LabError("apt-get planned nothing to unpack (wanted a list of packages; is `deb` in the machine's apt sources?)")
    return found


def _unpacked(name: str) -> bool:
    if name.startswith(OURS):
        return True
    return not name.startswith(LEFT_OUT) and not _installed(name)


def _installed(name: str) -> bool:
    asked = subprocess.run(["dpkg-query", "-W", "-f", "${db:Status-Abbrev}", name], capture_output=True, text=True)
    return asked.returncode == 0 and asked.stdout.startswith("ii")
