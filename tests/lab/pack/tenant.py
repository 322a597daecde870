"""What tests have in the lab: servers and volumes under names nobody else has, and the waiting that a real cloud costs."""

import time
import uuid
from collections.abc import Callable
from typing import Any

EVERY_S = 0.2
LIMIT_S = 120.0


def until(look: Callable[[], Any], wanted: Callable[[Any], bool], what: str, limit_s: float = LIMIT_S) -> Any:
    """Look until it is so; AssertionError tells what was seen last."""
    ends = time.monotonic() + limit_s
    while not wanted(seen := look()):
        assert time.monotonic() < ends, f"after {limit_s:g} s {what} is {seen}"
        time.sleep(EVERY_S)
    return seen


class Tenant:
    """The member's project, seen by the administrator where a test must do what only that one may."""

    def __init__(self, member: Any, admin: Any) -> None:
        self.member, self.admin = member, admin
        self._image = member.image.find_image("cirros").id
        self._servers: list[str] = []
        self._volumes: list[str] = []

    def servers(self, count: int = 1) -> list[str]:
        """Make servers and wait until they are ACTIVE."""
        mark = uuid.uuid4().hex[:8]
        made = [self._create(f"worker-{mark}-{number}") for number in range(1, count + 1)]
        for server_id in made:
            self.wait(server_id, "ACTIVE")
        return made

    def server(self) -> str:
        """Make one server."""
        return self.servers()[0]

    def named(self, name: str) -> str:
        """Make one server of that very name."""
        server_id = self._create(name)
        self.wait(server_id, "ACTIVE")
        return server_id

    def volume(self, attached_to: str = "") -> str:
        """Make a volume of 1 GiB, and attach it to a server if told."""
        made = self.member.block_storage.create_volume(size=1, name=f"data-{uuid.uuid4().hex[:8]}")
        self._volumes.append(made.id)
        self.wait_volume(made.id, "available")
        if attached_to:
            self.member.compute.create_volume_attachment(attached_to, volume_id=made.id)
            self.wait_volume(made.id, "in-use")
        return str(made.id)

    def wait(self, server_id: str, status: str, limit_s: float = LIMIT_S) -> Any:
        """Wait until a server has a status and no task."""
        return until(lambda: self.look(server_id), lambda seen: seen == (status, None), f"server {server_id} (wanted {status})", limit_s)

    def wait_volume(self, volume_id: str, status: str) -> Any:
        """Wait until a volume has a status."""
        return until(lambda: self.member.block_storage.get_volume(volume_id).status, lambda seen: seen == status, f"volume {volume_id}")

    def look(self, server_id: str) -> tuple[str, str | None]:
        """A server's status and task."""
        seen = self.member.compute.get_server(server_id)
        return seen.status, seen.task_state

    def host(self, server_id: str) -> str:
        """The compute host of a server."""
        return str(self.admin.compute.get_server(server_id).compute_host)

    def name(self, server_id: str) -> str:
        """The name of a server."""
        return str(self.member.compute.get_server(server_id).name)

    def close(self) -> None:
        """Delete everything that was made, whatever state it is in."""
        for server_id in self._servers:
            self.admin.compute.delete_server(server_id, ignore_missing=True, force=False)
        for server_id in self._servers:
            until(lambda id=server_id: self._gone(id), bool, f"server {server_id} (wanted gone)")  # type: ignore[misc]
        for volume_id in self._volumes:
            self.admin.block_storage.reset_volume_status(volume_id, "available", "detached", None)
            self.admin.block_storage.delete_volume(volume_id, ignore_missing=True, force=True)

    def _gone(self, server_id: str) -> bool:
        from openstack.exceptions import NotFoundException

        try:
            self.admin.compute.get_server(server_id)
        except NotFoundException:
            return True
        return False

    def _create(self, name: str) -> str:
        made = self.member.compute.create_server(name=name, image_id=self._image, flavor_id="42", networks="none")
        self._servers.append(made.id)
        return str(made.id)
