"""The API server's 422: what is wrong with an object, field by field, in its words.

Checked is what applications' manifests, kubectl and this pack write. An object that passes here may still be refused by a real API server.
"""

from collections.abc import Callable, Mapping
from typing import Any

from chaoscinder.sandbox.kubernetes import batch, immutable, rbac_validation
from chaoscinder.sandbox.kubernetes.names import CONFIG_KEY, label_causes, meta_causes, qualified_wrong
from chaoscinder.sandbox.kubernetes.pod_validation import NOT_NEGATIVE, number_of, pod_causes
from chaoscinder.sandbox.kubernetes.resources import (
    BUDGETS,
    CLAIMS,
    CONFIGMAPS,
    CRONJOBS,
    DEPLOYMENTS,
    JOBS,
    LEASES,
    NODES,
    PODS,
    REPLICASETS,
    SECRETS,
    SERVICES,
    STATEFULSETS,
    VOLUMES,
    Resource,
)
from chaoscinder.sandbox.kubernetes.selectors import selects
from chaoscinder.sandbox.kubernetes.statuses import Cause, duplicate, invalid, invalid_value, not_allowed, not_supported, required
from chaoscinder.sandbox.kubernetes.store import Object

_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_MODES = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")
_SERVICE_TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
_ACCOUNT = "kubernetes.io/service-account.name"
_PORT = "must be between 1 and 65535, inclusive"
Spec = Mapping[str, Any]


def check_new(resource: Resource, obj: Object) -> None:
    """Refuse an object that may not be created."""
    meta = obj["metadata"]
    causes = meta_causes(resource, meta) + _causes(resource, obj)
    if resource is CRONJOBS:
        causes += batch.cron_name_causes(meta.get("name", ""))
    _refuse(resource, meta.get("name") or meta.get("generateName") or "", causes)


def check_change(resource: Resource, old: Object, new: Object) -> None:
    """Refuse a change that may not be made."""
    labels = label_causes(new["metadata"].get("labels"), "metadata.labels")
    _refuse(resource, new["metadata"]["name"], labels + _causes(resource, new) + immutable.causes(resource, old, new))


def _refuse(resource: Resource, name: str, causes: list[Cause]) -> None:
    unique = [cause for place, cause in enumerate(causes) if cause not in causes[:place]]
    if unique:
        raise invalid(resource, name, unique)


def _causes(resource: Resource, obj: Object) -> list[Cause]:
    if resource in _WHOLE:
        return _WHOLE[resource](obj)
    check = _CHECKS.get(resource)
    return check(obj.get("spec") or {}) if check else rbac_validation.causes(resource, obj)


def _workload_causes(spec: Spec) -> list[Cause]:
    causes = _selector_causes(spec)
    if (spec.get("replicas") or 0) < 0:
        causes.insert(0, invalid_value("spec.replicas", spec["replicas"], NOT_NEGATIVE))
    if (spec.get("minReadySeconds") or 0) < 0:
        causes.append(invalid_value("spec.minReadySeconds", spec["minReadySeconds"], NOT_NEGATIVE))
    template = (spec.get("template") or {}).get("spec") or {}
    if (policy := template.get("restartPolicy", "Always")) != "Always":
        causes.append(not_supported("spec.template.spec.restartPolicy", policy, ("Always",)))
    return causes


def _selector_causes(spec: Spec) -> list[Cause]:
    selector, template = spec.get("selector"), spec.get("template") or {}
    labels = (template.get("metadata") or {}).get("labels") or {}
    causes = []
    if selector is None:
        causes.append(required("spec.selector"))
    elif not (selector.get("matchLabels") or selector.get("matchExpressions")):
        causes.append(invalid_value("spec.selector", selector, "empty selector is invalid for deployment"))
    if not selects(selector or {}, labels):
        causes.append(invalid_value("spec.template.metadata.labels", labels, "`selector` does not match template `labels`"))
    causes += label_causes(labels, "spec.template.labels")
    return causes + pod_causes(template.get("spec") or {}, "spec.template.spec")


def _deployment_causes(spec: Spec) -> list[Cause]:
    strategy = spec.get("strategy") or {}
    causes = _workload_causes(spec)
    if strategy.get("type") not in ("Recreate", "RollingUpdate"):
        causes.append(not_supported("spec.strategy.type", strategy.get("type", ""), ("Recreate", "RollingUpdate")))
    if strategy.get("type") == "Recreate" and strategy.get("rollingUpdate") is not None:
        causes.append(not_allowed("spec.strategy.rollingUpdate", "may not be specified when strategy `type` is 'Recreate'"))
    rolling = strategy.get("rollingUpdate") or {}
    if strategy.get("type") == "RollingUpdate" and all(rolling.get(field) in (0, "0%") for field in ("maxSurge", "maxUnavailable")):
        why = "may not be 0 when `maxSurge` is 0"
        causes.append(invalid_value("spec.strategy.rollingUpdate.maxUnavailable", rolling["maxUnavailable"], why))
    return causes


def _node_causes(spec: Spec) -> list[Cause]:
    causes: list[Cause] = []
    seen: set[tuple[str, str]] = set()
    for place, taint in enumerate(spec.get("taints") or []):
        key, effect = taint.get("key", ""), taint.get("effect", "")
        if not key:
            causes.append(required(f"metadata.taints[{place}].key"))
        else:
            causes += [invalid_value(f"metadata.taints[{place}].key", key, why) for why in qualified_wrong(key)]
        if effect not in _EFFECTS:
            causes.append(not_supported(f"metadata.taints[{place}].effect", effect, _EFFECTS))
        if (key, effect) in seen:
            causes.append(duplicate(f"metadata.taints[{place}]", f"{key}:{effect}"))
        seen.add((key, effect))
    return causes


def _claim_causes(spec: Spec) -> list[Cause]:
    causes = _mode_causes(spec)
    amount = ((spec.get("resources") or {}).get("requests") or {}).get("storage")
    if not amount:
        causes.append(required("spec.resources[storage]"))
    elif number_of(amount) <= 0:
        causes.append(invalid_value("spec.resources[storage]", amount, "must be greater than zero"))
    return causes


def _mode_causes(spec: Spec) -> list[Cause]:
    modes = spec.get("accessModes") or []
    if not modes:
        return [required("spec.accessModes", "at least 1 access mode is required")]
    causes = [not_supported("spec.accessModes", mode, _MODES) for mode in modes if mode not in _MODES]
    if "ReadWriteOncePod" in modes and len(modes) > 1:
        causes.append(not_allowed("spec.accessModes", "may not use ReadWriteOncePod with other access modes"))
    return causes


def _volume_causes(spec: Spec) -> list[Cause]:
    causes = [required("spec.accessModes")] if not spec.get("accessModes") else []
    causes += [not_supported("spec.accessModes", mode, _MODES) for mode in spec.get("accessModes") or [] if mode not in _MODES]
    return causes + ([] if spec.get("capacity") else [required("spec.capacity")])


def _service_causes(spec: Spec) -> list[Cause]:
    ports = spec.get("ports") or []
    causes = [required("spec.ports")] if not ports and spec.get("type") != "ExternalName" and spec.get("clusterIP") != "None" else []
    names: set[str] = set()
    numbers: set[tuple[int, str]] = set()
    for place, port in enumerate(ports):
        here, name, number, protocol = f"spec.ports[{place}]", port.get("name", ""), port.get("port", 0), port.get("protocol", "TCP")
        if not name and len(ports) > 1:
            causes.append(required(f"{here}.name"))
        if name and name in names:
            causes.append(duplicate(f"{here}.name", f'"{name}"'))
        if not 1 <= number <= 65535:
            causes.append(invalid_value(f"{here}.port", number, _PORT))
        if (number, protocol) in numbers:
            causes.append(duplicate(here, _port_text(number, protocol)))
        names.add(name)
        numbers.add((number, protocol))
    if (kind := spec.get("type", "ClusterIP")) not in _SERVICE_TYPES:
        causes.append(not_supported("spec.type", kind, _SERVICE_TYPES))
    return causes + label_causes(spec.get("selector"), "spec.selector")


def _port_text(number: int, protocol: str) -> str:
    """A port of a Service as the API server's own type shows it."""
    return f'{{"Name":"","Protocol":"{protocol}","AppProtocol":null,"Port":{number},"TargetPort":0,"NodePort":0}}'


def _budget_causes(spec: Spec) -> list[Cause]:
    if spec.get("minAvailable") is not None and spec.get("maxUnavailable") is not None:
        return [invalid_value("spec", _budget_shown(spec), "minAvailable and maxUnavailable cannot be both set")]
    fields = [field for field in ("minAvailable", "maxUnavailable") if isinstance(spec.get(field), int) and spec[field] < 0]
    return [invalid_value(f"spec.{field}", spec[field], NOT_NEGATIVE) for field in fields]


def _budget_shown(spec: Spec) -> Spec:
    return {"MinAvailable": spec["minAvailable"], "Selector": spec.get("selector"), "MaxUnavailable": spec["maxUnavailable"],
            "UnhealthyPodEvictionPolicy": spec.get("unhealthyPodEvictionPolicy")}  # fmt: skip


def _lease_causes(spec: Spec) -> list[Cause]:
    causes = []
    if spec.get("leaseDurationSeconds") is not None and spec["leaseDurationSeconds"] <= 0:
        causes.append(invalid_value("spec.leaseDurationSeconds", spec["leaseDurationSeconds"], "must be greater than 0"))
    if (spec.get("leaseTransitions") or 0) < 0:
        causes.append(invalid_value("spec.leaseTransitions", spec["leaseTransitions"], NOT_NEGATIVE))
    return causes


def _data_causes(obj: Object) -> list[Cause]:
    causes = []
    for field in ("data", "binaryData"):
        for key in obj.get(field) or {}:
            causes += [invalid_value(f"{field}[{key}]", key, why) for why in CONFIG_KEY.wrong(key)]
    return causes


def _secret_causes(obj: Object) -> list[Cause]:
    causes = _data_causes(obj)
    if obj.get("type") == "kubernetes.io/service-account-token" and not (obj["metadata"].get("annotations") or {}).get(_ACCOUNT):
        causes.append(required(f"metadata.annotations[{_ACCOUNT}]"))
    return causes


_CHECKS: dict[Resource, Callable[[Spec], list[Cause]]] = {
    PODS: pod_causes,
    DEPLOYMENTS: _deployment_causes,
    REPLICASETS: _workload_causes,
    STATEFULSETS: _workload_causes,
    JOBS: lambda spec: batch.job_causes(spec, pod_causes),
    CRONJOBS: lambda spec: batch.cron_job_causes(spec, pod_causes),
    NODES: _node_causes,
    CLAIMS: _claim_causes,
    VOLUMES: _volume_causes,
    SERVICES: _service_causes,
    BUDGETS: _budget_causes,
    LEASES: _lease_causes,
}
_WHOLE: dict[Resource, Callable[[Object], list[Cause]]] = {CONFIGMAPS: _data_causes, SECRETS: _secret_causes}
