"""The CSI controller as what it is on a real cluster: one pod of a Deployment in kube-system, on a node that can be lost like any other.

While this room is used, volumes are attached and detached only as long as that pod's process runs on a node that reaches the API server.
Without it the controller is always there, as with several replicas on control-plane nodes.
"""

from typing import TYPE_CHECKING

from chaoscinder.sandbox.kubernetes import defaults, resources
from chaoscinder.sandbox.kubernetes.store import Object

if TYPE_CHECKING:
    from chaoscinder.sandbox.launch import Sandbox

NAME, NAMESPACE = "csi-cinder-controllerplugin", "kube-system"  # cloud-provider-openstack, manifests/cinder-csi-plugin
IMAGE = "registry.k8s.io/provider-os/cinder-csi-plugin:v1.36.0"
LOOK_S = 0.5  # cluster seconds


class CsiController:
    """The Deployment, and who looks whether its pod lives."""

    def __init__(self, sandbox: "Sandbox", node: str) -> None:
        self._sandbox = sandbox
        self._is_over = False
        deployment = _deployment(node)
        sandbox.store.create(resources.DEPLOYMENTS, defaults.apply(resources.DEPLOYMENTS, deployment))
        self._look()

    def end(self) -> None:
        """Delete the Deployment; the controller is there without it."""
        self._is_over = True
        if self._sandbox.store.find(resources.DEPLOYMENTS, NAME, NAMESPACE) is not None:
            self._sandbox.store.delete(resources.DEPLOYMENTS, NAME, NAMESPACE)
        self._sandbox.manager.attacher.start()

    def _look(self) -> None:
        if self._is_over:
            return
        attacher = self._sandbox.manager.attacher
        attacher.start() if self._lives() else attacher.stop()
        self._sandbox.world.call_later(LOOK_S, self._look, "csi-controller")

    def _lives(self) -> bool:
        rows = self._sandbox.store.list(resources.PODS, NAMESPACE)
        mine = [row for row in rows if (row["metadata"].get("labels") or {}).get("app") == NAME]
        return any(self._sandbox.processes.is_running(row["metadata"]["uid"]) and self._reaches(row) for row in mine)

    def _reaches(self, pod: Object) -> bool:
        kubelet = self._sandbox.manager.kubelets.by_node.get(pod["spec"].get("nodeName", ""))
        return kubelet is not None and not kubelet.cut_off and self._sandbox.openstack.is_running(kubelet.server)


def _deployment(node: str) -> Object:
    labels = {"app": NAME}
    there = {"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}]}
    first = {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 100, "preference": there}]}}
    pod = {"affinity": first, "containers": [{"name": "csi-attacher", "image": IMAGE}]}
    spec = {"replicas": 1, "selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": pod}}
    spec["strategy"] = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}}
    meta = {"name": NAME, "namespace": NAMESPACE, "labels": labels}
    return {"kind": "Deployment", "apiVersion": "apps/v1", "metadata": meta, "spec": spec}
