"""What every test has at hand: one witness, and the servers and volumes that it made, which are gone at the end."""

from collections.abc import Callable, Iterator, Sequence
from itertools import count
from typing import Any
from uuid import uuid4

from tests.conformance.openstack.asking import Asker, Reply
from tests.conformance.openstack.shelf import GOING_AT_MOST, Kind
from tests.conformance.openstack.witnesses import HOSTS, Witness

NUMBERS = count(1)
SMALL = "42"  # m1.nano
ACTIVE = ("ACTIVE", "active", None, 1)
SHUTOFF = ("SHUTOFF", "stopped", None, 4)
State = tuple[Any, ...]


class Bench:
    """One test's corner of a cloud."""

    def __init__(self, witness: Witness) -> None:
        self.witness = witness
        self.admin, self.member, self.other = witness.admin, witness.member, witness.other
        self.wait = witness.wait
        self.is_sandbox = witness.name == "sandbox"
        self._harmed = False
        self._is_odd = False  # then nothing that was made is as new
        self._undo: list[Callable[[], object]] = []
        self._types: list[str] = []
        self._volumes: list[tuple[str, str]] = []  # deleted late, when no server has them any more

    def harm(self, service: str, how: str) -> None:
        """Kill, freeze, thaw or start a service; at the end all must be in service again."""
        self._harmed = self._is_odd = True
        self.witness.harm(service, how)

    def guest(self, server: str, state: int | None) -> None:
        """Bring a guest into another power state behind Nova's back; None removes it."""
        self._is_odd = True
        self.witness.guest(server, state)

    def fail(self, host: str, operation: str, *, sleep_s: float = 0.0) -> None:
        """Let an operation of a host's hypervisor fail, or be slow; healed at the end."""
        self._is_odd = True
        self.witness.fail(host, operation, sleep_s=sleep_s)

    def lose_events(self, host: str) -> None:
        """Let a host no longer tell Nova what happens to its guests; healed at the end."""
        self._is_odd = True
        self.witness.lose_events(host)

    def server(self, *, by: Asker | None = None, host: str = "", done: bool = True, flavor: str = SMALL, fresh: bool = False) -> str:
        """Have a server that is ACTIVE; on a named host it is the administrator's. fresh: nothing was ever done to it."""
        by = by or (self.admin if host else self.member)
        kind = (by.login.user, host) if done and not fresh and flavor == SMALL else None
        server = self.witness.shelf.take_server(kind) if self.witness.shelf and kind else ""
        if not server:
            server = self._make_server(by, host, flavor)
        self.finally_(lambda: self._put_back(server, kind))
        if done:
            self.wait(lambda: self.state(server) == ACTIVE)
        return server

    def create(self, *, by: Asker, host: str = "", flavor: str = SMALL, **more: Any) -> Reply:
        """POST /servers."""
        wanted = {"name": f"s{next(NUMBERS)}", "imageRef": self.witness.image, "flavorRef": flavor, "networks": "none", **more}
        return by.compute("POST", "/servers", {"server": {**wanted, **({"host": host} if host else {})}})

    def volume(self, *, by: Asker | None = None, size: int = 1, done: bool = True, **more: Any) -> str:
        """Have a volume that is available."""
        by = by or self.member
        shelf = self.witness.shelf if done and size == 1 and not more else None
        volume = shelf.take_volume(by.login.user) if shelf else ""
        if not volume:
            code, body = by.volume("POST", "/volumes", {"volume": {"name": f"v{next(NUMBERS)}", "size": size, **more}})
            assert code == 202, body
            volume = str(body["volume"]["id"])
        self._volumes.append((volume, by.login.user))
        if done:
            self.wait(lambda: self.volume_status(volume) == "available")
        return volume

    def attached(self, *, by: Asker | None = None, host: str = "", fresh: bool = False) -> tuple[str, str]:
        """Have a server and a volume, and attach it."""
        by = by or (self.admin if host else self.member)
        server, volume = self.server(by=by, host=host, fresh=fresh), self.volume(by=by)
        self.attach(by, server, volume)
        return server, volume

    def attach(self, by: Asker, server: str, volume: str) -> None:
        """Attach a volume and wait until it is in use."""
        reply = by.attach(server, volume)
        assert reply[0] == 200, reply
        self.wait(lambda: self.volume_status(volume) == "in-use")

    def state(self, server: str) -> State:
        """A server's status, vm_state, task_state and power_state; ("404",) when it is gone."""
        found = self.admin.server(server)
        if not found:
            return ("404",)
        return (found["status"], *(found[f"OS-EXT-STS:{name}"] for name in ("vm_state", "task_state", "power_state")))

    def volume_status(self, volume: str) -> str:
        """A volume's status; "404" when it is gone."""
        return str(self.admin.get_volume(volume).get("status", "404"))

    def volume_state(self, volume: str) -> State:
        """A volume's status and how many attachments it shows."""
        found = self.admin.get_volume(volume)
        return (found["status"], len(found["attachments"])) if found else ("404",)

    def host_of(self, server: str) -> str | None:
        """The host of a server, as administrators see it."""
        return self.admin.server(server)["OS-EXT-SRV-ATTR:host"]

    def settle(self, server: str, status: str) -> None:
        """Wait until a server has a status and nothing is being done to it."""
        self.wait(lambda: self.state(server)[0::2] == (status, None))

    def follow(self, look: Callable[[], State], expected: Sequence[State]) -> None:
        """Look until the last expected state is there; what is seen must be the expected states in their order.

        The sandbox is looked at so often that nothing is missed, so there it must be all of them.
        """
        seen = [look()]
        for _ in self._looks():
            if seen[-1] == expected[-1]:
                break
            if (now := look()) != seen[-1]:
                seen.append(now)
        if seen[0] not in expected:
            seen = seen[1:]
        if self.witness.sees_everything():
            assert seen == list(expected)
        else:
            rest = iter(expected)
            assert all(state in rest for state in seen), (seen, expected)
            assert seen[-1] == expected[-1]

    def service(self, host: str) -> dict[str, Any]:
        """The nova-compute service of a host."""
        return self.admin.compute("GET", f"/os-services?binary=nova-compute&host={host}")[1]["services"][0]

    def change_service(self, host: str, **change: Any) -> Reply:
        """PUT a change to the service of a host; undone at the end."""
        service_id = self.service(host)["id"]
        self.finally_(lambda: self._restore_service(host))
        return self.admin.compute("PUT", f"/os-services/{service_id}", change)

    def finally_(self, act: Callable[[], object]) -> None:
        """Do something at the end, the latest first."""
        self._undo.append(act)

    def volume_type(self, **extra_specs: str) -> str:
        """Make a volume type; it goes when its volumes are gone."""
        body = {"volume_type": {"name": f"c-type-{uuid4()}", "extra_specs": extra_specs}}
        code, body = self.admin.volume("POST", "/types", body)
        assert code == 200, body
        self._types.append(body["volume_type"]["id"])
        return str(self._types[-1])

    def quiet(self) -> None:
        """Wait until nothing of earlier tests is on its way out, so that figures stand still."""
        if self.witness.shelf:
            self.witness.shelf.settle()

    def close(self) -> None:
        """Heal what was harmed, delete what was made or keep it for the next test."""
        self.witness.heal()
        if self._harmed:
            self.wait(self._all_report)
        while self._undo:
            self._undo.pop()()
        while self._volumes:
            self._put_volume_back(*self._volumes.pop())
        while self._types:
            self.admin.volume("DELETE", f"/types/{self._types.pop()}")

    def _all_report(self) -> bool:
        """Whether every service that is not forced down is up."""
        rows = self.admin.compute("GET", "/os-services")[1]["services"] + self.admin.volume("GET", "/os-services")[1]["services"]
        return all(row["state"] == "up" or row.get("forced_down") for row in rows)

    def _looks(self) -> Iterator[None]:
        give_up_s = self.witness.now_s() + 80
        while self.witness.now_s() < give_up_s:
            self.witness.glance()
            yield None

    def _make_server(self, by: Asker, host: str, flavor: str) -> str:
        if self.witness.shelf:
            self.witness.shelf.settle(GOING_AT_MOST)
        code, body = self.create(by=by, host=host, flavor=flavor)
        assert code == 202, body
        return str(body["server"]["id"])

    def _put_back(self, server: str, kind: Kind | None) -> None:
        shelf = self.witness.shelf
        if shelf is None:
            self._delete_server(server)
        elif kind is None or self._is_odd:
            shelf.let_server_go(server)
        else:
            shelf.put_server(server, kind)

    def _put_volume_back(self, volume: str, owner: str) -> None:
        shelf = self.witness.shelf
        if shelf is None:
            self._delete_volume(volume)
        elif self._is_odd:
            shelf.let_volume_go(volume)
        else:
            shelf.put_volume(volume, owner)

    def _delete_server(self, server: str) -> None:
        self.admin.act(server, "unlock")
        self.admin.compute("DELETE", f"/servers/{server}")
        self.wait(lambda: self.state(server) in (("404",),) or self.state(server)[0] == "DELETED")

    def _delete_volume(self, volume: str) -> None:
        if self.volume_status(volume) == "404":
            return
        self.wait(lambda: not self.admin.get_volume(volume).get("attachments"), 20)
        self.admin.volume_act(volume, "os-reset_status", {"status": "available", "attach_status": "detached"})
        self.admin.volume("DELETE", f"/volumes/{volume}")
        self.wait(lambda: self.volume_status(volume) == "404")

    def _restore_service(self, host: str) -> None:
        service = self.service(host)
        path = f"/os-services/{service['id']}"
        if service["status"] != "enabled":
            self.admin.compute("PUT", path, {"status": "enabled"})
        if service["forced_down"] and self.admin.compute("PUT", path, {"forced_down": False})[0] != 200:
            self.harm(host, "kill")
            self.harm(host, "start")
            self.wait(lambda: self.admin.compute("PUT", path, {"forced_down": False})[0] == 200)
        self.wait(lambda: self.service(host)["state"] == "up")


def other_host(host: str) -> str:
    """A host that is not that one."""
    return next(name for name in HOSTS if name != host)
