"""What one Kubernetes version does differently, as data: a JSON file per version, each figure with its source.

A controller never asks which version it plays; it reads its figures and words here. A profile names the one that it is based on and tells
only what differs from it, so that the file itself says what changed between two versions.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
DEFAULT = "1.36-csi"
Data = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Profile:
    """Timers and words of one Kubernetes version with its storage driver; figures in ..._s are cluster seconds."""

    name: str
    git_version: str
    driver: str
    plugin: str

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
    mount_wait_s: float
    mount_retry_s: float
    container_start_s: float
    first_probe_s: float
    probe_period_s: float
    stop_poll_s: float
    forced_grace_s: float
    crash_backoff_first_s: float
    crash_backoff_most_s: float
    remediation_poll_s: float
    remediation_confirm_s: float
    stopped_exit_code: int
    budget_sync_s: float
    no_execute_next_look: bool
    terminating_replicas: bool
    statefulset_available: bool
    statefulset_counts_new: bool
    disruption_conditions: bool
    job_end_waits: bool
    out_of_service: bool
    honours_reclaim_policy: bool
    force_detach_healthy: bool
    uncertain_after_detach_error: bool
    pod_eviction_timeout_s: float
    condition_taints: bool
    leases: bool
    shutdown_taint: bool
    shutoff_deletes_node: bool
    volumes_need_active: bool
    dangling_attachments: bool
    in_use_survives_shutdown: bool

    texts: Mapping[str, str]
    sources: Mapping[str, str]


def names() -> list[str]:
    """Tell which profiles there are, the oldest version first."""
    return sorted((path.stem for path in HERE.glob("*.json")), key=_age)


def load(name: str = DEFAULT) -> Profile:
    """Read a profile; ValueError names the ones there are when this one is not among them."""
    if name not in names():
        raise ValueError(f"unknown profile {name!r} (wanted one of {', '.join(names())})")
    return _profile(_whole(name))


def differences() -> str:
    """Tell, for people, what each profile does differently from the one it is based on, with the source of each figure."""
    blocks = []
    for name in reversed(names()):
        data = _read(name)
        base = data.get("base")
        head = f"{name}: Kubernetes {data['git_version']}"
        blocks.append("\n".join([f"{head}, as {base} but", *_told(data, _whole(base))] if base else [head]))
    return "\n\n".join(blocks)


def _told(data: Data, base: Data) -> list[str]:
    rows = [f"  {key} {data[key]} (not {base[key]})" for key in ("driver", "plugin") if data.get(key, base[key]) != base[key]]
    for key, figure in data["figures"].items():
        old = base["figures"][key]["value"]
        if old != figure["value"]:
            rows.append(f"  {key} {_shown(figure['value'])} (not {_shown(old)}): {figure['source']}")
    return rows + [f"  says {_quoted(text)} (not {_quoted(base['texts'][key])})" for key, text in data["texts"].items()]


def _shown(value: object) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else f"{value}"


def _quoted(text: str) -> str:
    return f"“{text.strip()}”" if text else "nothing"


def _age(name: str) -> tuple[list[int], str]:
    version, _, kind = name.partition("-")
    return [int(part) for part in version.split(".")], kind


def _read(name: str) -> Data:
    data: Data = json.loads((HERE / f"{name}.json").read_text(encoding="utf-8"))
    return data


def _whole(name: str) -> Data:
    """A profile's data on top of those it is based on."""
    data = _read(name)
    base = _whole(data["base"]) if "base" in data else {"figures": {}, "texts": {}}
    return base | data | {part: base[part] | data[part] for part in ("figures", "texts")}


def _profile(data: Data) -> Profile:
    figures = data["figures"]
    known = {field.name for field in fields(Profile)}
    if strange := set(figures) - known:
        raise ValueError(f"profile {data['name']} has unknown figures: {', '.join(sorted(strange))}")
    return Profile(
        name=data["name"],
        git_version=data["git_version"],
        driver=data["driver"],
        plugin=data["plugin"],
        texts=data["texts"],
        sources={key: figure["source"] for key, figure in figures.items()},
        **{key: figure["value"] for key, figure in figures.items()},
    )
