"""What tests on the lab made and left as new, for the next test: on a real cloud a server costs seconds."""

import re
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from tests.conformance.openstack.asking import Asker

OURS = re.compile(r"s\d+")
BACK = {  # how a server gets back to ACTIVE
    "ACTIVE": None,
    "SHUTOFF": ("os-start", None),
    "PAUSED": ("unpause", None),
    "SUSPENDED": ("resume", None),
    "RESCUE": ("unrescue", None),
    "ERROR": ("os-resetState", {"state": "active"}),
}
AT_MOST = 3  # servers or volumes of a kind; the quota of a project is ten
GOING_AT_MOST = 2
Kind = tuple[str, str]  # whose, and on which host ("" for any)
Wait = Callable[[Callable[[], Any]], None]


class Shelf:
    """Servers and volumes to be taken again, and those that are on their way out."""

    def __init__(self, admin: Asker, wait: Wait) -> None:
        self._admin, self._wait = admin, wait
        self._servers: dict[Kind, list[str]] = defaultdict(list)
        self._volumes: dict[str, list[str]] = defaultdict(list)
        self._going: list[str] = []

    def take_server(self, kind: Kind) -> str:
        """A server that is as new; "" when there is none."""
        return self._servers[kind].pop() if self._servers[kind] else ""

    def take_volume(self, owner: str) -> str:
        """A volume that is as new; "" when there is none."""
        return self._volumes[owner].pop() if self._volumes[owner] else ""

    def put_server(self, server: str, kind: Kind) -> None:
        """Keep a server if it can be made as new; else it goes."""
        if len(self._servers[kind]) < AT_MOST and self._renewed(server, kind[1]):
            self._servers[kind].append(server)
        else:
            self.let_server_go(server)

    def put_volume(self, volume: str, owner: str) -> None:
        """Keep a volume if it is as new; else it goes."""
        if len(self._volumes[owner]) < AT_MOST and self._is_new(volume):
            self._volumes[owner].append(volume)
        else:
            self.let_volume_go(volume)

    def let_server_go(self, server: str) -> None:
        """Delete a server, and wait for its end some other time."""
        self._admin.act(server, "unlock")
        self._admin.compute("DELETE", f"/servers/{server}")
        self._going.append(f"/servers/{server}")

    def let_volume_go(self, volume: str) -> None:
        """Delete a volume that no server holds, and wait for its end some other time."""
        if not self._admin.get_volume(volume):
            return
        self._wait(lambda: not self._admin.get_volume(volume).get("attachments"))
        self._admin.volume_act(volume, "os-reset_status", {"status": "available", "attach_status": "detached"})
        self._admin.volume("DELETE", f"/volumes/{volume}")
        self._going.append(f"/volumes/{volume}")

    def settle(self, at_most: int = 0) -> None:
        """Wait until of what was deleted only that many are still there."""
        while len(self._going) > at_most:
            path = self._going.pop(0)
            self._wait(lambda path=path: self._is_gone(path))  # type: ignore[misc]

    def close(self) -> None:
        """Delete all of it."""
        for server in [server for kept in self._servers.values() for server in kept]:
            self.let_server_go(server)
        for volume in [volume for kept in self._volumes.values() for volume in kept]:
            self.let_volume_go(volume)
        self.settle()

    def _is_gone(self, path: str) -> bool:
        if path.startswith("/volumes/"):
            return not self._admin.get_volume(path.removeprefix("/volumes/"))
        return self._admin.server(path.removeprefix("/servers/")).get("status", "DELETED") == "DELETED"

    def _renewed(self, server: str, host: str) -> bool:
        """Bring a server back to ACTIVE without volumes, if nothing else was changed about it."""
        seen = self._admin.server(server)
        if not _is_plain(seen) or host not in ("", seen["OS-EXT-SRV-ATTR:host"]):
            return False
        way = BACK[seen["status"]]
        if way and self._admin.act(server, *way)[0] != 202:
            return False
        self._wait(lambda: self._state(server) in (("ACTIVE", None, 1), ("ERROR", None, 1)))
        held = [row["id"] for row in seen["os-extended-volumes:volumes_attached"]]
        if not all(self._admin.detach(server, volume)[0] == 202 for volume in held):
            return False
        self._wait(lambda: not self._admin.server(server)["os-extended-volumes:volumes_attached"])
        return self._state(server) == ("ACTIVE", None, 1)

    def _state(self, server: str) -> tuple[Any, ...]:
        seen = self._admin.server(server)
        return seen["status"], seen["OS-EXT-STS:task_state"], seen["OS-EXT-STS:power_state"]

    def _is_new(self, volume: str) -> bool:
        seen = self._admin.get_volume(volume)
        if seen.get("status") == "detaching" and seen["attachments"]:
            self._wait(lambda: not self._admin.get_volume(volume)["attachments"])
            seen = self._admin.get_volume(volume)
        wanted = {"status": "available", "size": 1, "attachments": [], "metadata": {}, "multiattach": False, "snapshot_id": None}
        if {key: seen.get(key) for key in wanted} != wanted:
            return False
        return bool(self._admin.volume("GET", f"/attachments?all_tenants=1&volume_id={volume}")[1] == {"attachments": []})


def _is_plain(seen: dict[str, Any]) -> bool:
    if not seen or seen["status"] not in BACK or seen["OS-EXT-STS:task_state"] or "fault" in seen:
        return False
    named = (seen["metadata"], seen["locked"], seen["flavor"]["original_name"], seen["host_status"])
    return bool(OURS.fullmatch(seen["name"])) and named == ({}, False, "m1.nano", "UP")
