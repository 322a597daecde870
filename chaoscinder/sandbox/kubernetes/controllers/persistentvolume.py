"""The PersistentVolume controller and the external provisioner: from a claim to a volume that it is bound to.

A claim takes a free volume that fits; where there is none and its StorageClass is Cinder's, one is made through the provision port.
A claim that is deleted leaves its volume Released; what becomes of it then is told in reclaim.
"""

from collections.abc import Sequence
from functools import partial

from chaoscinder.sandbox.kubernetes import defaults
from chaoscinder.sandbox.kubernetes.controllers import disks, pods, reclaim
from chaoscinder.sandbox.kubernetes.controllers.cluster import Cluster, Controller
from chaoscinder.sandbox.kubernetes.controllers.quantities import gib
from chaoscinder.sandbox.kubernetes.controllers.scheduler import SELECTED_NODE
from chaoscinder.sandbox.kubernetes.resources import CLAIMS, NODES, PODS, STORAGECLASSES, VOLUMES
from chaoscinder.sandbox.kubernetes.store import Happened, Object

BINDER = reclaim.BINDER
TOPOLOGY = "topology.cinder.csi.openstack.org/zone"
ZONE = "topology.kubernetes.io/zone"
POLL_S = 1.0  # how often the provisioner asks whether Cinder's volume is available


class Binder(Controller):
    """Looks at every claim after each change of one, of a volume, of a class or of a pod."""

    watches = (CLAIMS, VOLUMES, STORAGECLASSES, PODS)

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster)
        self._made: dict[str, str] = {}

    def concerns(self, event: Happened) -> bool:
        """Of a pod only its end: what it was is what keeps a deleted claim."""
        return event.resource is not PODS or event.type == "DELETED" or pods.is_finished(event.object)

    def sync(self) -> None:
        """Bind what can be bound, and follow claims that went away."""
        for claim in self.store.list(CLAIMS):
            if claim["metadata"].get("deletionTimestamp"):
                self._let_go(claim)
            elif (claim.get("status") or {}).get("phase") != "Bound":
                self._serve(claim)
        for volume in self.store.list(VOLUMES):
            self._offer(volume)
            self._release(volume)

    def _serve(self, claim: Object) -> None:
        volume = self._fitting(claim)
        if volume is not None:
            self._bind(claim, volume)
        elif self._may_provision(claim):
            self._provision(claim)

    def _fitting(self, claim: Object) -> Object | None:
        named = claim["spec"].get("volumeName")
        rows = [row for row in self.store.list(VOLUMES) if named in (None, "", row["metadata"]["name"]) and _fits(claim, row)]
        return min(rows, key=lambda row: (not row["spec"].get("claimRef"), gib(row["spec"]["capacity"]["storage"])), default=None)

    def _bind(self, claim: Object, volume: Object) -> None:
        meta, name = claim["metadata"], volume["metadata"]["name"]
        self.store.change(VOLUMES, name, "", partial(bind_volume, claim=claim))
        self.store.change(CLAIMS, meta["name"], meta["namespace"], partial(bind_claim, volume=volume))

    def _may_provision(self, claim: Object) -> bool:
        class_ = self.store.find(STORAGECLASSES, claim["spec"].get("storageClassName") or "")
        if class_ is None or class_.get("provisioner") != self.profile.driver or self.cluster.provision is None:
            return False
        if class_.get("volumeBindingMode") == "WaitForFirstConsumer" and not _selected_node(claim):
            self._say(claim, "WaitForFirstConsumer", "waiting for first consumer to be created before binding", BINDER)
            return False
        return claim["metadata"]["uid"] not in self._made

    def _provision(self, claim: Object) -> None:
        meta = claim["metadata"]
        assert self.cluster.provision is not None
        if self.profile.plugin == "csi":
            waiting = self.profile.texts["external_provisioning"].format(driver=self.profile.driver)
            self._say(claim, "ExternalProvisioning", waiting, BINDER)
            provisioning = f'External provisioner is provisioning volume for claim "{pods.key(claim)}"'
            self._say(claim, "Provisioning", provisioning, self.profile.driver)
        zone = self._zone(claim)
        size = gib(claim["spec"]["resources"]["requests"]["storage"])
        self._made[meta["uid"]] = self.cluster.provision(f"pvc-{meta['uid']}", size, zone)
        self._look(claim, zone)

    def _look(self, claim: Object, zone: str) -> None:
        """Wait for Cinder, then write the PersistentVolume."""
        meta = claim["metadata"]
        handle = self._made[meta["uid"]]
        if self.cluster.cloud.volume_status(handle) in ("creating", "downloading"):
            self.world.call_later(POLL_S, lambda: self._look(claim, zone), "provisioner")
            return
        class_ = self.store.find(STORAGECLASSES, claim["spec"].get("storageClassName") or "") or {}
        finalizers = reclaim.finalizers_of(self.profile, class_)
        self.store.create(VOLUMES, volume_of(claim, handle, zone, self.profile.driver, class_, finalizers))
        self._provisioned(claim)

    def _provisioned(self, claim: Object) -> None:
        """The in-tree provisioner is a part of the controller, and says so."""
        message, driver = f"Successfully provisioned volume pvc-{claim['metadata']['uid']}", self.profile.driver
        if self.profile.plugin == "csi":
            self._say(claim, "ProvisioningSucceeded", message, driver)
        else:
            self._say(claim, "ProvisioningSucceeded", f"{message} using {driver}", BINDER)

    def _zone(self, claim: Object) -> str:
        chosen = _selected_node(claim)
        rows = [row for row in self.store.list(NODES) if chosen in ("", row["metadata"]["name"])]
        zones = [zone for row in rows if (zone := (row["metadata"].get("labels") or {}).get(TOPOLOGY))]
        return str(zones[0]) if zones else ""

    def _say(self, claim: Object, reason: str, message: str, by: str) -> None:
        key = f"{claim['metadata']['uid']}/{reason}"
        if key not in self._made:
            self._made[key] = reason
            self.events.normal(claim, reason, message, by=by)

    def _let_go(self, claim: Object) -> None:
        meta = claim["metadata"]
        users = [pod for pod in self.store.list(PODS, meta["namespace"]) if meta["name"] in pods.claims(pod).values()]
        if defaults.CLAIM_PROTECTION in (meta.get("finalizers") or []) and all(pods.is_finished(pod) for pod in users):
            self.store.change(CLAIMS, meta["name"], meta["namespace"], _unprotect)

    def _offer(self, volume: Object) -> None:
        """A volume that is nobody's yet is Available, also one that was made for a claim which has not taken it."""
        reserved = (volume["spec"].get("claimRef") or {}).get("uid")
        if not reserved and (volume.get("status") or {}).get("phase", "Pending") == "Pending":
            self.store.change(VOLUMES, volume["metadata"]["name"], "", partial(_set_phase, phase="Available"))

    def _release(self, volume: Object) -> None:
        reference = volume["spec"].get("claimRef") or {}
        if (volume.get("status") or {}).get("phase") != "Bound" or not reference.get("uid"):
            return
        claim = self.store.find(CLAIMS, reference["name"], reference["namespace"])
        if claim is None or claim["metadata"]["uid"] != reference["uid"]:
            self.store.change(VOLUMES, volume["metadata"]["name"], "", partial(_set_phase, phase="Released"))


def volume_of(claim: Object, handle: str, zone: str, driver: str, class_: Object, finalizers: Sequence[str] = ()) -> Object:
    """The PersistentVolume that the provisioner writes for a claim."""
    in_tree = driver == disks.CINDER
    expression = {"key": ZONE if in_tree else TOPOLOGY, "operator": "In", "values": [zone]}
    source: Object = {"csi": {"driver": driver, "volumeHandle": handle, "fsType": "ext4", "volumeAttributes": {}}}
    if in_tree:
        source = {"cinder": {"volumeID": handle, "fsType": "ext4"}}
    size = f"{gib(claim['spec']['resources']['requests']['storage'])}Gi"
    spec = {
        "capacity": {"storage": size}, "accessModes": list(claim["spec"]["accessModes"]), **source,
        "persistentVolumeReclaimPolicy": class_.get("reclaimPolicy", "Delete"),
        "storageClassName": claim["spec"].get("storageClassName", ""),
        "claimRef": _reference(claim),
    }  # fmt: skip
    if zone:
        spec["nodeAffinity"] = {"required": {"nodeSelectorTerms": [{"matchExpressions": [expression]}]}}
    meta: Object = {"name": f"pvc-{claim['metadata']['uid']}", "annotations": {reclaim.PROVISIONED_BY: driver}}
    meta |= {"finalizers": list(finalizers)} if finalizers else {}
    return defaults.apply(VOLUMES, {"metadata": meta, "spec": spec, "status": {"phase": "Pending"}})


def _fits(claim: Object, volume: Object) -> bool:
    spec, meta = volume["spec"], claim["metadata"]
    if reference := spec.get("claimRef"):
        same = (reference.get("namespace"), reference.get("name")) == (meta["namespace"], meta["name"])
        return same and reference.get("uid") in (None, "", meta["uid"])
    if (spec.get("storageClassName") or "") != (claim["spec"].get("storageClassName") or ""):
        return False
    enough = gib(spec["capacity"]["storage"]) >= gib(claim["spec"]["resources"]["requests"]["storage"])
    return enough and set(claim["spec"]["accessModes"]) <= set(spec["accessModes"])


def _reference(claim: Object) -> Object:
    meta = claim["metadata"]
    reference = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "name": meta["name"], "namespace": meta["namespace"]}
    return reference | {"uid": meta["uid"], "resourceVersion": meta["resourceVersion"]}


def bind_volume(volume: Object, claim: Object) -> None:
    """Write into a PersistentVolume that is being edited whose it is."""
    volume["spec"]["claimRef"] = _reference(claim)
    _set_phase(volume, "Bound")


def _set_phase(volume: Object, phase: str) -> None:
    volume["status"] = {"phase": phase}


def bind_claim(claim: Object, volume: Object) -> None:
    """Write into a claim that is being edited what it got."""
    claim["spec"]["volumeName"] = volume["metadata"]["name"]
    claim["metadata"].setdefault("annotations", {})["pv.kubernetes.io/bind-completed"] = "yes"
    status = {"phase": "Bound", "accessModes": list(volume["spec"]["accessModes"]), "capacity": dict(volume["spec"]["capacity"])}
    claim["status"] = status


def _selected_node(claim: Object) -> str:
    return str((claim["metadata"].get("annotations") or {}).get(SELECTED_NODE, ""))


def _unprotect(claim: Object) -> None:
    claim["metadata"]["finalizers"].remove(defaults.CLAIM_PROTECTION)
