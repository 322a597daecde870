"""Jobs and CronJobs at the API: what is filled in, and what is refused (pkg/apis/batch, pkg/registry/batch)."""

from collections.abc import Callable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from chaoscinder.sandbox.kubernetes import cron
from chaoscinder.sandbox.kubernetes.pod_defaults import fill_pod_spec
from chaoscinder.sandbox.kubernetes.statuses import Cause, invalid_value, not_supported, required
from chaoscinder.sandbox.kubernetes.store import Object

BACKOFF_LIMIT = 6
HISTORY = {"successfulJobsHistoryLimit": 3, "failedJobsHistoryLimit": 1}
PREFIX = "batch.kubernetes.io/"
_NOT_NEGATIVE = "must be greater than or equal to 0"
_POLICIES = ("Allow", "Forbid", "Replace")
_LONGEST_CRON = 52
_COUNTS = ("parallelism", "completions", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished")
_UNSUPPORTED = ("podFailurePolicy", "successPolicy", "backoffLimitPerIndex", "maxFailedIndexes", "managedBy")
PodCauses = Callable[[Mapping[str, Any], str], list[Cause]]


def fill_job(job: Object) -> None:
    """Fill in a Job, but for what needs its uid."""
    fill_spec(job.setdefault("spec", {}))
    labels = (job["spec"]["template"].get("metadata") or {}).get("labels")
    if labels and not job["metadata"].get("labels"):
        job["metadata"]["labels"] = dict(labels)
    job.setdefault("status", {})


def fill_spec(spec: Object) -> None:
    """Fill in the spec of a Job, alone or in a CronJob's template."""
    if spec.get("completions") is None and spec.get("parallelism") is None:
        spec["completions"] = 1
    for field, value in (("parallelism", 1), ("backoffLimit", BACKOFF_LIMIT), ("completionMode", "NonIndexed"), ("suspend", False)):
        spec.setdefault(field, value)
    spec.setdefault("podReplacementPolicy", "TerminatingOrFailed")
    spec.setdefault("manualSelector", False)
    template = spec.setdefault("template", {})
    template.setdefault("metadata", {})
    fill_pod_spec(template.setdefault("spec", {}))


def own(job: Object, uid: str) -> None:
    """Generate the selector and the labels by which a Job knows its pods."""
    spec, name = job["spec"], job["metadata"]["name"]
    job["metadata"]["uid"] = uid
    if spec.get("manualSelector"):
        return
    given = {"controller-uid": uid, "job-name": name, f"{PREFIX}controller-uid": uid, f"{PREFIX}job-name": name}
    meta = spec["template"].setdefault("metadata", {})
    meta["labels"] = {**(meta.get("labels") or {}), **given}
    spec["selector"] = {"matchLabels": {f"{PREFIX}controller-uid": uid}}


def fill_cron_job(obj: Object) -> None:
    """Fill in a CronJob."""
    spec = obj.setdefault("spec", {})
    spec.setdefault("concurrencyPolicy", "Allow")
    spec.setdefault("suspend", False)
    for field, value in HISTORY.items():
        spec.setdefault(field, value)
    template = spec.setdefault("jobTemplate", {}).setdefault("spec", {})
    fill_pod_spec(template.setdefault("template", {}).setdefault("spec", {}))
    template["template"].setdefault("metadata", {})
    obj.setdefault("status", {})


def unsupported(spec: Mapping[str, Any]) -> str:
    """Which field of a Job's spec the sandbox does not act on; empty where it acts on all."""
    if spec.get("completionMode") == "Indexed":
        return "completionMode Indexed"
    return next((field for field in _UNSUPPORTED if spec.get(field) is not None), "")


def job_causes(spec: Mapping[str, Any], pod_causes: PodCauses, path: str = "spec") -> list[Cause]:
    """What is wrong with a Job's spec."""
    causes = [
        invalid_value(f"{path}.{field}", spec[field], _NOT_NEGATIVE) for field in _COUNTS if (spec.get(field) or 0) < 0
    ]  # fmt: skip
    pod = (spec.get("template") or {}).get("spec") or {}
    causes += pod_causes(pod, f"{path}.template.spec")
    policy = pod.get("restartPolicy", "Always")
    if policy == "Always":
        causes.append(required(f"{path}.template.spec.restartPolicy", 'valid values: "OnFailure", "Never"'))
    elif policy not in ("OnFailure", "Never"):
        causes.append(not_supported(f"{path}.template.spec.restartPolicy", policy, ("OnFailure", "Never")))
    return causes


def cron_job_causes(spec: Mapping[str, Any], pod_causes: PodCauses) -> list[Cause]:
    """What is wrong with a CronJob's spec."""
    causes = _schedule_causes(spec.get("schedule") or "") + _time_zone_causes(spec.get("timeZone"))
    if (spec.get("startingDeadlineSeconds") or 0) < 0:
        causes.insert(0, invalid_value("spec.startingDeadlineSeconds", spec["startingDeadlineSeconds"], _NOT_NEGATIVE))
    if (policy := spec.get("concurrencyPolicy", "Allow")) not in _POLICIES:
        causes.append(not_supported("spec.concurrencyPolicy", policy, _POLICIES))
    causes += job_causes((spec.get("jobTemplate") or {}).get("spec") or {}, pod_causes, "spec.jobTemplate.spec")
    return causes + [invalid_value(f"spec.{field}", spec[field], _NOT_NEGATIVE) for field in HISTORY if (spec.get(field) or 0) < 0]


def cron_name_causes(name: str) -> list[Cause]:
    """What is wrong with a new CronJob's name: its Jobs' names are 11 characters longer, and have 63."""
    return [invalid_value("metadata.name", name, "must be no more than 52 characters")] if len(name) > _LONGEST_CRON else []


def _schedule_causes(schedule: str) -> list[Cause]:
    if not schedule:
        return [required("spec.schedule")]
    causes = []
    try:
        cron.parse(schedule)
    except cron.Unparseable as error:
        causes.append(invalid_value("spec.schedule", schedule, str(error)))
    if "TZ" in schedule:
        causes.append(invalid_value("spec.schedule", schedule, "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"))
    return causes


def _time_zone_causes(name: str | None) -> list[Cause]:
    if name is None:
        return []
    if not name:
        return [invalid_value("spec.timeZone", name, "timeZone must be nil or non-empty string")]
    if name.lower() == "local":
        why = "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones"
        return [invalid_value("spec.timeZone", name, why)]
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return [invalid_value("spec.timeZone", name, f"unknown time zone {name}")]
    return []
