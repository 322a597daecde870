"""The kubelets, one a node: each lives exactly as long as its server has power.

A kubelet renews its Lease, posts the node's status when it changed (volumesInUse with it, so at most one period late), and looks after the
pods bound to its node. When the power goes it just stops: nobody tells the API server. When the power is back it boots, says so, ends the
pods that were deleted meanwhile and starts the others again. A kubelet that was stopped on a running machine leaves its containers running,
and finds them when it is back.
"""

from collections.abc import Callable
from operator import methodcaller

from chaoscinder.sandbox.kubernetes.controllers import conditions, disks, pods
from chaoscinder.sandbox.kubernetes.controllers.cloudnodelifecycle import server_of
from chaoscinder.sandbox.kubernetes.controllers.cluster import Cluster, Controller
from chaoscinder.sandbox.kubernetes.controllers.podworker import PodWorker
from chaoscinder.sandbox.kubernetes.resources import CLAIMS, LEASES, NODES, PODS, SERVICES
from chaoscinder.sandbox.kubernetes.store import Happened, Object
from chaoscinder.sandbox.ports import Traffic

BY = "kubelet"
LEASE_NAMESPACE = "kube-node-lease"
HEALTHY = (
    ("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
)


class Kubelets(Controller):
    """All kubelets; a Node that appears with a providerID gets one."""

    watches = (NODES, PODS, CLAIMS)

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster)
        self.by_node: dict[str, Kubelet] = {}
        self._stirred = {node["metadata"]["name"] for node in self.store.list(NODES)}
        cluster.guests.on_power(self._power)

    def concerns(self, event: Happened) -> bool:
        """Note whose node it is; a claim may be anybody's."""
        if event.resource is PODS:
            self._stirred |= {row["spec"].get("nodeName", "") for row in (event.object, event.previous or event.object)}
        else:
            self._stirred |= {event.object["metadata"]["name"]} if event.resource is NODES else self.by_node.keys()
        return True

    def sync(self) -> None:
        """Let each living kubelet look at its pods, where one of them or the node changed."""
        stirred, self._stirred = self._stirred, set[str]()
        for node in filter(None, (self.store.find(NODES, name) for name in sorted(stirred - self.by_node.keys()))):
            self._meet(node["metadata"]["name"], node)
        for name in [name for name in self.by_node if name in stirred]:
            self.by_node[name].sync()

    def _meet(self, name: str, node: Object) -> None:
        if server := server_of(node):
            self.by_node[name] = Kubelet(self.cluster, node, server, len(self.by_node))
            if self.cluster.guests.is_running(server):
                self.by_node[name].begin()

    def _power(self, server: str, running: bool) -> None:
        for kubelet in self.by_node.values():
            if kubelet.server == server and self.cluster.guests.is_frozen(server):
                kubelet.thaw() if running else kubelet.freeze()
            elif kubelet.server == server:
                kubelet.power_on() if running else kubelet.power_off()


class Kubelet:
    """One kubelet and what it knows; everything but the Node's last look is lost with the power."""

    def __init__(self, cluster: Cluster, node: Object, server: str, number: int) -> None:
        self.cluster = cluster
        self.server = server
        self.name = str(node["metadata"]["name"])
        self.alive = False
        self.problem = ""  # why it calls itself not ready, while it lives
        self.cut_off = False  # whether nothing passes between it and the API server
        self.workers: dict[str, PodWorker] = {}
        self._node = node
        self._number = number
        self._life = 0
        self._was_alive = False
        self._has_booted = False
        self._posted_s = 0.0
        self._addresses = 0

    def fail(self, problem: str) -> None:
        """Call itself not ready from the next status on, for the reason given; an empty one means well again."""
        self.problem = problem

    def begin(self) -> None:
        """Live, from a node that ran before anybody looked: no boot, no events."""
        chance, profile = self.cluster.chance, self.cluster.profile
        lease_s = chance.first_s(f"lease/{self.name}", profile.lease_renew_s)
        self._live(lease_s, chance.first_s(f"status/{self.name}", profile.node_status_s))

    def power_on(self) -> None:
        """The server has power: boot."""
        self._life = life = self._life + 1
        self.cluster.world.call_later(self.cluster.profile.boot_s, lambda: self._boot() if life == self._life else None, "boot")

    def power_off(self) -> None:
        """The server lost power: connections to its pods hang, and nothing is told to anybody."""
        self.say_farewell()
        self._life += 1
        self.alive = False
        for uid, worker in self.workers.items():
            self._reach(methodcaller("cut", uid))  # connections hang: the machine does not even refuse them
            worker.die()
        self.workers.clear()

    def say_farewell(self) -> None:
        """Post a last status without volumesInUse, where the profile's kubelet is believed to have done so when its machine went down."""
        if self.alive and not self.cluster.profile.in_use_survives_shutdown and self.node() is not None:
            self.cluster.store.change(NODES, self.name, "", lambda new: new["status"].pop("volumesInUse", None))

    def stop(self) -> None:
        """The kubelet's own process ends; the containers go on, with nobody to look after them."""
        self._life += 1
        self.alive = False
        for worker in self.workers.values():
            worker.pause()

    def freeze(self) -> None:
        """The server was paused: everything on it stands still, and nothing answers."""
        self._was_alive = self.alive
        self.stop()
        self._each("freeze")

    def thaw(self) -> None:
        """The server goes on where it was: no boot, no events."""
        self._each("thaw")
        if self._was_alive:
            self.resume()

    def disconnect(self) -> None:
        """Nothing passes between it and the API server any more; its containers go on."""
        self.stop()
        self.cut_off = True

    def reconnect(self) -> None:
        """It reaches the API server again, and tells of a boot that nobody saw."""
        self.cut_off = False
        self._boot() if self._has_booted else self.resume()

    def resume(self) -> None:
        """The kubelet's own process is back on a machine that ran on: it posts its status and takes up its containers."""
        if self.alive or self.cut_off or not self.cluster.guests.is_running(self.server):
            return
        self._life += 1
        self._live(self.cluster.profile.lease_renew_s, self.cluster.profile.node_status_s)
        for worker in list(self.workers.values()):
            worker.resume()
        self.sync()

    def sync(self) -> None:
        """Look at the pods of this node."""
        if not self.alive:
            return
        there = {pod["metadata"]["uid"]: pod for pod in pods.of_node(self.cluster.store, self.name)}
        for uid in [uid for uid in self.workers if uid not in there]:
            self.workers[uid].object_gone()
        for uid, pod in there.items():
            if uid not in self.workers and not pods.is_finished(pod):
                self.workers[uid] = PodWorker(self, pod)
        for uid, worker in list(self.workers.items()):
            if uid in there:
                worker.sync(there[uid])

    def node(self) -> Object | None:
        """The Node as the API server has it now; None where it was deleted."""
        return self.cluster.store.find(NODES, self.name)

    def forget(self, uid: str) -> None:
        """A pod is over: its volumes are unmounted."""
        self.workers.pop(uid, None)

    def new_address(self) -> str:
        """An address for a pod that starts."""
        self._addresses += 1
        return f"10.244.{self._number}.{self._addresses % 250 + 2}"

    def host_address(self) -> str:
        """The node's own address."""
        rows = self._node.get("status", {}).get("addresses") or []
        return next((str(row["address"]) for row in rows if row["type"] == "InternalIP"), "")

    def tell(self, reason: str, message: str, *, warning: bool = False) -> None:
        """Write an event about the node."""
        write = self.cluster.events.warning if warning else self.cluster.events.normal
        write(self._node, reason, message, by=BY, host=self.name)

    def _boot(self) -> None:
        self._has_booted = self.cut_off
        if self.cut_off:
            return
        node = self.node()
        if node is None:
            self._register()
        boot_id = self.cluster.world.new_uuid()
        self.tell("Starting", "Starting kubelet.")
        self.tell("Rebooted", f"Node {self.name} has been rebooted, boot id: {boot_id}", warning=True)

        def edit(new: Object) -> None:
            new.setdefault("status", {}).setdefault("nodeInfo", {})["bootID"] = boot_id

        self.cluster.store.change(NODES, self.name, "", edit)
        self._live(self.cluster.profile.lease_renew_s, self.cluster.profile.node_status_s)

    def _register(self) -> None:
        """Register again under the same name: the Node was deleted while the server was away."""
        meta = {key: self._node["metadata"][key] for key in ("name", "labels", "annotations") if key in self._node["metadata"]}
        status = {key: value for key, value in self._node.get("status", {}).items() if key not in ("conditions", "volumesAttached")}
        spec = {"providerID": self._node["spec"]["providerID"]}
        self._node = self.cluster.store.create(NODES, {"metadata": meta, "spec": spec, "status": status})

    def _live(self, lease_s: float, status_s: float) -> None:
        """Speak now, and then each period, the first time after lease_s and status_s."""
        self.alive = True
        self._renew()
        self._post(knows_volumes=False)
        self._repeat(f"lease/{self.name}", self._renew, self.cluster.profile.lease_renew_s, lease_s)
        self._repeat(f"status/{self.name}", self._post, self.cluster.profile.node_status_s, status_s)

    def _repeat(self, name: str, act: Callable[[], None], period_s: float, first_s: float) -> None:
        life, world = self._life, self.cluster.world

        def again() -> None:
            if life == self._life:
                act()
                world.call_later(self.cluster.chance.next_s(name, period_s), again, name)

        world.call_later(first_s, again, name)

    def _renew(self) -> None:
        if not self.cluster.profile.leases:
            return
        store, now = self.cluster.store, self.cluster.world.now.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        node = self.node()
        if store.find(LEASES, self.name, LEASE_NAMESPACE) is not None:
            store.change(LEASES, self.name, LEASE_NAMESPACE, lambda lease: lease["spec"].update(renewTime=now))
        elif node is not None:
            owner = {"apiVersion": "v1", "kind": "Node", "name": self.name, "uid": node["metadata"]["uid"]}
            meta = {"name": self.name, "namespace": LEASE_NAMESPACE, "ownerReferences": [owner]}
            spec = {"holderIdentity": self.name, "leaseDurationSeconds": 40, "renewTime": now}
            store.create(LEASES, {"metadata": meta, "spec": spec})

    def _post(self, *, knows_volumes: bool = True) -> None:
        """Post the node's status if it changed, or if the last post is long ago.

        A kubelet that has just begun does not know its volumes yet and leaves volumesInUse as it is (setters.VolumesInUse waits until the
        reconciler's states are synced).
        """
        node = self.node()
        if node is None:
            return
        self._node = node
        was_ready = conditions.status(node, "Ready")
        listed = node.get("status", {}).get("volumesInUse") or []
        in_use = sorted(self._volumes_in_use()) if knows_volumes else listed
        ready = "False" if self.problem else "True"
        changed = was_ready != ready or listed != in_use
        world = self.cluster.world
        if changed or world.now_s - self._posted_s >= self.cluster.profile.node_heartbeat_s:
            self._posted_s = world.now_s
            self._node = self.cluster.store.change(NODES, self.name, "", lambda new: _set_status(new, in_use, world.stamp(), self.problem))
        if was_ready != ready:
            word = "NodeNotReady" if self.problem else "NodeReady"
            self.tell(word, f"Node {self.name} status is now: {word}")

    def _volumes_in_use(self) -> set[str]:
        rows = [disks.of_pod(self.cluster.store, worker.pod) for worker in self.workers.values()]
        return {disk.unique_name for row in rows for disk in row.values() if disk}

    def _each(self, act: str) -> None:
        """Freeze or thaw each container, and what leads to it."""
        for uid in self.workers:
            self._reach(methodcaller(act, uid))
            methodcaller(act, uid)(self.cluster.containers)

    def _reach(self, act: Callable[[Traffic], None]) -> None:
        """Do something to every address that may lead to a pod of this node."""
        for service in self.cluster.store.list(SERVICES):
            traffic = self.cluster.traffic(service["metadata"]["namespace"], service["metadata"]["name"])
            if traffic is not None:
                act(traffic)


def _set_status(node: Object, in_use: list[str], now: str, problem: str) -> None:
    for type_, value, reason, message in HEALTHY:
        if problem and type_ == "Ready":
            value, reason, message = "False", "KubeletNotReady", problem
        conditions.put(node, type_, value, now, reason=reason, message=message, lastHeartbeatTime=now)
    node["status"].pop("volumesInUse", None)
    if in_use:
        node["status"]["volumesInUse"] = in_use
