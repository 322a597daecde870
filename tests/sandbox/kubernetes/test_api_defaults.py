"""What the API server fills in when an object is created."""

from collections.abc import Callable
from typing import Any

PODS_PATH = "/api/v1/namespaces/default/pods"
DEPLOYMENTS_PATH = "/apis/apps/v1/namespaces/default/deployments"
Http = Any
MakePod = Callable[..., dict[str, Any]]


def test_a_created_pod_has_the_defaults_of_the_api_server(http: Http, pod: MakePod):
    made = http.post(PODS_PATH, pod())
    uid = made["metadata"].pop("uid")
    assert len(uid) == 36
    assert made == {
        "kind": "Pod",
        "apiVersion": "v1",
        "metadata": {
            "name": "web",
            "namespace": "default",
            "labels": {"app": "web"},
            "generation": 1,
            "creationTimestamp": "2026-11-22T12:00:00Z",
            "resourceVersion": "3",
        },
        "spec": {
            "containers": [
                {
                    "name": "main",
                    "image": "registry.invalid/app:1",
                    "resources": {},
                    "terminationMessagePath": "/dev/termination-log",
                    "terminationMessagePolicy": "File",
                    "imagePullPolicy": "IfNotPresent",
                }
            ],
            "restartPolicy": "Always",
            "terminationGracePeriodSeconds": 30,
            "dnsPolicy": "ClusterFirst",
            "schedulerName": "default-scheduler",
            "securityContext": {},
            "serviceAccountName": "default",
            "serviceAccount": "default",
            "enableServiceLinks": True,
            "preemptionPolicy": "PreemptLowerPriority",
            "priority": 0,
            "tolerations": [
                {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300},
                {"key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300},
            ],
        },
        "status": {"phase": "Pending", "qosClass": "BestEffort"},
    }


def test_a_pod_that_tolerates_everything_gets_no_toleration(http: Http, pod: MakePod):
    made = http.post(PODS_PATH, pod(tolerations=[{"operator": "Exists"}]))
    assert made["spec"]["tolerations"] == [{"operator": "Exists"}]


def test_a_created_deployment_has_the_defaults_of_the_api_server(http: Http, deployment: dict[str, Any]):
    spec = http.post(DEPLOYMENTS_PATH, deployment)["spec"]
    del spec["template"], spec["selector"]
    assert spec == {
        "replicas": 1,
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}},
        "revisionHistoryLimit": 10,
        "progressDeadlineSeconds": 600,
    }


def test_a_created_service_has_an_address_that_is_the_same_every_time(http: Http):
    service = {"metadata": {"name": "web"}, "spec": {"ports": [{"port": 80}], "selector": {"app": "web"}}}
    spec = http.post("/api/v1/namespaces/default/services", service)["spec"]
    assert spec.pop("clusterIPs") == [spec.pop("clusterIP")]
    assert spec == {
        "ports": [{"port": 80, "protocol": "TCP", "targetPort": 80}],
        "selector": {"app": "web"},
        "type": "ClusterIP",
        "sessionAffinity": "None",
        "ipFamilies": ["IPv4"],
        "ipFamilyPolicy": "SingleStack",
        "internalTrafficPolicy": "Cluster",
    }


def test_a_created_namespace_is_active(http: Http):
    made = http.post("/api/v1/namespaces", {"metadata": {"name": "demo"}})
    assert made["status"] == {"phase": "Active"}
    assert made["metadata"]["labels"] == {"kubernetes.io/metadata.name": "demo"}


def test_a_claim_gets_the_default_storage_class(http: Http):
    annotations = {"storageclass.kubernetes.io/is-default-class": "true"}
    http.post("/apis/storage.k8s.io/v1/storageclasses", {"metadata": {"name": "cinder", "annotations": annotations}, "provisioner": "p"})
    claim = {"metadata": {"name": "c"}, "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "3Gi"}}}}
    made = http.post("/api/v1/namespaces/default/persistentvolumeclaims", claim)
    assert (made["spec"]["storageClassName"], made["spec"]["volumeMode"], made["status"]) == ("cinder", "Filesystem", {"phase": "Pending"})


def test_a_node_is_registered_with_its_status_and_a_pod_is_not(http: Http, pod: MakePod):
    capacity = {"cpu": "2", "memory": "4Gi"}
    node = http.post("/api/v1/nodes", {"metadata": {"name": "n2"}, "status": {"capacity": capacity}})
    assert node["status"] == {"capacity": capacity, "allocatable": capacity}
    assert http.post(PODS_PATH, {**pod(), "status": {"phase": "Running"}})["status"]["phase"] == "Pending"


def test_a_stateful_set_and_a_secret_have_their_defaults(http: Http, deployment: dict[str, Any]):
    deployment["spec"]["volumeClaimTemplates"] = [{"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"]}}]
    spec = http.post("/apis/apps/v1/namespaces/default/statefulsets", deployment)["spec"]
    assert (spec["podManagementPolicy"], spec["updateStrategy"]) == (
        "OrderedReady",
        {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}},
    )
    assert spec["volumeClaimTemplates"][0]["spec"]["volumeMode"] == "Filesystem"
    secret = http.post("/api/v1/namespaces/default/secrets", {"metadata": {"name": "s"}, "stringData": {"a": "b"}})
    assert (secret["type"], secret["data"], "stringData" in secret) == ("Opaque", {"a": "Yg=="}, False)


def test_nulls_in_a_manifest_count_as_left_out(http: Http, pod: MakePod):
    body = pod(nodeSelector=None)
    body["metadata"].update(creationTimestamp=None, annotations=None)
    made = http.post(PODS_PATH, {**body, "status": None})
    assert ("nodeSelector" in made["spec"], "annotations" in made["metadata"]) == (False, False)


def test_a_generated_name_gets_a_suffix(http: Http, pod: MakePod):
    body = pod()
    body["metadata"] = {"generateName": "web-"}
    name = http.post(PODS_PATH, body)["metadata"]["name"]
    assert name.startswith("web-")
    assert len(name) == 9
