"""Faults of guests, hosts and kubelets. Each says in a line what it did; the first line of its docstring is what people are shown."""

from typing import TYPE_CHECKING

from chaoscinder.sandbox.kubernetes import resources

if TYPE_CHECKING:
    from chaoscinder.sandbox.launch import Sandbox

UNPLUG_S = 160.0  # nova.conf [libvirt] device_detach_attempts 8, device_detach_timeout 20 s


def power_cut(sandbox: "Sandbox", node: str) -> str:
    """Take the power of a node's server away; Nova notices after its lifecycle event is due."""
    sandbox.openstack.lifecycle.cut_power(sandbox.machines.server(node))
    return f"the server of {node} has no power"


def power_on(sandbox: "Sandbox", node: str) -> str:
    """Give it back; a server that Nova believes stopped is stopped again by Nova."""
    sandbox.openstack.lifecycle.give_power(sandbox.machines.server(node))
    return f"the server of {node} has power"


def start(sandbox: "Sandbox", node: str) -> str:
    """Let a node's server run again, with Nova where Nova knows that it is down."""
    sandbox.machines.start(node)
    return f"the server of {node} runs again"


def guest_shutdown(sandbox: "Sandbox", node: str) -> str:
    """Shut a node's guest down from inside (shutdown -h now): all is written out, the power goes after 4 s, Nova notices 15 s later."""
    sandbox.machines.server(node)
    sandbox.machines.shut_down(node)
    return f"the guest of {node} shuts down"


def guest_crash(sandbox: "Sandbox", node: str) -> str:
    """Let a node's kernel panic and hang; Nova goes on saying ACTIVE, its host is well, and nothing of the guest answers."""
    sandbox.machines.server(node)
    sandbox.machines.crash(node)
    return f"the kernel of {node} hangs"


def server_stop(sandbox: "Sandbox", node: str) -> str:
    """Stop a node's server with Nova (os-stop): SHUTOFF."""
    _ask_nova(sandbox, node, "os-stop")
    return f"Nova stops the server of {node}"


def server_pause(sandbox: "Sandbox", node: str) -> str:
    """Pause a node's server with Nova: PAUSED; nothing on it moves or answers, and all goes on where it was when it is healed."""
    _ask_nova(sandbox, node, "pause")
    return f"Nova pauses the server of {node}"


def host_crash(sandbox: "Sandbox", host: str) -> str:
    """Lose a compute host (or the one under a node) with all its guests; Nova goes on saying ACTIVE."""
    name = _host(sandbox, host)
    sandbox.openstack.lifecycle.fail_host(name)
    return f"compute host {name} is lost"


def host_return(sandbox: "Sandbox", host: str) -> str:
    """Let it return; its guests stay off until somebody starts them."""
    name = _host(sandbox, host)
    sandbox.openstack.lifecycle.revive_host(name)
    return f"compute host {name} is back"


def host_and_guests_return(sandbox: "Sandbox", host: str) -> str:
    """Let it return with the guests that Nova believes active (resume_guests_state_on_host_boot)."""
    said, name = host_return(sandbox, host), _host(sandbox, host)
    for server in sandbox.openstack.nova.everyone():
        if server.host == name and server.vm_state == "active" and not sandbox.openstack.is_running(server.id):
            sandbox.openstack.lifecycle.give_power(server.id)
    return f"{said} with its guests"


def api_cut(sandbox: "Sandbox", node: str) -> str:
    """Cut a node off from the API server: it looks dead to Kubernetes, while its containers run on and serve."""
    sandbox.machines.server(node)
    sandbox.machines.cut_off(node)
    return f"{node} does not reach the API server"


def api_reach(sandbox: "Sandbox", node: str) -> str:
    """Let it reach the API server again."""
    sandbox.machines.reconnect(node)
    return f"{node} reaches the API server"


def kubelet_stop(sandbox: "Sandbox", node: str) -> str:
    """Stop a node's kubelet: it looks dead to Kubernetes, while its containers run on and serve."""
    sandbox.machines.server(node)
    sandbox.machines.stop_kubelet(node)
    return f"the kubelet of {node} is stopped"


def kubelet_start(sandbox: "Sandbox", node: str) -> str:
    """Start it again."""
    sandbox.machines.start_kubelet(node)
    return f"the kubelet of {node} runs"


def detach_fails(sandbox: "Sandbox", node: str, seconds: str = f"{UNPLUG_S:g}") -> str:
    """Let a node's guest refuse to let a volume go: Nova accepts each detach, tries for 160 s (or SECONDS), and it is in-use again."""
    server, faults = sandbox.machines.server(node), sandbox.openstack.nova.faults
    faults.detach_delay_s[server] = max(0.0, float(seconds))
    faults.detach_fails.add(server)
    return f"the server of {node} lets no volume go"


def detach_works(sandbox: "Sandbox", node: str, _seconds: str = "") -> str:
    """Let it let go again."""
    server, faults = sandbox.machines.server(node), sandbox.openstack.nova.faults
    faults.detach_fails.discard(server)
    faults.detach_delay_s.pop(server, None)
    return f"the server of {node} lets volumes go"


def process_kill(sandbox: "Sandbox", pod: str) -> str:
    """Kill the process of a pod while its node lives; the page cache stays."""
    uids = [row["metadata"]["uid"] for row in sandbox.store.list(resources.PODS) if row["metadata"]["name"] == pod]
    running = [uid for uid in uids if sandbox.processes.is_running(uid)]
    if not running:
        raise ValueError(f"no process of a pod {pod!r} runs")
    sandbox.processes.kill(running[0])
    return f"the process of {pod} is dead"


def _ask_nova(sandbox: "Sandbox", node: str, request: str) -> None:
    nova, caller = sandbox.openstack.nova, sandbox.openstack.caller()
    nova.operator.begin(caller, nova.get(caller, sandbox.machines.server(node)), request)


def _host(sandbox: "Sandbox", name: str) -> str:
    names = [host.name for host in sandbox.openstack.nova.hosts]
    if name in names:
        return name
    if name in sandbox.machines.names():
        server = sandbox.machines.server(name)
        return next(row.host for row in sandbox.openstack.nova.everyone() if row.id == server)
    raise ValueError(f"there is no compute host {name!r} (wanted one of {', '.join(names)})")
