"""What stands between Kubernetes and OpenStack: the external-attacher and the Cinder CSI controller behind it.

The attacher works on one VolumeAttachment at a time as long as it takes, and tries again after a growing pause when Nova or Cinder refused.
The driver asks Nova and then watches Cinder, as the real one does, so that it sees an attachment when Cinder shows it.
"""

from collections.abc import Callable
from functools import partial

from chaoscinder.sandbox.kubernetes.controllers import disks
from chaoscinder.sandbox.kubernetes.controllers.cluster import Cluster, Controller
from chaoscinder.sandbox.kubernetes.controllers.disks import Disk
from chaoscinder.sandbox.kubernetes.resources import ATTACHMENTS, CSINODES, VOLUMES
from chaoscinder.sandbox.kubernetes.store import Object
from chaoscinder.sandbox.ports import CloudError

FINALIZER = "external-attacher/cinder-csi-openstack-org"
NODE_ID = "csi.alpha.kubernetes.io/node-id"
DEVICE = "/dev/vdb"  # what the driver hands to Kubernetes; nobody may rely on it


class Attacher(Controller):
    """Follows the VolumeAttachments of the Cinder driver."""

    watches = (ATTACHMENTS,)

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster)
        self._working: set[str] = set()
        self._pauses: dict[str, tuple[float, float]] = {}
        self._seen_deleting: set[str] = set()
        self._life = 0
        self._is_down = False
        cluster.every(self.profile.attacher_reconcile_s, self._reconcile, "attacher-reconcile")

    def stop(self) -> None:
        """Its process ends: what it was in the middle of is left as it is, and its pauses are forgotten."""
        self._life += 1
        self._is_down = True
        self._working, self._pauses, self._seen_deleting = set(), {}, set()

    def start(self) -> None:
        """A new process takes over."""
        if self._is_down:
            self._is_down = False
            self.sync()

    def sync(self) -> None:
        """Take up each VolumeAttachment that is not as it should be."""
        if self._is_down:
            return
        rows = [row for row in self.store.list(ATTACHMENTS) if row["spec"]["attacher"] == self.profile.driver]
        uids = {row["metadata"]["uid"] for row in rows}
        self._pauses = {uid: pause for uid, pause in self._pauses.items() if uid in uids}
        self._seen_deleting &= uids
        for row in rows:
            self._notice_deletion(row)
            if row["metadata"]["uid"] not in self._working and self._is_due(row):
                self._take_up(row)

    def _notice_deletion(self, row: Object) -> None:
        """A deletion is worked on at once, whatever pause the attaching was in."""
        uid = row["metadata"]["uid"]
        if row["metadata"].get("deletionTimestamp") and uid not in self._seen_deleting:
            self._seen_deleting.add(uid)
            self._pauses.pop(uid, None)

    def _is_due(self, row: Object) -> bool:
        meta = row["metadata"]
        if meta.get("deletionTimestamp"):
            open_ = FINALIZER in (meta.get("finalizers") or [])
        else:
            open_ = not (row.get("status") or {}).get("attached")
        return open_ and self.world.now_s >= self._pauses.get(meta["uid"], (0.0, 0.0))[1]

    def _take_up(self, row: Object) -> None:
        self._working.add(row["metadata"]["uid"])
        if row["metadata"].get("deletionTimestamp"):
            self._later(self.profile.csi_calls_s, lambda: self._unpublish(row), "csi-unpublish")
        else:
            self._later(self.profile.attacher_mark_s, lambda: self._mark(row), "attacher-mark")

    def _mark(self, row: Object) -> None:
        """Write the finalizer and the server's id, then let the driver work."""
        node = self.store.find(CSINODES, row["spec"]["nodeName"])
        drivers = (node or {}).get("spec", {}).get("drivers") or []
        server = next((driver["nodeID"] for driver in drivers if driver["name"] == self.profile.driver), None)
        if not self._change(row, partial(_mark, server=server)):
            self._end(row)
        elif server is None and not _server(row):
            self._fail(row, "attachError", f'failed to get CSINode for node "{row["spec"]["nodeName"]}"')
        else:
            self._later(self.profile.csi_calls_s, lambda: self._publish(self._fresh(row) or row), "csi-publish")

    def _publish(self, row: Object) -> None:
        """ControllerPublishVolume."""
        disk, server = self._disk(row), _server(row)
        problem = self._attach(disk, server) if disk else "persistent volume not found"
        if problem or not disk:
            self._fail(row, "attachError", f"rpc error: code = {problem}")
            return
        self._poll(
            lambda: server in self.cluster.cloud.attached_servers(disk.handle),
            self.profile.cinder_attach_polls,
            lambda: self._attached(row),
            lambda: self._fail(row, "attachError", _text_attach_timeout(disk.handle)),
        )

    def _attach(self, disk: Disk, server: str) -> str | None:
        cloud, head = self.cluster.cloud, "[ControllerPublishVolume]"
        if cloud.volume_status(disk.handle) is None:
            return f"NotFound desc = {head} Volume {disk.handle} not found"
        if cloud.server_status(server) is None:
            return f"NotFound desc = {head} Instance {server} not found"
        if server in cloud.attached_servers(disk.handle):
            return None
        try:
            cloud.attach(server, disk.handle)
        except CloudError as error:
            why = _http(error, "POST", f"/servers/{server}/os-volume_attachments", "[200 202]")
            what = f"failed to attach {disk.handle} volume to {server} compute: {why}"
            return f"Internal desc = {head} Attach Volume failed with error {what}"
        return None

    def _unpublish(self, row: Object) -> None:
        """ControllerUnpublishVolume: a server or a volume that is gone has nothing attached."""
        disk, server = self._disk(row), _server(row)
        problem = self._detach(disk, server) if disk and server else None
        if problem:
            self._fail(row, "detachError", f"rpc error: code = Internal desc = {problem}")
        elif not disk or not server or self._is_gone(disk, server):
            self._detached(row)
        else:
            self._poll(
                lambda: self._is_gone(disk, server),
                self.profile.cinder_detach_polls,
                lambda: self._detached(row),
                lambda: self._fail(row, "detachError", _text_detach_timeout(disk.handle)),
            )

    def _detach(self, disk: Disk, server: str) -> str | None:
        cloud, status = self.cluster.cloud, self.cluster.cloud.volume_status(disk.handle)
        if cloud.server_status(server) is None or status in (None, "available", "detaching"):
            return None
        head = "ControllerUnpublishVolume Detach Volume failed with error"
        if status != "in-use":
            return f"{head} can not detach volume {disk.volume}, its status is {status}"
        if server not in cloud.attached_servers(disk.handle):
            return None
        try:
            cloud.detach(server, disk.handle)
        except CloudError as error:
            why = _http(error, "DELETE", f"/servers/{server}/os-volume_attachments/{disk.handle}", "[202 204]")
            return None if error.code == 404 else f"{head} failed to detach volume {disk.handle} from compute {server} : {why}"
        return None

    def _is_gone(self, disk: Disk, server: str) -> bool:
        return self.cluster.cloud.server_status(server) is None or server not in self.cluster.cloud.attached_servers(disk.handle)

    def _poll(self, is_over: Callable[[], bool], times: int, done: Callable[[], None], failed: Callable[[], None]) -> None:
        def ask(left: int, wait_s: float) -> None:
            if is_over():
                done()
            elif left <= 1:
                failed()
            else:
                self._later(wait_s, lambda: ask(left - 1, wait_s * self.profile.cinder_poll_factor), "csi-poll")

        ask(times, self.profile.cinder_poll_first_s)

    def _attached(self, row: Object) -> None:
        self._change(row, _set_attached)
        self._end(row, done=True)

    def _detached(self, row: Object) -> None:
        self._change(row, _set_detached)
        self._change(row, _unmark)
        self._end(row, done=True)

    def _fail(self, row: Object, field: str, message: str) -> None:
        error = {"message": message, "time": self.world.stamp()}
        self._change(row, partial(_set_error, field=field, error=error))
        uid = row["metadata"]["uid"]
        pause_s = min(self._pauses.get(uid, (self.profile.attacher_retry_first_s / 2, 0.0))[0] * 2, self.profile.attacher_retry_most_s)
        self._pauses[uid] = (pause_s, self.world.now_s + pause_s)
        self._end(row)
        self._later(pause_s, self.sync, "attacher-retry")

    def _end(self, row: Object, *, done: bool = False) -> None:
        self._working.discard(row["metadata"]["uid"])
        if done:
            self._pauses.pop(row["metadata"]["uid"], None)
        self._later(0.0, self.sync, "attacher")  # it may have been deleted meanwhile

    def _later(self, after_s: float, act: Callable[[], None], name: str) -> None:
        """Go on later, unless the process has ended by then."""
        life = self._life
        self.world.call_later(after_s, lambda: act() if life == self._life else None, name)

    def _reconcile(self) -> None:
        """Attach again what a third party detached (the driver can list, so the attacher compares)."""
        if self._is_down:
            return
        for row in self.store.list(ATTACHMENTS):
            disk = self._disk(row)
            attached = (row.get("status") or {}).get("attached") and not row["metadata"].get("deletionTimestamp")
            if not disk or not attached or row["metadata"]["uid"] in self._working:
                continue
            if _server(row) not in self.cluster.cloud.attached_servers(disk.handle):
                self._working.add(row["metadata"]["uid"])
                self._publish(row)

    def _disk(self, row: Object) -> Disk | None:
        volume = self.store.find(VOLUMES, row["spec"]["source"].get("persistentVolumeName") or "")
        return disks.of_volume(volume) if volume else None

    def _fresh(self, row: Object) -> Object | None:
        found = self.store.find(ATTACHMENTS, row["metadata"]["name"])
        return found if found and found["metadata"]["uid"] == row["metadata"]["uid"] else None

    def _change(self, row: Object, edit: Callable[[Object], None]) -> bool:
        if self._fresh(row) is None:
            return False
        self.store.change(ATTACHMENTS, row["metadata"]["name"], "", edit)
        return True


def _server(row: Object) -> str:
    return str((row["metadata"].get("annotations") or {}).get(NODE_ID, ""))


def _mark(row: Object, server: str | None) -> None:
    finalizers = row["metadata"].get("finalizers") or []
    row["metadata"]["finalizers"] = [*finalizers, *([] if FINALIZER in finalizers else [FINALIZER])]
    if server:
        row["metadata"].setdefault("annotations", {})[NODE_ID] = server


def _unmark(row: Object) -> None:
    row["metadata"]["finalizers"] = [name for name in row["metadata"].get("finalizers") or [] if name != FINALIZER]


def _set_attached(row: Object) -> None:
    row["status"] = {"attached": True, "attachmentMetadata": {"DevicePath": DEVICE}}


def _set_detached(row: Object) -> None:
    row["status"] = {"attached": False}


def _set_error(row: Object, field: str, error: Object) -> None:
    row.setdefault("status", {}).setdefault("attached", False)
    row["status"][field] = error


def _http(error: CloudError, method: str, path: str, wanted: str) -> str:
    """The words of the driver's client library (gophercloud v2) for an answer it did not want; the host is left out."""
    body = f'{{"{error.fault}": {{"code": {error.code}, "message": "{error.message}"}}}}'
    return f"Expected HTTP response code {wanted} when accessing [{method} {path}], but got {error.code} instead: {body}"


def _text_attach_timeout(handle: str) -> str:
    why = f'volume "{handle}" failed to be attached within the allotted time'
    return f"rpc error: code = Internal desc = [ControllerPublishVolume] failed to attach volume: {why}"


def _text_detach_timeout(handle: str) -> str:
    why = f'volume "{handle}" failed to detach within the allotted time'
    return f"rpc error: code = Internal desc = ControllerUnpublishVolume failed with error {why}"
