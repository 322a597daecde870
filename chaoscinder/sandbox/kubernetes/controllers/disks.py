"""From a pod's claims to the Cinder volumes behind them, and the names that Kubernetes gives to their attachment."""

import hashlib
from dataclasses import dataclass

from chaoscinder.sandbox.kubernetes.controllers import pods
from chaoscinder.sandbox.kubernetes.resources import CLAIMS, VOLUMES
from chaoscinder.sandbox.kubernetes.store import Object, Store

CINDER = "kubernetes.io/cinder"  # the in-tree plugin and provisioner


@dataclass(frozen=True, slots=True)
class Disk:
    """A PersistentVolume that has to be attached to a node before a pod can use it. driver is CINDER for the in-tree plugin's."""

    volume: str
    handle: str
    driver: str

    @property
    def unique_name(self) -> str:
        """As node.status names it."""
        return f"{CINDER}/{self.handle}" if self.driver == CINDER else f"kubernetes.io/csi/{self.driver}^{self.handle}"

    @property
    def device(self) -> str:
        """As node.status tells its path: the in-tree plugin believes Cinder, CSI leaves it to the node."""
        return "/dev/vdb" if self.driver == CINDER else ""

    def attachment(self, node: str) -> str:
        """The name of its VolumeAttachment on a node: the same one whenever it comes back."""
        return "csi-" + hashlib.sha256(f"{self.handle}{self.driver}{node}".encode()).hexdigest()


def of_volume(volume: Object) -> Disk | None:
    """The disk of a PersistentVolume; None for one that is neither CSI's nor Cinder's."""
    spec = volume.get("spec", {})
    if cinder := spec.get("cinder"):
        return Disk(volume["metadata"]["name"], cinder["volumeID"], CINDER)
    csi = spec.get("csi")
    return Disk(volume["metadata"]["name"], csi["volumeHandle"], csi["driver"]) if csi else None


def volume_of_claim(store: Store, namespace: str, claim: str) -> Object | None:
    """The PersistentVolume a claim is bound to."""
    found = store.find(CLAIMS, claim, namespace)
    name = (found or {}).get("spec", {}).get("volumeName")
    return store.find(VOLUMES, name) if name else None


def of_pod(store: Store, pod: Object) -> dict[str, Disk | None]:
    """Disks by the volume's name in the pod; None where the claim is not bound to one yet."""
    found: dict[str, Disk | None] = {}
    for name, claim in pods.claims(pod).items():
        volume = volume_of_claim(store, pod["metadata"]["namespace"], claim)
        found[name] = of_volume(volume) if volume else None
    return found
