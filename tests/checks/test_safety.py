"""The guards over hand-written snapshots: what blocks, what warns, what informs, and that not knowing blocks."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chaoscinder.checks import safety
from chaoscinder.model.act import Act
from chaoscinder.model.attachment import Attachment, View
from chaoscinder.model.leftover import Hold, LeftOver
from chaoscinder.model.preflight import Budget, Finding, Needs, Place, Remediator, Resident, Runner, Snapshot, Weight
from chaoscinder.model.workload import Kind, Node, Target, Workload

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
TARGET = Target("shop", "db", Kind.DEPLOYMENT, "db-77-abcde", "uid-1", "worker-1", "server-1", "worker-1", "data", "pvc-1", "volume-1")
WORKLOAD = Workload("shop", Kind.DEPLOYMENT, "db", 1, 1, ("data",), "Recreate", "app=db")
ZONE = {"topology.cinder.csi.openstack.org/zone": "az-1"}
IN_ZONE = {
    "nodeSelectorTerms": [{"matchExpressions": [{"key": "topology.cinder.csi.openstack.org/zone", "operator": "In", "values": ["az-1"]}]}]
}


def place(
    name: str, *, ready: str = "True", schedulable: bool = True, taints: tuple[str, ...] = (), labels: dict[str, str] = ZONE
) -> Place:
    """A node that could take the volume unless said otherwise."""
    return Place(Node(name, ready, schedulable, taints, name.replace("worker", "server")), labels, most_volumes=20, volumes=3)


def pod(name: str, owner: str, node: str, *, ready: bool = True, namespace: str = "shop", **more: Any) -> Resident:
    """A pod of the cluster."""
    return Resident(namespace, name, owner, node, ready, **more)


OWN = pod("db-77-abcde", "Deployment/db", "worker-1")
CALM = Snapshot(
    at=NOW,
    undo_s=600.0,
    target=TARGET,
    workload=WORKLOAD,
    needs=Needs(volume_affinity=IN_ZONE, access_modes=("ReadWriteOnce",)),
    residents=(OWN, pod("csi-0", "Deployment/csi", "worker-2", namespace="kube-system", images=("registry/csi-attacher:v4",))),
    places=(place("worker-1"), place("worker-2"), place("worker-3")),
    attachments=tuple(Attachment(view, "volume-1", "server-1", "attached") for view in View),
    roles=("member", "reader"),
    runner=Runner(host="bastion"),
)


def found(snapshot: Snapshot, guard: str, *weights: Weight) -> list[tuple[str, str, str]]:
    """What one guard found, as weight, about and says; only some weights if named."""
    rows = [row for row in safety.judge(snapshot).findings if row.guard == guard and row.weight in (weights or tuple(Weight))]
    return [(row.weight.value, row.about, row.says) for row in rows]


def loud(snapshot: Snapshot) -> list[Finding]:
    """Everything that blocks or warns."""
    return [row for row in safety.judge(snapshot).findings if row.weight is not Weight.INFORMS]


def test_a_calm_world_has_nothing_that_blocks_or_warns_and_names_what_it_would_touch() -> None:
    judged = safety.judge(CALM)
    assert loud(CALM) == []
    assert judged.touches == (
        "Server worker-1 (server-1): metadata chaoscinder_run, chaoscinder_undo, chaoscinder_expires; stopped, then started",
        "Lease shop/chaoscinder: made, renewed, deleted",
    )
    assert judged.dies == ("shop/db-77-abcde",)


@pytest.mark.parametrize(
    "part",
    [
        "residents",
        "needs",
        "places",
        "workload",
        "budgets",
        "runner",
        "attachments",
        "remediators",
        "denied",
        "roles",
        "hold",
        "left_overs",
    ],
)
def test_what_nobody_could_look_at_blocks(part: str) -> None:
    snapshot = replace(CALM, unknown={part: "Kubernetes did not answer within 10 s"})
    blocking = safety.judge(snapshot).blocking
    assert {(row.about, row.says) for row in blocking} == {(f"{part} cannot be known", "Kubernetes did not answer within 10 s")}


def test_without_a_target_one_line_says_so() -> None:
    snapshot = replace(CALM, target=None, unknown={"target": "this is cluster a (wanted b): nothing was touched"})
    assert [(row.guard, row.says) for row in safety.judge(snapshot).blocking] == [
        ("target", "this is cluster a (wanted b): nothing was touched")
    ]


def test_a_guard_that_breaks_blocks() -> None:
    odd = {"nodeSelectorTerms": [{"matchExpressions": [{"key": "x", "operator": "Roughly"}]}]}
    assert found(replace(CALM, needs=Needs(node_affinity=odd)), "placement") == [
        ("blocks", "guard", "broke and cannot tell: ValueError: operator Roughly is not known")
    ]


LAST = pod("cache-5-zzzzz", "Deployment/cache", "worker-1")


def test_another_workloads_last_ready_replica_blocks_unless_it_was_allowed_by_name() -> None:
    snapshot = replace(CALM, residents=(*CALM.residents, LAST, pod("cache-5-yyyyy", "Deployment/cache", "worker-2", ready=False)))
    says = "loses its last ready replica (shop/cache-5-zzzzz)"
    assert found(snapshot, "losses", Weight.BLOCKS) == [
        ("blocks", "shop/Deployment/cache", f"{says} (allow it by name: allow_loss=shop/cache)")
    ]
    for name in ("shop/cache", "shop/Deployment/cache", "shop/deployment/cache"):
        allowed = replace(snapshot, allow_loss=(name,))
        assert found(allowed, "losses", Weight.BLOCKS, Weight.WARNS) == [("warns", "shop/Deployment/cache", says)]
    assert found(replace(snapshot, allow_loss=("other/cache",)), "losses", Weight.BLOCKS) != []


def test_a_workload_with_a_ready_replica_elsewhere_is_only_told() -> None:
    snapshot = replace(CALM, residents=(*CALM.residents, LAST, pod("cache-5-yyyyy", "Deployment/cache", "worker-2")))
    assert ("informs", "shop/Deployment/cache", "loses shop/cache-5-zzzzz, 1 ready elsewhere") in found(snapshot, "losses")
    assert loud(snapshot) == []


@pytest.mark.parametrize("namespace", ["other", "zoo"])
def test_a_replica_of_the_same_name_in_another_namespace_does_not_count(namespace: str) -> None:
    other = pod("cache-5-yyyyy", "Deployment/cache", "worker-2", namespace=namespace)
    assert len(found(replace(CALM, residents=(*CALM.residents, LAST, other)), "losses", Weight.BLOCKS)) == 1


def test_the_last_pod_of_a_stateful_set_is_a_last_replica_and_pods_of_other_nodes_stay() -> None:
    more = (pod("queue-0", "StatefulSet/queue", "worker-1"), pod("alone", "", "worker-0"), pod("one", "", "worker-2"))
    snapshot = replace(CALM, residents=(*CALM.residents, *more))
    says = "loses its last ready replica (shop/queue-0) (allow it by name: allow_loss=shop/queue)"
    assert found(snapshot, "losses") == [
        ("blocks", "shop/StatefulSet/queue", says),
        ("informs", "node worker-1", "2 pods end with it: shop/db-77-abcde, shop/queue-0"),
    ]
    waits = replace(snapshot, residents=(*snapshot.residents, pod("queue-1", "StatefulSet/queue", "worker-0", ready=False)))
    assert found(waits, "losses", Weight.BLOCKS) == [("blocks", "shop/StatefulSet/queue", says)]


def test_a_bare_pod_and_a_job_block_and_a_daemon_sets_pod_does_not() -> None:
    more = (pod("alone", "", "worker-1"), pod("night-x", "Job/night", "worker-1"), pod("agent-q", "DaemonSet/agent", "worker-1"))
    assert found(replace(CALM, residents=(*CALM.residents, *more)), "losses", Weight.BLOCKS) == [
        ("blocks", "shop/Job/night", "its pod night-x is cut off in the middle (allow it by name: allow_loss=shop/night)"),
        ("blocks", "shop/Pod/alone", "nobody replaces it (allow it by name: allow_loss=shop/alone)"),
    ]


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (place("worker-2", ready="Unknown"), "Ready=Unknown"),
        (place("worker-2", schedulable=False), "cordoned"),
        (place("worker-2", taints=("dedicated=db:NoSchedule",)), "taint dedicated=db:NoSchedule"),
        (place("worker-2", labels={"topology.cinder.csi.openstack.org/zone": "az-2"}), "the volume is not reachable there (zone)"),
        (replace(place("worker-2"), volumes=20), "no free attach slot (20 of 20)"),
    ],
)
def test_no_other_node_for_the_volume_blocks_and_says_why(other: Place, why: str) -> None:
    snapshot = replace(CALM, places=(place("worker-1"), other))
    assert found(snapshot, "placement") == [("blocks", "volume volume-1", f"no other node can take it (worker-2: {why})")]


def test_a_node_that_the_pod_does_not_select_is_no_place() -> None:
    snapshot = replace(CALM, needs=replace(CALM.needs, node_selector={"disk": "fast"}), places=(place("worker-1"), place("worker-2")))
    assert found(snapshot, "placement") == [("blocks", "volume volume-1", "no other node can take it (worker-2: node selector)")]


@pytest.mark.parametrize(
    "toleration",
    [{"operator": "Exists"}, {"key": "dedicated", "operator": "Exists"}, {"key": "dedicated", "value": "db", "effect": "NoSchedule"}],
)
def test_a_tolerated_taint_is_no_objection_and_a_soft_one_neither(toleration: dict[str, Any]) -> None:
    tainted = place("worker-2", taints=("dedicated=db:NoSchedule", "busy=:PreferNoSchedule"))
    snapshot = replace(CALM, places=(place("worker-1"), tainted), needs=replace(CALM.needs, tolerations=(toleration,)))
    assert found(snapshot, "placement") == [
        ("warns", "volume volume-1", "only worker-2 is left for it"),
        ("informs", "volume volume-1", "can go to worker-2"),
    ]


def test_the_traps_of_strategy_and_access_mode() -> None:
    rolling = replace(CALM, workload=replace(WORKLOAD, strategy="RollingUpdate", desired=2))
    assert found(rolling, "strategy") == [
        (
            "warns",
            "Deployment shop/db",
            "RollingUpdate on a volume for one node: a rollout to another node waits for itself (wanted Recreate)",
        ),
        ("warns", "Deployment shop/db", "2 replicas share one volume for one node"),
    ]
    assert found(replace(rolling, needs=replace(CALM.needs, access_modes=("ReadWriteMany",))), "strategy") == []
    assert (
        found(replace(CALM, workload=replace(WORKLOAD, strategy="RollingUpdate"), needs=replace(CALM.needs, max_surge="0")), "strategy")
        == []
    )
    stateful = replace(CALM, workload=replace(WORKLOAD, kind=Kind.STATEFULSET, strategy="RollingUpdate"))
    assert [row[0] for row in found(stateful, "strategy")] == ["warns"]


def test_a_disruption_budget_that_would_forbid_it_warns() -> None:
    labelled = replace(LAST, labels={"app": "cache"})
    twin = pod("cache-5-yyyyy", "Deployment/cache", "worker-2")
    snapshot = replace(
        CALM,
        residents=(*CALM.residents, labelled, twin),
        budgets=(
            Budget("shop", "cache", {"matchLabels": {"app": "cache"}}, 0),
            Budget("shop", "roomy", {"matchLabels": {"app": "cache"}}, 1),
            Budget("other", "far", {}, 0),
            Budget("zoo", "farther", {}, 0),
        ),
    )
    says = "allows 0 disruptions, 1 would be (cache-5-zzzzz); the stop of a server does not ask it"
    assert found(snapshot, "budgets") == [("warns", "PodDisruptionBudget shop/cache", says)]


def test_dns_on_the_victim_warns_while_another_is_ready_and_blocks_when_it_is_the_last() -> None:
    here = pod("coredns-a", "Deployment/coredns", "worker-1", namespace="kube-system", labels={"k8s-app": "kube-dns"})
    there = replace(here, name="coredns-b", node="worker-2")
    both = replace(CALM, residents=(*CALM.residents, here, there))
    assert ("warns", "DNS", "coredns-a ends with the server; 1 ready elsewhere") in found(both, "services")
    one = replace(CALM, residents=(*CALM.residents, here))
    assert ("blocks", "DNS", "coredns-a ends with the server; 0 ready elsewhere") in found(one, "services")


def test_the_csi_controller_on_the_victim_is_told() -> None:
    controller = pod("csi-1", "Deployment/csi", "worker-1", namespace="kube-system", images=("x/csi-attacher:v4",))
    assert ("warns", "the CSI controller", "csi-1 ends with the server; 1 ready elsewhere") in found(
        replace(CALM, residents=(*CALM.residents, controller)), "services"
    )


@pytest.mark.parametrize(
    "runner", [Runner(host="worker-1"), Runner(host="worker-1.example.org"), Runner(host="x", pod="ops/x", node="worker-1")]
)
def test_a_runner_on_the_victim_blocks(runner: Runner) -> None:
    assert next(row[0] for row in found(replace(CALM, runner=runner), "runner")) == "blocks"


def test_a_runner_that_is_killed_before_its_undo_can_be_over_warns() -> None:
    runner = Runner(host="x", pod="ops/x", node="worker-2", grace_s=30.0)
    says = "is killed 30 s after SIGTERM, the undo may take 600 s (wanted terminationGracePeriodSeconds as long)"
    assert found(replace(CALM, runner=runner), "runner") == [("warns", "runner ops/x", says)]
    assert found(replace(CALM, runner=replace(runner, grace_s=600.0)), "runner") == []


def test_views_that_disagree_already_block() -> None:
    odd = (*CALM.attachments[:2], Attachment(View.CINDER, "volume-1", "server-9", "attached"))
    assert [row[:2] for row in found(replace(CALM, attachments=odd), "attachments")] == [("blocks", "volume volume-1")]


def test_other_remediators_warn() -> None:
    healer = Remediator("magnum-auto-healer", "pod kube-system/magnum-auto-healer-x", "rebuild the Nova server")
    says = "is here (pod kube-system/magnum-auto-healer-x) and may rebuild the Nova server"
    assert found(replace(CALM, remediators=(healer,)), "remediators") == [("warns", "magnum-auto-healer", says)]


def test_a_call_that_is_not_allowed_blocks_and_so_does_a_role_that_only_reads() -> None:
    assert found(replace(CALM, denied=("delete leases in shop",)), "permissions", Weight.BLOCKS) == [
        ("blocks", "Kubernetes", "these credentials may not delete leases in shop")
    ]
    assert found(replace(CALM, roles=("reader",)), "permissions") == [
        ("blocks", "OpenStack", "the token has only the role reader: it could neither stop nor start a server")
    ]


HOLD = Hold("shop", "jane@bastion (process 7)", "a1b2c3d4e5", NOW - timedelta(seconds=4), 30.0, "17")


def test_another_run_in_progress_blocks_and_a_stale_lease_does_not() -> None:
    told = "held by jane@bastion (process 7) for run a1b2c3d4, renewed 4 s ago"
    assert found(replace(CALM, hold=HOLD), "other runs") == [("blocks", "Lease shop/chaoscinder", f"another run is in progress: {told}")]
    stale = replace(HOLD, renewed_at=NOW - timedelta(seconds=31))
    assert [row[0] for row in found(replace(CALM, hold=stale), "other runs")] == ["informs"]


def test_a_run_that_lost_its_lease_is_blocked_and_one_that_holds_it_is_not() -> None:
    assert found(replace(CALM, run_id="a1b2c3d4e5", hold=HOLD), "other runs") == []
    lost = [("blocks", "Lease chaoscinder", "this run does not hold it any more")]
    assert found(replace(CALM, run_id="a1b2c3d4e5", hold=None), "other runs") == lost
    assert [row[0] for row in found(replace(CALM, run_id="ffff", hold=HOLD), "other runs")] == ["blocks"]


def test_left_overs_on_this_cluster_block_and_elsewhere_in_the_project_warn() -> None:
    here = LeftOver("server-2", "worker-2", "SHUTOFF", "a1b2c3d4e5", "start", NOW)
    there = replace(here, server_id="server-99", server_name="build-1")
    says = "SHUTOFF, left by run a1b2c3d4 (undo start: chaoscinder recover a1b2c3d4)"
    assert found(replace(CALM, left_overs=(here, there)), "left-overs") == [
        ("blocks", "server worker-2", says),
        ("warns", "server build-1", says),
    ]
    assert found(replace(CALM, run_id="a1b2c3d4e5", left_overs=(here,)), "left-overs") == []
    for other in ("00000000", "ffffffff"):
        assert len(found(replace(CALM, run_id=other, left_overs=(here,)), "left-overs")) == 1


@pytest.mark.parametrize(
    ("permitted", "rows"),
    [
        ({"roles": ()}, [("informs", "the token has no role; ")]),
        ({"roles": ("member", "reader")}, [("informs", "the token has member, reader; ")]),
        ({"roles": ("member",)}, [("informs", "the token has member; ")]),
        (
            {"cloud_denied": ("POST /servers/server-1/action", "GET /volumes")},
            [
                ("blocks", "the access rules of these credentials do not allow POST /servers/server-1/action"),
                ("blocks", "the access rules of these credentials do not allow GET /volumes"),
                ("informs", "the token has member, reader; "),
            ],
        ),
    ],
)
def test_what_the_cloud_would_allow_is_told_as_far_as_it_can_be_known(permitted: dict[str, Any], rows: list[tuple[str, str]]) -> None:
    told = "whether its policy allows stop, start and metadata only the call can tell"
    expected = [(weight, "OpenStack", says + told if says.endswith("; ") else says) for weight, says in rows]
    assert found(replace(CALM, **permitted), "permissions") == expected


def test_a_left_over_of_which_hardly_anything_is_known_is_told_all_the_same() -> None:
    nameless = LeftOver("server-2", "worker-2", "SHUTOFF", "", "", None)
    expected = [("blocks", "server worker-2", "SHUTOFF, left by run ? (undo ?: chaoscinder recover --all)")]
    assert found(replace(CALM, left_overs=(nameless,)), "left-overs") == expected
    assert found(replace(CALM, run_id="a1b2c3d4e5", left_overs=(nameless,)), "left-overs") == expected


# --- cordons, and a host that is asked to shut itself down ---


@pytest.mark.parametrize(
    ("run_id", "schedulable", "marks", "blocks"),
    [
        ("", True, (), False),
        ("", False, (), True),
        ("", False, (("chaoscinder/run", ""),), True),
        ("run-1", False, (("chaoscinder/run", "run-1"),), False),
        ("run-1", False, (("chaoscinder/run", "run-2"),), True),
        ("run-1", False, (), True),
        ("run-1", True, (("chaoscinder/run", "run-2"),), False),
    ],
)
def test_a_cordon_that_is_not_this_runs_is_not_its_to_end(
    run_id: str, schedulable: bool, marks: tuple[tuple[str, str], ...], blocks: bool
) -> None:
    node = replace(place("worker-1", schedulable=schedulable).node, marks=marks)
    away = (place("worker-0", schedulable=False), place("worker-2", schedulable=False))
    places = (*away, replace(place("worker-1"), node=node), place("worker-3"))
    says = "is cordoned already (wanted it schedulable: a cordon that is not ours is not ours to end)"
    rows = found(replace(CALM, acts=(Act.CORDON_NODE,), run_id=run_id, places=places), "cordon")
    assert rows == ([("blocks", "node worker-1", says)] if blocks else [])


def test_a_node_that_nobody_found_is_not_cordoned() -> None:
    snapshot = replace(CALM, acts=(Act.CORDON_NODE,), places=CALM.places[1:])
    assert found(snapshot, "cordon") == [("blocks", "node worker-1", "was not found, so nobody knows whether it is cordoned")]


def test_where_no_other_node_would_take_the_pod_their_cordon_is_only_told() -> None:
    snapshot = replace(CALM, acts=(Act.CORDON_OTHER_NODES,), places=CALM.places[:1])
    told = "take nothing new while the pod is away: "
    assert found(snapshot, "cordon") == [("informs", "0 other nodes", f"{told}none would take it")]
    assert safety.judge(snapshot).touches[0].startswith("Nodes none: annotations chaoscinder/run, ")
    both = replace(snapshot, places=CALM.places)
    assert found(both, "cordon") == [("warns", "2 other nodes", f"{told}worker-2, worker-3")]
    assert safety.judge(both).touches[0].startswith("Nodes worker-2, worker-3: annotations chaoscinder/run, ")


def test_nodes_that_cannot_be_told_do_not_keep_the_other_findings_back() -> None:
    odd = {"nodeSelectorTerms": [{"matchExpressions": [{"key": "x", "operator": "Roughly"}]}]}
    judged = safety.judge(replace(CALM, acts=(Act.CORDON_OTHER_NODES,), needs=Needs(node_affinity=odd)))
    why = "ValueError: operator Roughly is not known"
    assert [(row.guard, row.says) for row in judged.blocking] == [("cordon", f"broke and cannot tell: {why}")]
    assert judged.touches[0].startswith(f"Nodes that cannot be told ({why}): annotations ")


def test_the_host_says_over_ssh_which_server_it_is() -> None:
    by_ssh = replace(CALM, acts=(Act.SHUT_DOWN_SERVER,), instance_id="server-1")
    told = "says over ssh that it is server server-1; its key is the known one"
    assert found(by_ssh, "ssh") == [("informs", "node worker-1", told)]
    other = "says over ssh that it is server server-9 (wanted server-1)"
    assert found(replace(by_ssh, instance_id="server-9"), "ssh") == [("blocks", "node worker-1", other)]


@pytest.mark.parametrize(
    ("acts", "dies"),
    [
        ((Act.STOP_SERVER,), ("shop/db-77-abcde", "shop/other")),
        ((Act.CORDON_NODE, Act.SHUT_DOWN_SERVER), ("shop/db-77-abcde", "shop/other")),
        ((Act.CORDON_NODE, Act.DELETE_POD), ("shop/db-77-abcde",)),
        ((Act.CORDON_NODE,), ()),
    ],
)
def test_what_ends_with_the_acts_is_named(acts: tuple[Act, ...], dies: tuple[str, ...]) -> None:
    snapshot = replace(CALM, acts=acts, residents=(*CALM.residents, pod("other", "DaemonSet/other", "worker-1")))
    assert safety.judge(snapshot).dies == dies
    nobody = replace(snapshot, target=None, unknown={"target": "none was found"})
    assert (safety.judge(nobody).dies, safety.judge(nobody).touches) == ((), ())
