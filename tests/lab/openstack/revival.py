"""Services that end while the lab starts, and are started again."""

from collections import Counter
from collections.abc import Mapping

from tests.lab.openstack import processes
from tests.lab.openstack.places import Places
from tests.lab.openstack.saying import LabError, progress
from tests.lab.openstack.services import Service
from tests.lab.openstack.waiting import last_words

TIMES = 3


class Revival:
    """Starts ended services again, each a few times at most."""

    def __init__(self, places: Places, services: Mapping[str, Service]) -> None:
        self._places = places
        self._services = services
        self._ended: Counter[str] = Counter()

    def look(self) -> None:
        """Start what has ended again; LabError where that does not help."""
        for name, service in self._services.items():
            if processes.leader(self._places, name) is None:
                self._ended[name] += 1
                if self._ended[name] > TIMES:
                    raise LabError(f"{name} ended {TIMES + 1} times while it started: {last_words(self._places, name)}")
                progress(f"{name} ended, so it is started again: {last_words(self._places, name)}")
                begin(self._places, service)


def begin(places: Places, service: Service) -> None:
    """Start a service; what an ended leader left behind would hold its port."""
    processes.kill(places, service.name)
    processes.start(places, service.name, service.command, service.env)
