"""Faults of what controls the clouds: controllers that forget, tokens that expire, APIs that err, and where the CSI controller runs."""

from typing import TYPE_CHECKING, Any

from chaoscinder.sandbox.call_sites import NAMES
from chaoscinder.sandbox.csi_controller import CsiController

if TYPE_CHECKING:
    from chaoscinder.sandbox.launch import Sandbox

TAKE_OVER_S = 16.0  # until another replica leads: leader election's lease of 15 s, renewed up to 10 s ago, tried each 2 s
CONTROLLERS = ("attach-detach", "csi-attacher")


def token_expiry(sandbox: "Sandbox") -> str:
    """Let every token of Keystone expire now; a client has to log in again."""
    return f"{sandbox.openstack.keystone.expire_all()} tokens are worth nothing from now on"


def controller_restart(sandbox: "Sandbox", which: str, seconds: str = f"{TAKE_OVER_S:g}") -> str:
    """Let a controller end and another process take over 16 s (or SECONDS) later: back-offs, timers and work under way are forgotten."""
    if which not in CONTROLLERS:
        raise ValueError(f"there is no controller {which!r} to restart (wanted one of {', '.join(CONTROLLERS)})")
    after_s, manager = max(0.0, float(seconds)), sandbox.manager
    if which == "attach-detach":
        manager.attach_detach.restart(after_s)
    else:
        manager.attacher.stop()
        sandbox.world.call_later(after_s, manager.attacher.start, "csi-attacher")
    return f"{which} has ended and is taken over in {after_s:g} s"


def csi_controller(sandbox: "Sandbox", node: str) -> str:
    """Let the CSI controller run as a pod of kube-system, first on a node: without it nothing is attached or detached anywhere."""
    sandbox.machines.server(node)
    if sandbox.csi_controller is not None:
        raise ValueError("the CSI controller is a pod already (wanted: chaoscinder sandbox heal csi-controller)")
    if sandbox.profile.plugin != "csi":
        raise ValueError(f"profile {sandbox.plan.profile} has no CSI controller (its volume plugin is in-tree)")
    sandbox.csi_controller = CsiController(sandbox, node)
    return f"the CSI controller runs on {node}"


def csi_controller_everywhere(sandbox: "Sandbox", _node: str) -> str:
    """Let it run outside of the cluster's nodes again."""
    if sandbox.csi_controller is not None:
        sandbox.csi_controller.end()
        sandbox.csi_controller = None
    return "the CSI controller does not depend on a node"


def api_error(sandbox: "Sandbox", service: str, what: str, *more: str) -> str:
    """Answer requests to SERVICE (kubernetes, keystone, nova, cinder) wrongly: see Faults of the APIs in docs/sandbox.md."""
    if service not in NAMES:
        raise ValueError(f"there is no service {service!r} (wanted one of {', '.join(NAMES)})")
    rule: dict[str, Any] = {"service": service, "what": what}
    if what.isdecimal():
        rule |= {"what": "status", "status": what}
    elif what.startswith("delay="):
        rule |= {"what": "delay", "delay_s": what.removeprefix("delay=")}
    for word in more:
        key, equals, value = word.partition("=")
        if not equals or key in rule:
            raise ValueError(f"{word!r} is no further word of a rule (wanted KEY=VALUE)")
        rule[key] = value
    fault = sandbox.api_faults.add(rule)
    sandbox.asked_api_faults.setdefault(service, []).append(fault.id)
    return f"API fault {fault.id}: {fault.rule.in_words()}"


def api_works(sandbox: "Sandbox", service: str, *_more: str) -> str:
    """End the rules for a service that were asked for by this name."""
    for fault_id in sandbox.asked_api_faults.pop(service, []):
        sandbox.api_faults.remove(fault_id, missing_ok=True)
    return f"{service} answers as it should"
