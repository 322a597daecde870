"""A large world at rest: nodes, Cinder volumes with their claims, and pods that run on them; its clock is turned, or follows the wall."""

from dataclasses import dataclass
from pathlib import Path

from chaoscinder.sandbox import default_world, profiles
from chaoscinder.sandbox.kubernetes import defaults, resources
from chaoscinder.sandbox.kubernetes.api import KubernetesApi
from chaoscinder.sandbox.kubernetes.controllers import conditions, disks, manager
from chaoscinder.sandbox.kubernetes.controllers.persistentvolume import bind_claim, bind_volume, volume_of
from chaoscinder.sandbox.kubernetes.store import Object, Store
from chaoscinder.sandbox.openstack import OpenStack
from chaoscinder.sandbox.world import World
from tests.sandbox.fakes import FakeContainers, FakeTraffic

ZONE = "az-1"
SERVERS_A_HOST = 20


@dataclass(frozen=True, slots=True)
class Size:
    """How much of everything."""

    nodes: int
    volumes: int
    pods: int


class Rest:
    """The world. build() makes the objects as they are long after somebody made them; settle() lets the controllers take them over."""

    def __init__(self, size: Size) -> None:
        self.size = size
        self.profile = profiles.load()
        self.world = World(seed=1)
        self.store = Store(self.world)
        self.openstack = OpenStack(self.world)
        self.servers: list[tuple[str, str]] = []

    def build(self) -> None:
        """Make every object."""
        with self.world.step():
            for name in default_world.NAMESPACES:
                self._create(resources.NAMESPACES, {"metadata": {"name": name}})
            class_ = self._create(resources.STORAGECLASSES, {**default_world.demo_manifests()[0]})
            self.servers = [self._node(number) for number in range(self.size.nodes)]
            for number in range(self.size.volumes):
                self._volume(number, class_)
        self._start()

    def settle(self, cluster_s: float = 60.0) -> None:
        """Let the controllers take over; afterwards each pod must run."""
        self.world.turn(cluster_s)
        ready = sum(conditions.status(pod, "Ready") == "True" for pod in self.store.list(resources.PODS))
        if ready != self.size.pods:
            raise AssertionError(f"{ready} pods are ready (wanted {self.size.pods})")

    def api(self) -> KubernetesApi:
        """The API server over it."""
        return KubernetesApi(self.world, self.store, git_version=self.profile.git_version, rate=1.0, tokens={"token": "sandbox-admin"})

    def _start(self) -> None:
        containers = FakeContainers(self.world)
        self.manager = manager.start(
            self.world, self.store, cloud=self.openstack, guests=self.openstack, containers=containers,
            traffic=lambda *_: FakeTraffic(), profile=self.profile, volumes_dir=Path("/volumes"), remediation="out-of-service",
        )  # fmt: skip

    def _node(self, number: int) -> tuple[str, str]:
        name = f"node-{number:04}"
        server = self.openstack.add_server(name, zone=ZONE, host=f"compute-{number // SERVERS_A_HOST}")
        version = self.profile.git_version
        node = self._create(resources.NODES, default_world.node_of(self.world, name, server, ZONE, number % 200, version))
        driver = {"name": default_world.DRIVER, "nodeID": server, "allocatable": {"count": default_world.MOST_VOLUMES}}
        owner = {"apiVersion": "v1", "kind": "Node", "name": name, "uid": node["metadata"]["uid"]}
        meta = {"name": name, "ownerReferences": [owner]}
        self._create(resources.CSINODES, {"metadata": meta, "spec": {"drivers": [{**driver, "topologyKeys": [default_world.TOPOLOGY]}]}})
        return name, server

    def _volume(self, number: int, class_: Object) -> None:
        """One Cinder volume, its claim, and its pod where there is one for it."""
        claim = default_world.demo_manifests()[1]
        claim["metadata"]["name"] = f"claim-{number:05}"
        claim = self._create(resources.CLAIMS, claim)
        handle = self.openstack.add_volume(f"pvc-{number}", 1, ZONE)
        volume = self._create(resources.VOLUMES, volume_of(claim, handle, ZONE, self.profile.driver, class_))
        volume = self.store.change(resources.VOLUMES, volume["metadata"]["name"], "", lambda new: bind_volume(new, claim))
        self.store.change(resources.CLAIMS, claim["metadata"]["name"], "default", lambda new: bind_claim(new, volume))
        if number < self.size.pods:
            self._pod(number, claim, volume, handle)

    def _pod(self, number: int, claim: Object, volume: Object, handle: str) -> None:
        node, server = self.servers[number % self.size.nodes]
        self.openstack.attach_now(server, handle)
        disk = disks.of_volume(volume)
        assert disk is not None
        spec = {"attacher": disk.driver, "nodeName": node, "source": {"persistentVolumeName": disk.volume}}
        notes = {"csi.alpha.kubernetes.io/node-id": server}
        meta = {"name": disk.attachment(node), "finalizers": ["external-attacher/cinder-csi-openstack-org"], "annotations": notes}
        self._create(resources.ATTACHMENTS, {"metadata": meta, "spec": spec, "status": {"attached": True}})
        template = default_world.demo_manifests()[2]["spec"]["template"]
        template["spec"]["volumes"][0]["persistentVolumeClaim"]["claimName"] = claim["metadata"]["name"]
        template["spec"]["nodeName"] = node
        pod = {
            "metadata": {"name": f"pod-{number:05}", "namespace": "default", "labels": {"app": f"app-{number}"}},
            "spec": template["spec"],
        }
        self._create(resources.PODS, pod)
        self.store.change(resources.NODES, node, "", lambda new: _in_use(new, disk))

    def _create(self, resource: resources.Resource, obj: Object) -> Object:
        return self.store.create(resource, defaults.apply(resource, obj))


def _in_use(node: Object, disk: disks.Disk) -> None:
    node["status"].setdefault("volumesInUse", []).append(disk.unique_name)
    node["status"].setdefault("volumesAttached", []).append({"name": disk.unique_name, "devicePath": disk.device})
