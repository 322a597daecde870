"""The lab as a whole: up, down, and harm to single services."""

import fcntl
import json
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from tests.lab.openstack import processes
from tests.lab.openstack.databases import Initialising
from tests.lab.openstack.install import install
from tests.lab.openstack.needs import need_for_start
from tests.lab.openstack.places import Places, default_places
from tests.lab.openstack.ports import Ports, answers, kept_ports
from tests.lab.openstack.revival import Revival, begin
from tests.lab.openstack.saying import LabError, progress
from tests.lab.openstack.services import FOUNDATIONS, INSIDE, Service, all_services, service_environment
from tests.lab.openstack.steps import step
from tests.lab.openstack.texts import compute_hosts, write_settings
from tests.lab.openstack.waiting import wait_for_port

HOSTS_VARIABLE = "OPENSTACK_LAB_HOSTS"
HOSTS = 3


@dataclass(frozen=True)
class Standing:
    """How one service stands."""

    name: str
    pid: int | None
    word: str
    memory_mib: float


class Lab:
    """One OpenStack cloud in one directory."""

    def __init__(self, places: Places | None = None) -> None:
        self.places = places or default_places()

    @property
    def hosts(self) -> tuple[str, ...]:
        """The compute hosts; their number is fixed when the lab is made."""
        return compute_hosts(int(self._choices().get("hosts", HOSTS)))

    @property
    def ports(self) -> Ports:
        """The ports on 127.0.0.1."""
        return kept_ports(self.places)

    @property
    def services(self) -> dict[str, Service]:
        """Every service by name, in start order."""
        return all_services(self.places, self.ports, self.hosts)

    @property
    def is_up(self) -> bool:
        """Whether the lab came up and its APIs still have their processes."""
        return self.places.clouds.is_file() and (self.places.run / "up").is_file() and self._leader("nova") is not None

    @property
    def environment(self) -> dict[str, str]:
        """What a client needs to reach it as administrator."""
        return {"OS_CLIENT_CONFIG_FILE": str(self.places.clouds), "OS_CLOUD": "lab-admin"}

    def up(self) -> None:
        """Install and make what is missing, start everything, wait until every host is in service."""
        self.places.root.mkdir(parents=True, exist_ok=True)
        with self._alone():
            install(self.places)
            need_for_start(self.places)
            self._choose()
            self._refuse_taken_ports()
            write_settings(self.places, self.ports, self.hosts)
            shutil.copy(INSIDE / "lab_driver.py", self.places.site_packages / "nova" / "virt" / "lab_driver.py")
            if not self.places.initialised:
                Initialising(self.places, self.ports, self.hosts, self.services["mariadb"]).run()
                progress("databases made")
            self._start_all()

    def down(self, *, purge: bool = False) -> None:
        """Stop everything that was started here; purge forgets the data too, the installation stays."""
        if not self.places.run.is_dir():  # nothing was ever started here
            return
        with self._alone():
            (self.places.run / "up").unlink(missing_ok=True)
            self._stop_all()
            if purge:
                for directory in (self.places.state, self.places.etc, self.places.run, self.places.log):
                    shutil.rmtree(directory, ignore_errors=True)
                (self.places.root / "ports.json").unlink(missing_ok=True)

    def status(self) -> list[Standing]:
        """How every service stands."""
        return [self._standing(name) for name in self.services]

    def start(self, name: str) -> None:
        """Start one service and wait until it listens."""
        service = self._named(name)
        if not self._leader(name):
            begin(self.places, service)
        wait_for_port(self.places, service)

    def stop(self, name: str) -> None:
        """End one service in order."""
        processes.stop(self.places, name, self._named(name).stop_s)

    def kill(self, name: str) -> None:
        """End one service at once, as a crash would."""
        self._need_running(name)
        processes.kill(self.places, name)

    def freeze(self, name: str) -> None:
        """Let one service hang: it keeps its connections and answers nothing."""
        self._need_running(name)
        processes.send(self.places, name, signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        """Let a frozen service go on."""
        self._need_running(name)
        processes.send(self.places, name, signal.SIGCONT)

    def wait_until_in_service(self) -> None:
        """Wait until every compute host and the volume backend are in service, forced down and disabled ones included.

        A service that ends meanwhile is started again: two threads of a nova-compute that starts may read settings at once, and it ends.
        """
        revival = Revival(self.places, self.services)
        self._seed("hosts in service", "ready", str(len(self.hosts)), meanwhile=revival.look)

    def sweep(self) -> None:
        """Delete what a test run that was cut short left in the cloud."""
        self._seed("what an earlier test run left", "sweep")

    def _start_all(self) -> None:
        services = self.services
        for name in ("mariadb", "epmd"):
            self.start(name)
        for name in ("rabbit", "keystone", "placement", "glance"):
            self._begin(services[name])
        for name in ("rabbit", "keystone"):
            wait_for_port(self.places, services[name])
        progress("MariaDB, RabbitMQ and Keystone answer")
        self._once("catalog", "users and catalog", "catalog", str(self.places.root / "ports.json"))
        for service in services.values():
            self._begin(service)
        for service in services.values():
            wait_for_port(self.places, service)
        progress("all APIs answer")
        self._once("things", "flavor and image", "things")
        self.wait_until_in_service()
        nova = ("--config-file", str(self.places.etc / "nova/nova.conf"))
        self._once("mapped", "map hosts", command=("nova-manage", *nova, "cell_v2", "discover_hosts"))
        (self.places.run / "up").touch()

    def _begin(self, service: Service) -> None:
        if not self._leader(service.name):
            begin(self.places, service)

    def _stop_all(self) -> None:
        services = self.services
        others = [name for name in reversed(services) if name not in FOUNDATIONS]
        with ThreadPoolExecutor(len(others)) as together:
            list(together.map(self.stop, others))
        for name in ("rabbit", "epmd", "mariadb"):
            self.stop(name)

    def _once(self, mark: str, label: str, *told: str, command: tuple[str, ...] = ()) -> None:
        done = self.places.state / f"done-{mark}"
        if done.exists():
            return
        if command:
            step(self.places, label, [self.places.bin / command[0], *command[1:]], service_environment(self.places))
        else:
            self._seed(label, *told)
        done.touch()

    def _seed(self, label: str, *told: str, meanwhile: Callable[[], None] | None = None) -> None:
        env = {**service_environment(self.places), **self.environment}
        step(self.places, label, [self.places.bin / "python", INSIDE / "seed.py", *told], env, meanwhile=meanwhile)

    def _refuse_taken_ports(self) -> None:
        for service in self.services.values():
            if service.port and not self._leader(service.name) and answers(service.port):
                raise LabError(
                    f"port {service.port} of {service.name} is taken by another program (after `down --purge`, `up` chooses new ports)"
                )

    def _named(self, name: str) -> Service:
        services = self.services
        if name not in services:
            raise LabError(f"the lab has no service {name!r} (it has {', '.join(services)})")
        return services[name]

    def _need_running(self, name: str) -> None:
        self._named(name)
        if not processes.members(self.places, name):
            raise LabError(f"{name} is not running")

    def _leader(self, name: str) -> int | None:
        return processes.leader(self.places, name)

    def _standing(self, name: str) -> Standing:
        pids = processes.members(self.places, name)
        word = "down" if not pids else "frozen" if processes.frozen(self.places, name) else "up"
        return Standing(name, pids[0] if pids else None, word, processes.memory_mib(pids))

    def _choices(self) -> dict[str, int]:
        file = self.places.root / "choices.json"
        return dict(json.loads(file.read_text())) if file.is_file() else {}

    def _choose(self) -> None:
        if not self.places.initialised:
            hosts = os.environ.get(HOSTS_VARIABLE, str(HOSTS))
            if not hosts.isdigit() or not 1 <= int(hosts) <= 20:
                raise LabError(f"{HOSTS_VARIABLE} is {hosts!r} (wanted a number from 1 to 20)")
            (self.places.root / "choices.json").write_text(json.dumps({"hosts": int(hosts)}))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with (self.places.root / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise LabError(f"another command is at work on the lab in {self.places.root}") from None
            yield
