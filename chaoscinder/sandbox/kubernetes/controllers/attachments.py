"""What the attach-detach controller believes to be attached, and its way of changing it: VolumeAttachment objects.

It creates or deletes the object and then asks in growing intervals what the external-attacher made of it. One operation per volume at a
time; one that failed is tried again after a back-off that doubles. A failed detach does not hold up an attach, and the other way round
(in the real one the other operation even clears the back-off, and the two take turns as fast as the loop; here each keeps its own).
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from chaoscinder.sandbox.kubernetes.controllers.cluster import Cluster
from chaoscinder.sandbox.kubernetes.controllers.disks import Disk
from chaoscinder.sandbox.kubernetes.resources import ATTACHMENTS, NODES
from chaoscinder.sandbox.kubernetes.store import Object

BY = "attachdetach-controller"
Wanting = Callable[[], list[Object]]
logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Held:
    """One volume on one node. confirmed: it was seen attached; in_use: the node listed it the last time it could be asked."""

    disk: Disk
    node: str
    confirmed: bool = False
    reported: bool = False
    in_use: bool = True
    unwanted_since_s: float | None = None


@dataclass(slots=True)
class Backoff:
    """After a failure: nothing is tried before until_s."""

    wait_s: float
    until_s: float


class Attachments:
    """The operations, and the memory they work on."""

    def __init__(self, cluster: Cluster, ended: Callable[[], None]) -> None:
        self._cluster, self._store, self._world, self._profile = cluster, cluster.store, cluster.world, cluster.profile
        self._cloud = cluster.cloud
        self._servers: dict[str, str] = {}
        self._ended = ended
        self.held: dict[tuple[str, str], Held] = {}
        self._running: set[str] = set()
        self._backoffs: dict[tuple[str, str], Backoff] = {}
        self._abandoned = False

    def abandon(self) -> None:
        """The controller's process ended: whatever waits for an outcome never hears of it."""
        self._abandoned = True

    def is_running(self, handle: str) -> bool:
        """Whether an operation on a volume runs."""
        return handle in self._running

    def must_wait(self, handle: str, operation: str) -> bool:
        """Whether an operation (attach or detach) on a volume has to wait: one runs, or this one failed a short while ago."""
        backoff = self._backoffs.get((handle, operation))
        return handle in self._running or (backoff is not None and self._world.now_s < backoff.until_s)

    def backoffs_s(self) -> list[float]:
        """When the back-offs end."""
        return [backoff.until_s for backoff in self._backoffs.values()]

    def others(self, place: tuple[str, str]) -> list[Held]:
        """Where else a volume is attached for certain."""
        return [held for held in self.held.values() if held.confirmed and held.disk.handle == place[0] and held.node != place[1]]

    def take_over(self, disk: Disk, node: str, *, attached: bool) -> None:
        """Believe what was there before."""
        self.held[(disk.handle, node)] = Held(disk, node, confirmed=attached, reported=attached)

    def verify(self) -> None:
        """Forget what has no VolumeAttachment any more."""
        for place, held in list(self.held.items()):
            if held.confirmed and not self.is_running(held.disk.handle) and self._find(held) is None:
                del self.held[place]

    def see_in_use(self) -> None:
        """Read each node's volumesInUse; a node that is gone keeps what it said last."""
        for held in self.held.values():
            node = self._store.find(NODES, held.node)
            if node is not None:
                held.in_use = held.disk.unique_name in (node.get("status", {}).get("volumesInUse") or [])

    def report(self) -> None:
        """Write each node's volumesAttached."""
        shown: dict[str, list[tuple[str, str]]] = {}
        for held in self.held.values():
            if held.reported:
                shown.setdefault(held.node, []).append((held.disk.unique_name, held.disk.device))
        for node in self._store.list(NODES):
            name = node["metadata"]["name"]
            rows = shown.get(name, [])
            if sorted(row["name"] for row in node.get("status", {}).get("volumesAttached") or []) != sorted(row[0] for row in rows):
                self._store.change(NODES, name, "", partial(_set_attached, rows=sorted(rows)))

    def attach(self, disk: Disk, node: str, wanting: Wanting) -> None:
        """Ask for a volume on a node and wait for it; wanting tells the pods that the outcome is told to."""
        held = self.held.setdefault((disk.handle, node), Held(disk, node))
        self._running.add(disk.handle)
        if self._find(held) is None:
            source = {"persistentVolumeName": disk.volume}
            spec = {"attacher": disk.driver, "source": source, "nodeName": node}
            meta = {"name": disk.attachment(node)}
            self._store.create(ATTACHMENTS, {"metadata": meta, "spec": spec, "status": {"attached": False}})
        self._poll(lambda: self._is_attached(held, wanting), lambda: self._attach_timed_out(held, wanting))

    def detach(self, held: Held) -> None:
        """Give a volume up on a node and wait until its VolumeAttachment is gone."""
        self._running.add(held.disk.handle)
        held.reported = False
        self.report()
        if self._find(held) is not None:
            self._store.delete(ATTACHMENTS, held.disk.attachment(held.node))
        self._poll(lambda: self._is_detached(held), lambda: self._detach_failed(held, "timed out waiting for external-attacher"))

    def _poll(self, is_over: Callable[[], bool], timed_out: Callable[[], None]) -> None:
        ends_s = self._world.now_s + self._profile.csi_wait_s

        def wait(wait_s: float) -> None:
            following_s = min(wait_s * self._profile.csi_poll_factor, self._profile.csi_poll_most_s)
            self._world.call_at(min(self._world.now_s + wait_s, ends_s), lambda: ask(following_s), "volume-attachment")

        def ask(wait_s: float) -> None:
            if self._abandoned or is_over():
                return
            if self._world.now_s >= ends_s:
                timed_out()
            else:
                wait(wait_s)

        wait(self._profile.csi_poll_first_s)

    def _is_attached(self, held: Held, wanting: Wanting) -> bool:
        attachment = self._find(held)
        status = (attachment or {}).get("status") or {}
        if attachment is None or attachment["metadata"].get("deletionTimestamp"):
            why = "volume attachment is being deleted" if attachment else f"volume attachment {held.disk.attachment(held.node)} not found"
            self._attach_failed(held, wanting, why)
        elif status.get("attached"):
            self._attached(held, wanting)
        elif status.get("attachError"):
            self._attach_failed(held, wanting, str(status["attachError"].get("message", "")))
        else:
            return False
        return True

    def _attached(self, held: Held, wanting: Wanting) -> None:
        held.confirmed = held.reported = True
        self._succeed(held)
        message = self._profile.texts["attach_succeeded"].format(volume=held.disk.volume)  # the space at its end is Kubernetes' own
        for pod in wanting() if message else []:
            self._cluster.events.normal(pod, "SuccessfulAttachVolume", message, by=BY)
        self.report()

    def _attach_timed_out(self, held: Held, wanting: Wanting) -> None:
        why = f"timed out waiting for external-attacher of {held.disk.driver} CSI driver to attach volume {held.disk.handle}"
        self._attach_failed(held, wanting, why)

    def _attach_failed(self, held: Held, wanting: Wanting, why: str) -> None:
        self._fail(held, "attach")
        for pod in wanting():
            message = f'AttachVolume.Attach failed for volume "{held.disk.volume}" : {why}'
            self._cluster.events.warning(pod, self._profile.texts["attach_failed_reason"], message, by=BY)

    def _is_detached(self, held: Held) -> bool:
        attachment = self._find(held)
        error = ((attachment or {}).get("status") or {}).get("detachError")
        if attachment is None:
            self._detached(held)
        elif error:
            self._detach_failed(held, str(error.get("message", "")))
        else:
            return False
        return True

    def _detached(self, held: Held) -> None:
        self.held.pop((held.disk.handle, held.node), None)
        self._succeed(held)

    def _detach_failed(self, held: Held, why: str) -> None:
        """Kubernetes writes no event here; it may hold the attachment for uncertain from now on and try the next node regardless."""
        disk = held.disk
        logger.info(
            'DetachVolume.Detach failed for volume "%s" (UniqueName: "%s") on node "%s" : %s', disk.volume, disk.unique_name, held.node, why
        )
        held.confirmed, held.reported = not self._profile.uncertain_after_detach_error, True
        self._fail(held, "detach")

    def _succeed(self, held: Held) -> None:
        self._running.discard(held.disk.handle)
        for operation in ("attach", "detach"):
            self._backoffs.pop((held.disk.handle, operation), None)
        self._ended()

    def _fail(self, held: Held, operation: str) -> None:
        old = self._backoffs.get((held.disk.handle, operation))
        wait_s = min(old.wait_s * 2, self._profile.backoff_most_s) if old else self._profile.backoff_first_s
        self._backoffs[(held.disk.handle, operation)] = Backoff(wait_s, self._world.now_s + wait_s)
        self._running.discard(held.disk.handle)
        self._ended()

    def _find(self, held: Held) -> Object | None:
        return self._store.find(ATTACHMENTS, held.disk.attachment(held.node))


def _set_attached(node: Object, rows: list[tuple[str, str]]) -> None:
    node.setdefault("status", {}).pop("volumesAttached", None)
    if rows:
        node["status"]["volumesAttached"] = [{"name": name, "devicePath": device} for name, device in rows]
