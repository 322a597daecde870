"""Small honest models of what the controllers reach through ports, and a scene that puts them together on a turned clock."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from chaoscinder.sandbox import default_world, profiles
from chaoscinder.sandbox.kubernetes import defaults, resources
from chaoscinder.sandbox.kubernetes.controllers import conditions, manager, taints
from chaoscinder.sandbox.kubernetes.resources import NODES, PODS
from chaoscinder.sandbox.kubernetes.store import Happened, Object, Store
from chaoscinder.sandbox.ports import CloudError
from chaoscinder.sandbox.world import World

EPOCH = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
VOLUME = "e1b43bb1-a5de-41c6-87fa-3cf45766163b"
NODES_AND_ZONES = {"control-plane-1": "az-1", "node-1": "az-1", "node-2": "az-1", "node-3": "az-1", "node-4": "az-2"}
SERVERS = {name: f"00000000-0000-4000-8000-00000000000{number}" for number, name in enumerate(NODES_AND_ZONES)}


@dataclass
class FakeCloud:
    """Nova and Cinder: a call is accepted at once and takes effect after the duration. Refuses a second attachment."""

    world: World
    servers: dict[str, str]
    volumes: dict[str, str]
    attached: dict[str, list[str]] = field(default_factory=dict)
    attach_s: float = 0.6
    detach_s: float = 0.6
    power_s: float = 1.1
    refuses: bool = False
    frozen: set[str] = field(default_factory=set)
    calls: list[tuple[str, str, str]] = field(default_factory=list)
    _listeners: list[Callable[[str, bool], None]] = field(default_factory=list)

    def server_status(self, server_id: str) -> str | None:
        return self.servers.get(server_id)

    def volume_status(self, volume_id: str) -> str | None:
        return self.volumes.get(volume_id)

    def delete_volume(self, volume_id: str) -> None:
        self.calls.append(("delete", "", volume_id))
        if volume_id not in self.volumes:
            raise CloudError(404, "itemNotFound", f"Volume {volume_id} could not be found.")
        if self.refuses or self.volumes[volume_id] != "available":
            raise CloudError(400, "badRequest", f"Invalid volume: Volume {self.volumes[volume_id]} cannot be deleted.")
        del self.volumes[volume_id]

    def attached_servers(self, volume_id: str) -> tuple[str, ...]:
        return tuple(self.attached.get(volume_id, []))

    def attach(self, server_id: str, volume_id: str) -> None:
        self.calls.append(("attach", server_id, volume_id))
        if self.refuses or self.volumes[volume_id] != "available":
            status = self.volumes[volume_id]
            why = f"Volume {volume_id} status must be available or downloading to reserve, but the current status is {status}."
            raise CloudError(400, "badRequest", f"Invalid volume: {why}")
        self.volumes[volume_id] = "reserved"
        self.world.call_later(self.attach_s, lambda: self._set(volume_id, "in-use", [server_id]))

    def detach(self, server_id: str, volume_id: str) -> None:
        self.calls.append(("detach", server_id, volume_id))
        if self.refuses:
            raise CloudError(409, "conflictingRequest", "Service is unavailable at this time.")
        self.volumes[volume_id] = "detaching"
        self.world.call_later(self.detach_s, lambda: self._set(volume_id, "available", []))

    def is_running(self, server_id: str) -> bool:
        return self.servers.get(server_id) == "ACTIVE"

    def is_frozen(self, server_id: str) -> bool:
        return server_id in self.frozen

    def on_power(self, listener: Callable[[str, bool], None]) -> None:
        self._listeners.append(listener)

    def power(self, server_id: str, status: str) -> None:
        """Stop (SHUTOFF), pause (PAUSED) or start (ACTIVE) a server, or let the host vanish under one that stays ACTIVE for Nova."""
        self.servers[server_id] = status
        if status == "PAUSED":
            self.frozen.add(server_id)
        for listener in self._listeners:
            listener(server_id, status == "ACTIVE")
        if status != "PAUSED":
            self.frozen.discard(server_id)

    def delete(self, server_id: str) -> None:
        """Delete a server: its volumes become available."""
        del self.servers[server_id]
        for volume in [volume for volume, servers in self.attached.items() if server_id in servers]:
            self._set(volume, "available", [])
        for listener in self._listeners:
            listener(server_id, False)

    def _set(self, volume_id: str, status: str, servers: list[str]) -> None:
        self.volumes[volume_id], self.attached[volume_id] = status, servers


@dataclass
class FakeContainers:
    """Processes that are ready some time after their start and end some time after SIGTERM."""

    world: World
    ready_s: float = 0.2
    stop_s: float = 0.3
    running: dict[str, float] = field(default_factory=dict)
    codes: dict[str, int] = field(default_factory=dict)
    mounts: dict[str, dict[str, Path]] = field(default_factory=dict)
    deaf: bool = False
    frozen: set[str] = field(default_factory=set)

    def start(self, pod: dict[str, Any], volumes: dict[str, Path]) -> None:
        self.running[pod["metadata"]["uid"]] = self.world.now_s
        self.codes.pop(pod["metadata"]["uid"], None)
        self.mounts[pod["metadata"]["uid"]] = volumes

    def is_running(self, uid: str) -> bool:
        return uid in self.running

    def is_ready(self, uid: str) -> bool:
        return uid in self.running and self.world.now_s >= self.running[uid] + self.ready_s

    def exit_code(self, uid: str) -> int | None:
        return self.codes.get(uid)

    def exit(self, uid: str, code: int) -> None:
        """Its process ends by itself."""
        self.codes[uid] = code
        self.kill(uid)

    def terminate(self, uid: str) -> None:
        if not self.deaf:
            self.world.call_later(self.stop_s, lambda: self.kill(uid))

    def kill(self, uid: str) -> None:
        self.running.pop(uid, None)

    def freeze(self, uid: str) -> None:
        self.frozen.add(uid)

    def thaw(self, uid: str) -> None:
        self.frozen.discard(uid)


@dataclass
class FakeTraffic:
    """An address: what it answers now, and all that it was told."""

    led: tuple[str, ...] = ()
    cuts: set[str] = field(default_factory=set)

    def send_to(self, uids: tuple[str, ...]) -> None:
        self.led = uids
        self.cuts &= set(uids)

    def cut(self, uid: str) -> None:
        self.cuts.add(uid)

    def freeze(self, uid: str) -> None:
        self.cuts.add(uid)

    def thaw(self, uid: str) -> None:
        self.cuts.discard(uid)

    def answer(self) -> str:
        if not self.led:
            return "refused"
        return "timeout" if self.led[0] in self.cuts else self.led[0]


class Scene:
    """The default world with all its controllers; story holds (seconds since mark(), object, what happened)."""

    def __init__(
        self, *, remediation: str = "none", seed: int = 1, profile: str = profiles.DEFAULT,
        manifests: list[tuple[resources.Resource, Object]] | None = None,
    ) -> None:  # fmt: skip
        self.world = World(epoch=EPOCH, seed=seed)
        self.store = Store(self.world)
        self.cloud = FakeCloud(self.world, dict.fromkeys(SERVERS.values(), "ACTIVE"), {VOLUME: "available"})
        self.containers = FakeContainers(self.world)
        self.traffic = FakeTraffic()
        self.profile = profiles.load(profile)
        self.story: list[tuple[float, str, str]] = []
        self._marked_s = 0.0
        self.store.listen(self._tell)
        self.manager = manager.start(
            self.world, self.store, cloud=self.cloud, guests=self.cloud, containers=self.containers,
            traffic=lambda namespace, name: self.traffic if (namespace, name) == ("default", "test-cinder") else None,
            profile=self.profile, volumes_dir=Path("/volumes"), remediation=remediation, provision=self._provision,
        )  # fmt: skip
        with self.world.step():
            made = {"servers": SERVERS, "zones": NODES_AND_ZONES, "profile": self.profile}
            default_world.build(self.world, self.store, volume_id=VOLUME, service_port=8080, **made)
            for resource, obj in manifests or []:
                self.store.create(resource, defaults.apply(resource, obj))
        self.world.turn(60)
        self.mark()

    def mark(self) -> None:
        """Let the story begin now."""
        self.story.clear()
        self._marked_s = self.world.now_s

    @property
    def now_s(self) -> float:
        return self.world.now_s - self._marked_s

    def pods(self, app: str = "test-cinder") -> list[Object]:
        """The pods of an application, the oldest first."""
        rows = [pod for pod in self.store.list(PODS) if (pod["metadata"].get("labels") or {}).get("app") == app]
        return sorted(rows, key=lambda pod: pod["metadata"]["creationTimestamp"])

    def pod(self, app: str = "test-cinder") -> Object:
        (pod,) = self.pods(app)
        return pod

    def node(self, name: str) -> Object:
        return self.store.get(NODES, name)

    def taints(self, name: str) -> list[str]:
        return [f"{taint['key']}={taint.get('value', '')}:{taint['effect']}" for taint in taints.of(self.node(name))]

    def attachments(self) -> list[tuple[str, bool, bool]]:
        """(node, attached, deleting) of each VolumeAttachment."""
        rows = self.store.list(resources.ATTACHMENTS)
        return [(row["spec"]["nodeName"], row["status"]["attached"], "deletionTimestamp" in row["metadata"]) for row in rows]

    def events(self, reason: str | None = None, about: str | None = None) -> list[str]:
        """The messages of events, in the order of their first writing."""
        rows = sorted(self.store.list(resources.EVENTS), key=lambda row: int(row["metadata"]["name"].rpartition(".")[2], 16))
        chosen = [row for row in rows if reason in (None, row["reason"]) and about in (None, row["involvedObject"]["name"])]
        return [row["message"] for row in chosen]

    def serving(self) -> str:
        """The node whose pod answers at the Service's address; or timeout, or refused."""
        answer = self.traffic.answer()
        by_uid = {pod["metadata"]["uid"]: pod["spec"]["nodeName"] for pod in self.store.list(PODS)}
        return by_uid.get(answer, answer)

    def power(self, node: str, status: str) -> None:
        with self.world.step():
            self.cloud.power(SERVERS[node], status)

    def act(self, act: Callable[[], object]) -> None:
        """Do something as an API request would."""
        with self.world.step():
            act()

    def cordon(self, node: str, unschedulable: bool = True) -> None:
        self.act(lambda: self.store.change(NODES, node, "", lambda new: new["spec"].update(unschedulable=unschedulable)))

    def only(self, *names: str) -> None:
        """Cordon every worker but the named ones."""
        for name in NODES_AND_ZONES:
            if not name.startswith("control-plane"):
                self.cordon(name, name not in names)

    def turn_until(self, is_so: Callable[[], bool], limit_s: float, step_s: float = 0.25) -> float:
        """Turn until something is so; tells the story's seconds."""
        limit_s += self.world.now_s
        while not is_so():
            if self.world.now_s >= limit_s:
                raise AssertionError(f"not so after {self.now_s:.1f} s")
            self.world.turn(step_s)
        return self.now_s

    def when(self, obj: str, what: str) -> float:
        """The seconds at which the story first tells of an object's name (or its beginning) and what happened."""
        return next(at for at, name, told in self.story if name.startswith(obj) and what in told)

    def _provision(self, name: str, size_gib: int, zone: str) -> str:
        volume = self.world.new_uuid()
        self.cloud.volumes[volume] = "creating"
        self.world.call_later(1.5, lambda: self.cloud.volumes.update({volume: "available"}))
        return volume

    def _tell(self, event: Happened) -> None:
        if event.resource not in (resources.LEASES, resources.EVENTS):
            for text in _told(event):
                self.story.append((round(self.now_s, 3), f"{event.resource.kind}/{event.object['metadata']['name']}", text))
        elif event.resource is resources.EVENTS:
            row = event.object
            self.story.append((round(self.now_s, 3), f"Event/{row['involvedObject']['name']}", f"{row['reason']}: {row['message']}"))


def _told(event: Happened) -> list[str]:
    new, old = event.object, event.previous or {}
    if event.type == "DELETED":
        return ["DELETED"]
    after, before = _facts(event.resource, new), _facts(event.resource, old) if old else {}
    return [f"{key}={value}" for key, value in after.items() if before.get(key) != value] or ([] if old else ["ADDED"])


def _facts(resource: resources.Resource, obj: Object) -> dict[str, Any]:
    meta, status = obj["metadata"], obj.get("status", {})
    facts: dict[str, Any] = {"deleting": "deletionTimestamp" in meta}
    if resource is PODS:
        states = [next(iter(row["state"])) for row in status.get("containerStatuses", [])]
        facts |= {"node": obj["spec"].get("nodeName"), "phase": status.get("phase"), "containers": states}
        facts |= {row["type"]: row["status"] for row in status.get("conditions", [])}
    if resource is NODES:
        facts |= {"ready": conditions.status(obj, "Ready"), "in_use": len(status.get("volumesInUse", []))}
        facts |= {"attached": len(status.get("volumesAttached", []))}
        facts["taints"] = [f"{taint['key'].rpartition('/')[2]}:{taint['effect']}" for taint in taints.of(obj)]
    if resource is resources.ATTACHMENTS:
        facts |= {"attached": status.get("attached"), "finalizers": len(meta.get("finalizers", [])), "node": obj["spec"]["nodeName"]}
    if resource is resources.SLICES:
        facts["ready"] = [row["conditions"]["ready"] for row in obj["endpoints"]]
    return facts
