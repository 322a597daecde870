"""What is made to go wrong below Nova, server by server. Tests and fault injectors switch it on; the models only read it."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Faults:
    """Server ids whose hypervisor fails at something; empty means that all is well."""

    power_off_fails: set[str] = field(default_factory=set)
    detach_fails: set[str] = field(default_factory=set)
    attach_fails: set[str] = field(default_factory=set)
    detach_delay_s: dict[str, float] = field(default_factory=dict)  # cluster seconds on top of the usual time
