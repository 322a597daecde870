"""The recordings of the whole story (real Kubernetes, Nova and Cinder), as rows, and their replay on the sandbox's own Nova and Cinder.

Not compared, because a stand-in's or the network's: device paths, pod addresses, restarts, boot ids, what the application answered
over HTTP, and states that Nova and Cinder pass through between two polls a second apart.
"""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from chaoscinder.sandbox import default_world, profiles
from chaoscinder.sandbox.kubernetes.controllers import manager
from chaoscinder.sandbox.kubernetes.controllers.cluster import Chance
from chaoscinder.sandbox.kubernetes.resources import NODES, PODS, SLICES
from chaoscinder.sandbox.kubernetes.store import Happened, Object, Store
from chaoscinder.sandbox.openstack import OpenStack
from chaoscinder.sandbox.profiles import Profile
from chaoscinder.sandbox.world import World
from tests.sandbox.fakes import FakeContainers, FakeTraffic
from tests.timelines import watching
from tests.timelines.rows import Change, Fields, Names, Row, changes

HERE = Path(__file__).parent.parent / "recordings" / "whole"
FAULT_S = 300.0
ZONE = "az-1"
NODE_NAMES = ("control-plane-1", "node-1", "node-2", "node-3")
POD_CONDITIONS = ("PodScheduled", "Initialized", "Ready", "ContainersReady", "DisruptionTarget")
NODE_CONDITIONS = ("MemoryPressure", "DiskPressure", "PIDPressure", "Ready")
OWN_WORDS = ("Pulled", "Created", "Unhealthy")  # events of our kubelets that the stand-in kubelet does not write
SETTLED = ("available", "in-use", "ACTIVE", "SHUTOFF")
UUID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")


def recorded(name: str) -> list[Change]:
    """What changed after the fault, field by field."""
    lines = [json.loads(line) for line in (HERE / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]
    begin = next(number for number, line in enumerate(lines) if line["source"] == "driver" and line["t"] == 0)
    epoch_s = datetime.fromisoformat(lines[begin]["at"]).timestamp()
    rows = [row for line in lines[begin:] if line["source"] == "k8s" and (row := _row(line))]
    clouds = [change for line in lines[begin:] if line["source"] in ("nova", "cinder") for change in _cloud(line)]
    return _plain(changes(rows, epoch_s)) + clouds


def _row(line: dict[str, Any]) -> Row | None:
    kind, name = line["object"].split("/")
    change = line["change"]
    name = "test-cinder" if kind == "EndpointSlice" else name
    if change == "DELETED":
        return Row(line["t"], kind, "DELETED", name)
    if kind == "Event":
        text = f"{change['type']} {change['reason']} [{change['by']}] {change['about']} x{change['count'] or 1}: {change['message']}"
        return Row(line["t"], kind, "ADDED", "", event=text)
    fields = READ[kind](change)
    added = fields.get("phase") == "Pending" or (kind == "VolumeAttachment" and "node" in fields)
    return Row(line["t"], kind, "ADDED" if added else "MODIFIED", name, fields) if fields else None


def _pod(change: Fields) -> Fields:
    fields = {key: change[key] for key in ("phase", "deletionTimestamp", "deletionGracePeriodSeconds") if key in change}
    fields |= {"node": change["node"]} if change.get("node") else {}
    fields |= {"containers": [list(each) for each in change["containers"]]} if change.get("containers") else {}
    return fields | _conditions(change, POD_CONDITIONS)


def _node(change: Fields) -> Fields:
    fields: Fields = {"taints": change["taints"]} if "taints" in change else {}
    fields |= {"unschedulable": change["unschedulable"] or None} if "unschedulable" in change else {}
    fields |= {"volumesInUse": change["volumesInUse"] or None} if "volumesInUse" in change else {}
    fields |= {"volumesAttached": [f"{each}@" for each in change["volumesAttached"]]} if "volumesAttached" in change else {}
    return fields | _conditions(change, NODE_CONDITIONS)


def _attachment(change: Fields) -> Fields:
    fields = {key: change[key] for key in ("attached", "node", "deletionTimestamp", "deletionGracePeriodSeconds") if key in change}
    fields |= {"finalizers": change["finalizers"]} if change.get("finalizers") else {}
    fields |= {"annotations": "the server"} if change.get("node-id") else {}
    return fields | ({"pv": "pv"} if "node" in fields else {})


def _slice(change: Fields) -> Fields:
    return {"endpoints": [each.partition(" ")[2] for each in change["endpoints"]]}


def _conditions(change: Fields, wanted: Sequence[str]) -> Fields:
    found = {type_: change[type_] for type_ in wanted if type_ in change}
    return {"conditions": found} if found else {}


READ: dict[str, Callable[[Fields], Fields]] = {"Pod": _pod, "Node": _node, "VolumeAttachment": _attachment, "EndpointSlice": _slice}


def _cloud(line: dict[str, Any]) -> list[Change]:
    """status and volumes of a server, status of a volume; only what lasts."""
    about = f"{line['source']} {line['object'].partition(' ')[0] if line['source'] == 'nova' else 'volume'}"
    rows = [(key, line["change"].get(key)) for key in ("status", "volumes")]
    rows = [(key, len(value) if isinstance(value, list) else value) for key, value in rows if value is not None]
    return [Change(line["t"], about, key, str(value)) for key, value in rows if key == "volumes" or value in SETTLED]


def _plain(found: list[Change]) -> list[Change]:
    """Take out what is one world's own: ids, and the name of the container."""

    def text(value: str) -> str:
        return UUID.sub("ID", value).replace("[web]", "[test-cinder]").replace("container web", "container test-cinder")

    names = dict.fromkeys(row.about for row in found if row.about.startswith("VolumeAttachment/"))
    numbers = {name: f"VolumeAttachment/{number}" for number, name in enumerate(names, start=1)}
    return [Change(row.at_s, numbers.get(row.about, UUID.sub("ID", row.about)), row.what, text(row.value)) for row in found]


class Ticks(Chance):
    """The phases that a recording shows, and the nodes it chose."""

    def __init__(self, world: World, ticks: dict[str, list[float]], nodes: list[str]) -> None:
        super().__init__(world)
        self._world, self._ticks, self._nodes = world, ticks, nodes

    def first_s(self, name: str, period_s: float) -> float:
        """The phase that hits the first moment shown."""
        if name not in self._ticks:
            return super().first_s(name, period_s)
        return (FAULT_S + self._ticks[name][0] - self._world.now_s) % period_s

    def node(self, pod: Object, nodes: Sequence[Object]) -> Object:
        """The next node of the recording."""
        name = self._nodes.pop(0) if self._nodes else ""
        return next((node for node in nodes if node["metadata"]["name"] == name), nodes[0])


class Whole:
    """A small cluster on the sandbox's Nova and Cinder, at rest until FAULT_S."""

    def __init__(self, *, ticks: dict[str, list[float]], nodes: list[str], remediation: str = "none", **figures: float) -> None:
        self.world = World(epoch=datetime(2026, 11, 22, 23, 0, tzinfo=UTC), seed=3)
        self.store = Store(self.world)
        self.openstack = OpenStack(self.world)
        self.profile: Profile = replace(profiles.load(), **figures)  # type: ignore[arg-type]
        self.rows: list[Row] = []
        self.clouds: list[Change] = []
        self.clock: Callable[[], float] = lambda: self.world.now_s - FAULT_S
        self.containers = FakeContainers(self.world)
        manager.start(
            self.world, self.store, cloud=self.openstack, guests=self.openstack, containers=self.containers,
            traffic=lambda *_: FakeTraffic(), profile=self.profile, volumes_dir=Path("/volumes"), remediation=remediation,
            chance=Ticks(self.world, ticks, nodes),
        )  # fmt: skip
        with self.world.step():
            self.servers = {name: self.openstack.add_server(name, zone=ZONE) for name in NODE_NAMES}
            self.volume = self.openstack.add_volume("pvc", 3, ZONE)
            zones = dict.fromkeys(NODE_NAMES, ZONE)
            default_world.build(self.world, self.store, servers=self.servers, zones=zones, volume_id=self.volume, service_port=8080)
        self.world.turn_to(FAULT_S - 10)

    def begin(self) -> None:
        """Let the recording begin."""
        self.world.turn_to(FAULT_S)
        self.store.listen(self._watch)
        self._known = self._cloud_now()

    def turn_to(self, at_s: float) -> None:
        """Go on to a moment of the recording, looking at the clouds on the way."""
        while self.world.now_s < FAULT_S + at_s:
            self.world.turn_to(min(self.world.now_s + 0.1, FAULT_S + at_s))
            now = self._cloud_now()
            self.clouds += [
                Change(self.world.now_s - FAULT_S, *key, value)
                for key, value in now.items()
                if self._known[key] != value and (key[1] == "volumes" or value in SETTLED)
            ]
            self._known |= {key: value for key, value in now.items() if key[1] == "volumes" or value in SETTLED}

    def act_on_server(self, node: str, request: str) -> None:
        """os-stop or os-start."""
        with self.world.step():
            caller = self.openstack.caller()
            self.openstack.nova.operator.begin(caller, self.openstack.nova.get(caller, self.servers[node]), request)

    def cordon(self, node: str, unschedulable: bool) -> None:
        """Cordon or uncordon a node."""
        with self.world.step():
            self.store.change(NODES, node, "", partial(_cordon, unschedulable))

    def delete_pod(self) -> None:
        """Delete the application's pod."""
        with self.world.step():
            (pod,) = self.store.list(PODS)
            self.store.delete(PODS, pod["metadata"]["name"], "default")

    def told(self) -> list[Change]:
        """What changed."""
        epoch_s = (self.world.epoch + timedelta(seconds=FAULT_S)).timestamp()
        return _plain(changes(self.rows, epoch_s, Names())) + self.clouds

    def _cloud_now(self) -> dict[tuple[str, str], str]:
        found: dict[tuple[str, str], str] = {}
        for name, server in self.servers.items():
            found[(f"nova {name}", "status")] = str(self.openstack.server_status(server))
            found[(f"nova {name}", "volumes")] = str(len(self.openstack.nova.volumes.of(server)))
        return found | {("cinder volume", "status"): str(self.openstack.volume_status(self.volume))}

    def _watch(self, event: Happened) -> None:
        at_s = self.clock()
        if event.resource is SLICES:
            self._watch_slice(event, at_s)
            return
        if event.object.get("reason") in OWN_WORDS:
            return
        row = watching.row(event, at_s, silent=())
        if row and (row.fields or row.event or row.type != "MODIFIED"):
            self.rows.append(_comparable(row))

    def _watch_slice(self, event: Happened, at_s: float) -> None:
        old, new = ([_endpoint(each) for each in (obj or {}).get("endpoints") or []] for obj in (event.previous, event.object))
        if old != new:
            self.rows.append(Row(at_s, "EndpointSlice", "MODIFIED", "test-cinder", {"endpoints": new}))


def _comparable(row: Row) -> Row:
    """Leave out what the recordings of the whole do not have, or have for one world only."""
    fields = {} if row.type == "DELETED" else dict(row.fields)
    if row.kind == "VolumeAttachment":
        fields.pop("attachmentMetadata", None)
        fields |= {key: value for key, value in (("pv", "pv"), ("annotations", "the server")) if key in fields}
    if row.kind in ("ReplicaSet", "Deployment", "StatefulSet"):
        fields = {}
    return replace(row, fields=fields)


def _endpoint(each: Object) -> str:
    return f"{'ready' if each['conditions']['ready'] else 'not ready'} {each['nodeName']}"


def _cordon(unschedulable: bool, node: Object) -> None:
    node["spec"].pop("unschedulable", None)
    if unschedulable:
        node["spec"]["unschedulable"] = True
