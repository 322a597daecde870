"""Server-side tables: what `kubectl get` prints (pkg/printers/internalversion/printers.go). Ages are cluster time."""

from collections.abc import Iterable
from datetime import datetime

from chaoscinder.sandbox.kubernetes.cells import cells
from chaoscinder.sandbox.kubernetes.resources import Resource
from chaoscinder.sandbox.kubernetes.store import Object

GENERIC = "Name, Age"
COLUMNS: dict[str, str] = {  # plural -> columns; a + in front: only with -o wide
    "pods": "Name, Ready, Status, Restarts, Age, +IP, +Node, +Nominated Node, +Readiness Gates",
    "nodes": "Name, Status, Roles, Age, Version, +Internal-IP, +External-IP, +OS-Image, +Kernel-Version, +Container-Runtime",
    "deployments": "Name, Ready, Up-to-date, Available, Age, +Containers, +Images, +Selector",
    "replicasets": "Name, Desired, Current, Ready, Age, +Containers, +Images, +Selector",
    "statefulsets": "Name, Ready, Age, +Containers, +Images",
    "persistentvolumeclaims": "Name, Status, Volume, Capacity, Access Modes, StorageClass, VolumeAttributesClass, Age, +VolumeMode",
    "persistentvolumes": "Name, Capacity, Access Modes, Reclaim Policy, Status, Claim, StorageClass, VolumeAttributesClass, Reason, Age,"
    " +VolumeMode",
    "services": "Name, Type, Cluster-IP, External-IP, Port(s), Age, +Selector",
    "volumeattachments": "Name, Attacher, PV, Node, Attached, Age",
    "events": "Last Seen, Type, Reason, Object, +Subobject, +Source, Message, +First Seen, +Count, +Name",
    "namespaces": "Name, Status, Age",
    "storageclasses": "Name, Provisioner, ReclaimPolicy, VolumeBindingMode, AllowVolumeExpansion, Age",
    "endpoints": "Name, Endpoints, Age",
    "endpointslices": "Name, AddressType, Ports, Endpoints, Age",
    "poddisruptionbudgets": "Name, Min Available, Max Unavailable, Allowed Disruptions, Age",
    "leases": "Name, Holder, Age",
    "csinodes": "Name, Drivers, Age",
    "configmaps": "Name, Data, Age",
    "secrets": "Name, Type, Data, Age",
    "jobs": "Name, Status, Completions, Duration, Age, +Containers, +Images, +Selector",
    "cronjobs": "Name, Schedule, Timezone, Suspend, Active, Last Schedule, Age, +Containers, +Images, +Selector",
    "serviceaccounts": "Name, Secrets, Age",
    "roles": "Name, Created At",
    "clusterroles": "Name, Created At",
    "rolebindings": "Name, Role, Age, +Users, +Groups, +ServiceAccounts",
    "clusterrolebindings": "Name, Role, Age, +Users, +Groups, +ServiceAccounts",
}
_NUMBERS = ("Desired", "Current", "Up-to-date", "Available", "Count", "Drivers", "Allowed Disruptions", "Active")


def table(resource: Resource, objects: Iterable[Object], metadata: Object, now: datetime, include: str = "Metadata") -> Object:
    """Print objects of one resource; include says how much of each goes along: None, Metadata or Object."""
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": metadata,
        "columnDefinitions": [_column(name.strip()) for name in COLUMNS.get(resource.plural, GENERIC).split(",")],
        "rows": [_row(resource, obj, now, include) for obj in objects],
    }


def partial(obj: Object) -> Object:
    """What is left of an object when only its metadata is wanted."""
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": obj["metadata"]}


def _column(name: str) -> Object:
    title = name.lstrip("+")
    return {
        "name": title,
        "type": "integer" if title in _NUMBERS else "string",
        "format": "name" if title == "Name" else "",
        "description": "",
        "priority": 1 if name.startswith("+") else 0,
    }


def _row(resource: Resource, obj: Object, now: datetime, include: str) -> Object:
    row: Object = {"cells": cells(resource.plural, obj, now)}
    if include != "None":
        row["object"] = obj if include == "Object" else partial(obj)
    return row
