"""Puts the sandbox together: one world, two APIs, the controllers between them, the application's processes and its address.

The default world is booted by its own controllers on a turned clock, then handed to the wall clock. So nothing in it was made by hand
that a controller would make, and it is minutes old when it is lent.
"""

import copy
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from chaoscinder.clock import Clock
from chaoscinder.sandbox import default_world, durable_watch, faults, inventory, profiles, ssh_door
from chaoscinder.sandbox.api_faults import ApiFaults
from chaoscinder.sandbox.csi_controller import CsiController
from chaoscinder.sandbox.durable import Shadows
from chaoscinder.sandbox.kubernetes import resources
from chaoscinder.sandbox.kubernetes.api import KubernetesApi
from chaoscinder.sandbox.kubernetes.controllers import manager
from chaoscinder.sandbox.kubernetes.controllers.cloudnodelifecycle import server_of
from chaoscinder.sandbox.kubernetes.store import Store
from chaoscinder.sandbox.kubernetes.tls import Authority
from chaoscinder.sandbox.loopback import Loopback, ServiceAddress
from chaoscinder.sandbox.machines import Machines
from chaoscinder.sandbox.openstack import OpenStack
from chaoscinder.sandbox.processes import Processes
from chaoscinder.sandbox.request_log import RequestLog
from chaoscinder.sandbox.world import Driver, World

NAMESPACE, SERVICE = "default", "test-cinder"
BOOT_S = 60.0  # cluster seconds that the world has lived when it is lent
APP_START_LIMIT_S = 10.0  # wall seconds for the application's process to answer; it takes 0.2 s on an idle machine
SERVERS = {"control-plane-1": "az-1", "worker-1": "az-1", "worker-2": "az-1", "worker-3": "az-1", "worker-4": "az-2"}
HOSTS = {"az-1": ("compute-1", "compute-2"), "az-2": ("compute-3",)}
POWER_LOSSES = ("flushed", "unflushed")
SYNCHRONOUS = ("EXTRA", "FULL", "NORMAL", "OFF")  # what the demo application takes as DATABASE_SYNCHRONOUS
KEEP_MEMORY = ("paused", "suspended")  # vm_states in which the page cache waits for the guest
USERS = (("ada", "ada@example.org"), ("grace", "grace@example.org"), ("barbara", "barbara@example.org"))


@dataclass(frozen=True, slots=True)
class Plan:
    """Which world to make. rate is cluster seconds per wall second.

    With power_loss "unflushed" a server that loses power takes its volumes back to what was synced. app_synchronous is the demo
    application's DATABASE_SYNCHRONOUS; empty leaves it to the application. ssh opens each node's door; None where asyncssh is there.
    """

    directory: Path
    profile: str = profiles.DEFAULT
    remediation: str = "out-of-service"
    openstack: str = "2026.2"
    rate: float = 20.0
    power_loss: str = "flushed"
    app_synchronous: str = ""
    ssh: bool | None = None


class Sandbox:
    """One running world. boot() makes it, then it follows the wall clock until close()."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.profile = profiles.load(plan.profile)
        self.clock = Clock(plan.rate)
        self.world = World(epoch=datetime.now(UTC) - timedelta(seconds=BOOT_S), seed=secrets.randbits(32))
        self.store = Store(self.world)
        self.openstack = OpenStack(self.world, release=plan.openstack)
        self.token = secrets.token_urlsafe(24)
        self.requests, self.api_faults, self.active = RequestLog(), ApiFaults(), faults.ActiveFaults()
        self.asked_api_faults: dict[str, list[str]] = {}
        self.csi_controller: CsiController | None = None
        self.machines = Machines(self)
        self.doors: ssh_door.Doors | None = None
        if plan.ssh and not ssh_door.is_there():
            raise ValueError("ssh doors need asyncssh (wanted: pip install 'chaostoolkit-cinder[ssh]', or --no-ssh)")
        self.shadows = Shadows(plan.directory / "power-losses")
        self.processes = Processes(_made(plan.directory / "pods"), self.shadows)
        self.lose_power(plan.power_loss)
        self.loopback = Loopback()
        self.address = ServiceAddress(self.loopback, self.processes.port)
        self.processes.on_change = self.address.look
        git_version = f"{self.profile.git_version}+chaoscinder-sandbox"
        tokens = {self.token: "sandbox-admin", "": "system:unsecured"}  # kubectl sends no token over plain HTTP
        self.authority = Authority(plan.directory / "pki")
        self.kubernetes = KubernetesApi(
            self.world, self.store, git_version=git_version, rate=plan.rate, log=self.processes.log, tokens=tokens, ca=self.authority.pem,
            disruption_conditions=self.profile.disruption_conditions,
        )  # fmt: skip
        self._driver: Driver | None = None

    @property
    def now_s(self) -> float:
        """Cluster seconds since the world's epoch; takes no lock."""
        return self._driver.elapsed_s() if self._driver else self.world.now_s

    @property
    def app_url(self) -> str:
        """The address of the application's Service."""
        return f"http://127.0.0.1:{self.address.port}/"

    def boot(self) -> None:
        """Make the default world, let its controllers bring it up, fill the application, and hand time to the wall clock."""
        with self.world.lock:
            self._build()
            self.world.settle()
            self._turn_until_serving()
            _add_users(self.app_url)
            self.shadows.flush()
            self._open_doors()
            self.world.turn_to(max(BOOT_S, self.world.now_s))
            self.world.epoch = datetime.now(UTC) - timedelta(seconds=self.world.now_s)
        self._driver = Driver(self.world, self.clock)
        self._driver.start()

    def identities(self) -> Mapping[str, str]:
        """Who this cluster and this project are."""
        system = self.store.get(resources.NAMESPACES, "kube-system")
        return {"cluster_id": system["metadata"]["uid"], "cloud_project_id": self.openstack.project.id}

    def state(self) -> dict[str, Any]:
        """Every object of both clouds that a run may have touched, as their APIs show them."""
        with self.world.step():
            return copy.deepcopy(inventory.take(self.store, self.openstack))

    def lose_power(self, how: str) -> list[str]:
        """Choose what is lost with a server's power from now on: "flushed" nothing, "unflushed" what was not synced.

        A process is followed from its start only, so containers that run unfollowed are killed, and their kubelets start them again; tells
        their uids. OSError where this machine does not let us see what a process syncs.
        """
        if how not in POWER_LOSSES:
            raise ValueError(f"power loss is {how!r} (wanted one of {', '.join(POWER_LOSSES)})")
        if how == "unflushed" and not self.shadows.on:
            durable_watch.refuse_where_unable()
        self.shadows.on = how == "unflushed"
        restarted = self.processes.unshadowed() if self.shadows.on else []
        for uid in restarted:
            self.processes.kill(uid)
        return restarted

    def slow_storage(self, node: str, delay_s: float) -> list[str]:
        """Let each sync on a node take that much longer, in wall seconds; tells the uids of containers that start again, as lose_power."""
        if not self.processes.slow.is_on and not self.shadows.on:
            durable_watch.refuse_where_unable()
        self.processes.slow.slow_down(node, delay_s)
        restarted = [uid for uid in self.processes.unfollowed() if uid in self.manager.kubelets.by_node[node].workers]
        for uid in restarted:
            self.processes.kill(uid)
        return restarted

    def close(self) -> None:
        """Stop time, watches, processes and the address."""
        if self._driver is not None:
            self._driver.stop()
        self.api_faults.remove()
        self.kubernetes.close()
        if self.doors is not None:
            self.doors.close()
        self.address.close()
        self.processes.close()
        self.shadows.close()
        self.loopback.close()

    def _build(self) -> None:
        servers = {name: self._server(name, zone) for name, zone in SERVERS.items()}
        volumes = _made(self.plan.directory / "volumes")
        self.manager = manager.start(
            self.world,
            self.store,
            cloud=self.openstack,
            guests=self.openstack,
            containers=self.processes,
            traffic=self._traffic,
            profile=self.profile,
            volumes_dir=volumes,
            remediation=self.plan.remediation,
            provision=self._provision,
        )
        volume_id = self.openstack.add_volume("pvc-test-cinder-volume", 3, "az-1")
        _made(volumes / volume_id)
        default_world.build(
            self.world,
            self.store,
            servers=servers,
            zones=SERVERS,
            volume_id=volume_id,
            service_port=self.address.port,
            profile=self.profile,
        )
        if self.plan.app_synchronous:
            self.store.change(resources.DEPLOYMENTS, SERVICE, NAMESPACE, self._set_synchronous)
        self.openstack.on_power(self.machines.forget_if_off)
        self.openstack.on_power(self._power)  # after the kubelets: the processes are dead by then, and no other can have started

    def _open_doors(self) -> None:
        if self.plan.ssh or (self.plan.ssh is None and ssh_door.is_there()):
            self.doors = ssh_door.Doors(self, self.loopback, self.plan.directory / "ssh")
            self.openstack.on_power(self.doors.power)

    def _set_synchronous(self, deployment: dict[str, Any]) -> None:
        container = deployment["spec"]["template"]["spec"]["containers"][0]
        container["env"].append({"name": "DATABASE_SYNCHRONOUS", "value": self.plan.app_synchronous})

    def _power(self, server_id: str, running: bool) -> None:
        """A server's power came or went: let its node's volumes lose what was not synced, unless the memory is kept or was written out."""
        server = self.openstack.nova.find(server_id)
        if running or not self.shadows.on or (server and server.vm_state in KEEP_MEMORY):
            return
        task = (server and server.task_state) or ""  # none for a server that was deleted
        soft_reboot = task.startswith("reboot") and not task.endswith("_hard")
        for node in self.store.list(resources.NODES):
            if server_of(node) == server_id:
                name = node["metadata"]["name"]
                self.shadows.flush(name) if soft_reboot else self.shadows.lose(name)

    def _provision(self, name: str, size_gib: int, zone: str) -> str:
        """Make a Cinder volume for a claim that has none."""
        volume_id = self.openstack.add_volume(name, size_gib, zone)
        _made(self.plan.directory / "volumes" / volume_id)
        return volume_id

    def _server(self, name: str, zone: str) -> str:
        hosts = HOSTS[zone]
        host = hosts[list(SERVERS).index(name) % len(hosts)]
        return self.openstack.add_server(name, zone=zone, host=host, metadata={})

    def _traffic(self, namespace: str, service: str) -> ServiceAddress | None:
        return self.address if (namespace, service) == (NAMESPACE, SERVICE) else None

    def _turn_until_serving(self) -> None:
        """Turn the clock half a second at a time; the application's process starts in real time, so time stands still for it."""
        give_up = time.monotonic() + APP_START_LIMIT_S
        while not self._serving():
            if time.monotonic() > give_up:
                raise TimeoutError(f"the application did not serve within {APP_START_LIMIT_S:g} s: {self._pods()}")
            if self._starting():
                time.sleep(0.005)
            else:
                self.world.turn(0.5)

    def _starting(self) -> bool:
        uids = [pod["metadata"]["uid"] for pod in self.store.list(resources.PODS, NAMESPACE)]
        return any(self.processes.is_running(uid) and not self.processes.is_ready(uid) for uid in uids)

    def _serving(self) -> bool:
        pods = self.store.list(resources.PODS, NAMESPACE)
        ready = [row for pod in pods for row in pod["status"].get("conditions", []) if row["type"] == "Ready" and row["status"] == "True"]
        return bool(ready)

    def _pods(self) -> str:
        rows = self.store.list(resources.PODS, NAMESPACE)
        return "; ".join(f"{pod['metadata']['name']} {pod['status'].get('phase')}" for pod in rows) or "there is no pod"


def _add_users(url: str) -> None:
    import json
    from urllib.request import ProxyHandler, Request, build_opener

    opener = build_opener(ProxyHandler({}))
    for name, mail in USERS:
        body = json.dumps({"name": name, "mail": mail}).encode()
        with opener.open(Request(url + "users", data=body, headers={"Content-Type": "application/json"}), timeout=5):
            pass


def _made(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    return path
