"""The cells of Jobs and CronJobs in a table (pkg/printers/internalversion, printJob and printCronJob)."""

from datetime import datetime
from typing import Any

from chaoscinder.sandbox.kubernetes.ages import age, human_duration
from chaoscinder.sandbox.kubernetes.pod_cells import NONE
from chaoscinder.sandbox.kubernetes.selectors import selector_text
from chaoscinder.sandbox.kubernetes.store import Object

_ENDS = ("Complete", "Failed")
_STATES = ("Suspended", "FailureTarget", "SuccessCriteriaMet")


def job_cells(job: Object, now: datetime) -> list[Any]:
    """Name, Status, Completions, Duration, Age, Containers, Images, Selector."""
    spec = job.get("spec") or {}
    what = [_job_status(job), _completions(job), _duration(job, now)]
    since = age(job["metadata"].get("creationTimestamp"), now)
    return [job["metadata"]["name"], *what, since, *_images(spec), selector_text(spec.get("selector"))]


def cron_job_cells(obj: Object, now: datetime) -> list[Any]:
    """Name, Schedule, Timezone, Suspend, Active, Last Schedule, Age, Containers, Images, Selector."""
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    last = status.get("lastScheduleTime")
    when = [spec.get("schedule", ""), spec.get("timeZone") or NONE, str(bool(spec.get("suspend"))), len(status.get("active") or [])]
    ages = [age(last, now) if last else NONE, age(obj["metadata"].get("creationTimestamp"), now)]
    template = (spec.get("jobTemplate") or {}).get("spec") or {}
    return [obj["metadata"]["name"], *when, *ages, *_images(template), selector_text(template.get("selector")) or NONE]


def _job_status(job: Object) -> str:
    rows = (job.get("status") or {}).get("conditions") or []
    true = [row["type"] for row in rows if row["status"] == "True"]
    end = next((type_ for type_ in _ENDS if type_ in true), "")
    if end or not job["metadata"].get("deletionTimestamp"):
        return end or next((type_ for type_ in _STATES if type_ in true), "Running")
    return "Terminating"


def _completions(job: Object) -> str:
    spec, done = job.get("spec") or {}, (job.get("status") or {}).get("succeeded", 0)
    if spec.get("completions") is not None:
        return f"{done}/{spec['completions']}"
    parallelism = spec.get("parallelism") or 0
    return f"{done}/1 of {parallelism}" if parallelism > 1 else f"{done}/1"


def _duration(job: Object, now: datetime) -> str:
    status = job.get("status") or {}
    if not status.get("startTime"):
        return ""
    end = datetime.fromisoformat(status["completionTime"]) if status.get("completionTime") else now
    return human_duration((end - datetime.fromisoformat(status["startTime"])).total_seconds())


def _images(spec: Object) -> list[str]:
    containers = ((spec.get("template") or {}).get("spec") or {}).get("containers") or []
    return [",".join(str(each.get(field, "")) for each in containers) for field in ("name", "image")]
