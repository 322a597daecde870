"""The faults that a running sandbox is asked for by name: `chaoscinder sandbox fault NAME [ARGUMENT ...]`, or POST /_sandbox/faults.

Everything that is done here happens to the machines, behind the back of every API. What an API can do (stop a server, cordon a node) is
asked of the API. To add a fault, write a function of the sandbox and its arguments, and put it into FAULTS.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from chaoscinder.sandbox.kubernetes import resources
from chaoscinder.sandbox.kubernetes.controllers.cloudnodelifecycle import server_of

if TYPE_CHECKING:
    from chaoscinder.sandbox.launch import Sandbox

Act = Callable[..., str]


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: what its arguments are called, what it does in a line, and the function that does it and says so."""

    arguments: tuple[str, ...]
    does: str
    act: Act


def inject(sandbox: "Sandbox", name: str, arguments: Sequence[str]) -> str:
    """Do it, and tell in one line what was done; ValueError for a fault, a node, a host or a pod that is not there."""
    fault = FAULTS.get(name)
    if fault is None:
        raise ValueError(f"there is no fault {name!r} (wanted one of {', '.join(FAULTS)})")
    if len(arguments) != len(fault.arguments) or not all(isinstance(argument, str) for argument in arguments):
        raise ValueError(f"{name} was given {len(arguments)} arguments (wanted: {' '.join([name, *fault.arguments])})")
    with sandbox.world.step():
        return fault.act(sandbox, *arguments)


def listed() -> list[dict[str, str]]:
    """Tell every fault: how it is asked for, and what it does."""
    return [{"usage": " ".join([name, *fault.arguments]), "does": fault.does} for name, fault in FAULTS.items()]


def power_loss(sandbox: "Sandbox", how: str) -> str:
    """From now on a server that loses power loses what its volumes had not synced (unflushed), or nothing (flushed)."""
    restarted = set(sandbox.lose_power(how))
    names = [pod["metadata"]["name"] for pod in sandbox.store.list(resources.PODS) if pod["metadata"]["uid"] in restarted]
    again = f"; {', '.join(names)} starts again, since a process can be followed from its start only" if names else ""
    return f"a loss of power is {how} from now on{again}"


def power_cut(sandbox: "Sandbox", node: str) -> str:
    """Take the power of a node's server away; Nova notices after its lifecycle event is due."""
    sandbox.openstack.lifecycle.cut_power(_server(sandbox, node))
    return f"the server of {node} has no power"


def power_on(sandbox: "Sandbox", node: str) -> str:
    """Give it back; a server that Nova believes stopped is stopped again by Nova."""
    sandbox.openstack.lifecycle.give_power(_server(sandbox, node))
    return f"the server of {node} has power"


def host_crash(sandbox: "Sandbox", host: str) -> str:
    """Lose a compute host with all its guests; Nova goes on saying ACTIVE."""
    sandbox.openstack.lifecycle.fail_host(_host(sandbox, host))
    return f"compute host {host} is lost"


def host_return(sandbox: "Sandbox", host: str) -> str:
    """Let it return; its guests stay off until somebody starts them."""
    sandbox.openstack.lifecycle.revive_host(_host(sandbox, host))
    return f"compute host {host} is back"


def detach_fails(sandbox: "Sandbox", node: str) -> str:
    """Let the guest of a node refuse to let go of a volume: Nova accepts each detach, and nothing comes of it."""
    sandbox.openstack.nova.faults.detach_fails.add(_server(sandbox, node))
    return f"the server of {node} lets no volume go"


def detach_works(sandbox: "Sandbox", node: str) -> str:
    """Let it let go again."""
    sandbox.openstack.nova.faults.detach_fails.discard(_server(sandbox, node))
    return f"the server of {node} lets volumes go"


def process_kill(sandbox: "Sandbox", pod: str) -> str:
    """Kill the process of a pod while its node lives; the page cache stays."""
    uids = [row["metadata"]["uid"] for row in sandbox.store.list(resources.PODS) if row["metadata"]["name"] == pod]
    running = [uid for uid in uids if sandbox.processes.is_running(uid)]
    if not running:
        raise ValueError(f"no process of a pod {pod!r} runs")
    sandbox.processes.kill(running[0])
    return f"the process of {pod} is dead"


def _server(sandbox: "Sandbox", node: str) -> str:
    found = {row["metadata"]["name"]: server_of(row) for row in sandbox.store.list(resources.NODES)}
    server = found.get(node)
    if not server:
        raise ValueError(f"there is no node {node!r} with a server (wanted one of {', '.join(found)})")
    return server


def _host(sandbox: "Sandbox", name: str) -> str:
    names = [host.name for host in sandbox.openstack.nova.hosts]
    if name not in names:
        raise ValueError(f"there is no compute host {name!r} (wanted one of {', '.join(names)})")
    return name


def _fault(act: Act, *arguments: str) -> Fault:
    return Fault(arguments, (inspect.getdoc(act) or "").splitlines()[0], act)


FAULTS: Mapping[str, Fault] = MappingProxyType(
    {
        "power-loss": _fault(power_loss, "flushed|unflushed"),
        "power-cut": _fault(power_cut, "NODE"),
        "power-on": _fault(power_on, "NODE"),
        "host-crash": _fault(host_crash, "HOST"),
        "host-return": _fault(host_return, "HOST"),
        "detach-fails": _fault(detach_fails, "NODE"),
        "detach-works": _fault(detach_works, "NODE"),
        "process-kill": _fault(process_kill, "POD"),
    }
)
