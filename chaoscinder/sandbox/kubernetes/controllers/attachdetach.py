"""The attach-detach controller: decides which volume belongs to which node.

1. A volume is wanted on a node as long as a pod object there holds it; a deleted pod whose containers look alive still does.
2. It is detached when nobody wants it there and the node no longer lists it in use; from a node that is not Ready also after 6 minutes, and
   from one with the out-of-service taint at once. The 6 minutes begin when the last pod object lets go, not when the node is lost.
3. It is attached to a second node only when the first one does not have it any more.
"""

from functools import partial

from chaoscinder.sandbox.kubernetes.controllers import conditions, disks, pods, taints
from chaoscinder.sandbox.kubernetes.controllers.attachments import BY, Attachments, Held
from chaoscinder.sandbox.kubernetes.controllers.cinderplugin import CinderPlugin
from chaoscinder.sandbox.kubernetes.controllers.cluster import Cluster, Controller
from chaoscinder.sandbox.kubernetes.controllers.disks import Disk
from chaoscinder.sandbox.kubernetes.resources import ATTACHMENTS, CLAIMS, NODES, PODS, VOLUMES
from chaoscinder.sandbox.kubernetes.store import Object
from chaoscinder.sandbox.world import Timer

MANAGED = "volumes.kubernetes.io/controller-managed-attach-detach"
Place = tuple[str, str]  # volume handle and node name


class AttachDetach(Controller):
    """Reconciles each loop period in which something changed."""

    watches = (PODS, NODES, CLAIMS, VOLUMES, ATTACHMENTS)

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster)
        self.delay_s = self.profile.attach_loop_s
        self._operations = self._new_operations()
        self._wanted: dict[Place, tuple[Disk, list[Object]]] = {}
        self._complained: set[Place] = set()
        self._timer: Timer | None = None
        self._is_down = False
        self._adopt()
        cluster.every(self.profile.verify_attached_s, self._verify, "verify-attached")

    def restart(self, after_s: float) -> None:
        """Its process ends and another one takes over after that long: back-offs, timers and operations under way are forgotten."""
        self._operations.abandon()
        self._is_down = True
        self.world.call_later(after_s, self._take_over, "attach-detach")

    def _take_over(self) -> None:
        self._operations = self._new_operations()
        self._wanted, self._complained, self._is_down = {}, set(), False
        self._adopt()
        self.sync()

    def _new_operations(self) -> Attachments:
        return (CinderPlugin if self.profile.plugin == "in-tree" else Attachments)(self.cluster, self._wake)

    def sync(self) -> None:
        """Detach what is not wanted, attach what is, and report both in the nodes."""
        if self._is_down:
            return
        self._wanted = self._desired()
        self._complained &= self._wanted.keys()
        self._operations.see_in_use()
        for held in list(self._operations.held.values()):
            if (held.disk.handle, held.node) not in self._wanted:
                self._consider_detach(held)
            else:
                held.unwanted_since_s = None
        for place in sorted(self._wanted):
            self._consider_attach(place)
        self._operations.report()
        self._wake_in_time()

    def _desired(self) -> dict[Place, tuple[Disk, list[Object]]]:
        found: dict[Place, tuple[Disk, list[Object]]] = {}
        for pod in self.store.list(PODS):
            node = pod["spec"].get("nodeName")
            if not node or not pods.holds_volumes(pod):
                continue
            for disk in disks.of_pod(self.store, pod).values():
                if disk and (self._manages(node) or (disk.handle, node) in self._operations.held):
                    found.setdefault((disk.handle, node), (disk, []))[1].append(pod)
        return found

    def _manages(self, name: str) -> bool:
        node = self.store.find(NODES, name) or {"metadata": {}}
        return (node["metadata"].get("annotations") or {}).get(MANAGED) == "true"

    def _consider_detach(self, held: Held) -> None:
        if self._operations.must_wait(held.disk.handle, "detach"):
            return
        if held.unwanted_since_s is None:
            held.unwanted_since_s = self.world.now_s
        node = self.store.find(NODES, held.node)
        healthy = node is not None and conditions.status(node, "Ready") == "True"
        timed_out = self.world.now_s >= held.unwanted_since_s + self.profile.force_detach_s
        timed_out = timed_out and (not healthy or self.profile.force_detach_healthy)
        out_of_service = self.profile.out_of_service and node is not None and taints.has(node, taints.OUT_OF_SERVICE)
        if not held.in_use or timed_out or out_of_service:
            self._operations.detach(held)

    def _consider_attach(self, place: Place) -> None:
        handle, node = place
        disk, wanting = self._wanted[place]
        held = self._operations.held.get(place)
        if (held and held.confirmed) or self._operations.must_wait(handle, "attach"):
            return
        others = self._operations.others(place)
        if not others:
            self._operations.attach(disk, node, lambda: self._wanted.get(place, (disk, wanting))[1])
        elif place not in self._complained:
            self._complained.add(place)
            self._complain(disk, wanting, others)

    def _complain(self, disk: Disk, wanting: list[Object], others: list[Held]) -> None:
        users = [pod for other in others for pod in self._wanted.get((disk.handle, other.node), (disk, []))[1]]
        users = users if self.profile.texts["used_by_pods"] else []
        for pod in wanting:
            here = [user["metadata"]["name"] for user in users if user["metadata"]["namespace"] == pod["metadata"]["namespace"]]
            message = f'Multi-Attach error for volume "{disk.volume}" {_reason(here, len(users) - len(here))}'
            self.events.warning(pod, "FailedAttachVolume", message, by=BY)

    def _adopt(self) -> None:
        """Take over what the nodes' statuses show attached, and the VolumeAttachments, as the real controller does when it starts."""
        by_name = {disk.unique_name: disk for disk in map(disks.of_volume, self.store.list(VOLUMES)) if disk}
        for node in self.store.list(NODES):
            for row in (node.get("status") or {}).get("volumesAttached") or []:
                if row["name"] in by_name:
                    self._operations.take_over(by_name[row["name"]], node["metadata"]["name"], attached=True)
        for row in self.store.list(ATTACHMENTS):
            volume = self.store.find(VOLUMES, row["spec"]["source"].get("persistentVolumeName") or "")
            disk = disks.of_volume(volume) if volume else None
            if disk:
                attached = bool((row.get("status") or {}).get("attached"))
                self._operations.take_over(disk, row["spec"]["nodeName"], attached=attached)

    def _verify(self) -> None:
        """Forget attachments that went away behind the controller's back; a wanted one is then made again."""
        if self._is_down:
            return
        self._operations.verify()
        self.sync()

    def _wake(self) -> None:
        """Look again in the next loop."""
        self.world.call_later(self.profile.attach_loop_s, self.sync, "attach-detach")

    def _wake_in_time(self) -> None:
        """Look again when a force detach or the end of a back-off is due."""
        waiting = [held.unwanted_since_s for held in self._operations.held.values() if held.unwanted_since_s is not None]
        due = [since_s + self.profile.force_detach_s for since_s in waiting] + self._operations.backoffs_s()
        due = [at_s for at_s in due if at_s > self.world.now_s]
        if self._timer:
            self._timer.cancel()
        self._timer = self.world.call_at(min(due), partial(self.sync), "attach-detach") if due else None


def _reason(names: list[str], elsewhere: int) -> str:
    if names and elsewhere:
        return f"Volume is already used by pod(s) {', '.join(names)} and {elsewhere} pod(s) in different namespaces"
    if names:
        return f"Volume is already used by pod(s) {', '.join(names)}"
    if elsewhere:
        return f"Volume is already used by {elsewhere} pod(s) in different namespaces"
    return "Volume is already exclusively attached to one node and can't be attached to another"
