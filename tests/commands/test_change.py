"""The commands that change something: what they say, and what is so afterwards."""

from tests.commands.terminal import AGE, PV, Like, Terminal, table, until
from tests.commands.test_describe import CLAIM_AND_POD

TWO = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: two}
spec:
  replicas: 2
  selector: {matchLabels: {app: two}}
  template:
    metadata: {labels: {app: two}}
    spec: {containers: [{name: two, image: "registry.invalid/two:1"}]}
"""


def test_cordon_and_uncordon(terminal: Terminal) -> None:
    assert terminal.kubectl("cordon", "worker-4") == "node/worker-4 cordoned\n"
    assert terminal.kubectl("cordon", "worker-4") == "node/worker-4 already cordoned\n"
    assert table(terminal.kubectl("get", "node", "worker-4"))[1][:2] == ["worker-4", "Ready,SchedulingDisabled"]
    assert terminal.kubectl("uncordon", "worker-4") == "node/worker-4 uncordoned\n"
    assert table(terminal.kubectl("get", "node", "worker-4"))[1][:2] == ["worker-4", "Ready"]


def test_a_drain_moves_the_application_with_its_volume(terminal: Terminal) -> None:
    pod, node = terminal.app_pod(), terminal.app_node()
    said = terminal.kubectl("drain", node, "--ignore-daemonsets", "--timeout=60s").splitlines()
    assert said[:3] == [f"node/{node} cordoned", f"evicting pod default/{pod}", f"pod/{pod} evicted"]
    assert said[3] in (f"node/{node} drained", f"node/{node} evicted")  # the second until kubectl 1.22
    assert terminal.kubectl("rollout", "status", "deploy/test-cinder", "--timeout=60s").endswith("successfully rolled out\n")
    new, other = terminal.app_pod(), terminal.app_node()
    assert (new != pod, other != node) == (True, True)
    volume = terminal.field("{.items[0].metadata.name}", "pv")
    multi = f'Multi-Attach error for volume "{volume}" Volume is already used by pod(s) {pod}'
    said_of_new = terminal.kubectl("get", "events", "--field-selector", f"involvedObject.name={new},reason=FailedAttachVolume")
    assert table(said_of_new)[1:] == [[AGE, "Warning", "FailedAttachVolume", f"pod/{new}", multi]]
    assert table(terminal.kubectl("get", "volumeattachments"))[1:] == [
        [Like("csi-[0-9a-f]{64}"), "cinder.csi.openstack.org", PV, other, "true", AGE]
    ]
    terminal.kubectl("uncordon", node)


def test_a_drain_waits_for_a_budget(terminal: Terminal) -> None:
    node, pod = terminal.app_node(), terminal.app_pod()
    terminal.kubectl("apply", "-f", "-", stdin=BUDGET)
    said = terminal.kubectl("drain", node, "--ignore-daemonsets", "--timeout=1s", rc=1)
    refused = "Cannot evict pod as it would violate the pod's disruption budget."
    assert f'error when evicting pods/"{pod}" -n "default" (will retry after 5s): {refused}' in said
    assert terminal.app_pod() == pod
    terminal.kubectl("delete", "pdb", "guard")
    terminal.kubectl("uncordon", node)


def test_a_pod_that_nobody_owns_is_not_drained_unless_told_to(terminal: Terminal) -> None:
    terminal.kubectl("apply", "-f", "-", stdin=BARE)
    terminal.kubectl("wait", "--for=condition=Ready", "pod/bare", "--timeout=20s")
    refused = terminal.kubectl("drain", "worker-4", rc=1)
    assert "(use --force to override): default/bare" in refused
    assert "pod/bare evicted\n" in terminal.kubectl("drain", "worker-4", "--force", "--timeout=60s")
    terminal.kubectl("uncordon", "worker-4")


def test_a_taint_keeps_pods_away_and_can_be_taken_off(terminal: Terminal) -> None:
    assert terminal.kubectl("taint", "node", "worker-1", "dedicated=db:NoSchedule") == "node/worker-1 tainted\n"
    assert "Taints:             dedicated=db:NoSchedule\n" in terminal.kubectl("describe", "node", "worker-1")
    again = terminal.kubectl("taint", "node", "worker-1", "dedicated=db:NoSchedule", rc=1)
    assert "already has dedicated taint(s) with same effect(s) and --overwrite is false" in again
    assert terminal.kubectl("taint", "node", "worker-1", "dedicated-") == "node/worker-1 untainted\n"
    assert "Taints:             <none>\n" in terminal.kubectl("describe", "node", "worker-1")


def test_scale_roll_out_and_roll_back(terminal: Terminal) -> None:
    assert terminal.kubectl("apply", "-f", "-", stdin=TWO) == "deployment.apps/two created\n"
    done = 'deployment "two" successfully rolled out\n'
    assert terminal.kubectl("rollout", "status", "deploy/two", "--timeout=30s").endswith(done)
    assert terminal.kubectl("scale", "deploy/two", "--replicas=3") == "deployment.apps/two scaled\n"
    assert terminal.kubectl("rollout", "status", "deploy/two", "--timeout=30s").endswith(done)
    assert table(terminal.kubectl("get", "deploy", "two"))[1] == ["two", "3/3", "3", "3", AGE]
    assert terminal.kubectl("rollout", "restart", "deploy/two") == "deployment.apps/two restarted\n"
    assert terminal.kubectl("rollout", "status", "deploy/two", "--timeout=60s").endswith(done)
    history = terminal.kubectl("rollout", "history", "deploy/two").split("\n")
    assert [line.split()[0] for line in history[2:4]] == ["1", "2"]
    assert [row[1:4] for row in table(terminal.kubectl("get", "rs", "-l", "app=two", "--sort-by=.metadata.creationTimestamp"))[1:]] == [
        ["0", "0", "0"], ["3", "3", "3"],
    ]  # fmt: skip
    assert terminal.kubectl("rollout", "undo", "deploy/two") == "deployment.apps/two rolled back\n"
    assert terminal.kubectl("rollout", "status", "deploy/two", "--timeout=60s").endswith(done)
    assert terminal.kubectl("delete", "deploy", "two").startswith('deployment.apps "two" deleted')


def test_patch_in_its_three_forms(terminal: Terminal) -> None:
    terminal.kubectl("apply", "-f", "-", stdin=TWO)
    strategic = '{"spec":{"template":{"spec":{"containers":[{"name":"two","env":[{"name":"A","value":"1"}]}]}}}}'
    assert terminal.kubectl("patch", "deploy", "two", "-p", strategic) == "deployment.apps/two patched\n"
    assert terminal.field("{.spec.template.spec.containers[0].image}", "deploy", "two") == "registry.invalid/two:1"
    terminal.kubectl("patch", "deploy", "two", "--type=merge", "-p", '{"metadata":{"labels":{"tier":"web"}}}')
    terminal.kubectl("patch", "deploy", "two", "--type=json", "-p", '[{"op":"replace","path":"/spec/replicas","value":1}]')
    assert terminal.field("{.metadata.labels.tier} {.spec.replicas}", "deploy", "two") == "web 1"
    assert terminal.kubectl("patch", "deploy", "two", "-p", "{}") == "deployment.apps/two patched (no change)\n"
    terminal.kubectl("delete", "deploy", "two")


def test_a_claim_that_is_used_goes_with_its_last_pod(terminal: Terminal) -> None:
    terminal.kubectl("apply", "-f", "-", stdin=CLAIM_AND_POD)
    terminal.kubectl("wait", "--for=condition=Ready", "pod/reader", "--timeout=40s")
    volume, node = terminal.field("{.spec.volumeName}", "pvc", "scratch"), terminal.field("{.spec.nodeName}", "pod", "reader")
    terminal.kubectl("delete", "pvc", "scratch", "--wait=false")
    assert table(terminal.kubectl("get", "pvc", "scratch"))[1][:3] == ["scratch", "Terminating", PV]
    terminal.kubectl("delete", "pod", "reader", "--grace-period=1")
    assert terminal.kubectl("get", "pvc", "scratch", rc=1) == 'Error from server (NotFound): persistentvolumeclaims "scratch" not found\n'
    until(lambda: volume not in [row["name"] for row in terminal.lent.state()["volumes"]], "its Cinder volume is deleted")
    assert terminal.kubectl("get", "pv", volume, rc=1) == f'Error from server (NotFound): persistentvolumes "{volume}" not found\n'
    told = terminal.field("{.items[*].message}", "events", "--field-selector", f"involvedObject.name={volume},reason=VolumeFailedDelete")
    assert told == f"persistentvolume {volume} is still attached to node {node}"


def test_delete_by_label_and_by_force(terminal: Terminal) -> None:
    terminal.kubectl("apply", "-f", "-", stdin=BARE)
    terminal.kubectl("wait", "--for=condition=Ready", "pod/bare", "--timeout=20s")
    said = terminal.kubectl("delete", "pod", "-l", "app=bare", "--force", "--grace-period=0")
    assert 'pod "bare" force deleted' in said
    assert "Immediate deletion does not wait for confirmation that the running resource has been terminated." in said
    assert terminal.kubectl("get", "pod", "bare", rc=1) == 'Error from server (NotFound): pods "bare" not found\n'
    assert terminal.kubectl("delete", "pod", "-l", "app=bare").startswith("No resources found")


def test_a_deployment_that_rolls_on_another_node_with_the_same_volume_never_ends(terminal: Terminal) -> None:
    node = terminal.app_node()
    rolling = '{"spec":{"strategy":{"type":"RollingUpdate"}}}'
    terminal.kubectl("patch", "deploy", "test-cinder", "-p", rolling)
    terminal.kubectl("cordon", node)
    terminal.kubectl("rollout", "restart", "deploy/test-cinder")
    said = terminal.kubectl("rollout", "status", "deploy/test-cinder", "--timeout=2s", rc=1)
    assert "1 old replicas are pending termination..." in said
    assert sorted(row[2] for row in table(terminal.kubectl("get", "pods", "-l", "app=test-cinder"))[1:]) == ["ContainerCreating", "Running"]
    terminal.kubectl("rollout", "undo", "deploy/test-cinder")
    terminal.kubectl("uncordon", node)
    recreate = '{"spec":{"strategy":{"type":"Recreate","rollingUpdate":null}}}'
    terminal.kubectl("patch", "deploy", "test-cinder", "--type=merge", "-p", recreate)


BUDGET = """
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: guard}
spec: {minAvailable: 1, selector: {matchLabels: {app: test-cinder}}}
"""
BARE = """
apiVersion: v1
kind: Pod
metadata: {name: bare, labels: {app: bare}}
spec:
  nodeSelector: {kubernetes.io/hostname: worker-4}
  containers: [{name: bare, image: "registry.invalid/bare:1"}]
"""
