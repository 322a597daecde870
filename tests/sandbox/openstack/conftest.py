"""A small cloud on a turned clock, asked by raw requests; and the same on the wall clock, for openstacksdk."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.test import Client

from chaoscinder.clock import Clock
from chaoscinder.sandbox.openstack import OpenStack
from chaoscinder.sandbox.world import Driver, World

EPOCH = datetime(2026, 11, 22, 21, 40, tzinfo=UTC)
RATE = 50.0


def new_cloud(epoch: datetime | None = EPOCH, **options: Any) -> OpenStack:
    return OpenStack(World(epoch=epoch), admin_password="root", password="chaos", other_password="alien", **options)


@dataclass
class Asker:
    """Asks a cloud over WSGI as one of its users, at one microversion; answers are (code, body)."""

    cloud: OpenStack
    client: Client
    user: str = "demo"
    nova: str = "2.95"
    cinder: str = "3.70"
    token: str = ""

    def log_in(self) -> None:
        password = {"admin": "root", "demo": "chaos", "other": "alien"}[self.user]
        project = "other" if self.user == "other" else "demo"
        default = {"id": "default"}
        identity = {"methods": ["password"], "password": {"user": {"name": self.user, "domain": default, "password": password}}}
        body = {"auth": {"identity": identity, "scope": {"project": {"name": project, "domain": default}}}}
        self.token = self.client.post("/identity/v3/auth/tokens", json=body).headers["X-Subject-Token"]

    def send(self, method: str, path: str, body: Any = None) -> Any:
        if not self.token:
            self.log_in()
        versions = f"compute {self.nova}, volume {self.cinder}"
        headers = {"X-Auth-Token": self.token, "OpenStack-API-Version": versions}
        return self.client.open(path, method=method, headers=headers, **({} if body is None else {"json": body}))

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        answer = self.send(method, path, body)
        return answer.status_code, answer.get_json() if answer.data else None

    def compute(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        return self.ask(method, f"/compute/v2.1{path}", body)

    def volume(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        return self.ask(method, f"/volume/v3{path}", body)

    def act(self, server_id: str, **action: Any) -> tuple[int, Any]:
        action = {name.replace("os_", "os-"): body for name, body in action.items()}
        return self.compute("POST", f"/servers/{server_id}/action", action)

    def as_user(self, user: str) -> "Asker":
        return Asker(self.cloud, self.client, user)

    def at(self, nova: str) -> "Asker":
        return Asker(self.cloud, self.client, self.user, nova)


@pytest.fixture
def cloud() -> OpenStack:
    return new_cloud()


@pytest.fixture
def demo(cloud: OpenStack) -> Asker:
    return Asker(cloud, Client(cloud.wsgi))


@pytest.fixture
def admin(demo: Asker) -> Asker:
    return demo.as_user("admin")


@pytest.fixture
def a(cloud: OpenStack) -> str:
    """The id of a server."""
    return cloud.add_server("a", host="compute1")


@pytest.fixture
def b(cloud: OpenStack, a: str) -> str:
    """The id of another server, made after the first, on a host of its own."""
    return cloud.add_server("b", host="compute2")


@pytest.fixture
def v(cloud: OpenStack) -> str:
    """The id of a volume."""
    return cloud.add_volume("v", 3)


class Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: Any) -> None:
        pass


@pytest.fixture
def served() -> Iterator[tuple[OpenStack, str]]:
    """A cloud on the wall clock at a high rate, and its address."""
    cloud = new_cloud(None)
    driver = Driver(cloud.world, Clock(RATE))
    server = make_server("127.0.0.1", 0, cloud.wsgi, threaded=True, request_handler=Quiet)
    threads: list[threading.Thread] = [driver, threading.Thread(target=server.serve_forever, args=(0.02,))]
    for thread in threads:
        thread.start()
    yield cloud, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    driver.stop()
    for thread in threads:
        thread.join()
    server.server_close()
