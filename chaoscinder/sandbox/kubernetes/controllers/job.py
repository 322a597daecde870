"""The Job controller: runs pods until enough of them have succeeded, or too many have failed, or time is over (pkg/controller/job).

What it does not do: Indexed Jobs, failure and success policies. A pod that was deleted counts as failed, as with podReplacementPolicy
TerminatingOrFailed; the real one learns of it by a finalizer on the pod, this one by having seen the pod before.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from chaoscinder.sandbox.kubernetes.controllers import conditions, pods, podtemplate
from chaoscinder.sandbox.kubernetes.controllers.alarm import Alarm
from chaoscinder.sandbox.kubernetes.controllers.cluster import Cluster, Controller
from chaoscinder.sandbox.kubernetes.resources import JOBS, PODS
from chaoscinder.sandbox.kubernetes.store import Object

BY = "job-controller"
BACKOFF_FIRST_S = 10.0  # DefaultJobPodFailureBackOff
BACKOFF_MOST_S = 600.0  # MaxJobPodFailureBackOff
REACHED = ("CompletionsReached", "Reached expected number of succeeded pods")
TOO_MANY = ("BackoffLimitExceeded", "Job has reached the specified backoff limit")
TOO_LONG = ("DeadlineExceeded", "Job was active longer than specified deadline")
_SUSPENDED, _RESUMED = ("JobSuspended", "Job suspended"), ("JobResumed", "Job resumed")


@dataclass
class Tally:
    """What is known of the pods of one Job: those seen, and those counted already."""

    seen: dict[str, str] = field(default_factory=dict)
    counted: set[str] = field(default_factory=set)
    failures: int = 0
    last_failure_s: float = 0.0

    def backoff_s(self, now_s: float) -> float:
        """Seconds until a new pod may be made after failures in a row."""
        if not self.failures:
            return 0.0
        pause_s = min(BACKOFF_FIRST_S * 2.0 ** min(self.failures - 1, 16), BACKOFF_MOST_S)
        return max(0.0, self.last_failure_s + pause_s - now_s)


class Jobs(Controller):
    """Looks at every Job after each change of one or of a pod."""

    watches = (JOBS, PODS)

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster)
        self._tallies: dict[str, Tally] = {}
        self._alarm = Alarm(cluster.world, self.sync, "job")

    def sync(self) -> None:
        """Bring every unfinished Job a step on."""
        there = self.store.list(JOBS)
        uids = {job["metadata"]["uid"] for job in there}
        self._tallies = {uid: tally for uid, tally in self._tallies.items() if uid in uids}
        for job in there:
            if not job["metadata"].get("deletionTimestamp") and not finished(job):
                self._sync(job)

    def _sync(self, job: Object) -> None:
        owned = pods.owned_by(self.store, job)
        tally = self._tallies.setdefault(job["metadata"]["uid"], Tally())
        succeeded, failed = self._count(job, owned, tally)
        active = [pod for pod in owned if pods.is_active(pod)]
        suspended = bool(job["spec"].get("suspend"))
        end = self._judge(job, active, succeeded, failed)
        if end is not None or suspended:
            self._delete(job, active, tally)
            active = []
        else:
            active = self._scale(job, active, succeeded, tally)
        gone = sum(pods.is_terminating(pod) and not pods.is_finished(pod) for pod in pods.owned_by(self.store, job))
        self._write(job, lambda new: self._report(new, active, gone, succeeded, failed, end))

    def _count(self, job: Object, owned: list[Object], tally: Tally) -> tuple[int, int]:
        """How many pods have succeeded and failed, those of earlier counts included."""
        status = job.get("status") or {}
        succeeded, failed = int(status.get("succeeded", 0)), int(status.get("failed", 0))
        now = {pod["metadata"]["uid"]: _outcome(pod) for pod in owned}
        lost = {uid: "Failed" for uid in tally.seen if uid not in now}
        tally.seen |= now
        for uid, outcome in {**now, **lost}.items():
            if uid in tally.counted or not outcome:
                continue
            tally.counted.add(uid)
            if outcome == "Succeeded":
                succeeded, tally.failures = succeeded + 1, 0
            else:
                failed, tally.failures, tally.last_failure_s = failed + 1, tally.failures + 1, self.world.now_s
        return succeeded, failed

    def _judge(self, job: Object, active: list[Object], succeeded: int, failed: int) -> tuple[str, str] | None:
        """How the Job ends now: reason and message; None while it goes on."""
        if (ending := _ending(job)) is not None:
            return ending
        spec = job["spec"]
        if failed > int(spec["backoffLimit"]) or _restarted_too_often(spec, active):
            return TOO_MANY
        if self._deadline_left_s(job) == 0.0:
            return TOO_LONG
        wanted = spec.get("completions")
        if (succeeded > 0 and not active) if wanted is None else succeeded >= int(wanted):
            return REACHED
        return None

    def _deadline_left_s(self, job: Object) -> float | None:
        """Seconds until activeDeadlineSeconds is over; the Job is looked at again then. None where there is none."""
        limit, started = job["spec"].get("activeDeadlineSeconds"), (job.get("status") or {}).get("startTime")
        if limit is None or started is None or job["spec"].get("suspend"):
            return None
        return max(0.0, (instant(started) + timedelta(seconds=int(limit)) - self.world.now).total_seconds())

    def _scale(self, job: Object, active: list[Object], succeeded: int, tally: Tally) -> list[Object]:
        spec = job["spec"]
        most, wanted = int(spec["parallelism"]), spec.get("completions")
        left = int(wanted) - succeeded if wanted is not None else most if succeeded == 0 else len(active)
        missing = min(most, left) - len(active)
        if missing < 0:
            extra = sorted(active, key=pods.is_ready)[:-missing]
            self._delete(job, extra, tally)
            return [pod for pod in active if pod not in extra]
        wait_s = tally.backoff_s(self.world.now_s)
        if missing and wait_s > 0:
            self._alarm.after(wait_s)
            return active
        return active + [self._create(job, tally) for _ in range(missing)]

    def _create(self, job: Object, tally: Tally) -> Object:
        pod = self.store.create(PODS, podtemplate.pod(job["spec"]["template"], job))
        tally.seen[pod["metadata"]["uid"]] = ""
        self.events.normal(job, "SuccessfulCreate", f"Created pod: {pod['metadata']['name']}", by=BY)
        return pod

    def _delete(self, job: Object, doomed: list[Object], tally: Tally) -> None:
        """Delete pods that are wanted no more; they count for nothing."""
        for pod in doomed:
            tally.counted.add(pod["metadata"]["uid"])
            self.store.delete(PODS, pod["metadata"]["name"], pod["metadata"]["namespace"])
            self.events.normal(job, "SuccessfulDelete", f"Deleted pod: {pod['metadata']['name']}", by=BY)

    def _report(
        self, job: Object, active: list[Object], gone: int, succeeded: int, failed: int, end: tuple[str, str] | None
    ) -> None:  # fmt: skip
        status = job.setdefault("status", {})
        self._report_suspension(job, status)
        counts = {"active": len(active), "succeeded": succeeded, "failed": failed}
        for name, number in counts.items():
            if number:
                status[name] = number
            else:
                status.pop(name, None)
        if self.profile.disruption_conditions:  # with the counters that came until 1.26
            status |= {"ready": sum(pods.is_ready(pod) for pod in active), "terminating": gone, "uncountedTerminatedPods": {}}
        if end is not None:
            self._end(job, end, waits=bool(active or gone))
        elif (left_s := self._deadline_left_s(job)) is not None:
            self._alarm.after(left_s)

    def _report_suspension(self, job: Object, status: Object) -> None:
        suspended = bool(job["spec"].get("suspend"))
        was = conditions.status(job, "Suspended") == "True"
        if suspended != was:
            reason, message = _SUSPENDED if suspended else _RESUMED
            self._put(job, "Suspended", "True" if suspended else "False", reason, message)
            self.events.normal(job, reason.removeprefix("Job"), message, by=BY)
        if suspended:
            status.pop("startTime", None)
        else:
            status.setdefault("startTime", self.world.stamp())

    def _end(self, job: Object, end: tuple[str, str], *, waits: bool) -> None:
        """Write the conditions of the end: since 1.31 a Job is over only when its last pod is."""
        good = end == REACHED
        if self.profile.job_end_waits:
            self._put(job, "SuccessCriteriaMet" if good else "FailureTarget", "True", *end)
            if waits:
                return
        reason, message = end if self.profile.job_end_waits or not good else ("", "")
        self._put(job, "Complete" if good else "Failed", "True", reason, message)
        if good:
            job["status"]["completionTime"] = self.world.stamp()
            self.events.normal(job, "Completed", "Job completed", by=BY)
        else:
            self.events.warning(job, *end, by=BY)

    def _put(self, job: Object, type_: str, value: str, reason: str, message: str) -> None:
        now = self.world.stamp()
        conditions.put(job, type_, value, now, reason=reason, message=message, lastProbeTime=now)

    def _write(self, job: Object, edit: Callable[[Object], None]) -> None:
        meta = job["metadata"]
        if self.store.find(JOBS, meta["name"], meta["namespace"]) is not None:
            self.store.change(JOBS, meta["name"], meta["namespace"], edit)


def finished(job: Object) -> str:
    """The condition with which a Job ended, Complete or Failed; empty while it goes on."""
    return next((type_ for type_ in ("Complete", "Failed") if conditions.status(job, type_) == "True"), "")


def instant(stamp: str) -> datetime:
    """A time as objects write it."""
    return datetime.strptime(stamp, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def _ending(job: Object) -> tuple[str, str] | None:
    """The end that was decided before and waits for the last pod."""
    for type_ in ("SuccessCriteriaMet", "FailureTarget"):
        row = conditions.find(job, type_)
        if row and row["status"] == "True":
            return row["reason"], row["message"]
    return None


def _outcome(pod: Object) -> str:
    if pods.is_finished(pod):
        return pods.phase(pod)
    return "Failed" if pods.is_terminating(pod) else ""


def _restarted_too_often(spec: Object, active: list[Object]) -> bool:
    """With restartPolicy OnFailure the restarts of the containers count."""
    if spec["template"]["spec"].get("restartPolicy") != "OnFailure":
        return False
    rows = [row for pod in active for row in pod.get("status", {}).get("containerStatuses") or []]
    restarts, limit = sum(int(row.get("restartCount", 0)) for row in rows), int(spec["backoffLimit"])
    return restarts > 0 if limit == 0 else restarts >= limit
