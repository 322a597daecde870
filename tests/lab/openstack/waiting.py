"""Waiting for a service to answer, with the reason when it never will."""

import re
import time

from tests.lab.openstack import processes
from tests.lab.openstack.places import Places
from tests.lab.openstack.ports import answers
from tests.lab.openstack.saying import LabError
from tests.lab.openstack.services import Service

EVERY_S = 0.2
LIMIT_S = 120.0
ERROR = re.compile(r"\b\w+(Error|Exception)\b: .*")


def wait_for_port(places: Places, service: Service) -> None:
    """Wait until a service listens; nothing to wait for when it has no port."""
    until = time.monotonic() + LIMIT_S
    while service.port and not answers(service.port):
        if not processes.leader(places, service.name):
            raise LabError(f"{service.name} ended while it started: {last_words(places, service.name)}")
        if time.monotonic() > until:
            raise LabError(
                f"{service.name} does not answer on port {service.port} after {LIMIT_S:.0f} s: {last_words(places, service.name)}"
            )
        time.sleep(EVERY_S)


def last_words(places: Places, name: str) -> str:
    """What a service said last, an error before anything else, and where."""
    logs = [log for log in (places.log / f"nova-{name}.log", places.log / f"{name}.log", places.log / f"{name}.out") if log.exists()]
    lines = [line for log in reversed(logs) for line in log.read_text(errors="replace").splitlines() if line.strip()]
    errors = [line[found.start() :] for line in lines if (found := ERROR.search(line))]
    said = (errors or lines or ["it said nothing"])[-1]
    return f"{said[:200]} (see {logs[0] if logs else places.log})"
