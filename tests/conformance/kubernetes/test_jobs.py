"""Jobs and CronJobs, on a turned clock."""

from datetime import timedelta

import pytest
from kubernetes import client as k8s

from tests.conformance.kubernetes.cluster import Cluster, job, refused

CREATE = "POST /apis/batch/v1/namespaces/{}/jobs"
CRON = "POST /apis/batch/v1/namespaces/{}/cronjobs"


class Batch:
    """The Jobs of one namespace, and the processes of their pods."""

    def __init__(self, cluster: Cluster, home: str) -> None:
        self.cluster, self.home = cluster, home
        self.api, self.core = k8s.BatchV1Api(cluster.client()), k8s.CoreV1Api(cluster.client())

    def create(self, name: str = "work", **spec: object) -> k8s.V1Job:
        return self.api.create_namespaced_job(self.home, job(name, **spec))

    def read(self, name: str = "work") -> k8s.V1Job:
        return self.api.read_namespaced_job(name, self.home)

    def pods(self) -> list[k8s.V1Pod]:
        return self.core.list_namespaced_pod(self.home).items

    def running(self) -> list[str]:
        """The uids of the processes that run."""
        return [pod.metadata.uid for pod in self.pods() if pod.metadata.uid in self.cluster.containers.running]

    def await_running(self, number: int) -> None:
        self.cluster.until(lambda: len(self.running()) == number)

    def exit(self, uid: str, code: int = 0) -> None:
        """Let a process end, and the kubelet see it."""
        with self.cluster.world.step():
            self.cluster.containers.exit(uid, code)
        self.cluster.turn(1.5)

    def conditions(self, name: str = "work") -> list[tuple[str, str]]:
        return [(row.type, row.reason) for row in self.read(name).status.conditions or [] if row.status == "True"]

    def events(self, name: str = "work") -> list[tuple[str, str]]:
        rows = self.core.list_namespaced_event(self.home, field_selector=f"involvedObject.name={name}").items
        return [(row.reason, row.message) for row in sorted(rows, key=lambda row: int(row.metadata.name.rpartition(".")[2], 16))]


@pytest.fixture
def batch(cluster: Cluster, home: str) -> Batch:
    return Batch(cluster, home)


@pytest.mark.endpoint(CREATE)
def test_a_job_is_given_what_it_left_out(batch: Batch):
    found = batch.create()
    spec = found.spec
    assert (spec.completions, spec.parallelism, spec.backoff_limit, spec.completion_mode, spec.suspend) == (1, 1, 6, "NonIndexed", False)
    assert spec.selector.match_labels == {"batch.kubernetes.io/controller-uid": found.metadata.uid}
    assert spec.template.metadata.labels["batch.kubernetes.io/job-name"] == spec.template.metadata.labels["job-name"] == "work"


@pytest.mark.endpoint(CREATE, "GET /apis/batch/v1/namespaces/{}/jobs/{}")
def test_a_job_runs_until_enough_pods_have_succeeded(batch: Batch):
    batch.create(completions=3, parallelism=2)
    batch.await_running(2)
    status = batch.read().status
    assert (status.active, status.ready, status.succeeded, status.completion_time) == (2, 2, None, None)
    batch.exit(batch.running()[0])
    batch.await_running(2)
    batch.exit(batch.running()[0])
    assert batch.read().status.succeeded == 2
    batch.exit(batch.running()[0])
    status = batch.read().status
    assert (status.active, status.succeeded, status.failed) == (None, 3, None)
    assert batch.conditions() == [("SuccessCriteriaMet", "CompletionsReached"), ("Complete", "CompletionsReached")]
    assert status.completion_time >= status.start_time
    created = [("SuccessfulCreate", f"Created pod: {pod.metadata.name}") for pod in batch.pods()]
    assert sorted(batch.events()[:-1]) == sorted(created)
    assert batch.events()[-1] == ("Completed", "Job completed")


@pytest.mark.endpoint(CREATE)
def test_the_exit_code_stands_in_the_pod(batch: Batch):
    batch.create(backoffLimit=0)
    batch.await_running(1)
    batch.exit(batch.running()[0], 42)
    [pod] = batch.pods()
    ended = pod.status.container_statuses[0].state.terminated
    assert (pod.status.phase, ended.exit_code, ended.reason, ended.started_at is None) == ("Failed", 42, "Error", False)
    assert batch.conditions() == [("FailureTarget", "BackoffLimitExceeded"), ("Failed", "BackoffLimitExceeded")]
    assert batch.events()[-1] == ("BackoffLimitExceeded", "Job has reached the specified backoff limit")


@pytest.mark.endpoint(CREATE)
def test_a_failed_pod_is_replaced_after_ten_seconds_and_then_twenty(batch: Batch):
    batch.create(backoffLimit=2)
    pauses = []
    for number in (1, 2):
        batch.await_running(1)
        batch.exit(batch.running()[0], 1)
        failed_s = batch.cluster.world.now_s
        batch.cluster.until(lambda number=number: len(batch.pods()) == number + 1)
        pauses.append(round(batch.cluster.world.now_s - failed_s))
    assert pauses == pytest.approx([9, 19], abs=1.5)  # seen up to 1.5 s after the failure
    batch.await_running(1)
    batch.exit(batch.running()[0], 1)
    assert (batch.read().status.failed, batch.conditions()[-1]) == (3, ("Failed", "BackoffLimitExceeded"))


@pytest.mark.endpoint(CREATE)
def test_with_on_failure_the_container_starts_again_in_its_pod(batch: Batch):
    batch.create(policy="OnFailure", backoffLimit=3)
    batch.await_running(1)
    batch.exit(batch.running()[0], 1)
    batch.await_running(1)
    [pod] = batch.pods()
    row = pod.status.container_statuses[0]
    assert (row.restart_count, row.last_state.terminated.exit_code) == (1, 1)
    batch.exit(batch.running()[0], 0)
    assert (batch.conditions()[-1], batch.read().status.failed) == (("Complete", "CompletionsReached"), None)


@pytest.mark.endpoint(CREATE)
def test_a_job_that_takes_too_long_is_ended(batch: Batch):
    batch.create(activeDeadlineSeconds=20)
    batch.await_running(1)
    batch.cluster.turn(25)
    assert batch.conditions()[0] == ("FailureTarget", "DeadlineExceeded")
    batch.cluster.turn(5)
    assert (batch.conditions()[-1], batch.pods()) == (("Failed", "DeadlineExceeded"), [])
    assert ("DeadlineExceeded", "Job was active longer than specified deadline") in batch.events()


@pytest.mark.endpoint(CREATE)
def test_a_finished_job_goes_after_its_time_with_its_pods(batch: Batch):
    batch.create(ttlSecondsAfterFinished=30)
    batch.await_running(1)
    batch.exit(batch.running()[0])
    batch.cluster.turn(25)
    assert batch.conditions()[-1][0] == "Complete"
    batch.cluster.turn(10)
    assert (refused(batch.read)[0], batch.pods()) == (404, [])


@pytest.mark.endpoint("PATCH /apis/batch/v1/namespaces/{}/jobs/{}")
def test_a_suspended_job_has_no_pods_and_goes_on(batch: Batch):
    batch.create()
    batch.await_running(1)
    batch.api.patch_namespaced_job("work", batch.home, {"spec": {"suspend": True}})
    batch.cluster.turn(3)
    assert (batch.pods(), batch.read().status.start_time, batch.conditions()) == ([], None, [("Suspended", "JobSuspended")])
    batch.api.patch_namespaced_job("work", batch.home, {"spec": {"suspend": False}})
    batch.await_running(1)
    assert [row for row in batch.events() if row[0] in ("Suspended", "Resumed")] == [
        ("Suspended", "Job suspended"),
        ("Resumed", "Job resumed"),
    ]


@pytest.mark.endpoint("PATCH /apis/batch/v1/namespaces/{}/jobs/{}")
def test_what_a_job_runs_cannot_change(batch: Batch):
    batch.create()
    text = 'Job.batch "work" is invalid: spec.completions: Invalid value: 2: field is immutable'
    assert refused(batch.api.patch_namespaced_job, "work", batch.home, {"spec": {"completions": 2}}) == (422, "Invalid", text)


@pytest.mark.endpoint("DELETE /apis/batch/v1/namespaces/{}/jobs/{}")
def test_a_job_takes_its_pods_along(batch: Batch):
    batch.create()
    batch.await_running(1)
    batch.api.delete_namespaced_job("work", batch.home, propagation_policy="Background")
    batch.cluster.turn(5)
    assert (refused(batch.read)[0], batch.pods()) == (404, [])


def cron(schedule: str = "*/10 * * * *", **spec: object) -> dict:
    return {"metadata": {"name": "tick"}, "spec": {"schedule": schedule, "jobTemplate": {"spec": job()["spec"]}, **spec}}


def due_in(batch: Batch, minutes: int = 2) -> str:
    """A schedule that is due once, in so many minutes."""
    at = batch.cluster.world.now + timedelta(minutes=minutes)
    return f"{at.minute} {at.hour} * * *"


@pytest.mark.endpoint(CRON, "GET /apis/batch/v1/namespaces/{}/cronjobs/{}")
def test_a_cron_job_makes_a_job_when_it_is_time(batch: Batch):
    batch.api.create_namespaced_cron_job(batch.home, cron(due_in(batch)))
    assert batch.api.list_namespaced_job(batch.home).items == []
    batch.cluster.turn(121)
    [made] = batch.api.list_namespaced_job(batch.home).items
    due = batch.cluster.world.now.replace(second=0, microsecond=0)
    assert made.metadata.name == f"tick-{int(due.timestamp()) // 60}"
    assert made.metadata.annotations["batch.kubernetes.io/cronjob-scheduled-timestamp"] == due.strftime("%Y-%m-%dT%H:%M:%SZ")
    status = batch.api.read_namespaced_cron_job("tick", batch.home).status
    assert ([row.name for row in status.active], status.last_schedule_time) == ([made.metadata.name], due)
    batch.await_running(1)
    batch.exit(batch.running()[0])
    status = batch.api.read_namespaced_cron_job("tick", batch.home).status
    assert (status.active, status.last_successful_time) == (None, batch.read(made.metadata.name).status.completion_time)
    name = made.metadata.name
    told = [("SuccessfulCreate", f"Created job {name}"), ("SawCompletedJob", f"Saw completed job: {name}, condition: Complete")]
    assert batch.events("tick") == told


@pytest.mark.endpoint(CRON)
@pytest.mark.parametrize(
    ("policy", "jobs", "reason"), [("Allow", 3, "SuccessfulCreate"), ("Forbid", 1, "JobAlreadyActive"), ("Replace", 1, "SuccessfulDelete")]
)
def test_a_job_that_still_runs_is_joined_kept_or_replaced(batch: Batch, policy: str, jobs: int, reason: str):
    batch.api.create_namespaced_cron_job(batch.home, cron("* * * * *", concurrencyPolicy=policy))
    batch.cluster.turn(181)
    found = batch.api.list_namespaced_job(batch.home).items
    assert (len(found), reason in {row[0] for row in batch.events("tick")}) == (jobs, True)
    batch.api.delete_namespaced_cron_job("tick", batch.home)


@pytest.mark.endpoint(CRON)
def test_a_suspended_cron_job_waits_and_a_missed_time_is_missed(batch: Batch):
    batch.api.create_namespaced_cron_job(batch.home, cron(due_in(batch), suspend=True, startingDeadlineSeconds=30))
    batch.cluster.turn(180)
    batch.api.patch_namespaced_cron_job("tick", batch.home, {"spec": {"suspend": False}})
    batch.cluster.turn(1)
    assert batch.api.list_namespaced_job(batch.home).items == []
    batch.api.patch_namespaced_cron_job("tick", batch.home, {"spec": {"startingDeadlineSeconds": 300}})
    batch.cluster.turn(1)
    assert len(batch.api.list_namespaced_job(batch.home).items) == 1


@pytest.mark.endpoint(CRON)
def test_a_schedule_is_meant_in_its_time_zone(batch: Batch):
    utc = batch.cluster.world.now + timedelta(minutes=2)
    there = utc + timedelta(hours=9)  # Tokyo has no summer time
    batch.api.create_namespaced_cron_job(batch.home, cron(f"{there.minute} {there.hour} * * *", timeZone="Asia/Tokyo"))
    batch.cluster.turn(121)
    [made] = batch.api.list_namespaced_job(batch.home).items
    at = made.metadata.annotations["batch.kubernetes.io/cronjob-scheduled-timestamp"]
    assert at == there.strftime("%Y-%m-%dT%H:%M:00+09:00")


@pytest.mark.endpoint(CRON)
def test_the_last_three_good_jobs_and_the_last_bad_one_are_kept(batch: Batch):
    batch.api.create_namespaced_cron_job(batch.home, cron("* * * * *", jobTemplate={"spec": job(backoffLimit=0)["spec"]}))
    for code in (0, 0, 1, 0, 1, 0):
        batch.cluster.turn(55 - batch.cluster.world.now.second if batch.cluster.world.now.second < 55 else 0)
        batch.await_running(1)
        batch.exit(batch.running()[0], code)
    batch.api.patch_namespaced_cron_job("tick", batch.home, {"spec": {"suspend": True}})
    ends = [row.status.conditions[-1].type for row in batch.api.list_namespaced_job(batch.home).items]
    assert ends == ["Complete", "Complete", "Failed", "Complete"]


@pytest.mark.endpoint(CREATE, CRON)
def test_kubectl_makes_a_job_of_a_cron_job(cluster: Cluster, home: str, batch: Batch):
    cluster.kubectl("create", "cronjob", "tick", "--image=registry.invalid/app:1", "--schedule=0 0 1 1 *", "--", "echo", "hi", home=home)
    assert cluster.kubectl("create", "job", "--from=cronjob/tick", "now", home=home) == "job.batch/now created\n"
    found = batch.read("now")
    assert found.spec.template.spec.containers[0].command == ["echo", "hi"]
    assert (found.metadata.annotations, found.metadata.owner_references[0].name) == (
        {"cronjob.kubernetes.io/instantiate": "manual"},
        "tick",
    )
    batch.await_running(1)
    batch.exit(batch.running()[0])
    assert cluster.kubectl("wait", "--for=condition=complete", "job/now", "--timeout=5s", home=home) == "job.batch/now condition met\n"
    header, row = [line.split() for line in cluster.kubectl("get", "jobs", home=home).splitlines()]
    assert (header[:3], row[:3]) == (["NAME", "STATUS", "COMPLETIONS"], ["now", "Complete", "1/1"])


@pytest.mark.endpoint(CREATE)
def test_what_no_controller_acts_on_is_refused_aloud(batch: Batch):
    path = f"/apis/batch/v1/namespaces/{batch.home}/jobs"
    text = f"the sandbox does not implement POST {path} (completionMode Indexed)"
    assert refused(batch.create, completionMode="Indexed", completions=1) == (501, "NotImplemented", text)
