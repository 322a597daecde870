"""The state of a new lab, once: directories, MariaDB's own tables, a schema for each service, Keystone's keys and first user."""

import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.lab.openstack import processes
from tests.lab.openstack.places import Places
from tests.lab.openstack.ports import Ports
from tests.lab.openstack.services import Service, mariadb_command, mariadb_environment, service_environment
from tests.lab.openstack.steps import step
from tests.lab.openstack.texts import PASSWORD, TEMPLATES, database_url, keystone_url
from tests.lab.openstack.waiting import wait_for_port

SYSTEM_TABLES = ("mysql_system_tables.sql", "mysql_performance_tables.sql", "mysql_system_tables_data.sql", "mysql_sys_schema.sql")
NEUTRON = (  # its chain of migrations is slow; this is what its own tests do
    "import sys, sqlalchemy; from neutron.db.migration.models import head; "
    "head.get_metadata().create_all(sqlalchemy.create_engine(sys.argv[1]))"
)


class Initialising:
    """Makes the state of a lab from nothing."""

    def __init__(self, places: Places, ports: Ports, hosts: tuple[str, ...], mariadb: Service) -> None:
        self._places, self._ports, self._hosts, self._mariadb = places, ports, hosts, mariadb
        self._env = service_environment(places)

    def run(self) -> None:
        """Do it all; the database server is left running."""
        shutil.rmtree(self._places.state, ignore_errors=True)
        self._make_directories()
        self._make_database_server()
        processes.start(self._places, "mariadb", self._mariadb.command, self._mariadb.env)
        wait_for_port(self._places, self._mariadb)
        with ThreadPoolExecutor(2) as two:  # as many as there are cores on a small machine
            for done in [
                two.submit(job) for job in (self._nova, self._keystone, self._cinder, self._neutron, self._glance, self._placement)
            ]:
                done.result()
        (self._places.state / "initialised").touch()

    def _make_directories(self) -> None:
        state = self._places.state
        own = ["keystone/fernet", "keystone/credential", "rabbit", "mysql", "cinder/coord"]
        own += [f"glance/{name}" for name in ("images", "staging", "tasks", "lock")]
        own += [f"{name}/lock" for name in ("nova", "cinder", "neutron")]
        own += [f"{host}/orders" for host in self._hosts]
        for directory in [self._places.run, self._places.log, *(state / name for name in own)]:
            directory.mkdir(parents=True, exist_ok=True)

    def _make_database_server(self) -> None:
        share = self._places.mariadb / "usr/share/mysql"
        sql = "create database mysql;\nuse mysql;\n" + "".join((share / name).read_text() for name in SYSTEM_TABLES)
        sql += (TEMPLATES / "mariadb.sql").read_text()
        env = mariadb_environment(self._places)
        step(self._places, "database server", mariadb_command(self._places, "--bootstrap"), env, given=sql)

    def _do(self, label: str, command: str, *told: str | Path) -> None:
        step(self._places, label, [self._places.bin / command, *told], self._env)

    def _keystone(self) -> None:
        manage = ("--config-file", self._places.etc / "keystone/keystone.conf")
        self._do("keystone schema", "keystone-manage", *manage, "db_sync")
        me = ("--keystone-user", str(os.getuid()), "--keystone-group", str(os.getgid()))
        self._do("keystone token keys", "keystone-manage", *manage, "fernet_setup", *me)
        self._do("keystone credential keys", "keystone-manage", *manage, "credential_setup", *me)
        urls = [text for kind in ("public", "internal", "admin") for text in (f"--bootstrap-{kind}-url", f"{keystone_url(self._ports)}/")]
        first = ("bootstrap", "--bootstrap-password", PASSWORD, "--bootstrap-region-id", "RegionOne")
        self._do("keystone first user", "keystone-manage", *manage, *first, *urls)

    def _nova(self) -> None:
        manage = ("--config-file", self._places.etc / "nova/nova.conf")
        self._do("nova api schema", "nova-manage", *manage, "api_db", "sync")
        cell0 = ("cell_v2", "map_cell0", "--database_connection", database_url(self._ports, "nova_cell0"))
        self._do("nova cell 0", "nova-manage", *manage, *cell0)
        self._do("nova schema", "nova-manage", *manage, "db", "sync")
        self._do("nova cell 1", "nova-manage", *manage, "cell_v2", "create_cell", "--name", "cell1")

    def _cinder(self) -> None:
        self._do("cinder schema", "cinder-manage", "--config-file", self._places.etc / "cinder/cinder.conf", "db", "sync")

    def _glance(self) -> None:
        self._do("glance schema", "glance-manage", "--config-file", self._places.etc / "glance/glance-api.conf", "db_sync")

    def _placement(self) -> None:
        self._do("placement schema", "placement-manage", "--config-file", self._places.etc / "placement/placement.conf", "db", "sync")

    def _neutron(self) -> None:
        self._do("neutron schema", "python", "-c", NEUTRON, database_url(self._ports, "neutron"))
