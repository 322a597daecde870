"""`kubectl apply` of files and of a kustomization, and `logs`."""

from pathlib import Path

import pytest

from tests.commands.terminal import AGE, PV, Terminal, table

CLAIM = """
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {accessModes: [ReadWriteOnce], storageClassName: cinder, resources: {requests: {storage: 2Gi}}}
"""
WEB = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  strategy: {type: Recreate}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 5
      containers: [{name: web, image: "registry.invalid/web:1", volumeMounts: [{name: data, mountPath: /data}]}]
      volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]
"""


@pytest.fixture
def manifests(tmp_path: Path) -> Path:
    (tmp_path / "claim.yaml").write_text(CLAIM)
    (tmp_path / "web.yaml").write_text(WEB)
    (tmp_path / "kustomization.yaml").write_text("resources: [claim.yaml, web.yaml]\nnamePrefix: my-\n")
    return tmp_path


def test_files_are_made_left_alone_and_changed(terminal: Terminal, manifests: Path) -> None:
    files = ("-f", str(manifests / "claim.yaml"), "-f", str(manifests / "web.yaml"))
    both = "persistentvolumeclaim/data {}\ndeployment.apps/web {}\n"
    assert terminal.kubectl("apply", *files) == both.format("created", "created")
    assert terminal.kubectl("apply", *files) == both.format("unchanged", "unchanged")
    (manifests / "web.yaml").write_text(WEB.replace("web:1", "web:2"))
    assert terminal.kubectl("apply", *files) == both.format("unchanged", "configured")
    assert terminal.field("{.spec.template.spec.containers[0].image}", "deploy", "web") == "registry.invalid/web:2"
    assert terminal.kubectl("rollout", "status", "deploy/web", "--timeout=60s").endswith("successfully rolled out\n")
    assert table(terminal.kubectl("get", "pvc", "data"))[1] == ["data", "Bound", PV, "2Gi", "RWO", "cinder", "<unset>", AGE]
    said = terminal.kubectl("delete", *files).splitlines()
    assert [line.split(" deleted")[0] for line in said] == ['persistentvolumeclaim "data"', 'deployment.apps "web"']


def test_a_kustomization(terminal: Terminal, manifests: Path) -> None:
    made = {"persistentvolumeclaim/my-data created", "deployment.apps/my-web created"}  # in which order changed with kubectl's kustomize
    assert set(terminal.kubectl("apply", "-k", str(manifests)).splitlines()) == made
    assert terminal.kubectl("rollout", "status", "deploy/my-web", "--timeout=60s").endswith("successfully rolled out\n")
    assert terminal.field("{.items[0].spec.volumes[0].persistentVolumeClaim.claimName}", "pod", "-l", "app=web") == "my-data"
    unchanged = {line.replace("created", "unchanged") for line in made}
    assert set(terminal.kubectl("apply", "-k", str(manifests)).splitlines()) == unchanged
    terminal.kubectl("delete", "-k", str(manifests))


def test_what_the_demo_application_is_applied_from_changes_nothing_in_the_sandbox(terminal: Terminal) -> None:
    """Its own manifests, taken out and applied again as a user would edit them."""
    document = terminal.kubectl("get", "deploy", "test-cinder", "-o", "yaml")
    uid = terminal.field("{.metadata.uid}", "deploy", "test-cinder")
    assert "deployment.apps/test-cinder configured" in terminal.kubectl("apply", "-f", "-", stdin=document)
    assert terminal.field("{.metadata.uid} {.status.readyReplicas}", "deploy", "test-cinder") == f"{uid} 1"


def test_a_document_that_the_server_refuses(terminal: Terminal) -> None:
    wrong = WEB.replace("matchLabels: {app: web}", "matchLabels: {app: other}")
    said = terminal.kubectl("apply", "-f", "-", rc=1, stdin=wrong)
    assert 'The Deployment "web" is invalid: spec.template.metadata.labels: Invalid value: ' in said
    assert "`selector` does not match template `labels`" in said


def test_logs(terminal: Terminal) -> None:
    pod = terminal.app_pod()
    said = terminal.kubectl("logs", pod).splitlines()
    assert said[0].startswith("serving on http://127.0.0.1:")
    assert terminal.kubectl("logs", "deploy/test-cinder", "--tail=1") == said[-1] + "\n"
    assert terminal.kubectl("logs", "-l", "app=test-cinder", "--tail=1") == said[-1] + "\n"
    assert 'rror from server (NotFound): pods "nobody" not found' in terminal.kubectl("logs", "nobody", rc=1)
