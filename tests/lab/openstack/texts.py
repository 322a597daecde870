"""The settings of every service, from the files in templates/; all values are of this lab."""

import shutil
from pathlib import Path
from string import Template

from tests.lab.openstack.places import HERE, Places
from tests.lab.openstack.ports import Ports

TEMPLATES = HERE / "templates"
PASSWORD = "lab"  # of every user, on loopback only
# By which the access rules of a credential name them; one that the catalog does not know refuses every token with such rules.
SERVICE_TYPES = {"nova": "compute", "cinder": "block-storage", "neutron": "network", "glance": "image"}
SHIPPED = ("nova", "cinder", "glance", "neutron")  # whose packages bring paste files into venv/etc


def compute_hosts(count: int) -> tuple[str, ...]:
    """The names of that many compute hosts."""
    return tuple(f"compute{number}" for number in range(1, count + 1))


def keystone_url(ports: Ports) -> str:
    """Where to log in."""
    return f"http://127.0.0.1:{ports['keystone']}/v3"


def database_url(ports: Ports, name: str = "") -> str:
    """Where a database is; without a name the server."""
    return f"mysql+pymysql://root@127.0.0.1:{ports['mariadb']}" + (f"/{name}?charset=utf8mb4" if name else "")


def write_settings(places: Places, ports: Ports, hosts: tuple[str, ...]) -> None:
    """Write etc/ anew."""
    shutil.rmtree(places.etc, ignore_errors=True)
    for name in SHIPPED:
        shutil.copytree(places.venv / "etc" / name, places.etc / name)
    values = _values(places, ports)
    for template in sorted(TEMPLATES.rglob("*")):
        if template.is_file() and template.suffix not in (".part", ".sql") and template.name != "compute.conf":
            service = template.parent.name
            own = {"service": service, "service_type": SERVICE_TYPES.get(service, service)}
            parts = {"service_sections": _filled(TEMPLATES / "service.part", {**values, **own})}
            _write(places.etc / template.relative_to(TEMPLATES), _filled(template, {**values, **parts}))
    for host in hosts:
        _write(places.etc / "nova" / f"{host}.conf", _filled(TEMPLATES / "nova" / "compute.conf", {**values, "host": host}))


def _values(places: Places, ports: Ports) -> dict[str, str]:
    values = {
        "etc": str(places.etc),
        "log": str(places.log),
        "state": str(places.state),
        "password": PASSWORD,
        "keystone_url": keystone_url(ports),
        "database": database_url(ports),
        "message_bus": f"rabbit://guest:guest@127.0.0.1:{ports['rabbit']}/",
        "glance_port": str(ports["glance"]),
        "rabbit_port": str(ports["rabbit"]),
    }
    return {**values, "credentials": _filled(TEMPLATES / "credentials.part", values)}


def _filled(template: Path, values: dict[str, str]) -> str:
    return Template(template.read_text()).substitute(values).rstrip("\n") + ("" if template.suffix == ".part" else "\n")


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
