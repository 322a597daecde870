"""Subresources that are not the object itself: scale, binding and log."""

from collections.abc import Callable

from chaoscinder.sandbox.kubernetes import patches, validation
from chaoscinder.sandbox.kubernetes.asking import Asked
from chaoscinder.sandbox.kubernetes.resources import PODS
from chaoscinder.sandbox.kubernetes.selectors import selector_text
from chaoscinder.sandbox.kubernetes.statuses import bad_request, not_implemented, success
from chaoscinder.sandbox.kubernetes.store import Object, Store, conflict

ReadLog = Callable[[str], str]
LOG_UNSUPPORTED = ("follow", "previous")
LOG_IGNORED = ("timestamps", "sinceSeconds", "sinceTime")


def read_scale(store: Store, asked: Asked) -> Object:
    """Show how many replicas are wanted and are there."""
    return _scale(store.get(asked.stored, asked.name, asked.home))


def write_scale(store: Store, asked: Asked) -> Object:
    """Set how many replicas are wanted, by a whole Scale or by a patch of one."""
    old = store.get(asked.stored, asked.name, asked.home)
    scale = asked.document() if asked.method == "PUT" else _patched(asked, _scale(old))
    version = (scale.get("metadata") or {}).get("resourceVersion")
    if version and version != old["metadata"]["resourceVersion"]:
        raise conflict(asked.stored, asked.name)
    replicas = int((scale.get("spec") or {}).get("replicas") or 0)

    def edit(new: Object) -> None:
        new["spec"]["replicas"] = replicas
        validation.check_change(asked.stored, old, new)

    return _scale(store.change(asked.stored, asked.name, asked.home, edit))


def bind(store: Store, asked: Asked) -> Object:
    """Do what a scheduler asks for: put a pod on a node."""
    binding = asked.document()
    name = asked.name or (binding.get("metadata") or {}).get("name", "")
    node = (binding.get("target") or {}).get("name")
    if not node:
        raise bad_request("target.name: Required value")
    pod = store.get(PODS, name, asked.home)
    taken = (pod.get("spec") or {}).get("nodeName")
    if taken:
        raise conflict(PODS, name, f'pod {name} is already assigned to node "{taken}"')
    store.change(PODS, name, asked.home, lambda new: _place(new, node, store.world.stamp()))
    return success(code=201)


def read_log(store: Store, asked: Asked, read: ReadLog | None) -> str:
    """Read what a pod's containers wrote. Lines have no time of their own: LOG_IGNORED change nothing, see log_warning()."""
    pod = store.get(PODS, asked.name, asked.home)
    unsupported = [argument for argument in LOG_UNSUPPORTED if asked.says(argument)]
    if read is None or unsupported:
        raise not_implemented(asked.method, asked.path, ", ".join(unsupported) or "no container runtime keeps logs here")
    _check_container(pod, asked)
    try:
        text = read(pod["metadata"]["uid"])
    except LookupError:
        text = ""
    if "tailLines" in asked.args:
        lines = text.splitlines(keepends=True)
        text = "".join(lines[max(0, len(lines) - asked.number("tailLines", 0)) :])
    return text[: asked.number("limitBytes", len(text))]


def log_warning(asked: Asked) -> str | None:
    """What to warn a client of (kubectl prints it) that asks for times of lines; chaosk8s always does, so it cannot be refused."""
    ignored = [argument for argument in LOG_IGNORED if argument in asked.args]
    return f"the sandbox keeps no times of log lines: {', '.join(ignored)} changed nothing" if ignored else None


def _check_container(pod: Object, asked: Asked) -> None:
    name = pod["metadata"]["name"]
    containers = [container["name"] for container in pod["spec"].get("containers") or []]
    wanted = asked.args.get("container") or (containers[0] if len(containers) == 1 else "")
    if not wanted:
        raise bad_request(f"a container name must be specified for pod {name}, choose one of: [{' '.join(containers)}]")
    if wanted not in containers:
        raise bad_request(f"container {wanted} is not valid for pod {name}")
    for status in (pod.get("status") or {}).get("containerStatuses") or []:
        waiting = (status.get("state") or {}).get("waiting")
        if status["name"] == wanted and waiting:
            raise bad_request(f'container "{wanted}" in pod "{name}" is waiting to start: {waiting.get("reason", "")}')


def _scale(obj: Object) -> Object:
    meta = obj["metadata"]
    kept = {field: meta[field] for field in ("name", "namespace", "uid", "resourceVersion", "creationTimestamp") if field in meta}
    status = {"replicas": (obj.get("status") or {}).get("replicas", 0), "selector": selector_text(obj["spec"].get("selector"))}
    spec = {"replicas": obj["spec"].get("replicas", 0)}
    return {"kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": kept, "spec": spec, "status": status}


def _patched(asked: Asked, scale: Object) -> Object:
    if asked.content_type not in patches.TYPES or asked.content_type == patches.APPLY_PATCH:
        raise patches.unknown_type()
    return patches.patched(scale, "Scale", asked.content_type, asked.body)


def _place(pod: Object, node: str, stamp: str) -> None:
    pod["spec"]["nodeName"] = node
    conditions = pod.setdefault("status", {}).setdefault("conditions", [])
    conditions[:] = [each for each in conditions if each["type"] != "PodScheduled"]
    conditions.append({"type": "PodScheduled", "status": "True", "lastProbeTime": None, "lastTransitionTime": stamp})
