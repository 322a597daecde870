"""A workload whose pod, node, server and volume are there, with a live record of ours: what a fault wants before it acts."""

from pathlib import Path
from typing import Any

import pytest

from chaoscinder import runs
from chaoscinder.actions import server as actions
from chaoscinder.controls.session import Session
from chaoscinder.model.leftover import KEYS
from chaoscinder.runs import RunDirectory
from chaoscinder.settings import read
from tests.lab.pack.cluster import NAMESPACE, WORKLOAD, Cluster
from tests.lab.pack.tenant import Tenant

REQUEST_TIMEOUT_S = 4.0  # where a service is broken on purpose; else more than a busy machine needs


class Estate:
    """Two servers, and a volume attached to the first."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant
        self.server_id, self.other_id = tenant.servers(2)
        self.volume_id = tenant.volume(attached_to=self.server_id)
        self.name = tenant.name(self.server_id)

    def is_whole(self) -> bool:
        """Whether the next test may have it."""
        return {key: value for key, value in self.untouched.items() if self.state()[key] != value} == {}

    def state(self) -> dict[str, Any]:
        """Everything that a fault might leave behind in the cloud."""
        member = self.tenant.member
        seen, beside = member.compute.get_server(self.server_id), member.compute.get_server(self.other_id)
        return {
            "server": (seen.status, seen.power_state, seen.task_state, seen.is_locked),
            "marks": sorted(set(seen.metadata) & set(KEYS)),
            "beside": (beside.status, beside.task_state, dict(beside.metadata)),
            "volume": member.block_storage.get_volume(self.volume_id).status,
            "held by": [row.instance for row in member.block_storage.attachments(volume_id=self.volume_id)],
        }

    @property
    def untouched(self) -> dict[str, Any]:
        """What state() must be when nothing was left changed."""
        whole = ("ACTIVE", 1, None, False)
        return {"server": whole, "marks": [], "beside": ("ACTIVE", None, {}), "volume": "in-use", "held by": [self.server_id]}

    def close(self) -> None:
        """Delete it all."""
        self.tenant.close()


class Stage:
    """An estate with a pod on its first server, the cluster around that, and the run that is being recorded."""

    def __init__(self, estate: Estate, directory: Path, patch: pytest.MonkeyPatch) -> None:
        self.request_timeout_s = 30.0
        self._estate = estate
        self.tenant, self.name = estate.tenant, estate.name
        self.server_id, self.other_id, self.volume_id = estate.server_id, estate.other_id, estate.volume_id
        self._cluster = Cluster({self.tenant.name(row): row for row in (self.server_id, self.other_id)}, self.volume_id)
        kubeconfig = str(self._cluster.kubeconfig(directory / "kubeconfig"))
        patch.setenv("KUBECONFIG", kubeconfig)
        # The client reads the variable once, when it is imported; in this process that may have been another test's.
        patch.setattr("kubernetes.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION", kubeconfig)
        self.run: RunDirectory | None = None
        self._session: Session | None = None
        self._runs = str(directory / "runs")

    def configuration(self, **changes: Any) -> dict[str, Any]:
        """The configuration of an experiment on this workload."""
        named = {"namespace": NAMESPACE, "workload": WORKLOAD, "app_url": self._cluster.app_url, "cluster_id": self._cluster.identity}
        limits = {
            "request_timeout_s": self.request_timeout_s,
            "kept_connections": 0,
            "control_url": "none",
            "baseline_s": 1.0,
            "runs_dir": self._runs,
        }
        return {**named, **limits, **changes}

    def record(self) -> RunDirectory:
        """Begin a run and record it, as the control does."""
        self._session = Session(read(self.configuration(), {}, {}))
        self._session.begin({"title": "in the lab"})
        self.run = runs.live()
        assert self.run is not None
        return self.run

    def end(self) -> dict[str, Any]:
        """End the run, as the control does, and tell the verdict."""
        assert self._session is not None
        return self._session.end({"status": "completed"})

    def stop(self, timeout_s: float = 8.0, **changes: Any) -> dict[str, Any]:
        """The action stop_server."""
        return actions.stop_server(timeout_s, self.configuration(**changes), {})

    def start(self, timeout_s: float = 30.0) -> dict[str, Any]:
        """The action start_server, which undoes what the run did."""
        return actions.start_server(timeout_s, self.configuration(), {})

    def state(self) -> dict[str, Any]:
        """Everything that a fault on this workload might leave behind, in the cloud and in the run's directory."""
        return {**self._estate.state(), "still to undo": len(self.run.open_intents()) if self.run else 0}

    @property
    def untouched(self) -> dict[str, Any]:
        """What state() must be when nothing was left changed."""
        return {**self._estate.untouched, "still to undo": 0}

    def close(self) -> None:
        """Stop recording and serving."""
        if self._session is not None:
            self._session.close()
        self._cluster.close()
