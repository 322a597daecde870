"""Where things are: one directory holds the whole lab, and nothing of it lies elsewhere.

What Debian's packages put into directories named after versions is found, never assumed.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from tests.lab.openstack.saying import LabError

HERE = Path(__file__).resolve().parent
DIRECTORY_VARIABLE = "OPENSTACK_LAB_DIR"


@dataclass(frozen=True)
class Places:
    """The lab's directory and the rooms in it."""

    root: Path

    @property
    def venv(self) -> Path:
        """The virtual environment with the OpenStack services."""
        return self.root / "venv"

    @property
    def bin(self) -> Path:
        """Its commands."""
        return self.venv / "bin"

    @property
    def etc(self) -> Path:
        """The settings, written anew by every `up`."""
        return self.root / "etc"

    @property
    def state(self) -> Path:
        """Databases, queues, guests."""
        return self.root / "state"

    @property
    def log(self) -> Path:
        """What services and installers say."""
        return self.root / "log"

    @property
    def run(self) -> Path:
        """A file per process: its pid and start time."""
        return self.root / "run"

    @property
    def rabbit(self) -> Path:
        """RabbitMQ and Erlang, unpacked."""
        return self.root / "rabbit"

    @property
    def mariadb(self) -> Path:
        """MariaDB, unpacked."""
        return self.root / "mariadb"

    @property
    def clouds(self) -> Path:
        """The clouds.yaml for whoever uses the lab."""
        return self.etc / "clouds.yaml"

    @property
    def site_packages(self) -> Path:
        """Where the virtual environment keeps its packages."""
        return self._one(self.venv, "lib/python3*/site-packages")

    @property
    def erlang(self) -> Path:
        """Erlang's own root, with bin/ and erts-*/ in it."""
        return self._one(self.rabbit, "usr/lib/erlang")

    @property
    def rabbitmq_server(self) -> Path:
        """The command that starts RabbitMQ, of whichever version was unpacked."""
        return self._one(self.rabbit, "usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin/rabbitmq-server")

    @property
    def mariadbd(self) -> Path:
        """The database server."""
        return self._one(self.mariadb, "usr/sbin/mariadbd")

    @property
    def installed(self) -> bool:
        """Whether `install` came to its end."""
        return (self.root / "installed").is_file()

    @property
    def initialised(self) -> bool:
        """Whether the databases were made."""
        return (self.state / "initialised").is_file()

    def libraries(self, tree: Path) -> str:
        """The directories of shared libraries in an unpacked tree, as LD_LIBRARY_PATH wants them."""
        found = {path.parent for pattern in ("usr/lib/*-linux-gnu/*.so*", "lib/*-linux-gnu/*.so*") for path in tree.glob(pattern)}
        return os.pathsep.join(sorted(map(str, found)))

    def _one(self, tree: Path, pattern: str) -> Path:
        found = sorted(tree.glob(pattern))
        if not found:
            raise LabError(f"{tree / pattern} is not there (wanted by the lab): install it with `python -m tests.lab.openstack install`")
        return found[-1]


def default_places() -> Places:
    """The directory that OPENSTACK_LAB_DIR names, else one below the user's cache."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    given = os.environ.get(DIRECTORY_VARIABLE)
    return Places(Path(given).expanduser().resolve() if given else cache / "chaoscinder" / "openstack-lab")


def twin_of(places: Places) -> Places:
    """A second lab beside an installed one: its installation is the first one's, everything else its own."""
    twin = Places(places.root.with_name(f"{places.root.name}-second"))
    twin.root.mkdir(parents=True, exist_ok=True)
    for mine, theirs in ((twin.venv, places.venv), (twin.rabbit, places.rabbit), (twin.mariadb, places.mariadb)):
        mine.unlink(missing_ok=True)
        mine.symlink_to(theirs)
    (twin.root / "installed").write_text(f"by {places.root}\n")
    return twin
