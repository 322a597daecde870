"""Waiting for a service to answer, with the reason when it never will."""

import time

from tests.lab.openstack import processes
from tests.lab.openstack.places import Places
from tests.lab.openstack.ports import answers
from tests.lab.openstack.saying import LabError
from tests.lab.openstack.services import Service

EVERY_S = 0.2
LIMIT_S = 120.0


def wait_for_port(places: Places, service: Service) -> None:
    """Wait until a service listens; nothing to wait for when it has no port."""
    until = time.monotonic() + LIMIT_S
    while service.port and not answers(service.port):
        if not processes.leader(places, service.name):
            raise LabError(f"{service.name} ended while it started: {_last_words(places, service.name)}")
        if time.monotonic() > until:
            raise LabError(
                f"{service.name} does not answer on port {service.port} after {LIMIT_S:.0f} s: {_last_words(places, service.name)}"
            )
        time.sleep(EVERY_S)


def _last_words(places: Places, name: str) -> str:
    log = places.log / f"{name}.out"
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()] if log.exists() else []
    return f"{lines[-1][:200] if lines else 'it said nothing'} (see {log})"
