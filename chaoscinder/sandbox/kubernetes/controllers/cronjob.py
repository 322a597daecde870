"""The CronJob controller: makes a Job each time its schedule says so, as its policies allow (pkg/controller/cronjob)."""

import copy
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from chaoscinder.sandbox.kubernetes import batch, cron
from chaoscinder.sandbox.kubernetes.controllers import pods
from chaoscinder.sandbox.kubernetes.controllers.alarm import Alarm
from chaoscinder.sandbox.kubernetes.controllers.cluster import Cluster, Controller
from chaoscinder.sandbox.kubernetes.controllers.job import finished, instant
from chaoscinder.sandbox.kubernetes.controllers.podtemplate import reference
from chaoscinder.sandbox.kubernetes.resources import CRONJOBS, JOBS
from chaoscinder.sandbox.kubernetes.store import Object

BY = "cronjob-controller"
DELAY_S = 0.1  # nextScheduleDelta: a CronJob is looked at that long after its time
SCHEDULED_AT = "batch.kubernetes.io/cronjob-scheduled-timestamp"
TOO_MANY = 100
TOO_MANY_TEXT = "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew"
FORBIDDEN = "Not starting job because prior execution is running and concurrency policy is Forbid"


class CronJobs(Controller):
    """Looks at every CronJob after each change of one or of a Job, and when it is due."""

    watches = (CRONJOBS, JOBS)

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster)
        self._alarm = Alarm(cluster.world, self.sync, "cronjob")

    def sync(self) -> None:
        """Bring every CronJob up to the present."""
        for row in self.store.list(CRONJOBS):
            self._sync(copy.deepcopy(row))

    def _sync(self, cron_job: Object) -> None:
        """Work on a copy, and write its status in the end."""
        jobs = self._jobs_of(cron_job)
        status = cron_job.setdefault("status", {})
        self._follow(cron_job, status, jobs)
        self._forget_old(cron_job, jobs)
        if not cron_job["metadata"].get("deletionTimestamp") and not cron_job["spec"].get("suspend"):
            self._start_due(cron_job, status)
        if not status.get("active"):
            status.pop("active", None)
        meta = cron_job["metadata"]
        self.store.change(CRONJOBS, meta["name"], meta["namespace"], lambda new: new.update(status=status))

    def _jobs_of(self, cron_job: Object) -> list[Object]:
        rows = self.store.list(JOBS, cron_job["metadata"]["namespace"])
        return [job for job in rows if (pods.owner(job) or {}).get("uid") == cron_job["metadata"]["uid"]]

    def _follow(self, cron_job: Object, status: Object, jobs: list[Object]) -> None:
        """Take what ended or went missing off the list of what is active."""
        ends = {job["metadata"]["uid"]: (job, finished(job)) for job in jobs}
        for active in list(status.get("active") or []):
            job, end = ends.get(active["uid"], (None, ""))
            if job is None:
                self.events.normal(cron_job, "MissingJob", f"Active job went missing: {active['name']}", by=BY)
            elif end:
                self.events.normal(cron_job, "SawCompletedJob", f"Saw completed job: {active['name']}, condition: {end}", by=BY)
            if job is None or end:
                status["active"].remove(active)
        done = [job["status"].get("completionTime", "") for job, end in ends.values() if end == "Complete"]
        if done:
            status["lastSuccessfulTime"] = max([*done, status.get("lastSuccessfulTime", "")])

    def _forget_old(self, cron_job: Object, jobs: list[Object]) -> None:
        for field, end in (("successfulJobsHistoryLimit", "Complete"), ("failedJobsHistoryLimit", "Failed")):
            limit = cron_job["spec"].get(field)
            ended = sorted((job for job in jobs if finished(job) == end and not _is_going(job)), key=_started_at)
            if limit is not None:
                for job in ended[: max(0, len(ended) - int(limit))]:
                    self._delete(cron_job, job)

    def _start_due(self, cron_job: Object, status: Object) -> None:
        zone = _zone(cron_job)
        schedule = cron.parse(cron_job["spec"]["schedule"])
        due = self._due(cron_job, status, schedule, zone)
        if due is not None and self._may_start(cron_job, status, due):
            self._start(cron_job, status, due, zone)
        following = schedule.after(self.world.now, zone)
        if following is not None:
            self._alarm.after((following - self.world.now).total_seconds() + DELAY_S)

    def _due(self, cron_job: Object, status: Object, schedule: cron.Schedule, zone: tzinfo) -> datetime | None:
        """The last time that was due and has not been dealt with."""
        now, deadline_s = self.world.now, cron_job["spec"].get("startingDeadlineSeconds")
        earliest = instant(status.get("lastScheduleTime") or cron_job["metadata"]["creationTimestamp"])
        if deadline_s is not None:
            earliest = max(earliest, now - timedelta(seconds=int(deadline_s)))
        missed, due = 0, None
        following = schedule.after(earliest, zone)
        while following is not None and following <= now:
            missed, due = missed + 1, following
            following = schedule.after(following, zone)
        if missed > TOO_MANY:
            self.events.warning(cron_job, "TooManyMissedTimes", TOO_MANY_TEXT, by=BY)
        return due

    def _may_start(self, cron_job: Object, status: Object, due: datetime) -> bool:
        deadline_s, active = cron_job["spec"].get("startingDeadlineSeconds"), list(status.get("active") or [])
        if deadline_s is not None and due + timedelta(seconds=int(deadline_s)) < self.world.now:
            when = due.strftime("%a, %d %b %Y %H:%M:%S +0000")
            self.events.warning(cron_job, "MissSchedule", f"Missed scheduled time to start a job: {when}", by=BY)
            return False
        policy = cron_job["spec"].get("concurrencyPolicy", "Allow")
        if policy == "Forbid" and active:
            self.events.normal(cron_job, "JobAlreadyActive", FORBIDDEN, by=BY)
            return False
        for row in active if policy == "Replace" else []:
            self._delete(cron_job, self.store.get(JOBS, row["name"], row["namespace"]))
            status["active"].remove(row)
        return True

    def _start(self, cron_job: Object, status: Object, due: datetime, zone: tzinfo) -> None:
        name = f"{cron_job['metadata']['name']}-{int(due.timestamp()) // 60}"
        if self.store.find(JOBS, name, cron_job["metadata"]["namespace"]) is not None:
            return
        job = _job_of(cron_job, name, due.astimezone(zone).isoformat().replace("+00:00", "Z"))
        batch.fill_job(job)
        batch.own(job, self.world.new_uuid())
        made = self.store.create(JOBS, job)
        self.events.normal(cron_job, "SuccessfulCreate", f"Created job {name}", by=BY)
        meta = made["metadata"]
        about = {"name": name, "namespace": meta["namespace"], "uid": meta["uid"], "resourceVersion": meta["resourceVersion"]}
        status.setdefault("active", []).append({"kind": "Job", "apiVersion": "batch/v1", **about})
        status["lastScheduleTime"] = due.strftime("%Y-%m-%dT%H:%M:%SZ")

    def _delete(self, cron_job: Object, job: Object) -> None:
        """Delete a Job; its pods go with it, as with propagationPolicy Background."""
        self.store.delete(JOBS, job["metadata"]["name"], job["metadata"]["namespace"])
        self.events.normal(cron_job, "SuccessfulDelete", f"Deleted job {job['metadata']['name']}", by=BY)


def _job_of(cron_job: Object, name: str, scheduled_at: str) -> Object:
    template = cron_job["spec"]["jobTemplate"]
    given = copy.deepcopy(template.get("metadata") or {})
    meta = {key: given[key] for key in ("labels",) if given.get(key)}
    meta |= {"name": name, "namespace": cron_job["metadata"]["namespace"], "ownerReferences": [reference(cron_job)]}
    meta["annotations"] = {**(given.get("annotations") or {}), SCHEDULED_AT: scheduled_at}
    return {"metadata": meta, "spec": copy.deepcopy(template["spec"])}


def _zone(cron_job: Object) -> tzinfo:
    name = cron_job["spec"].get("timeZone")
    return ZoneInfo(name) if name else UTC


def _is_going(job: Object) -> bool:
    return bool(job["metadata"].get("deletionTimestamp"))


def _started_at(job: Object) -> str:
    return str((job.get("status") or {}).get("startTime", ""))
