"""Nova's scheduler: which host a server goes to."""

from collections.abc import Callable, Container, Sequence

from chaoscinder.sandbox.openstack.hosts import Host, Hosts
from chaoscinder.sandbox.openstack.servers import Server


class NoValidHost(Exception):
    """No host fits. Its text is the one that Nova leaves as the server's fault, blank at the end included."""

    def __init__(self, reason: str = "") -> None:
        super().__init__(f"No valid host was found. {reason}")


class Scheduler:
    """Chooses the emptiest host that Nova takes for up (one that fell silent just now still is); of several, the favourite or the last."""

    def __init__(self, hosts: Hosts, servers: Callable[[], Sequence[Server]]) -> None:
        self._hosts = hosts
        self._servers = servers
        self.favourite = ""

    def choose(self, *, zone: str = "", host: str = "", without: Container[str] = ()) -> Host:
        """Choose a host; zone and host narrow the choice when they are given, without takes hosts out of it."""
        wanted = [row for row in self._hosts if (not zone or row.zone == zone) and (not host or row.name == host)]
        enabled = [row for row in wanted if not row.disabled and row.name not in without]
        if not enabled:
            raise NoValidHost
        present = [row for row in enabled if self._hosts.is_up(row)]
        if not present:
            raise NoValidHost("There are not enough hosts available.")
        return min(present, key=lambda row: (self._load(row.name), row.name != self.favourite, -row.number))

    def _load(self, host: str) -> int:
        return sum(server.flavor.ram_mib for server in self._servers() if server.host == host)
