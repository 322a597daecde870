"""What is wrong with a pod's spec, alone or in a template (pkg/apis/core/validation), for what manifests of applications write."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from chaoscinder.sandbox.kubernetes.names import LABEL, SUBDOMAIN, qualified_wrong
from chaoscinder.sandbox.kubernetes.statuses import Cause, duplicate, invalid_value, not_found_value, not_supported, required

NOT_NEGATIVE = "must be greater than or equal to 0"
_PORT = "must be between 1 and 65535, inclusive"
_PROTOCOLS = ("SCTP", "TCP", "UDP")
_RESTARTS = ("Always", "OnFailure", "Never")
_PULLS = ("Always", "IfNotPresent", "Never")
_DNS = ("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None")
_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_BINARY = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "Pi": 2**50, "Ei": 2**60}
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
Spec = Mapping[str, Any]


def pod_causes(spec: Spec, path: str = "spec") -> list[Cause]:
    """Everything, in the order in which the API server looks."""
    causes = _volume_causes(spec, path)
    volumes = {volume.get("name") for volume in spec.get("volumes") or []}
    containers = spec.get("containers") or []
    if not containers:
        causes.append(required(f"{path}.containers"))
    seen: set[str] = set()
    for group in ("containers", "initContainers"):
        for place, container in enumerate(spec.get(group) or []):
            causes += _container_causes(container, f"{path}.{group}[{place}]", volumes, seen)
    return causes + _policy_causes(spec, path) + _toleration_causes(spec, path)


def number_of(quantity: str) -> Decimal:
    """The number that a quantity stands for."""
    for suffix, factor in _BINARY.items():
        if quantity.endswith(suffix):
            return Decimal(quantity.removesuffix(suffix)) * factor
    text = quantity.rstrip("".join(_DECIMAL))
    suffix = quantity[len(text) :]
    return Decimal(text).scaleb(_DECIMAL[suffix]) if suffix in _DECIMAL else Decimal(quantity)


def _volume_causes(spec: Spec, path: str) -> list[Cause]:
    causes: list[Cause] = []
    seen: set[str] = set()
    for place, volume in enumerate(spec.get("volumes") or []):
        here, name = f"{path}.volumes[{place}]", volume.get("name", "")
        causes += _name_causes(name, f"{here}.name", seen)
        sources = [source for source in volume if source != "name" and volume[source] is not None]
        if len(sources) > 1:
            causes.append({"reason": "FieldValueForbidden", "message": "Forbidden: may not specify more than 1 volume type",
                           "field": f"{here}.{sources[1]}"})  # fmt: skip
        if volume.get("persistentVolumeClaim") is not None and not volume["persistentVolumeClaim"].get("claimName"):
            causes.append(required(f"{here}.persistentVolumeClaim.claimName"))
    return causes


def _container_causes(container: Spec, path: str, volumes: set[Any], seen: set[str]) -> list[Cause]:
    causes = _name_causes(container.get("name", ""), f"{path}.name", seen)
    if not container.get("image"):
        causes.append(required(f"{path}.image"))
    causes += port_causes(container.get("ports") or [], f"{path}.ports")
    causes += _variable_causes(container.get("env") or [], f"{path}.env")
    causes += _mount_causes(container.get("volumeMounts") or [], f"{path}.volumeMounts", volumes)
    if (policy := container.get("imagePullPolicy", "Always")) not in _PULLS:
        causes.append(not_supported(f"{path}.imagePullPolicy", policy, _PULLS))
    return causes + resource_causes(container.get("resources") or {}, f"{path}.resources")


def _name_causes(name: str, path: str, seen: set[str]) -> list[Cause]:
    if not name:
        return [required(path)]
    causes = [invalid_value(path, name, why) for why in LABEL.wrong(name)]
    if name in seen:
        causes = [duplicate(path, f'"{name}"')]
    seen.add(name)
    return causes


def port_causes(ports: Sequence[Spec], path: str) -> list[Cause]:
    """What is wrong with the ports of a container; the same number twice is allowed, the same name is not."""
    causes: list[Cause] = []
    seen: set[str] = set()
    for place, port in enumerate(ports):
        here, name, number = f"{path}[{place}]", port.get("name", ""), port.get("containerPort")
        if name and name in seen:
            causes.append(duplicate(f"{here}.name", f'"{name}"'))
        seen.add(name)
        if not number:
            causes.append(required(f"{here}.containerPort"))
        elif not 1 <= number <= 65535:
            causes.append(invalid_value(f"{here}.containerPort", number, _PORT))
        if port.get("protocol", "TCP") not in _PROTOCOLS:
            causes.append(not_supported(f"{here}.protocol", port["protocol"], _PROTOCOLS))
    return causes


def _variable_causes(variables: Sequence[Spec], path: str) -> list[Cause]:
    causes = []
    for place, variable in enumerate(variables):
        if not variable.get("name"):
            causes.append(required(f"{path}[{place}].name"))
        if variable.get("value") and variable.get("valueFrom") is not None:
            why = "may not be specified when `value` is not empty"
            causes.append(invalid_value(f"{path}[{place}].valueFrom", "", why))
    return causes


def _mount_causes(mounts: Sequence[Spec], path: str, volumes: set[Any]) -> list[Cause]:
    causes: list[Cause] = []
    seen: set[str] = set()
    for place, mount in enumerate(mounts):
        here, name, at = f"{path}[{place}]", mount.get("name", ""), mount.get("mountPath", "")
        if not name:
            causes.append(required(f"{here}.name"))
        elif name not in volumes:
            causes.append(not_found_value(f"{here}.name", name))
        if not at:
            causes.append(required(f"{here}.mountPath"))
        elif at in seen:
            causes.append(invalid_value(f"{here}.mountPath", at, "must be unique"))
        seen.add(at)
    return causes


def resource_causes(resources: Spec, path: str) -> list[Cause]:
    """What is wrong with requests and limits."""
    causes = []
    limits, requests = resources.get("limits") or {}, resources.get("requests") or {}
    for group, amounts in (("limits", limits), ("requests", requests)):
        for name, amount in amounts.items():
            if number_of(amount) < 0:
                causes.append(invalid_value(f"{path}.{group}[{name}]", amount, NOT_NEGATIVE))
    for name, amount in requests.items():
        if name in limits and number_of(amount) > number_of(limits[name]):
            causes.append(invalid_value(f"{path}.requests", amount, f"must be less than or equal to {name} limit of {limits[name]}"))
    return causes


def _policy_causes(spec: Spec, path: str) -> list[Cause]:
    causes = []
    for field, usual, known in (("restartPolicy", "Always", _RESTARTS), ("dnsPolicy", "ClusterFirst", _DNS)):
        if (value := spec.get(field, usual)) not in known:
            causes.append(not_supported(f"{path}.{field}", value, known))
    if (spec.get("terminationGracePeriodSeconds") or 0) < 0:
        causes.append(invalid_value(f"{path}.terminationGracePeriodSeconds", spec["terminationGracePeriodSeconds"], NOT_NEGATIVE))
    for field in ("serviceAccountName", "nodeName"):
        causes += [invalid_value(f"{path}.{field}", spec[field], why) for why in SUBDOMAIN.wrong(spec[field])] if spec.get(field) else []
    return causes


def _toleration_causes(spec: Spec, path: str) -> list[Cause]:
    causes = []
    for place, row in enumerate(spec.get("tolerations") or []):
        here, key, operator = f"{path}.tolerations[{place}]", row.get("key", ""), row.get("operator", "Equal")
        causes += [invalid_value(f"{here}.key", key, why) for why in qualified_wrong(key)] if key else []
        if not key and operator != "Exists":
            causes.append(invalid_value(f"{here}.operator", operator, "operator must be Exists when `key` is empty, which means"
                                        ' "match all values and all keys"'))  # fmt: skip
        if row.get("tolerationSeconds") is not None and row.get("effect") != "NoExecute":
            why = "effect must be 'NoExecute' when `tolerationSeconds` is set"
            causes.append(invalid_value(f"{here}.effect", row.get("effect", ""), why))
        if operator == "Exists" and row.get("value"):
            causes.append(invalid_value(f"{here}.operator", row["value"], "value must be empty when `operator` is 'Exists'"))
        if row.get("effect") not in (None, "", *_EFFECTS):
            causes.append(not_supported(f"{here}.effect", row["effect"], _EFFECTS))
    return causes
