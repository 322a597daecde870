"""The ports of the lab, all on 127.0.0.1: chosen once, kept in ports.json, because the catalog of services names them.

OPENSTACK_LAB_PORT_BASE chooses the first one; else the first block in which all are free is taken.
"""

import json
import os
import socket
from collections.abc import Mapping

from tests.lab.openstack.places import Places
from tests.lab.openstack.saying import LabError

BASE_VARIABLE = "OPENSTACK_LAB_PORT_BASE"
NAMES = ("keystone", "nova", "cinder", "placement", "glance", "neutron", "rabbit", "rabbit-distribution", "epmd", "mariadb")
FIRST, LAST, STEP = 15000, 31000, 100  # below 32768, where Linux begins to hand out ports to clients

Ports = Mapping[str, int]


def kept_ports(places: Places) -> Ports:
    """The ports of this lab; chosen now when it has none yet."""
    file = places.root / "ports.json"
    if file.is_file():
        return dict(json.loads(file.read_text()))
    ports = _chosen()
    places.root.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(ports, indent=1) + "\n")
    return ports


def answers(port: int) -> bool:
    """Whether somebody listens there."""
    with socket.socket() as asking:
        asking.settimeout(2)
        return asking.connect_ex(("127.0.0.1", port)) == 0


def free_base(first: int) -> int:
    """The first port, from a certain one on, of a block in which all are free now."""
    for base in range(first, LAST, STEP):
        if all(map(_free, _block(base).values())):
            return base
    raise LabError(f"no {len(NAMES)} free ports in a row between {first} and {LAST} (choose with {BASE_VARIABLE})")


def _chosen() -> Ports:
    given = os.environ.get(BASE_VARIABLE)
    return _given(given) if given else _block(free_base(FIRST))


def _given(base: str) -> Ports:
    if not base.isdigit() or not 1024 <= int(base) <= 65000:
        raise LabError(f"{BASE_VARIABLE} is {base!r} (wanted a number from 1024 to 65000)")
    ports = _block(int(base))
    taken = [port for port in ports.values() if not _free(port)]
    if taken:
        raise LabError(f"{BASE_VARIABLE}={base}: port {taken[0]} is taken (wanted {len(NAMES)} free ones from {base} on)")
    return ports


def _block(base: int) -> Ports:
    return {name: base + at for at, name in enumerate(NAMES)}


def _free(port: int) -> bool:
    with socket.socket() as asking:
        asking.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            asking.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
