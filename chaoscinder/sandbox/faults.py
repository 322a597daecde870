"""The faults that a running sandbox is asked for by name: `chaoscinder sandbox fault NAME [ARGUMENT ...]`, or POST /_sandbox/faults.

What they do is in the rooms beside this one: machine_faults (guests and hosts), control_faults (controllers, tokens, APIs), storage_faults.
To add one, write a function of the sandbox and its arguments, another that heals it, and put both into FAULTS. One that lasts stays active
until it is healed, by name and target (its first argument).
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from chaoscinder.sandbox import control_faults, machine_faults, storage_faults
from chaoscinder.sandbox.ports import CloudError

if TYPE_CHECKING:
    from chaoscinder.sandbox.launch import Sandbox

Act = Callable[..., str]
Place = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: what its arguments are called ([IN BRACKETS] may be left out), the function that does it and says so, and its healing.

    heal None: it is over as soon as it has happened. ends names the fault that this one heals.
    """

    act: Act
    arguments: tuple[str, ...]
    heal: Act | None = None
    ends: str = ""

    @property
    def does(self) -> str:
        """What it does, in a line."""
        return (inspect.getdoc(self.act) or "").splitlines()[0]

    def takes(self, arguments: Sequence[str]) -> bool:
        """Whether it can be asked for with these."""
        least = sum(not name.startswith("[") for name in self.arguments)
        most = float("inf") if self.arguments[-1:] == (MORE,) else len(self.arguments)
        return least <= len(arguments) <= most and all(isinstance(argument, str) for argument in arguments)


MORE = "[KEY=VALUE ...]"


class ActiveFaults:
    """The faults that wait for their healing: name and target to the cluster second at which they began, and all their arguments."""

    def __init__(self) -> None:
        self.began_s: dict[Place, float] = {}
        self.arguments: dict[Place, tuple[str, ...]] = {}

    def begin(self, name: str, arguments: Sequence[str], now_s: float) -> None:
        """Note one; the same one again counts from its first time."""
        place = (name, arguments[0] if arguments else "")
        self.began_s.setdefault(place, now_s)
        self.arguments[place] = tuple(arguments)

    def end(self, place: Place) -> tuple[str, ...]:
        """Forget one, and tell its arguments."""
        self.began_s.pop(place, None)
        return self.arguments.pop(place, (place[1],))

    def find(self, name: str | None, target: str | None) -> list[Place]:
        """The active ones of a name and a target; None means any. The latest first, so that each is healed in the world it was made in."""
        return [place for place in reversed(self.began_s) if name in (None, place[0]) and target in (None, place[1])]


def inject(sandbox: "Sandbox", name: str, arguments: Sequence[str]) -> str:
    """Do it, and tell in one line what was done; ValueError for a fault, a node, a host or a pod that is not there."""
    fault = _known(name)
    if not fault.takes(arguments):
        raise ValueError(f"{name} was given {len(arguments)} arguments (wanted: {' '.join([name, *fault.arguments])})")
    with sandbox.world.step():
        said = _refused(fault.act, sandbox, *arguments)
        if fault.heal:
            sandbox.active.begin(name, arguments, sandbox.world.now_s)
        if fault.ends:
            sandbox.active.end((fault.ends, *arguments[:1]))  # type: ignore[arg-type]
        return said


def heal(sandbox: "Sandbox", name: str | None = None, target: str | None = None) -> str:
    """Heal what is active of a name and a target, or all, with every rule for the APIs; ValueError where there is none of that name."""
    places = sandbox.active.find(name, target)
    if name is not None and not places:
        _known(name)
        raise ValueError(f"{name} {target or ''} is not active".replace("  ", " "))
    said = []
    with sandbox.world.step():
        for place in places:
            act = FAULTS[place[0]].heal
            said += [_refused(act, sandbox, *sandbox.active.end(place))] if act else []
    if name is None:
        sandbox.api_faults.remove()
    return "; ".join(said) or "nothing is active"


def listed() -> list[dict[str, str]]:
    """Tell every fault: how it is asked for, and what it does."""
    return [{"usage": " ".join([name, *fault.arguments]), "does": fault.does} for name, fault in FAULTS.items()]


def active(sandbox: "Sandbox") -> list[dict[str, object]]:
    """Tell which faults wait for their healing, and since when (cluster seconds ago)."""
    with sandbox.world.step():
        now_s, known = sandbox.world.now_s, sandbox.active
        return [
            {"fault": " ".join([place[0], *known.arguments[place]]), "for_s": round(now_s - began_s, 1)}
            for place, began_s in known.began_s.items()
        ]


def _known(name: str) -> Fault:
    if name not in FAULTS:
        raise ValueError(f"there is no fault {name!r} (wanted one of {', '.join(FAULTS)})")
    return FAULTS[name]


def _refused(act: Act, sandbox: "Sandbox", *arguments: str) -> str:
    try:
        return act(sandbox, *arguments)
    except CloudError as error:
        raise ValueError(error.message) from error


FAULTS: Mapping[str, Fault] = MappingProxyType(
    {
        "power-loss": Fault(storage_faults.power_loss, ("flushed|unflushed",), storage_faults.keep_power_loss),
        "power-cut": Fault(machine_faults.power_cut, ("NODE",), machine_faults.start),
        "power-on": Fault(machine_faults.power_on, ("NODE",), ends="power-cut"),
        "guest-shutdown": Fault(machine_faults.guest_shutdown, ("NODE",), machine_faults.start),
        "guest-crash": Fault(machine_faults.guest_crash, ("NODE",), machine_faults.start),
        "server-stop": Fault(machine_faults.server_stop, ("NODE",), machine_faults.start),
        "server-pause": Fault(machine_faults.server_pause, ("NODE",), machine_faults.start),
        "host-crash": Fault(machine_faults.host_crash, ("HOST|NODE",), machine_faults.host_and_guests_return),
        "host-return": Fault(machine_faults.host_return, ("HOST",), ends="host-crash"),
        "api-cut": Fault(machine_faults.api_cut, ("NODE",), machine_faults.api_reach),
        "kubelet-stop": Fault(machine_faults.kubelet_stop, ("NODE",), machine_faults.kubelet_start),
        "detach-fails": Fault(machine_faults.detach_fails, ("NODE", "[SECONDS]"), machine_faults.detach_works),
        "detach-works": Fault(machine_faults.detach_works, ("NODE",), ends="detach-fails"),
        "process-kill": Fault(machine_faults.process_kill, ("POD",)),
        "storage-slow": Fault(storage_faults.storage_slow, ("NODE", "SECONDS|hang"), storage_faults.storage_quick),
        "token-expiry": Fault(control_faults.token_expiry, ()),
        "controller-restart": Fault(control_faults.controller_restart, ("attach-detach|csi-attacher", "[SECONDS]")),
        "csi-controller": Fault(control_faults.csi_controller, ("NODE",), control_faults.csi_controller_everywhere),
        "api-error": Fault(control_faults.api_error, ("SERVICE", "STATUS|reset|hang|delay=S", MORE), control_faults.api_works),
    }
)
