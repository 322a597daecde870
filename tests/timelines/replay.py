"""Plays a recording again in the sandbox's controllers: the same world, the same faults, a turned clock and containers that do nothing."""

from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from chaoscinder.sandbox.default_world import node_of
from chaoscinder.sandbox.kubernetes import defaults, resources
from chaoscinder.sandbox.kubernetes.api import KubernetesApi
from chaoscinder.sandbox.kubernetes.controllers import manager, taints
from chaoscinder.sandbox.kubernetes.controllers.persistentvolume import TOPOLOGY, bind_claim, bind_volume
from chaoscinder.sandbox.kubernetes.controllers.podtemplate import reference
from chaoscinder.sandbox.kubernetes.resources import NODES, PODS, Resource
from chaoscinder.sandbox.kubernetes.store import Happened, Object, Store
from chaoscinder.sandbox.profiles import Profile
from chaoscinder.sandbox.world import World
from tests.sandbox.fakes import FakeCloud, FakeContainers, FakeTraffic
from tests.timelines import compare, watching
from tests.timelines.compare import Difference
from tests.timelines.recording import Action, Recording
from tests.timelines.rows import Change, Names, Row, changes
from tests.timelines.settings import CLOUD_S, FAULT_S, STOP_S, Recorded, profile, tolerance

SERVER = "00000000-0000-4000-8000-00000000000{number}"
HANDLES = {  # which of the volumes in a recording's lines is whose; the lines name them without saying so
    "a": ("6eb21e98-6011-5974-9248-2a7c204fef11", "110e02a3-85ea-58a8-8a80-2ba476deeb6c"),
    "b": ("6b44c9db-eaf7-5f3a-972a-262c2701807e", "ebf68eb6-3cbb-516b-8a2f-f0bf253fb811"),
    "c": ("4fdc80f1-f071-53ec-8c2d-8e746a240735", "10086573-757b-5cab-8a81-c3cc9a7f1729"),
    "d": ("98d91b67-b49f-5dcd-9efc-f80f06d68a2c", "b3cae937-d466-511f-8f93-3105fd48042b"),
    "e": ("7b3bf137-5c2d-58f4-8cc1-0bcf7b8d3079", "c5c020d7-d324-5969-bc15-4029d880e626"),
    "f": ("00000000-0000-4000-8000-000000000101", "00000000-0000-4000-8000-000000000102"),
}


class StandInCloud(FakeCloud):
    """An attacher's cloud by decree: CSI's takes effect when the stand-in attacher acts, the in-tree plugin's 3 s after the call."""

    def attach(self, server_id: str, volume_id: str) -> None:
        self._later(self.attach_s, partial(self._set, volume_id, "in-use", [server_id]))

    def detach(self, server_id: str, volume_id: str) -> None:
        self._later(self.detach_s, partial(self._set, volume_id, "available", []))

    def cut(self, server_id: str, running: bool) -> None:
        """Nobody tells Nova."""
        for listener in self._listeners:
            listener(server_id, running)

    def _later(self, after_s: float, act: Any) -> None:
        self.world.call_later(after_s, act) if after_s else act()


class Replay:
    """One recording, played to its end by run()."""

    def __init__(self, recording: Recording, profile_: Profile | None = None) -> None:
        self.recording, self.profile = recording, profile_ or profile(recording)
        self.namespace, letter = f"sc-{recording.letter}", recording.letter
        self.servers = _servers(recording)
        epoch = datetime.fromtimestamp(recording.epoch_s or 1_795_382_874, UTC) - timedelta(seconds=FAULT_S)
        self.world = World(epoch=epoch, seed=7)
        self.store = Store(self.world)
        self.names = Names()
        self.rows: list[Row] = []
        self.answers: list[Change] = []
        volumes = dict.fromkeys(HANDLES[letter], "available")
        self.cloud = StandInCloud(self.world, dict.fromkeys(self.servers.values(), "ACTIVE"), volumes)
        self.cloud.attach_s = self.cloud.detach_s = 0.0 if self.profile.plugin == "csi" else CLOUD_S
        self.manager = manager.start(
            self.world, self.store, cloud=self.cloud, guests=self.cloud, containers=FakeContainers(self.world, 0.0, STOP_S),
            traffic=lambda *_: FakeTraffic(), profile=self.profile, volumes_dir=Path("/volumes"), chance=Recorded(self.world, recording),
        )  # fmt: skip
        self.api = KubernetesApi(
            self.world, self.store, git_version=self.profile.git_version, rate=1.0, log=lambda _: "", tokens={"": "me"},
            disruption_conditions=self.profile.disruption_conditions,
        )  # fmt: skip

    def run(self) -> list[Change]:
        """Build the world, let it live, do what was done, and tell what changed."""
        self._build()
        self.world.turn_to(FAULT_S - 0.01)
        self.store.listen(self._watch)
        for action in self.recording.actions:
            self.world.turn_to(FAULT_S + max(0.0, action.at_s - 0.01))
            self._do(action)
        return changes(self.rows, self.recording.epoch_s, self.names) + self.answers

    def _watch(self, event: Happened) -> None:
        row = watching.row(event, self.world.now_s - FAULT_S)
        if row:
            self.rows.append(row)
            self.names.meet(row)

    def _do(self, action: Action) -> None:
        words = action.text.split()
        match words:
            case ["node", name, "kubelet", *_] | ["node", name, *_] if name.endswith(":"):
                self._kubelet(name.rstrip(":"), alive="comes" in words)
            case ["DELETE", "pod", name, *rest]:
                self._delete(self._real(name), 0 if rest else None)
            case ["DELETE", "node", name]:
                self._act(partial(self.store.delete, NODES, name))
            case ["cordon" | "uncordon" as word, name]:
                self._edit_node(name, partial(_cordon, word == "cordon"))
            case ["ADD" | "REMOVE" as word, "taint", taint, "on", name]:
                self._edit_node(name, partial(_taint, taint, word == "ADD"))
            case ["create", "PDB", name, _]:
                self._act(partial(self._create, resources.BUDGETS, _budget(name, self.namespace)))
            case ["POST", "eviction", name]:
                self._evict(name, action)
            case ["==", "a3" | "a4", *_]:
                pass

    def _delete(self, name: str, grace_s: int | None) -> None:
        if self.store.find(PODS, name, self.namespace) is not None:  # one that is gone too early is told as a difference
            self._act(partial(self.store.delete, PODS, name, self.namespace, grace_s=grace_s))

    def _kubelet(self, node: str, alive: bool) -> None:
        kubelet = self.manager.kubelets.by_node[node]
        self._act(kubelet.resume if alive else kubelet.stop)

    def _evict(self, name: str, action: Action) -> None:
        """Ask the API server, and write down its answer; before the one that was allowed the budget had been taken away."""
        import json

        from werkzeug.test import Client

        if action.answer["status"] == 201:
            self._act(partial(self.store.delete, resources.BUDGETS, "web", self.namespace))
        body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": self._real(name), "namespace": self.namespace}}
        path = f"/api/v1/namespaces/{self.namespace}/pods/{self._real(name)}/eviction"
        answer = Client(self.api).post(path, json=body)
        self.answers.append(answer_of(action.at_s, {"status": answer.status_code, "body": json.loads(answer.data)}))

    def _real(self, recorded: str) -> str:
        """Our name of the pod that a recording names."""
        theirs = Names()
        for row in self.recording.rows:
            theirs.meet(row)
        meant = theirs.in_text(recorded)
        app = meant.partition(".")[0]
        if meant.endswith(".1") and self.names.real(meant) == meant:
            pods = [pod["metadata"]["name"] for pod in self.store.list(PODS, self.namespace)]
            return next(name for name in pods if name.startswith(f"{app}-"))
        return self.names.real(meant)

    def _act(self, act: Any) -> None:
        with self.world.step():
            act()

    def _edit_node(self, name: str, edit: Any) -> None:
        self._act(partial(self.store.change, NODES, name, "", edit))

    def _create(self, resource: Resource, obj: Object) -> Object:
        return self.store.create(resource, defaults.apply(resource, obj))

    def _build(self) -> None:
        with self.world.step():
            for namespace in ("default", "kube-node-lease", self.namespace):
                self._create(resources.NAMESPACES, {"metadata": {"name": namespace}})
            for number, (name, server) in enumerate(self.servers.items(), start=1):
                node = node_of(self.world, name, server, f"az-{self.recording.letter}", number, self.profile.git_version)
                node["metadata"]["labels"]["lab/set"] = self.recording.letter
                made = self._create(NODES, node)
                drivers = [{"name": self.profile.driver, "nodeID": server, "topologyKeys": [TOPOLOGY]}]
                owner = {key: value for key, value in reference(made).items() if key not in ("controller", "blockOwnerDeletion")}
                self._create(resources.CSINODES, {"metadata": {"name": name, "ownerReferences": [owner]}, "spec": {"drivers": drivers}})
            for claim, handle in zip(("data-web", "data-db-0"), HANDLES[self.recording.letter], strict=True):
                self._bound_claim(claim, handle)
            self._workloads()

    def _bound_claim(self, name: str, handle: str) -> None:
        spec: Object = {"accessModes": ["ReadWriteOnce"], "storageClassName": "", "resources": {"requests": {"storage": "1Gi"}}}
        claim = self._create(resources.CLAIMS, {"metadata": {"name": name, "namespace": self.namespace}, "spec": spec})
        source = {"csi": {"driver": self.profile.driver, "volumeHandle": handle}}
        if self.profile.plugin == "in-tree":
            source = {"cinder": {"volumeID": handle}}
        body = {"accessModes": ["ReadWriteOnce"], "capacity": {"storage": "1Gi"}, "storageClassName": "", **source}
        made = self._create(resources.VOLUMES, {"metadata": {"name": f"pv-{self.recording.letter}-{name}"}, "spec": body})
        volume = self.store.change(resources.VOLUMES, made["metadata"]["name"], "", lambda new: bind_volume(new, claim))
        self.store.change(resources.CLAIMS, name, self.namespace, lambda new: bind_claim(new, volume))

    def _workloads(self) -> None:
        meta = {"namespace": self.namespace}
        for app in ("web", "plain"):
            spec = {
                "replicas": 1,
                "selector": {"matchLabels": {"app": app}},
                "template": self._template(app, "data-web" if app == "web" else ""),
            }
            self._create(resources.DEPLOYMENTS, {"metadata": {"name": app, **meta}, "spec": spec})
        spec = {
            "replicas": 1,
            "serviceName": "db",
            "selector": {"matchLabels": {"app": "db"}},
            "template": self._template("db", "data-db-0"),
        }
        self._create(resources.STATEFULSETS, {"metadata": {"name": "db", **meta}, "spec": spec})
        self._create(PODS, {"metadata": {"name": "bare", **meta}, "spec": self._template("bare", "")["spec"]})

    def _template(self, app: str, claim: str) -> Object:
        term = {"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": [f"{self.recording.letter}1"]}]}
        wish = {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 100, "preference": term}]}}
        spec: Object = {"containers": [{"name": "main", "image": "registry.invalid/app:1"}], "affinity": wish}
        spec["nodeSelector"] = {"lab/set": self.recording.letter}
        if claim:
            spec["volumes"] = [{"name": "data", "persistentVolumeClaim": {"claimName": claim}}]
        return {"metadata": {"labels": {"app": app}}, "spec": spec}


def differences(recording: Recording) -> list[Difference]:
    """Play a recording and tell where the sandbox told another story."""
    ours = [change for change in Replay(recording).run() if change.at_s <= recording.end_s]
    return compare.differences(ours, [*recording.changes, *answers(recording)], tolerance(recording))


def answers(recording: Recording) -> list[Change]:
    """The recorded answers to evictions."""
    return [answer_of(action.at_s, action.answer) for action in recording.actions if action.text.startswith("POST eviction")]


def answer_of(at_s: float, answer: dict[str, Any]) -> Change:
    """The API server's answer to an eviction, as far as a recording tells it."""
    body = answer["body"]
    causes = [each["message"] for each in (body.get("details") or {}).get("causes") or []]
    said = [str(answer["status"]), body["status"], body.get("reason") or "", body.get("message") or "", *causes]
    return Change(at_s, "Answer", "to an eviction", " | ".join(said))


def _servers(recording: Recording) -> dict[str, str]:
    """Nodes and their servers, with the ids that the recorded VolumeAttachments name."""
    found = {f"{recording.letter}{number}": SERVER.format(number=number) for number in (1, 2, 3)}
    attachments: dict[str, Row] = {}
    for row in recording.rows:
        server = (row.fields.get("annotations") or {}).get("csi.alpha.kubernetes.io/node-id")
        node = row.fields.get("node") or (attachments[row.name].fields["node"] if row.name in attachments else None)
        if row.kind == "VolumeAttachment" and row.type == "ADDED":
            attachments[row.name] = row
        if row.kind == "VolumeAttachment" and server and node:
            found[node] = server
    return found


def _cordon(unschedulable: bool, node: Object) -> None:
    node["spec"].pop("unschedulable", None)
    if unschedulable:
        node["spec"]["unschedulable"] = True


def _taint(text: str, there: bool, node: Object) -> None:
    key, _, rest = text.partition("=")
    value, _, effect = rest.partition(":")
    if there:
        taints.add(node, key, effect, value=value)
    else:
        taints.remove(node, key, effect)


def _budget(name: str, namespace: str) -> Object:
    return {"metadata": {"name": name, "namespace": namespace}, "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": name}}}}
