# ruff: noqa: E501 - the words are as long as they are
"""What is refused, in the API server's own words (pkg/apis/*/validation, apimachinery's util/validation; 1.34 and later)."""

from typing import Any

import pytest

from tests.conformance.kubernetes.cluster import Cluster, deployment, job, pod

CORE, APPS, BATCH = "/api/v1/namespaces/{}", "/apis/apps/v1/namespaces/{}", "/apis/batch/v1/namespaces/{}"
PODS, DEPLOYMENTS, JOBS, CRONS = f"{CORE}/pods", f"{APPS}/deployments", f"{BATCH}/jobs", f"{BATCH}/cronjobs"
CLAIMS, SERVICES, MAPS = f"{CORE}/persistentvolumeclaims", f"{CORE}/services", f"{CORE}/configmaps"
ENDS = "and must start and end with an alphanumeric character"
LABEL = (
    f"a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', {ENDS}"
    " (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
SUBDOMAIN = (
    f"a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', {ENDS}"
    r" (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
VALUE = (
    f"a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', {ENDS}"
    " (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)
QUANTITY = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
NEGATIVE = "must be greater than or equal to 0"
Body = dict[str, Any]


def container(**more: Any) -> Body:
    return {**pod(), "spec": {"containers": [{"name": "main", "image": "x", **more}]}}


def claim(**spec: Any) -> Body:
    usual = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    return {"metadata": {"name": "data"}, "spec": {**usual, **spec}}


def service(*ports: Body) -> Body:
    return {"metadata": {"name": "web"}, "spec": {"ports": list(ports)}}


def cron(**spec: Any) -> Body:
    return {"metadata": {"name": "tick"}, "spec": {"schedule": "* * * * *", "jobTemplate": {"spec": job()["spec"]}, **spec}}


def named(body: Body, name: str, **meta: Any) -> Body:
    return {**body, "metadata": {"name": name, **meta}}


INVALID = [  # path, body, kind and name, what is said
    (PODS, named(pod(), "Web_1"), 'Pod "Web_1"', f'metadata.name: Invalid value: "Web_1": {SUBDOMAIN}'),
    (SERVICES, named(service({"port": 80}), "1web"), 'Service "1web"', 'metadata.name: Invalid value: "1web": a DNS-1035 label must consist of'
     " lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name', "
     " or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"),
    (MAPS, {"metadata": {}}, 'ConfigMap ""', "metadata.name: Required value: name or generateName is required"),
    (MAPS, named({}, "x" * 254), f'ConfigMap "{"x" * 254}"', f'metadata.name: Invalid value: "{"x" * 254}": must be no more than 253 characters'),
    (MAPS, named({}, "c", labels={"a": "b c"}), 'ConfigMap "c"', f'metadata.labels: Invalid value: "b c": {VALUE}'),
    (MAPS, {**named({}, "c"), "data": {"a/b": ""}}, 'ConfigMap "c"', 'data[a/b]: Invalid value: "a/b": a valid config key must consist of'
     " alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"),
    (PODS, {**pod(), "spec": {"containers": []}}, 'Pod "web"', "spec.containers: Required value"),
    (PODS, container(image=""), 'Pod "web"', "spec.containers[0].image: Required value"),
    (PODS, container(name="A_b"), 'Pod "web"', f'spec.containers[0].name: Invalid value: "A_b": {LABEL}'),
    (PODS, {**pod(), "spec": {"containers": [{"name": "a", "image": "x"}] * 2}}, 'Pod "web"', 'spec.containers[1].name: Duplicate value: "a"'),
    (PODS, container(ports=[{"name": "http", "containerPort": 1}, {"name": "http", "containerPort": 2}]), 'Pod "web"',
     'spec.containers[0].ports[1].name: Duplicate value: "http"'),
    (PODS, container(ports=[{"containerPort": 70000}]), 'Pod "web"',
     "spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive"),
    (PODS, container(volumeMounts=[{"name": "data", "mountPath": "/d"}]), 'Pod "web"',
     'spec.containers[0].volumeMounts[0].name: Not found: "data"'),
    (PODS, container(resources={"requests": {"cpu": "2"}, "limits": {"cpu": "1500m"}}), 'Pod "web"',
     'spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1500m'),
    (PODS, pod(restartPolicy="Sometimes"), 'Pod "web"',
     'spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "OnFailure", "Never"'),
    (DEPLOYMENTS, deployment(replicas=-1), 'Deployment.apps "web"', f"spec.replicas: Invalid value: -1: {NEGATIVE}"),
    (DEPLOYMENTS, deployment(selector={"matchLabels": {"app": "x"}}), 'Deployment.apps "web"',
     'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`'),
    (DEPLOYMENTS, deployment(strategy={"type": "Blue"}), 'Deployment.apps "web"',
     'spec.strategy.type: Unsupported value: "Blue": supported values: "Recreate", "RollingUpdate"'),
    (CLAIMS, claim(accessModes=[]), 'PersistentVolumeClaim "data"', "spec.accessModes: Required value: at least 1 access mode is required"),
    (CLAIMS, claim(accessModes=["Any"]), 'PersistentVolumeClaim "data"', 'spec.accessModes: Unsupported value: "Any": supported values:'
     ' "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"'),
    (CLAIMS, claim(resources={}), 'PersistentVolumeClaim "data"', "spec.resources[storage]: Required value"),
    (SERVICES, service({"port": 80}, {"port": 81, "name": "b"}), 'Service "web"', "spec.ports[0].name: Required value"),
    (SERVICES, service({"name": "a", "port": 80}, {"name": "a", "port": 81}), 'Service "web"', 'spec.ports[1].name: Duplicate value: "a"'),
    (SERVICES, service({"port": 0}), 'Service "web"', "spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive"),
    (JOBS, job(policy="Always"), 'Job.batch "work"', 'spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"'),
    (JOBS, job(backoffLimit=-1), 'Job.batch "work"', f"spec.backoffLimit: Invalid value: -1: {NEGATIVE}"),
    (CRONS, cron(schedule="* * * *"), 'CronJob.batch "tick"',
     'spec.schedule: Invalid value: "* * * *": expected exactly 5 fields, found 4: [* * * *]'),
    (CRONS, cron(schedule="60 * * * *"), 'CronJob.batch "tick"',
     'spec.schedule: Invalid value: "60 * * * *": end of range (60) above maximum (59): 60'),
    (CRONS, cron(timeZone="Mars/Base"), 'CronJob.batch "tick"', 'spec.timeZone: Invalid value: "Mars/Base": unknown time zone Mars/Base'),
    (CRONS, cron(concurrencyPolicy="Maybe"), 'CronJob.batch "tick"',
     'spec.concurrencyPolicy: Unsupported value: "Maybe": supported values: "Allow", "Forbid", "Replace"'),
    (CRONS, named(cron(), "x" * 53), f'CronJob.batch "{"x" * 53}"',
     f'metadata.name: Invalid value: "{"x" * 53}": must be no more than 52 characters'),
]  # fmt: skip
UNREADABLE = [  # path, body, what is said
    (PODS, container(resources={"requests": {"cpu": "much"}}), f'Pod in version "v1" cannot be handled as a Pod: {QUANTITY}'),
    (CLAIMS, claim(resources={"requests": {"storage": "1KiB"}}),
     f'PersistentVolumeClaim in version "v1" cannot be handled as a PersistentVolumeClaim: {QUANTITY}'),
    (DEPLOYMENTS, deployment(replicas="2"), 'Deployment in version "v1" cannot be handled as a Deployment: json: cannot unmarshal string'
     " into Go struct field DeploymentSpec.spec.replicas of type int32"),
    (PODS, container(env=[{"name": "A", "value": 1}]), 'Pod in version "v1" cannot be handled as a Pod: json: cannot unmarshal number'
     " into Go struct field EnvVar.spec.containers.env.value of type string"),
]  # fmt: skip


@pytest.mark.endpoint(
    "POST /api/v1/namespaces/{}/pods", "POST /apis/apps/v1/namespaces/{}/deployments", "POST /api/v1/namespaces/{}/services"
)
@pytest.mark.parametrize(("path", "body", "what", "text"), INVALID)
def test_an_object_that_cannot_be_is_422(cluster: Cluster, home: str, path: str, body: Body, what: str, text: str):
    assert cluster.status("POST", path.format(home), body) == (422, "Invalid", f"{what} is invalid: {text}")


@pytest.mark.endpoint("POST /api/v1/namespaces/{}/pods", "POST /api/v1/namespaces/{}/persistentvolumeclaims")
@pytest.mark.parametrize(("path", "body", "text"), UNREADABLE)
def test_a_value_of_the_wrong_type_is_400(cluster: Cluster, home: str, path: str, body: Body, text: str):
    assert cluster.status("POST", path.format(home), body) == (400, "BadRequest", text)


@pytest.mark.endpoint("POST /api/v1/namespaces/{}/pods")
def test_several_faults_are_told_together_with_their_causes(cluster: Cluster, home: str):
    answer = cluster.ask("POST", PODS.format(home), {"metadata": {}, "spec": {}})
    status = answer.json()
    first, second = "metadata.name: Required value: name or generateName is required", "spec.containers: Required value"
    assert status["message"] == f'Pod "" is invalid: [{first}, {second}]'
    assert status["details"]["causes"] == [
        {"reason": "FieldValueRequired", "message": "Required value: name or generateName is required", "field": "metadata.name"},
        {"reason": "FieldValueRequired", "message": "Required value", "field": "spec.containers"},
    ]


IMMUTABLE = [  # path, body, patch, what is said
    (DEPLOYMENTS, deployment(), {"spec": {"selector": {"matchLabels": {"app": "x"}}, "template": {"metadata": {"labels": {"app": "x"}}}}},
     'Deployment.apps "web" is invalid: spec.selector: Invalid value: {"matchLabels":{"app":"x"}}: field is immutable'),
    (PODS, pod(schedulerName="nobody"), {"spec": {"restartPolicy": "Never"}}, 'Pod "web" is invalid: spec: Forbidden: pod updates may not'
     " change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations`"
     " (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"),
    (CLAIMS, claim(), {"spec": {"storageClassName": "other"}}, 'PersistentVolumeClaim "data" is invalid: spec: Forbidden: spec is immutable'
     " after creation except resources.requests and volumeAttributesClassName for bound claims"),
    (f"{APPS}/statefulsets", {**deployment(), "spec": {**deployment()["spec"], "serviceName": "a"}}, {"spec": {"serviceName": "b"}},
     "StatefulSet.apps \"web\" is invalid: spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals',"
     " 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"),
    (SERVICES, service({"port": 80}), {"spec": {"clusterIP": "10.96.0.9"}},
     'Service "web" is invalid: spec.clusterIPs[0]: Invalid value: "10.96.0.9": may not change once set'),
]  # fmt: skip


@pytest.mark.endpoint("PATCH /api/v1/namespaces/{}/pods/{}", "PATCH /apis/apps/v1/namespaces/{}/statefulsets/{}")
@pytest.mark.parametrize(("path", "body", "change", "text"), IMMUTABLE)
def test_what_is_immutable_stays(cluster: Cluster, home: str, path: str, body: Body, change: Body, text: str):
    place = path.format(home)
    assert cluster.ask("POST", place, body).status_code == 201
    asked = cluster.status("PATCH", f"{place}/{body['metadata']['name']}", change, Content_Type="application/merge-patch+json")
    assert asked == (422, "Invalid", text)


@pytest.mark.endpoint("PATCH /api/v1/nodes/{}")
def test_a_taint_has_a_known_effect_and_comes_once(cluster: Cluster):
    taint = {"key": "a", "effect": "NoExecute"}
    merge = "application/merge-patch+json"
    path = "/api/v1/nodes/node-4"
    wanted = (422, "Invalid", 'Node "node-4" is invalid: metadata.taints[1]: Duplicate value: a:NoExecute')
    assert cluster.status("PATCH", path, {"spec": {"taints": [taint, taint]}}, Content_Type=merge)[:2] == wanted[:2]
    text = 'metadata.taints[0].effect: Unsupported value: "No": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"'
    wrong = {"spec": {"taints": [{"key": "a", "effect": "No"}]}}
    assert cluster.status("PATCH", path, wrong, Content_Type=merge) == (422, "Invalid", f'Node "node-4" is invalid: {text}')
