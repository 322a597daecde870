"""The two witnesses: the sandbox's cloud on a turned clock, and the lab with the real services. Tests see one face of both."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import requests
import yaml
from requests.adapters import BaseAdapter
from werkzeug.test import Client

from tests.conformance.openstack.asking import Asker, Login
from tests.conformance.openstack.shelf import Shelf
from tests.recordings.openstack.replay import START_S, new_cloud

PATIENCE_S = 60.0
HOSTS = ("compute1", "compute2", "compute3")
APIS = ("keystone", "nova", "cinder")
PARTS = (*APIS, "rabbit", "mariadb")  # what the sandbox has no process of
OPERATIONS = {"detach_volume": "detach_fails", "attach_volume": "attach_fails", "power_off": "power_off_fails", "spawn": "spawn_fails"}
SANDBOX_URL = "http://sandbox.invalid"
RECORDED_IMAGE = "a89639bd-88ac-4412-8903-09e41187579e"


class Witness(ABC):
    """A cloud with three compute hosts: three users of it, its time, and what can be broken in it."""

    name: str
    admin: Asker
    member: Asker
    other: Asker  # a member of another project
    image: str
    shelf: Shelf | None = None  # where making something costs seconds
    patience_s = PATIENCE_S

    def wait(self, done: Callable[[], Any], within_s: float = 0.0) -> None:
        """Let time go by until something is so; without a limit of its own as long as is ever right for this witness."""
        within_s = within_s or self.patience_s
        give_up_s = self.now_s() + within_s
        while not done():
            assert self.now_s() < give_up_s, f"not so within {within_s:g} s: {done}"
            self.tick()

    def pass_time(self, seconds: float) -> None:
        """Let that much time go by."""
        until_s = self.now_s() + seconds
        while self.now_s() < until_s:
            self.tick()

    @abstractmethod
    def now_s(self) -> float:
        """The witness's own time."""

    @abstractmethod
    def tick(self) -> None:
        """Let a moment go by."""

    def glance(self) -> None:
        """Let as short a moment go by as there is between two looks."""
        self.tick()

    @abstractmethod
    def harm(self, service: str, how: str) -> None:
        """Kill, freeze, thaw or start compute1..3 or cinder-volume; kill or start an API; freeze or thaw rabbit or mariadb."""

    @abstractmethod
    def guest(self, server: str, state: int | None) -> None:
        """Bring a guest into another power state behind Nova's back; None removes it."""

    @abstractmethod
    def fail(self, host: str, operation: str, *, sleep_s: float = 0.0) -> None:
        """Let an operation of a host's hypervisor fail, or be slow."""

    @abstractmethod
    def lose_events(self, host: str) -> None:
        """Let a host's hypervisor no longer tell Nova what happens to its guests."""

    @abstractmethod
    def heal(self) -> None:
        """End every fault of the hypervisors, and start what was killed."""

    @abstractmethod
    def sees_everything(self) -> bool:
        """Whether a look between two ticks misses no state."""

    @abstractmethod
    def close(self) -> None:
        """Let go of connections."""


class Wsgi(BaseAdapter):
    """Carries requests to an application of this process."""

    def __init__(self, application: Any) -> None:
        super().__init__()
        self._application = application

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        assert request.url is not None
        path = request.url.removeprefix(SANDBOX_URL)
        body = request.body.encode() if isinstance(request.body, str) else request.body
        client = Client(self._application)
        found = client.open(path, base_url=SANDBOX_URL, method=request.method or "GET", headers=dict(request.headers), data=body)
        answer = requests.Response()
        answer.status_code, answer.url, answer.request, answer.reason = found.status_code, request.url, request, found.status
        answer.headers.update(found.headers)
        answer.raw = BytesIO(found.data)
        return answer

    def close(self) -> None:
        pass


class Sandbox(Witness):
    """Our own Keystone, Nova and Cinder, in this process, with nothing of the Kubernetes half."""

    name = "sandbox"
    image = RECORDED_IMAGE
    tick_s = 0.1

    def __init__(self) -> None:
        self.cloud = new_cloud()
        self.http = requests.Session()
        self.http.mount(SANDBOX_URL, Wsgi(self.cloud.wsgi))
        auth_url = f"{SANDBOX_URL}/identity/v3"
        self.admin = Asker(self.http, Login(auth_url, "admin", "root", "demo"))
        self.member = Asker(self.http, Login(auth_url, "demo", "chaos", "demo"))
        self.other = Asker(self.http, Login(auth_url, "other", "alien", "other"))
        self._harmed: set[str] = set()

    def now_s(self) -> float:
        return self.cloud.world.now_s

    def tick(self) -> None:
        self.cloud.world.turn(self.tick_s)

    def glance(self) -> None:
        self.cloud.world.turn(0.02)

    def harm(self, service: str, how: str) -> None:
        if service in PARTS:
            getattr(self.cloud.outages, how)(service)
            {"kill": self._harmed.add, "freeze": self._harmed.add}.get(how, self._harmed.discard)(service)
            return
        act = {"kill": self._fall_silent, "freeze": self._fall_silent, "thaw": self._thaw, "start": self._start}[how]
        with self.cloud.world.step():
            act(service)

    def guest(self, server: str, state: int | None) -> None:
        with self.cloud.world.step():
            self.cloud.lifecycle.put_guest(server, state)

    def fail(self, host: str, operation: str, *, sleep_s: float = 0.0) -> None:
        faults = self.cloud.nova.faults
        if sleep_s:
            assert operation == "detach_volume"
            faults.detach_delay_s[host] = sleep_s
        else:
            getattr(faults, OPERATIONS[operation]).add(host)

    def lose_events(self, host: str) -> None:
        self.cloud.nova.faults.events_lost.add(host)

    def heal(self) -> None:
        for service in list(self._harmed):
            self.harm(service, "start" if service in APIS else "thaw")

    def sees_everything(self) -> bool:
        return True

    def close(self) -> None:
        self.http.close()

    def _fall_silent(self, service: str) -> None:
        self._harmed.add(service)
        if service == "cinder-volume":
            self.cloud.cinder.backend.fail()
        else:
            self.cloud.lifecycle.fail_host(service, guests_die=False)

    def _thaw(self, service: str) -> None:
        self._return(service, restarted=False)

    def _start(self, service: str) -> None:
        self.cloud.world.call_later(START_S, lambda: self._return(service, restarted=True), "service starts")

    def _return(self, service: str, *, restarted: bool) -> None:
        self._harmed.discard(service)
        if service == "cinder-volume":
            self.cloud.cinder.backend.revive()
        else:
            self.cloud.lifecycle.revive_host(service, restarted=restarted)


class Laboratory(Witness):
    """The real services, as tests/lab/openstack runs them."""

    name = "lab"
    patience_s = 150.0  # the lab's machine may be busy with other things
    tick_s, glance_s = 0.25, 0.1  # each look costs the lab's machine 50 ms of processor

    def __init__(self) -> None:
        from tests.lab.openstack.guests import Guests
        from tests.lab.openstack.lab import Lab

        self._lab = Lab()
        if not self._lab.is_up:
            raise RuntimeError("OPENSTACK_LAB_TESTS is set and the lab is not up: start it with `make lab`")
        self._guests = Guests(self._lab)
        self._killed: set[str] = set()
        self._frozen: set[str] = set()
        self.http = requests.Session()
        logins = _logins(self._lab.places.clouds)
        self.admin, self.member, self.other = (Asker(self.http, logins[name]) for name in ("lab-admin", "lab-member", "lab-other"))
        self.image = self._image()
        self.shelf = Shelf(self.admin, self.wait)

    def now_s(self) -> float:
        return time.monotonic()

    def tick(self) -> None:
        time.sleep(self.tick_s)

    def glance(self) -> None:
        time.sleep(self.glance_s)

    def harm(self, service: str, how: str) -> None:
        {"kill": self._lab.kill, "freeze": self._lab.freeze, "thaw": self._lab.thaw, "start": self._lab.start}[how](service)
        {"kill": self._killed.add, "freeze": self._frozen.add, "thaw": self._frozen.discard, "start": self._killed.discard}[how](service)
        if how == "start" and service in HOSTS:
            self._wait_until_heard(service)

    def _wait_until_heard(self, host: str) -> None:
        """Wait until a host that was started reports: its state is still told by its last report before, and it may end while it starts."""
        began = datetime.now(UTC).replace(tzinfo=None).isoformat()

        def heard() -> bool:
            self._lab.start(host)  # nothing where it runs
            rows = self.admin.compute("GET", f"/os-services?binary=nova-compute&host={host}")[1]["services"]
            return str(rows[0]["updated_at"]) > began

        self.wait(heard)

    def guest(self, server: str, state: int | None) -> None:
        self._guests.order(server, state)

    def fail(self, host: str, operation: str, *, sleep_s: float = 0.0) -> None:
        self._guests.fail(host, operation, sleep_s=sleep_s)

    def lose_events(self, host: str) -> None:
        self._guests.lose_events(host)

    def heal(self) -> None:
        self._guests.heal()
        for service in list(self._frozen):
            self.harm(service, "thaw")
        for service in sorted(self._killed, key=lambda name: name in HOSTS):  # an API first: the hosts are asked for over it
            self.harm(service, "start")

    def sees_everything(self) -> bool:
        return False

    def close(self) -> None:
        assert self.shelf is not None
        self.shelf.close()
        self.http.close()

    def _image(self) -> str:
        self.admin.log_in()
        answer = self.admin.authenticate(
            {"identity": {"methods": ["token"], "token": {"id": self.admin.token}}, "scope": _scope(self.admin)}
        )
        [place] = [
            each["url"]
            for row in answer.json()["token"]["catalog"]
            for each in row["endpoints"]
            if (row["type"], each["interface"]) == ("image", "public")
        ]
        images = self.http.get(f"{place}/v2/images", headers={"X-Auth-Token": self.admin.token}, timeout=20).json()["images"]
        return next(row["id"] for row in images if row["name"] == "cirros")


def _scope(asker: Asker) -> dict[str, Any]:
    return {"project": {"id": asker.project_id}}


def _logins(clouds: Path) -> dict[str, Login]:
    rows = yaml.safe_load(clouds.read_text(encoding="utf-8"))["clouds"]
    keys = ("auth_url", "username", "password", "project_name")
    return {name: Login(*(str(row["auth"][key]) for key in keys)) for name, row in rows.items()}
