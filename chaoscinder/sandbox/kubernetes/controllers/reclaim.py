"""What becomes of a PersistentVolume whose claim is gone, and the finalizers that keep one from going too early.

With the policy Retain it stays Released. With Delete its Cinder volume goes first and then it: the external provisioner sees to that for
CSI, the PersistentVolume controller itself for the in-tree plugin. Neither deletes what is still attached; each tries again later.
"""

from functools import partial

from chaoscinder.sandbox.kubernetes import defaults
from chaoscinder.sandbox.kubernetes.controllers import disks
from chaoscinder.sandbox.kubernetes.controllers.cluster import Cluster, Controller
from chaoscinder.sandbox.kubernetes.controllers.disks import Disk
from chaoscinder.sandbox.kubernetes.resources import ATTACHMENTS, VOLUMES
from chaoscinder.sandbox.kubernetes.store import Happened, Object
from chaoscinder.sandbox.ports import CloudError
from chaoscinder.sandbox.profiles import Profile

BINDER = "persistentvolume-controller"
PROVISIONED_BY = "pv.kubernetes.io/provisioned-by"
FINALIZER = "external-provisioner.volume.kubernetes.io/finalizer"
RETRY_FIRST_S, RETRY_MOST_S = 1.0, 300.0  # external-provisioner --retry-interval-start, --retry-interval-max
RESYNC_S = 15.0  # kube-controller-manager --pvclaimbinder-sync-period: the in-tree deleter tries again only then


class Reclaimer(Controller):
    """Looks at the PersistentVolumes whose claim or whose own object is going or gone."""

    watches = (VOLUMES,)

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster)
        self._pauses: dict[str, tuple[float, float]] = {}  # by uid: how long the last one was, and until when

    def concerns(self, event: Happened) -> bool:
        """A volume that is merely bound needs nobody, but for its finalizer."""
        volume = event.object
        return event.type != "DELETED" and (_phase(volume) != "Pending" or bool(volume["metadata"].get("deletionTimestamp")))

    def sync(self) -> None:
        """Delete what is to be deleted, and let go what may go."""
        rows = self.store.list(VOLUMES)
        uids = {row["metadata"]["uid"] for row in rows}
        self._pauses = {uid: pause for uid, pause in self._pauses.items() if uid in uids}
        for volume in rows:
            self._mark(volume)
            if self._is_due(volume):
                self._reclaim(volume)
            self._let_go(volume["metadata"]["name"])

    def _mark(self, volume: Object) -> None:
        """The provisioner's finalizer is on its bound volumes that are to be deleted, and off those that are to be kept."""
        if not self.profile.honours_reclaim_policy or not self._is_external(volume):
            return
        meta, finalizers = volume["metadata"], volume["metadata"].get("finalizers") or []
        if volume["spec"].get("persistentVolumeReclaimPolicy") != "Delete":
            self._drop(meta["name"], FINALIZER)
        elif _phase(volume) == "Bound" and not meta.get("deletionTimestamp") and FINALIZER not in finalizers:
            self.store.change(VOLUMES, meta["name"], "", partial(_add, finalizer=FINALIZER))

    def _is_due(self, volume: Object) -> bool:
        meta = volume["metadata"]
        if volume["spec"].get("persistentVolumeReclaimPolicy") != "Delete" or _phase(volume) not in ("Released", "Failed"):
            return False
        if meta.get("deletionTimestamp") and FINALIZER not in (meta.get("finalizers") or []):
            return False  # somebody deleted the object first: then nobody deletes what is behind it
        return self.world.now_s >= self._pauses.get(meta["uid"], (0.0, 0.0))[1]

    def _reclaim(self, volume: Object) -> None:
        disk = disks.of_volume(volume)
        if self._is_external(volume):
            self._delete_outside(volume, disk)
        elif disk and disk.driver == disks.CINDER == self.profile.driver:
            self._delete_in_tree(volume, disk)
        elif not self._is_left_to_others(volume):
            self._failed(volume, self.profile.texts["no_deleter"].format(volume=volume["metadata"]["name"]))

    def _is_external(self, volume: Object) -> bool:
        """Whether it is our external provisioner's: it made it, or, since it honours the reclaim policy, it is of its driver."""
        if self.profile.plugin != "csi":
            return False
        by = (volume["metadata"].get("annotations") or {}).get(PROVISIONED_BY)
        of = (volume["spec"].get("csi") or {}).get("driver")
        return self.profile.driver == (by or (of if self.profile.honours_reclaim_policy else None))

    def _is_left_to_others(self, volume: Object) -> bool:
        """Whether it is some other provisioner's, which the sandbox has not; else there is no deleter for it."""
        by_others = PROVISIONED_BY in (volume["metadata"].get("annotations") or {})
        return by_others or (self.profile.honours_reclaim_policy and "csi" in volume["spec"])

    def _delete_outside(self, volume: Object, disk: Disk | None) -> None:
        """The external provisioner, which never calls a volume Failed."""
        problem = self._objection(volume, disk)
        if problem:
            self.events.warning(volume, "VolumeFailedDelete", problem, by=self.profile.driver)
            last_s = self._pauses.get(volume["metadata"]["uid"], (RETRY_FIRST_S / 2, 0.0))[0]
            self._pause(volume, min(last_s * 2, RETRY_MOST_S), tick_s=0.0)
        else:
            self._gone(volume)

    def _objection(self, volume: Object, disk: Disk | None) -> str | None:
        name = volume["metadata"]["name"]
        for row in self.store.list(ATTACHMENTS):
            if row["spec"]["source"].get("persistentVolumeName") == name:
                return f"persistentvolume {name} is still attached to node {row['spec']['nodeName']}"
        if disk is None:
            return "invalid CSI PV"
        problem = self._ask(disk)
        return problem and f"rpc error: code = Internal desc = DeleteVolume failed with error {problem}"

    def _delete_in_tree(self, volume: Object, disk: Disk) -> None:
        """The controller itself: Failed tells that it did not work, which does not keep it from trying again."""
        handle = disk.handle
        missing = self.cluster.cloud.volume_status(handle) is None
        problem = f"error occurred getting volume by ID: {handle}, err: Resource not found" if missing else self._ask(disk)
        if problem is None:
            self._gone(volume)
            return
        if self.cluster.cloud.attached_servers(handle):
            self.events.normal(volume, "VolumeDelete", problem, by=BINDER)
        else:
            self._failed(volume, problem)
        last_s = self._pauses.get(volume["metadata"]["uid"], (self.profile.backoff_first_s / 2, 0.0))[0]
        self._pause(volume, min(last_s * 2, self.profile.backoff_most_s), tick_s=RESYNC_S)

    def _ask(self, disk: Disk) -> str | None:
        """Ask Cinder to delete the volume; tells why it does not. One that is not there any more is as good as deleted."""
        if self.cluster.cloud.attached_servers(disk.handle):
            return self.profile.texts["volume_in_use"].format(volume=disk.handle)
        try:
            self.cluster.cloud.delete_volume(disk.handle)
        except CloudError as error:
            return None if error.code == 404 else _refused(error, disk)
        return None

    def _failed(self, volume: Object, message: str) -> None:
        if _phase(volume) != "Failed":
            self.store.change(VOLUMES, volume["metadata"]["name"], "", partial(_fail, message=message))
            self.events.warning(volume, "VolumeFailedDelete", message, by=BINDER)

    def _pause(self, volume: Object, wait_s: float, *, tick_s: float) -> None:
        """Try again after a pause, with the in-tree deleter at the resync after it."""
        until_s = self.world.now_s + wait_s
        self._pauses[volume["metadata"]["uid"]] = (wait_s, until_s)
        due_s = until_s if not tick_s else until_s + (-until_s) % tick_s
        self.world.call_at(due_s, self.sync, "reclaim")

    def _gone(self, volume: Object) -> None:
        name = volume["metadata"]["name"]
        self.store.delete(VOLUMES, name)
        self._drop(name, FINALIZER)

    def _let_go(self, name: str) -> None:
        """The protection controller: an object that is going may go once no claim is bound to it."""
        volume = self.store.find(VOLUMES, name)
        if volume is not None and volume["metadata"].get("deletionTimestamp") and _phase(volume) != "Bound":
            self._drop(name, defaults.VOLUME_PROTECTION)

    def _drop(self, name: str, finalizer: str) -> None:
        volume = self.store.find(VOLUMES, name)
        if volume is not None and finalizer in (volume["metadata"].get("finalizers") or []):
            self.store.change(VOLUMES, name, "", partial(_remove, finalizer=finalizer))


def finalizers_of(profile: Profile, class_: Object) -> list[str]:
    """What the provisioner writes on a PersistentVolume that it makes."""
    kept = class_.get("reclaimPolicy", "Delete") != "Delete"
    return [] if kept or not profile.honours_reclaim_policy or profile.plugin != "csi" else [FINALIZER]


def _phase(volume: Object) -> str:
    return str((volume.get("status") or {}).get("phase", "Pending"))


def _add(volume: Object, finalizer: str) -> None:
    volume["metadata"].setdefault("finalizers", []).append(finalizer)


def _remove(volume: Object, finalizer: str) -> None:
    volume["metadata"]["finalizers"].remove(finalizer)


def _fail(volume: Object, message: str) -> None:
    volume["status"] = {"phase": "Failed", "message": message}


def _refused(error: CloudError, disk: Disk) -> str:
    """The words of the driver's client library (gophercloud) for a refusal; the host is left out."""
    if disk.driver == disks.CINDER:
        return f"Bad request with: [], error message: {error.message}"
    body = f'{{"{error.fault}": {{"code": {error.code}, "message": "{error.message}"}}}}'
    wanted = "Expected HTTP response code [202 204] when accessing"
    return f"{wanted} [DELETE /volumes/{disk.handle}], but got {error.code} instead: {body}"
