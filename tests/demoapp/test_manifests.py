"""The manifests: what they say together, and with the Containerfile and the sandbox."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from chaoscinder.demoapp.__main__ import parser
from chaoscinder.sandbox import default_world

DEPLOY = Path(__file__).parents[2] / "deploy"


def read(name: str) -> dict[str, Any]:
    found = yaml.safe_load((DEPLOY / "demoapp" / name).read_text())
    assert isinstance(found, dict)
    return found


CLASS, CLAIM, DEPLOYMENT, SERVICE = map(read, ("storageclass.yaml", "persistentvolumeclaim.yaml", "deployment.yaml", "service.yaml"))
POD = DEPLOYMENT["spec"]["template"]["spec"]
CONTAINER = POD["containers"][0]


def test_the_objects_are_those_of_the_note() -> None:
    assert [(row["kind"], row["metadata"]["name"]) for row in (CLASS, CLAIM, DEPLOYMENT, SERVICE)] == [
        ("StorageClass", "cinder"),
        ("PersistentVolumeClaim", "test-cinder-volume"),
        ("Deployment", "test-cinder"),
        ("Service", "test-cinder"),
    ]
    assert (CLASS["provisioner"], CLAIM["spec"]["resources"]["requests"]["storage"]) == ("cinder.csi.openstack.org", "3Gi")
    assert SERVICE["spec"]["ports"] == [{"name": "http", "port": 80, "targetPort": 8080}]


def test_the_claim_is_of_the_class_and_the_pod_mounts_the_claim_where_the_database_is() -> None:
    mount, volume = CONTAINER["volumeMounts"][0], POD["volumes"][0]
    environment = {row["name"]: row.get("value") for row in CONTAINER["env"]}
    assert CLAIM["spec"]["storageClassName"] == CLASS["metadata"]["name"]
    assert volume == {"name": mount["name"], "persistentVolumeClaim": {"claimName": CLAIM["metadata"]["name"]}}
    assert mount["mountPath"] == environment["DATABASE_DIR"]


def test_the_service_leads_to_the_deployments_pods() -> None:
    labels = DEPLOYMENT["spec"]["template"]["metadata"]["labels"]
    assert SERVICE["spec"]["selector"] == labels == DEPLOYMENT["spec"]["selector"]["matchLabels"]
    assert SERVICE["spec"]["ports"][0]["targetPort"] == CONTAINER["ports"][0]["containerPort"]


def test_the_container_runs_the_image_as_its_own_user_with_a_command_it_has() -> None:
    containerfile = (DEPLOY / "Containerfile").read_text()
    assert f"-t {CONTAINER['image']} " in containerfile
    assert f"USER {POD['securityContext']['runAsUser']}:{POD['securityContext']['runAsGroup']}\n" in containerfile
    assert parser().parse_args(CONTAINER["args"]).host == "0.0.0.0"


def test_the_sandbox_runs_the_application_as_the_manifests_describe_it() -> None:
    class_, claim, deployment, service = default_world.demo_manifests()
    container = deployment["spec"]["template"]["spec"]["containers"][0]
    same = ("image", "args", "env", "ports", "readinessProbe", "volumeMounts")
    assert {key: container[key] for key in same} == {key: CONTAINER[key] for key in same}
    assert (claim["spec"], service["spec"], class_["provisioner"]) == (CLAIM["spec"], SERVICE["spec"], CLASS["provisioner"])


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
def test_kustomize_makes_the_four_objects() -> None:
    made = subprocess.run(["kubectl", "kustomize", str(DEPLOY / "demoapp")], check=True, capture_output=True, text=True).stdout
    assert sorted(yaml.safe_load_all(made), key=lambda row: str(row["kind"])) == [DEPLOYMENT, CLAIM, SERVICE, CLASS]
