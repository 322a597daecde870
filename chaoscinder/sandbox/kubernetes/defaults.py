"""What the API server fills in when an object is created (pkg/apis/*/v1/defaults.go, and the admission plugins that are always on).

apply() is for the API and for the boot of the default world alike; it needs nothing but the object. Allocated values (a Service's
address, a node port) follow from namespace and name, so that the same world has the same addresses every time.
"""

import base64
import zlib
from collections.abc import Callable

from chaoscinder.sandbox.kubernetes.batch import fill_cron_job, fill_job
from chaoscinder.sandbox.kubernetes.pod_defaults import add_tolerations, fill_pod_spec, quality_class
from chaoscinder.sandbox.kubernetes.rbac_validation import fill_binding
from chaoscinder.sandbox.kubernetes.resources import Resource
from chaoscinder.sandbox.kubernetes.store import Object

CLAIM_PROTECTION = "kubernetes.io/pvc-protection"  # admission plugin StorageObjectInUseProtection, on since 1.11
VOLUME_PROTECTION = "kubernetes.io/pv-protection"  # the same
PROGRESS_DEADLINE_S = 600  # apps/v1 Deployment
HISTORY_LIMIT = 10  # apps/v1 Deployment and StatefulSet


def apply(resource: Resource, obj: Object) -> Object:
    """Fill in, in place, what the API server fills in at creation; returns the object."""
    obj.setdefault("metadata", {})
    fill = _FILL.get(resource.plural)
    if fill:
        fill(obj)
    return obj


def refresh(resource: Resource, obj: Object) -> Object:
    """Fill in, in place, what a replacement left out; unlike apply() it leaves the status alone."""
    status = obj.get("status")
    apply(resource, obj)
    if status is None:
        obj.pop("status", None)
    else:
        obj["status"] = status
    return obj


def _pod(pod: Object) -> None:
    spec = pod.setdefault("spec", {})
    fill_pod_spec(spec)
    add_tolerations(spec)
    status = pod.setdefault("status", {})
    status.setdefault("phase", "Pending")
    status.setdefault("qosClass", quality_class(spec))


def _workload(obj: Object) -> Object:
    spec: Object = obj.setdefault("spec", {})
    spec.setdefault("replicas", 1)
    fill_pod_spec(spec.setdefault("template", {}).setdefault("spec", {}))
    spec["template"].setdefault("metadata", {})
    return spec


def _deployment(obj: Object) -> None:
    spec = _workload(obj)
    strategy = spec.setdefault("strategy", {})
    if strategy.setdefault("type", "RollingUpdate") == "RollingUpdate":
        rolling = strategy.get("rollingUpdate") or {}
        strategy["rollingUpdate"] = {"maxUnavailable": "25%", "maxSurge": "25%", **rolling}
    spec.setdefault("revisionHistoryLimit", HISTORY_LIMIT)
    spec.setdefault("progressDeadlineSeconds", PROGRESS_DEADLINE_S)
    obj.setdefault("status", {})


def _replica_set(obj: Object) -> None:
    _workload(obj)
    obj.setdefault("status", {}).setdefault("replicas", 0)


def _stateful_set(obj: Object) -> None:
    spec = _workload(obj)
    spec.setdefault("podManagementPolicy", "OrderedReady")
    strategy = spec.setdefault("updateStrategy", {})
    if strategy.setdefault("type", "RollingUpdate") == "RollingUpdate":
        strategy.setdefault("rollingUpdate", {}).setdefault("partition", 0)
    spec.setdefault("revisionHistoryLimit", HISTORY_LIMIT)
    spec.setdefault("persistentVolumeClaimRetentionPolicy", {"whenDeleted": "Retain", "whenScaled": "Retain"})
    for claim in spec.get("volumeClaimTemplates") or []:
        claim.setdefault("kind", "PersistentVolumeClaim")
        claim.setdefault("apiVersion", "v1")
        _claim_template(claim)
    obj.setdefault("status", {}).setdefault("replicas", 0)


def _service(obj: Object) -> None:
    spec = obj.setdefault("spec", {})
    type_ = spec.setdefault("type", "ClusterIP")
    spec.setdefault("sessionAffinity", "None")
    for port in spec.get("ports") or []:
        port.setdefault("protocol", "TCP")
        port.setdefault("targetPort", port.get("port"))
        if type_ in ("NodePort", "LoadBalancer"):
            port.setdefault("nodePort", 30_000 + _number(obj, str(port.get("port"))) % 2_768)
    if type_ != "ExternalName":
        _service_address(obj, spec)
    obj.setdefault("status", {}).setdefault("loadBalancer", {})


def _service_address(obj: Object, spec: Object) -> None:
    number = _number(obj, "address") % 65_000 + 257
    spec.setdefault("clusterIP", f"10.96.{number // 256}.{number % 256}")
    spec.setdefault("clusterIPs", [spec["clusterIP"]])
    spec.setdefault("ipFamilies", ["IPv4"])
    spec.setdefault("ipFamilyPolicy", "SingleStack")
    spec.setdefault("internalTrafficPolicy", "Cluster")


def _number(obj: Object, salt: str) -> int:
    meta = obj["metadata"]
    return zlib.crc32(f"{meta.get('namespace')}/{meta.get('name')}/{salt}".encode())


def _namespace(obj: Object) -> None:
    if name := obj["metadata"].get("name"):
        obj["metadata"].setdefault("labels", {}).setdefault("kubernetes.io/metadata.name", name)
    obj.setdefault("spec", {}).setdefault("finalizers", ["kubernetes"])
    obj.setdefault("status", {}).setdefault("phase", "Active")


def _node(obj: Object) -> None:
    obj.setdefault("spec", {})
    status = obj.setdefault("status", {})
    if "capacity" in status:
        status.setdefault("allocatable", dict(status["capacity"]))


def _claim(obj: Object) -> None:
    _protect(obj, CLAIM_PROTECTION)
    _claim_template(obj)


def _claim_template(obj: Object) -> None:
    obj.setdefault("spec", {}).setdefault("volumeMode", "Filesystem")
    obj.setdefault("status", {}).setdefault("phase", "Pending")


def _protect(obj: Object, finalizer: str) -> None:
    finalizers = obj["metadata"].setdefault("finalizers", [])
    if finalizer not in finalizers:
        finalizers.append(finalizer)


def _volume(obj: Object) -> None:
    _protect(obj, VOLUME_PROTECTION)
    spec = obj.setdefault("spec", {})
    spec.setdefault("persistentVolumeReclaimPolicy", "Retain")
    spec.setdefault("volumeMode", "Filesystem")
    obj.setdefault("status", {}).setdefault("phase", "Pending")


def _storage_class(obj: Object) -> None:
    obj.setdefault("reclaimPolicy", "Delete")
    obj.setdefault("volumeBindingMode", "Immediate")


def _attachment(obj: Object) -> None:
    obj.setdefault("status", {}).setdefault("attached", False)


def _driver(obj: Object) -> None:
    spec = obj.setdefault("spec", {})
    spec.setdefault("attachRequired", True)
    for field in ("podInfoOnMount", "requiresRepublish", "storageCapacity", "seLinuxMount"):
        spec.setdefault(field, False)
    spec.setdefault("fsGroupPolicy", "ReadWriteOnceWithFSType")
    spec.setdefault("volumeLifecycleModes", ["Persistent"])


def _secret(obj: Object) -> None:
    obj.setdefault("type", "Opaque")
    texts = obj.pop("stringData", None) or {}
    data = {key: base64.b64encode(value.encode()).decode() for key, value in texts.items()}
    if data:
        obj["data"] = {**(obj.get("data") or {}), **data}


def _event(obj: Object) -> None:
    for field in ("firstTimestamp", "lastTimestamp", "eventTime"):
        obj.setdefault(field, None)
    obj.setdefault("source", {})
    for field in ("reportingComponent", "reportingInstance"):
        obj.setdefault(field, "")


_FILL: dict[str, Callable[[Object], None]] = {
    "pods": _pod,
    "deployments": _deployment,
    "replicasets": _replica_set,
    "statefulsets": _stateful_set,
    "services": _service,
    "namespaces": _namespace,
    "nodes": _node,
    "persistentvolumeclaims": _claim,
    "persistentvolumes": _volume,
    "storageclasses": _storage_class,
    "volumeattachments": _attachment,
    "csidrivers": _driver,
    "secrets": _secret,
    "jobs": fill_job,
    "cronjobs": fill_cron_job,
    "rolebindings": fill_binding,
    "clusterrolebindings": fill_binding,
    "events": _event,
}
