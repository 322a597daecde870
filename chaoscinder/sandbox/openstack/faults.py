"""What is made to go wrong below Nova, server by server or host by host.

Tests and fault injectors switch it on; the models only read it.
"""

from collections.abc import Container
from dataclasses import dataclass, field

from chaoscinder.sandbox.openstack.servers import Server


@dataclass(slots=True)
class Faults:
    """Ids of servers, or names of hosts, whose hypervisor fails at something; empty means that all is well."""

    power_off_fails: set[str] = field(default_factory=set)
    detach_fails: set[str] = field(default_factory=set)
    attach_fails: set[str] = field(default_factory=set)
    spawn_fails: set[str] = field(default_factory=set)
    events_lost: set[str] = field(default_factory=set)  # the hypervisor's lifecycle events do not reach Nova
    detach_delay_s: dict[str, float] = field(default_factory=dict)  # cluster seconds on top of the usual time


def strikes(fault: Container[str], server: Server) -> bool:
    """Whether a fault concerns a server, itself or through its host."""
    return server.id in fault or server.host in fault


def delay_s(fault: dict[str, float], server: Server) -> float:
    """The delay that a fault means for a server, itself or through its host."""
    return fault.get(server.id, fault.get(server.host, 0.0))
