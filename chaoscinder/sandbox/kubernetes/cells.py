"""The cells of one row of a table, by resource; the columns are in tables.py."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from chaoscinder.sandbox.kubernetes.access_cells import account_cells, binding_cells, role_cells
from chaoscinder.sandbox.kubernetes.ages import age
from chaoscinder.sandbox.kubernetes.batch_cells import cron_job_cells, job_cells
from chaoscinder.sandbox.kubernetes.pod_cells import NONE, pod_cells
from chaoscinder.sandbox.kubernetes.selectors import selector_text
from chaoscinder.sandbox.kubernetes.store import Object

UNSET = "<unset>"
_MODES = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}
_ROLE = "node-role.kubernetes.io/"
_DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"


def cells(plural: str, obj: Object, now: datetime) -> list[Any]:
    """Work out the cells of one object."""
    return _CELLS.get(plural, _generic)(obj, now)


def _name(obj: Object) -> str:
    return str(obj["metadata"]["name"])


def _age(obj: Object, now: datetime) -> str:
    return age(obj["metadata"].get("creationTimestamp"), now)


def _spec(obj: Object) -> Object:
    return obj.get("spec") or {}


def _status(obj: Object) -> Object:
    return obj.get("status") or {}


def _generic(obj: Object, now: datetime) -> list[Any]:
    return [_name(obj), _age(obj, now)]


def _node(node: Object, now: datetime) -> list[Any]:
    info = _status(node).get("nodeInfo") or {}
    roles = sorted(label.removeprefix(_ROLE) for label in node["metadata"].get("labels") or {} if label.startswith(_ROLE))
    return [
        _name(node),
        _node_status(node),
        ",".join(roles) or NONE,
        _age(node, now),
        info.get("kubeletVersion", ""),
        _address(node, "InternalIP"),
        _address(node, "ExternalIP"),
        info.get("osImage") or "<unknown>",
        info.get("kernelVersion") or "<unknown>",
        info.get("containerRuntimeVersion") or "<unknown>",
    ]


def _node_status(node: Object) -> str:
    conditions = {each["type"]: each["status"] for each in _status(node).get("conditions") or []}
    words = {"True": "Ready", None: "Unknown"}
    word = words.get(conditions.get("Ready"), "NotReady")
    return f"{word},SchedulingDisabled" if _spec(node).get("unschedulable") else word


def _address(node: Object, type_: str) -> str:
    addresses = _status(node).get("addresses") or []
    return next((str(each["address"]) for each in addresses if each["type"] == type_), NONE)


def _images(obj: Object) -> list[str]:
    containers = ((_spec(obj).get("template") or {}).get("spec") or {}).get("containers") or []
    return [",".join(str(each.get(field, "")) for each in containers) for field in ("name", "image")]


def _deployment(obj: Object, now: datetime) -> list[Any]:
    status = _status(obj)
    ready = f"{status.get('readyReplicas', 0)}/{_spec(obj).get('replicas', 0)}"
    counts = [ready, status.get("updatedReplicas", 0), status.get("availableReplicas", 0)]
    return [_name(obj), *counts, _age(obj, now), *_images(obj), selector_text(_spec(obj).get("selector"))]


def _replica_set(obj: Object, now: datetime) -> list[Any]:
    status = _status(obj)
    counts = [_spec(obj).get("replicas", 0), status.get("replicas", 0), status.get("readyReplicas", 0)]
    return [_name(obj), *counts, _age(obj, now), *_images(obj), selector_text(_spec(obj).get("selector"))]


def _stateful_set(obj: Object, now: datetime) -> list[Any]:
    ready = f"{_status(obj).get('readyReplicas', 0)}/{_spec(obj).get('replicas', 0)}"
    return [_name(obj), ready, _age(obj, now), *_images(obj)]


def _modes(modes: list[str] | None) -> str:
    return ",".join(_MODES.get(mode, mode) for mode in modes or [])


def _phase(obj: Object) -> str:
    return "Terminating" if obj["metadata"].get("deletionTimestamp") else str(_status(obj).get("phase", ""))


def _claim(claim: Object, now: datetime) -> list[Any]:
    spec, status = _spec(claim), _status(claim)
    capacity = (status.get("capacity") or {}).get("storage", "") if spec.get("volumeName") else ""
    modes = _modes(status.get("accessModes")) if spec.get("volumeName") else ""
    what = [_phase(claim), spec.get("volumeName", ""), capacity, modes]
    classes = [spec.get("storageClassName", ""), spec.get("volumeAttributesClassName") or UNSET]
    return [_name(claim), *what, *classes, _age(claim, now), spec.get("volumeMode") or UNSET]


def _volume(volume: Object, now: datetime) -> list[Any]:
    spec, reference = _spec(volume), _spec(volume).get("claimRef")
    return [
        _name(volume),
        (spec.get("capacity") or {}).get("storage", ""),
        _modes(spec.get("accessModes")),
        spec.get("persistentVolumeReclaimPolicy", ""),
        _phase(volume),
        f"{reference.get('namespace')}/{reference.get('name')}" if reference else "",
        spec.get("storageClassName", ""),
        spec.get("volumeAttributesClassName") or UNSET,
        _status(volume).get("reason", ""),
        _age(volume, now),
        spec.get("volumeMode") or UNSET,
    ]


def _service(service: Object, now: datetime) -> list[Any]:
    spec = _spec(service)
    ports = [f"{each['port']}{_node_port(each)}/{each.get('protocol', 'TCP')}" for each in spec.get("ports") or []]
    selector = ",".join(f"{key}={value}" for key, value in sorted((spec.get("selector") or {}).items()))
    kind, address = spec.get("type", ""), spec.get("clusterIP") or NONE
    return [_name(service), kind, address, _external(service), ",".join(ports) or NONE, _age(service, now), selector or NONE]


def _node_port(port: Mapping[str, Any]) -> str:
    return f":{port['nodePort']}" if port.get("nodePort") else ""


def _external(service: Object) -> str:
    spec = _spec(service)
    if spec.get("type") == "ExternalName":
        return str(spec.get("externalName", ""))
    balanced = [each.get("ip") or each.get("hostname") for each in (_status(service).get("loadBalancer") or {}).get("ingress") or []]
    addresses = balanced + (spec.get("externalIPs") or [])
    return ",".join(addresses) or ("<pending>" if spec.get("type") == "LoadBalancer" else NONE)


def _attachment(attachment: Object, now: datetime) -> list[Any]:
    spec = _spec(attachment)
    volume = (spec.get("source") or {}).get("persistentVolumeName", "")
    attached = str(bool(_status(attachment).get("attached"))).lower()
    return [_name(attachment), spec.get("attacher", ""), volume, spec.get("nodeName", ""), attached, _age(attachment, now)]


def _event(event: Object, now: datetime) -> list[Any]:
    about, series = event.get("involvedObject") or {}, event.get("series") or {}
    first = age(event.get("firstTimestamp") or event.get("eventTime"), now)
    last = age(event["lastTimestamp"], now) if event.get("lastTimestamp") else first
    if series:
        last = age(series.get("lastObservedTime"), now)
    kind = str(about.get("kind", "")).lower()
    target = f"{kind}/{about['name']}" if about.get("name") else kind
    count = series.get("count") or event.get("count") or 1
    what = [event.get("type", ""), event.get("reason", ""), target, about.get("fieldPath", ""), _source(event)]
    return [last, *what, str(event.get("message", "")).strip(), first, count, _name(event)]


def _source(event: Object) -> str:
    source = event.get("source") or {}
    parts = [source.get("component") or event.get("reportingComponent"), source.get("host") or event.get("reportingInstance")]
    return ", ".join(part for part in parts if part)


def _namespace(namespace: Object, now: datetime) -> list[Any]:
    return [_name(namespace), _status(namespace).get("phase", ""), _age(namespace, now)]


def _storage_class(obj: Object, now: datetime) -> list[Any]:
    default = (obj["metadata"].get("annotations") or {}).get(_DEFAULT_CLASS) == "true"
    name = f"{_name(obj)} (default)" if default else _name(obj)
    policy = [obj.get("reclaimPolicy", "Delete"), obj.get("volumeBindingMode") or UNSET]
    return [name, obj.get("provisioner", ""), *policy, bool(obj.get("allowVolumeExpansion")), _age(obj, now)]


def _endpoints(obj: Object, now: datetime) -> list[Any]:
    places = [
        f"{address['ip']}:{port['port']}"
        for subset in obj.get("subsets") or []
        for port in subset.get("ports") or []
        for address in subset.get("addresses") or []
    ]
    shown = ",".join(places[:3]) + (f" + {len(places) - 3} more..." if len(places) > 3 else "")
    return [_name(obj), shown or NONE, _age(obj, now)]


def _slice(obj: Object, now: datetime) -> list[Any]:
    ports = ",".join(str(each.get("port")) for each in obj.get("ports") or []) or UNSET
    addresses = [address for each in obj.get("endpoints") or [] for address in each.get("addresses") or []]
    shown = ",".join(addresses[:3]) + (f" + {len(addresses) - 3} more..." if len(addresses) > 3 else "")
    return [_name(obj), obj.get("addressType", ""), ports, shown or UNSET, _age(obj, now)]


def _budget(obj: Object, now: datetime) -> list[Any]:
    spec = _spec(obj)
    limits = [str(spec.get(field, "N/A")) for field in ("minAvailable", "maxUnavailable")]
    return [_name(obj), *limits, _status(obj).get("disruptionsAllowed", 0), _age(obj, now)]


def _lease(lease: Object, now: datetime) -> list[Any]:
    return [_name(lease), _spec(lease).get("holderIdentity", ""), _age(lease, now)]


def _csi_node(node: Object, now: datetime) -> list[Any]:
    return [_name(node), len(_spec(node).get("drivers") or []), _age(node, now)]


def _config_map(obj: Object, now: datetime) -> list[Any]:
    return [_name(obj), len(obj.get("data") or {}) + len(obj.get("binaryData") or {}), _age(obj, now)]


def _secret(obj: Object, now: datetime) -> list[Any]:
    return [_name(obj), obj.get("type", ""), len(obj.get("data") or {}), _age(obj, now)]


_CELLS: dict[str, Callable[[Object, datetime], list[Any]]] = {
    "pods": pod_cells,
    "nodes": _node,
    "deployments": _deployment,
    "replicasets": _replica_set,
    "statefulsets": _stateful_set,
    "persistentvolumeclaims": _claim,
    "persistentvolumes": _volume,
    "services": _service,
    "volumeattachments": _attachment,
    "events": _event,
    "namespaces": _namespace,
    "storageclasses": _storage_class,
    "endpoints": _endpoints,
    "endpointslices": _slice,
    "poddisruptionbudgets": _budget,
    "leases": _lease,
    "csinodes": _csi_node,
    "configmaps": _config_map,
    "secrets": _secret,
    "jobs": job_cells,
    "cronjobs": cron_job_cells,
    "serviceaccounts": account_cells,
    "roles": role_cells,
    "clusterroles": role_cells,
    "rolebindings": binding_cells,
    "clusterrolebindings": binding_cells,
}
