"""Faults of the storage below the application's file: what a loss of power takes, and how long a sync takes."""

import math
from typing import TYPE_CHECKING

from chaoscinder.sandbox.kubernetes import resources
from chaoscinder.sandbox.slow_storage import HANGS

if TYPE_CHECKING:
    from chaoscinder.sandbox.launch import Sandbox


def power_loss(sandbox: "Sandbox", how: str) -> str:
    """From now on a server that loses power loses what its volumes had not synced (unflushed), or nothing (flushed)."""
    return f"a loss of power is {how} from now on{_again(sandbox, sandbox.lose_power(how))}"


def keep_power_loss(sandbox: "Sandbox", _how: str) -> str:
    """From now on a server that loses power loses what it lost when the sandbox was started."""
    return power_loss(sandbox, sandbox.plan.power_loss)


def storage_slow(sandbox: "Sandbox", node: str, seconds: str) -> str:
    """Let each sync (fsync, fdatasync, ...) of what runs on a node take so many wall seconds longer, or hang."""
    sandbox.machines.server(node)
    delay_s = HANGS if seconds == "hang" else float(seconds)
    if not delay_s > 0:
        raise ValueError(f"SECONDS is {seconds} (wanted more than 0, or hang)")
    restarted = sandbox.slow_storage(node, delay_s)
    long = "hangs" if math.isinf(delay_s) else f"takes {delay_s:g} s longer"
    return f"each sync on {node} {long}{_again(sandbox, restarted)}"


def storage_quick(sandbox: "Sandbox", node: str, _seconds: str) -> str:
    """Let it be quick again."""
    sandbox.processes.slow.speed_up(node)
    return f"the storage of {node} is as quick as it was"


def _again(sandbox: "Sandbox", restarted: list[str]) -> str:
    names = [pod["metadata"]["name"] for pod in sandbox.store.list(resources.PODS) if pod["metadata"]["uid"] in restarted]
    return f"; {', '.join(names)} starts again, since a process can be followed from its start only" if names else ""
