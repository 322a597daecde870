"""The services of the lab in the order in which they start: command, environment, port."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from tests.lab.openstack.places import HERE, Places
from tests.lab.openstack.ports import Ports

INSIDE = HERE / "inside"
SYSTEM_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
APIS = {  # module of the WSGI application; what is told to it
    "keystone": "keystone.wsgi.api",
    "placement": "placement.wsgi.api",
    "glance": "glance.wsgi.api",
    "cinder": "cinder.wsgi.api",
    "nova": "nova.wsgi.osapi_compute",
    "neutron": "neutron.db.migration.models.head,neutron.wsgi.api",
}
FOUNDATIONS = ("mariadb", "epmd", "rabbit")


@dataclass(frozen=True)
class Service:
    """One process of the lab; port is None for those that only talk over the message bus."""

    name: str
    command: tuple[str, ...]
    env: Mapping[str, str]
    port: int | None = None
    stop_s: float = 15.0


def all_services(places: Places, ports: Ports, hosts: tuple[str, ...]) -> dict[str, Service]:
    """Every service by its name, in start order."""
    listed = [_mariadb(places, ports), *_bus(places, ports), *_apis(places, ports), *_agents(places, hosts)]
    return {service.name: service for service in listed}


def service_environment(places: Places) -> dict[str, str]:
    """What a service is given: nothing of the user's but the language, so that no proxy and no cloud of theirs gets in."""
    etc = places.etc
    return {
        "PATH": f"{places.bin}:{SYSTEM_PATH}",
        "HOME": str(places.state),
        "LANG": os.environ.get("LANG", "C.UTF-8"),
        "PYTHONPATH": str(INSIDE),
        "PYTHONWARNINGS": "ignore",
        "OS_KEYSTONE_CONFIG_DIR": str(etc / "keystone"),
        "OS_PLACEMENT_CONFIG_DIR": str(etc / "placement"),
        "OS_GLANCE_CONFIG_DIR": str(etc / "glance"),
        "OS_NOVA_CONFIG_DIR": str(etc / "nova"),
        "OS_NEUTRON_CONFIG_DIR": str(etc / "neutron"),
        "OS_NEUTRON_CONFIG_FILES": "neutron.conf",
    }


def mariadb_command(places: Places, *more: str) -> tuple[str, ...]:
    """The database server on this lab's data; as root it must be told that this is meant."""
    usr = places.mariadb / "usr"
    return (
        str(places.mariadbd),
        "--no-defaults",
        f"--basedir={usr}",
        f"--datadir={places.state / 'mysql'}",
        f"--lc-messages-dir={usr / 'share/mysql'}",
        "--innodb-flush-log-at-trx-commit=0",
        "--skip-innodb-doublewrite",
        *(["--user=root"] if os.getuid() == 0 else []),
        *more,
    )


def mariadb_environment(places: Places) -> dict[str, str]:
    """Its environment: the libraries that were unpacked beside it."""
    return {**service_environment(places), "LD_LIBRARY_PATH": places.libraries(places.mariadb)}


def _mariadb(places: Places, ports: Ports) -> Service:
    options = (
        "--skip-grant-tables",
        "--bind-address=127.0.0.1",
        f"--port={ports['mariadb']}",
        f"--socket={places.run / 'mysql.sock'}",
        "--skip-log-bin",
        "--max-connections=1000",
        "--innodb-buffer-pool-size=64M",
        "--performance-schema=off",
    )
    return Service("mariadb", mariadb_command(places, *options), mariadb_environment(places), ports["mariadb"])


def _bus(places: Places, ports: Ports) -> list[Service]:
    env = _rabbit_environment(places, ports)
    epmd = (str(places.erlang / "bin/epmd"), "-port", str(ports["epmd"]), "-address", "127.0.0.1")
    return [
        Service("epmd", epmd, env, ports["epmd"]),  # a moved Erlang does not find and start its own
        Service("rabbit", (str(places.rabbitmq_server),), env, ports["rabbit"], stop_s=20.0),
    ]


def _rabbit_environment(places: Places, ports: Ports) -> dict[str, str]:
    home, etc = places.state / "rabbit", places.etc / "rabbit"
    return {
        "PATH": f"{places.erlang / 'bin'}:{SYSTEM_PATH}",
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "LD_LIBRARY_PATH": places.libraries(places.rabbit),
        "ERL_EPMD_PORT": str(ports["epmd"]),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODENAME": "lab@localhost",
        "RABBITMQ_CONF_ENV_FILE": str(etc / "env.conf"),
        "RABBITMQ_CONFIG_FILE": str(etc / "rabbitmq.conf"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(etc / "enabled_plugins"),
        "RABBITMQ_MNESIA_BASE": str(home / "mnesia"),
        "RABBITMQ_LOG_BASE": str(places.log),
        "RABBITMQ_LOGS": "-",
        "RABBITMQ_DIST_PORT": str(ports["rabbit-distribution"]),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1} +S 2:2 +sbwt none",
    }


def _apis(places: Places, ports: Ports) -> list[Service]:
    env, python = service_environment(places), str(places.bin / "python")
    told = {"cinder": ("--config-file", str(places.etc / "cinder/cinder.conf"))}
    return [
        Service(name, (python, str(INSIDE / "serve.py"), module, str(ports[name]), *told.get(name, ())), env, ports[name])
        for name, module in APIS.items()
    ]


def _agents(places: Places, hosts: tuple[str, ...]) -> list[Service]:
    env = service_environment(places)
    cinder = ("--config-file", str(places.etc / "cinder/cinder.conf"))
    nova = ("--config-file", str(places.etc / "nova/nova.conf"))
    listed = [Service(name, (str(places.bin / name), *cinder), env) for name in ("cinder-scheduler", "cinder-volume")]
    listed += [Service(name, (str(places.bin / name), *nova), env) for name in ("nova-conductor", "nova-scheduler")]
    for host in hosts:
        own = ("--config-file", str(places.etc / f"nova/{host}.conf"))
        listed.append(Service(host, (str(places.bin / "nova-compute"), *nova, *own), env))
    return listed
