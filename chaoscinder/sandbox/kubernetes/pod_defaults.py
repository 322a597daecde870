"""Defaults of a pod's spec, alone or in a workload's template (pkg/apis/core/v1/defaults.go)."""

from typing import Any

from chaoscinder.sandbox.kubernetes.store import Object

TOLERATION_S = 300  # kube-apiserver --default-not-ready-toleration-seconds and --default-unreachable-toleration-seconds
GRACE_S = 30  # DefaultTerminationGracePeriodSeconds
FILE_MODE = 420  # 0644

_SPEC = {
    "restartPolicy": "Always",
    "terminationGracePeriodSeconds": GRACE_S,
    "dnsPolicy": "ClusterFirst",
    "schedulerName": "default-scheduler",
}
_POD_ONLY = {
    "serviceAccountName": "default",
    "serviceAccount": "default",
    "enableServiceLinks": True,
    "preemptionPolicy": "PreemptLowerPriority",
    "priority": 0,
}
_PROBE = {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}


def fill_pod_spec(spec: Object) -> None:
    """Fill in what a pod's spec and a template's have in common, in place."""
    for field, value in _SPEC.items():
        spec.setdefault(field, value)
    spec.setdefault("securityContext", {})
    for container in (spec.get("containers") or []) + (spec.get("initContainers") or []):
        _fill_container(container)
    for volume in spec.get("volumes") or []:
        _fill_volume(volume)


def add_tolerations(spec: Object) -> None:
    """Fill in what only a pod gets: the tolerations of 300 s that taint eviction counts down, account and priority."""
    for field, value in _POD_ONLY.items():
        spec.setdefault(field, value)
    if spec["serviceAccountName"] != "default":
        spec["serviceAccount"] = spec["serviceAccountName"]
    tolerations = spec.get("tolerations") or []
    for key in ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"):
        if not any(_tolerates(toleration, key) for toleration in tolerations):
            tolerations.append({"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": TOLERATION_S})
    spec["tolerations"] = tolerations


def quality_class(spec: Object) -> str:
    """Tell the quality of service class from requests and limits."""
    resources = [container.get("resources") or {} for container in spec.get("containers") or []]
    if not any(each.get("requests") or each.get("limits") for each in resources):
        return "BestEffort"
    guaranteed = all(_is_guaranteed(each) for each in resources)
    return "Guaranteed" if guaranteed else "Burstable"


def _tolerates(toleration: Any, key: str) -> bool:
    return toleration.get("key") in (key, None, "") and toleration.get("effect") in ("NoExecute", None, "")


def _is_guaranteed(resources: Any) -> bool:
    limits = resources.get("limits") or {}
    requests = {**limits, **(resources.get("requests") or {})}
    return all(limits.get(name) and limits[name] == requests[name] for name in ("cpu", "memory"))


def _fill_container(container: Object) -> None:
    image = str(container.get("image", "")).rpartition("/")[2]
    latest = "@" not in image and (":" not in image or image.endswith(":latest"))
    container.setdefault("resources", {})
    container.setdefault("terminationMessagePath", "/dev/termination-log")
    container.setdefault("terminationMessagePolicy", "File")
    container.setdefault("imagePullPolicy", "Always" if latest else "IfNotPresent")
    for port in container.get("ports") or []:
        port.setdefault("protocol", "TCP")
    for variable in container.get("env") or []:
        if reference := (variable.get("valueFrom") or {}).get("fieldRef"):
            reference.setdefault("apiVersion", "v1")
    for name in ("livenessProbe", "readinessProbe", "startupProbe"):
        _fill_probe(container.get(name))


def _fill_probe(probe: Object | None) -> None:
    if probe is None:
        return
    for field, value in _PROBE.items():
        probe.setdefault(field, value)
    if get := probe.get("httpGet"):
        get.setdefault("path", "/")
        get.setdefault("scheme", "HTTP")


def _fill_volume(volume: Object) -> None:
    if set(volume) <= {"name"}:
        volume["emptyDir"] = {}
    for source in ("configMap", "secret", "projected", "downwardAPI"):
        if volume.get(source) is not None:
            volume[source].setdefault("defaultMode", FILE_MODE)
    if volume.get("hostPath") is not None:
        volume["hostPath"].setdefault("type", "")
