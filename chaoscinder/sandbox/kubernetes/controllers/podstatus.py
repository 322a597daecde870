"""The status of a pod as its kubelet writes it. Every function but the questions edits a pod that is being changed."""

from chaoscinder.sandbox.kubernetes.controllers import conditions, pods
from chaoscinder.sandbox.kubernetes.store import Object

ERROR_CODE = 1  # the exit code that is shown for a process that ended by itself, where the real one is not known


def restarts(pod: Object) -> int:
    """How often its container was started again."""
    return max((int(row.get("restartCount", 0)) for row in _rows(pod)), default=0)


def was_started(pod: Object) -> bool:
    """Whether a container of it ran before, as far as the object tells."""
    return any("running" in (row.get("state") or {}) for row in _rows(pod))


def full_name(pod: Object) -> str:
    """The kubelet's own way to name a pod in messages."""
    return f"{pod['metadata']['name']}_{pod['metadata']['namespace']}({pod['metadata']['uid']})"


def wait(pod: Object, now: str, host: str, *, ended: tuple[int, str] | None) -> None:
    """The kubelet knows it: ContainerCreating. ended is exit code and reason of a container that ran here before."""
    status = pod.setdefault("status", {})
    status.setdefault("startTime", now)
    status["hostIP"] = host
    status["hostIPs"] = [{"ip": host}]
    state: Object = {"waiting": {"reason": "ContainerCreating"}}
    if ended:
        state = {"terminated": {"exitCode": ended[0], "reason": ended[1], "startedAt": None, "finishedAt": None}}
    _set_containers(pod, state, ready=False, restarted=restarts(pod))
    conditions.put(pod, "PodReadyToStartContainers", "False", now, lastProbeTime=None)
    conditions.put(pod, "Initialized", "True", now, lastProbeTime=None)
    _set_ready(pod, now, ready=False)


def run(pod: Object, now: str, address: str, restarted: int, *, ready: bool) -> None:
    """Its container was started."""
    status = pod["status"]
    status["phase"] = "Running"
    status["podIP"] = address
    status["podIPs"] = [{"ip": address}]
    last = {key: value for row in _rows(pod) for key, value in (row.get("state") or {}).items() if key == "terminated"}
    _set_containers(pod, {"running": {"startedAt": now}}, ready=ready, restarted=restarted, last=last)
    conditions.put(pod, "PodReadyToStartContainers", "True", now, lastProbeTime=None)
    _set_ready(pod, now, ready=ready)


def ready(pod: Object, now: str, *, ready: bool) -> None:
    """Its readiness probe answered."""
    for row in _rows(pod):
        row["ready"] = ready
    _set_ready(pod, now, ready=ready)


def shows_ready(pod: Object) -> bool:
    """Whether its status says already all that ready() would write."""
    rows = [conditions.find(pod, type_) or {} for type_ in ("Ready", "ContainersReady")]
    return all(row.get("status") == "True" and "reason" not in row for row in rows) and all(row["ready"] for row in _rows(pod))


def crash(pod: Object, now: str, pause_s: float, code: int = ERROR_CODE) -> None:
    """Its process ended by itself and will be started again."""
    ended = {"exitCode": code, "reason": "Error" if code else "Completed", "startedAt": _started_at(pod), "finishedAt": now}
    state: Object = {"terminated": ended}
    if pause_s:
        message = f"back-off {pause_s:.0f}s restarting failed container={pods.container_name(pod)} pod={full_name(pod)}"
        state = {"waiting": {"reason": "CrashLoopBackOff", "message": message}}
    _set_containers(pod, state, ready=False, restarted=restarts(pod), last={"terminated": ended})
    _set_ready(pod, now, ready=False)


def end(pod: Object, now: str, code: int) -> None:
    """It is over: Succeeded after exit code 0, else Failed."""
    phase, reason, word = ("Succeeded", "PodCompleted", "Completed") if code == 0 else ("Failed", "PodFailed", "Error")
    status = pod.setdefault("status", {})
    if status.get("phase") not in ("Succeeded", "Failed"):
        status["phase"] = phase
    state = {"terminated": {"exitCode": code, "reason": word, "startedAt": _started_at(pod), "finishedAt": now}}
    _set_containers(pod, state, ready=False, restarted=restarts(pod))
    conditions.put(pod, "PodReadyToStartContainers", "False", now, lastProbeTime=None)
    for type_ in ("Ready", "ContainersReady"):
        conditions.put(pod, type_, "False", now, reason=reason, lastProbeTime=None)


def _started_at(pod: Object) -> str | None:
    """When its container was started; None where none was."""
    return next((str(row["state"]["running"].get("startedAt")) for row in _rows(pod) if (row.get("state") or {}).get("running")), None)


def _rows(pod: Object) -> list[Object]:
    return pod.get("status", {}).get("containerStatuses") or []


def _set_ready(pod: Object, now: str, *, ready: bool) -> None:
    names = " ".join(container["name"] for container in pod["spec"]["containers"])
    for type_ in ("Ready", "ContainersReady"):
        if ready:
            conditions.put(pod, type_, "True", now, lastProbeTime=None)
        else:
            message = f"containers with unready status: [{names}]"
            conditions.put(pod, type_, "False", now, reason="ContainersNotReady", message=message, lastProbeTime=None)


def _set_containers(pod: Object, state: Object, *, ready: bool, restarted: int, last: Object | None = None) -> None:
    started = "running" in state
    pod["status"]["containerStatuses"] = [
        {
            "name": container["name"], "state": state, "lastState": last or {}, "ready": ready, "restartCount": restarted,
            "image": container.get("image", ""), "imageID": "", "started": started,
        }
        for container in pod["spec"]["containers"]
    ]  # fmt: skip
