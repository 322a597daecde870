"""What one Kubernetes version does differently, as data: a JSON file per version, each figure with its source.

A controller never asks which version it plays; it reads its figures and words here.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
DEFAULT = "1.36-csi"


@dataclass(frozen=True, slots=True)
class Profile:
    """Timers and words of one Kubernetes version with its storage driver; figures in ..._s are cluster seconds."""

    name: str
    git_version: str
    driver: str

    lease_renew_s: float
    node_status_s: float
    node_heartbeat_s: float
    node_monitor_s: float
    node_grace_s: float
    eviction_rate: float
    secondary_eviction_rate: float
    unhealthy_zone_threshold: float
    large_cluster_size: int
    taint_pass_s: float
    pod_gc_s: float
    pod_gc_quarantine_s: float
    attach_loop_s: float
    force_detach_s: float
    verify_attached_s: float
    csi_wait_s: float
    csi_poll_first_s: float
    csi_poll_factor: float
    csi_poll_most_s: float
    backoff_first_s: float
    backoff_most_s: float
    attacher_retry_first_s: float
    attacher_retry_most_s: float
    attacher_reconcile_s: float
    attacher_mark_s: float
    csi_calls_s: float
    cinder_poll_first_s: float
    cinder_poll_factor: float
    cinder_attach_polls: int
    cinder_detach_polls: int
    cloud_node_s: float
    schedule_retry_s: float
    boot_s: float
    container_start_s: float
    first_probe_s: float
    probe_period_s: float
    stop_poll_s: float
    forced_grace_s: float
    crash_backoff_first_s: float
    crash_backoff_most_s: float
    remediation_poll_s: float
    remediation_confirm_s: float

    texts: Mapping[str, str]
    sources: Mapping[str, str]


def names() -> list[str]:
    """Tell which profiles there are."""
    return sorted(path.stem for path in HERE.glob("*.json"))


def load(name: str = DEFAULT) -> Profile:
    """Read a profile; ValueError names the ones there are when this one is not among them."""
    path = HERE / f"{name}.json"
    if name not in names():
        raise ValueError(f"unknown profile {name!r} (wanted one of {', '.join(names())})")
    return _profile(json.loads(path.read_text(encoding="utf-8")))


def _profile(data: dict[str, Any]) -> Profile:
    figures = data["figures"]
    known = {field.name for field in fields(Profile)}
    if strange := set(figures) - known:
        raise ValueError(f"profile {data['name']} has unknown figures: {', '.join(sorted(strange))}")
    return Profile(
        name=data["name"],
        git_version=data["git_version"],
        driver=data["driver"],
        texts=data["texts"],
        sources={key: figure["source"] for key, figure in figures.items()},
        **{key: figure["value"] for key, figure in figures.items()},
    )
