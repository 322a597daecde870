"""A sandbox whose clock the test turns, and what is seen of it over HTTP: Kubernetes, Nova, Cinder and the application."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from chaoscinder.sandbox.kubernetes import resources
from chaoscinder.sandbox.launch import Plan, Sandbox
from chaoscinder.sandbox.server import serve
from tests.sandbox.control import Control

STILL = 1e-4  # cluster seconds per wall second: time goes on when the test turns it


class Ledgers:
    """Asks every API of one sandbox, and turns its clock."""

    def __init__(self, sandbox: Sandbox, control: Control) -> None:
        self.sandbox = sandbox
        self.control = control
        self.cloud_token = ""
        self.log_in()

    def log_in(self, name: str = "demo") -> None:
        """Get a token of Keystone."""
        cloud = self.sandbox.openstack
        user, domain = {"demo": cloud.demo, "admin": cloud.admin}[name], {"id": "default"}
        who = {"user": {"name": name, "password": user.password, "domain": domain}}
        scope = {"project": {"name": "demo", "domain": domain}}
        body = {"auth": {"identity": {"methods": ["password"], "password": who}, "scope": scope}}
        self.cloud_token = requests.post(f"{self.control.url}/identity/v3/auth/tokens", json=body, timeout=10).headers["X-Subject-Token"]

    def kubernetes(self, path: str, method: str = "GET", body: object = None) -> Any:
        """Ask the API server."""
        headers = {"Authorization": f"Bearer {self.control.token}"}
        if method == "PATCH":
            headers["Content-Type"] = "application/merge-patch+json"
        answer = requests.request(method, self.control.url + path, json=body, headers=headers, timeout=10)
        answer.raise_for_status()
        return answer.json()

    def cloud(self, path: str, method: str = "GET", body: object = None) -> requests.Response:
        """Ask Nova (/compute/v2.1/...) or Cinder (/volume/v3/PROJECT/...)."""
        return requests.request(method, self.control.url + path, json=body, headers={"X-Auth-Token": self.cloud_token}, timeout=10)

    def ready(self, node: str) -> str:
        """The node's Ready condition."""
        return _ready(self.kubernetes(f"/api/v1/nodes/{node}"))

    def pod(self) -> Any:
        """The application's newest pod."""
        rows = self.kubernetes("/api/v1/namespaces/default/pods?labelSelector=app%3Dtest-cinder")["items"]
        return max(rows, key=lambda row: (row["metadata"]["creationTimestamp"], int(row["metadata"]["resourceVersion"])))

    def node(self) -> str:
        """Where it is."""
        return str(self.pod()["spec"]["nodeName"])

    def server(self, node: str) -> Any:
        """Nova's server under a node."""
        rows = self.cloud("/compute/v2.1/servers/detail").json()["servers"]
        return next(row for row in rows if row["name"] == node)

    def nova(self, node: str) -> tuple[str, int]:
        """Status and power state."""
        server = self.server(node)
        return server["status"], server["OS-EXT-STS:power_state"]

    def volume(self) -> Any:
        """Cinder's volume behind the application."""
        rows = self.cloud(f"/volume/v3/{self.sandbox.openstack.project.id}/volumes/detail").json()["volumes"]
        return next(row for row in rows if row["name"] == "pvc-test-cinder-volume")

    def cinder(self) -> tuple[str, list[str]]:
        """Its status, and the names of the servers that it is attached to."""
        volume = self.volume()
        names = {row["id"]: row["name"] for row in self.cloud("/compute/v2.1/servers").json()["servers"]}
        return volume["status"], [names[row["server_id"]] for row in volume["attachments"]]

    def attachments(self) -> list[tuple[str, bool, bool]]:
        """(node, attached, deleting) of each VolumeAttachment."""
        rows = self.kubernetes("/apis/storage.k8s.io/v1/volumeattachments")["items"]
        return [(row["spec"]["nodeName"], row["status"]["attached"], "deletionTimestamp" in row["metadata"]) for row in rows]

    def times(self, reason: str, about: str) -> int:
        """How often an event with a reason was written about an object."""
        rows = self.kubernetes("/api/v1/events")["items"]
        return sum(row.get("count") or 1 for row in rows if (row["reason"], row["involvedObject"]["name"]) == (reason, about))

    def app(self, limit_s: float = 0.5) -> str:
        """What a user of the application meets: answers, refused or timeout."""
        try:
            return "answers" if requests.get(self.sandbox.app_url, timeout=limit_s).status_code == 200 else "errors"
        except requests.Timeout:
            return "timeout"
        except requests.ConnectionError:
            return "refused"

    def turn(self, seconds: float) -> None:
        """Let that many cluster seconds go by."""
        with self.sandbox.world.lock:
            self.sandbox.world.turn(seconds)

    def until(self, true: Callable[[], bool], *, limit_s: float = 1200.0, step_s: float = 2.0) -> float:
        """Turn until something is so; tells how many cluster seconds that took. While processes start, time stands still for them."""
        began_s, end = self.sandbox.world.now_s, time.monotonic() + 60.0
        while not true():
            assert self.sandbox.world.now_s - began_s < limit_s
            assert time.monotonic() < end
            if self._starting():
                time.sleep(0.01)
            else:
                self.turn(step_s)
        return self.sandbox.world.now_s - began_s

    def well(self) -> bool:
        """Whether the application answers from a ready pod, and every node is ready."""
        return all(_ready(row) == "True" for row in self.kubernetes("/api/v1/nodes")["items"]) and self.app() == "answers"

    def process(self) -> int | None:
        """The id of the application's process."""
        return self.sandbox.processes.pid(self.pod()["metadata"]["uid"])

    def _starting(self) -> bool:
        with self.sandbox.world.lock:
            uids = [pod["metadata"]["uid"] for pod in self.sandbox.store.list(resources.PODS)]
        processes = self.sandbox.processes
        return any(processes.is_running(uid) and not processes.is_ready(uid) for uid in uids)


def _ready(node: Any) -> str:
    return str(next(row["status"] for row in node["status"]["conditions"] if row["type"] == "Ready"))


@contextmanager
def lent(directory: Path, **plan: Any) -> Iterator[Ledgers]:
    """A sandbox in this process."""
    sandbox = Sandbox(Plan(directory, rate=STILL, ssh=False, **plan))
    server = serve(sandbox, 0)
    try:
        sandbox.boot()
        yield Ledgers(sandbox, Control(server.url, sandbox.token))
    finally:
        sandbox.close()
        server.close()
