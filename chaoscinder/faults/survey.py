"""Look at everything that the guards of chaoscinder.checks.safety judge, and touch nothing.

Each part is looked at by itself: what cannot be looked at is noted with its reason, and no guard that needs it passes.
"""

import socket
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from chaoscinder.clients import nodes, objects
from chaoscinder.clients.kubernetes import APPS, PLURALS, STORAGE
from chaoscinder.clients.site import Site
from chaoscinder.clients.ssh import Ssh
from chaoscinder.errors import CannotTell, ChaoscinderError
from chaoscinder.faults import permissions
from chaoscinder.faults.target import resolve
from chaoscinder.model import leftover
from chaoscinder.model.act import Act
from chaoscinder.model.leftover import Hold
from chaoscinder.model.preflight import Needs, Place, Remediator, Resident, Runner, Snapshot
from chaoscinder.model.workload import Target

LIMIT_WALL_S = 60.0  # for all parts together; what was not looked at by then counts as unknown
IN_POD = Path("/var/run/secrets/kubernetes.io/serviceaccount/token")
MEDIK8S = "remediate the node: reboot its server, set the out-of-service taint, delete pods"
OPERATORS = {  # API group of a remediator -> its name, and what it may do to a node that is not Ready
    "remediation.medik8s.io": (
        "node-healthcheck-operator",
        "remediate the node: reboot its server, set the out-of-service taint, delete pods",
    ),
    "machine.openshift.io": ("Machine API (machine health checks)", "delete the machine, and with it the Nova server"),
    "cluster.x-k8s.io": ("Cluster API (machine health checks)", "delete the machine, and with it the Nova server"),
}
PODS = {  # word in a pod's name or image -> what it may do
    "magnum-auto-healer": "rebuild the Nova server, or its whole node group",
    "cluster-autoscaler": "remove the node as unready, and add another one",
    "node-healthcheck": MEDIK8S,
    "self-node-remediation": "reboot the node, set the out-of-service taint",
    "fence-agents-remediation": "power the server off or on",
    "descheduler": "evict pods from nodes",
}
MASAKARI = ("instance-ha", "ha")


def take(site: Site, run_id: str = "", acts: Sequence[Act] = (Act.STOP_SERVER,), limit_s: float = LIMIT_WALL_S) -> Snapshot:
    """Look at all parts before these acts, for the run with this id (empty: for one that is yet to begin); limit_s in wall seconds."""
    return _Survey(site, run_id, tuple(acts), limit_s).take()


class _Survey:
    """One look around; parts are kept as they come, and why others did not."""

    def __init__(self, site: Site, run_id: str, acts: tuple[Act, ...], limit_s: float) -> None:
        self._site = site
        self._run_id = run_id
        self._acts = acts
        self._parts: dict[str, Any] = {}
        self._unknown: dict[str, str] = {}
        self._limit_s = limit_s

    def take(self) -> Snapshot:
        looks: Mapping[str, Callable[[], Any]] = {
            "target": self._target,
            "workload": self._workload,
            "residents": self._residents,
            "places": self._places,
            "needs": self._needs,
            "attachments": self._attachments,
            "budgets": self._budgets,
            "remediators": self._remediators,
            "denied": lambda: permissions.denied(self._site, self._acts),
            "cloud_denied": lambda: permissions.cloud_denied(self._site, self._acts),
            "roles": lambda: self._site.openstack.roles(),
            "hold": self._hold,
            "left_overs": self._left_overs,
            "runner": self._runner,
            **({"instance_id": self._instance_id} if Act.SHUT_DOWN_SERVER in self._acts else {}),
        }
        parts, unknown = self._within_limit(looks)
        told = self._site.settings
        at, undo_s = self._site.clock.wall_now(), told.server_timeout_s / told.rate
        return Snapshot(at=at, acts=self._acts, run_id=self._run_id, allow_loss=told.allow_loss, undo_s=undo_s, unknown=unknown, **parts)

    def _within_limit(self, looks: Mapping[str, Callable[[], Any]]) -> tuple[dict[str, Any], dict[str, str]]:
        """Look in a thread of its own: an answer that never ends keeps that one, and the guards go on without it."""
        thread = threading.Thread(target=self._look_at, args=(looks,), name="survey", daemon=True)
        thread.start()
        thread.join(self._limit_s)
        parts, unknown = dict(self._parts), dict(self._unknown)
        missing = [name for name in looks if name not in parts and name not in unknown]
        return parts, unknown | dict.fromkeys(missing, f"not looked at within {self._limit_s:g} s")

    def _look_at(self, looks: Mapping[str, Callable[[], Any]]) -> None:
        for name, look in looks.items():
            self._look(name, look)

    def _look(self, name: str, look: Callable[[], Any]) -> None:
        try:
            self._parts[name] = look()
        except ChaoscinderError as error:
            self._unknown[name] = str(error)
        except Exception as error:  # an answer that is none of the API's objects; whatever it is, no guard passes on it
            self._unknown[name] = f"an answer could not be read ({type(error).__name__}: {error})"

    def _known(self, name: str) -> Any:
        if name not in self._parts:
            raise CannotTell(f"not without the {name}")
        return self._parts[name]

    def _target(self) -> Target:
        return resolve(self._site.settings, self._site.kubernetes, self._site.openstack)

    def _workload(self) -> Any:
        return self._site.kubernetes.workload(self._site.settings.namespace, self._site.settings.workload)

    def _residents(self) -> tuple[Resident, ...]:
        target: Target = self._known("target")
        rows = self._site.kubernetes.rows("/api/v1/pods")
        found = tuple(objects.resident(row) for row in rows if not objects.is_over(row))
        if (target.namespace, target.pod) not in {(row.namespace, row.name) for row in found}:
            raise CannotTell(f"pod {target.namespace}/{target.pod} is not among the {len(found)} pods that were listed")
        return found

    def _places(self) -> tuple[Place, ...]:
        kubernetes = self._site.kubernetes
        nodes = kubernetes.rows("/api/v1/nodes")
        csi = {row["metadata"]["name"]: row for row in kubernetes.rows(f"{STORAGE}/csinodes")}
        attachments = kubernetes.rows(f"{STORAGE}/volumeattachments")
        held = Counter(row["spec"]["nodeName"] for row in attachments if row["spec"].get("attacher") == objects.CSI_DRIVER)
        return tuple(objects.place(row, csi.get(row["metadata"]["name"]), held[row["metadata"]["name"]]) for row in nodes)

    def _needs(self) -> Needs:
        target: Target = self._known("target")
        kubernetes = self._site.kubernetes
        pod = kubernetes.get(f"/api/v1/namespaces/{target.namespace}/pods/{target.pod}")
        volume = kubernetes.get(f"/api/v1/persistentvolumes/{target.persistent_volume}")
        owner = kubernetes.get(f"{APPS}/namespaces/{target.namespace}/{PLURALS[target.kind]}/{target.workload}")
        return objects.needs(pod, volume, owner)

    def _attachments(self) -> Any:
        target: Target = self._known("target")
        servers = {place.node.server_id for place in self._known("places")} | {target.server_id}
        known = tuple(sorted(server for server in servers if server))
        return (
            *self._site.kubernetes.attachments(target.persistent_volume, target.volume_id),
            *self._site.openstack.nova_attachments(target.volume_id, known),
            *self._site.openstack.volume_attachments(target.volume_id),
        )

    def _budgets(self) -> Any:
        return tuple(objects.budget(row) for row in self._site.kubernetes.rows("/apis/policy/v1/poddisruptionbudgets"))

    def _remediators(self) -> tuple[Remediator, ...]:
        groups = self._site.kubernetes.groups()
        found = [Remediator(name, f"API group {group}", may) for group, (name, may) in OPERATORS.items() if group in groups]
        for pod in self._known("residents"):
            found += [
                Remediator(word, f"pod {pod.namespace}/{pod.name}", may)
                for word, may in PODS.items()
                if word in pod.name or any(word in image for image in pod.images)
            ]
        if set(MASAKARI) & self._site.openstack.services():
            found.append(Remediator("Masakari", "service in the catalog", "start, rebuild or evacuate a server that it sees stopped"))
        return tuple({row.name: row for row in reversed(found)}.values())

    def _hold(self) -> Hold | None:
        lease = self._site.kubernetes.lease(self._site.settings.namespace, leftover.LEASE)
        return None if lease is None else objects.hold(lease)

    def _left_overs(self) -> Any:
        servers = (leftover.read(row.id, row.name, row.status, dict(row.metadata)) for row in self._site.openstack.servers())
        cordoned = {True: "schedulable", False: "cordoned"}
        nodes = (leftover.read_node(row.name, cordoned[row.schedulable], dict(row.marks)) for row in self._site.kubernetes.nodes())
        return tuple(row for row in (*servers, *nodes) if row is not None)

    def _instance_id(self) -> str:
        target: Target = self._known("target")
        return Ssh(self._site.settings, target.node, nodes.address(self._site.kubernetes, target.node)).instance_id()

    def _runner(self) -> Runner:
        host = Runner(host=socket.gethostname())
        if not IN_POD.exists():
            return host
        mine = [pod for pod in self._known("residents") if pod.name == host.host]
        if len(mine) != 1:
            raise CannotTell(f"this process runs in a pod, and {len(mine)} pods are called {host.host} (wanted one)")
        return replace(host, pod=f"{mine[0].namespace}/{mine[0].name}", node=mine[0].node, grace_s=mine[0].grace_s)
