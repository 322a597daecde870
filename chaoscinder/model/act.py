"""What an experiment of ours may do to a target: the acts, by the names of the actions that do them."""

from collections.abc import Mapping
from enum import StrEnum


class Act(StrEnum):
    """One kind of doing; the value is what stands in the mark fault_started, and the action's name with dashes."""

    STOP_SERVER = "stop-server"
    SHUT_DOWN_SERVER = "shut-down-server"
    CORDON_NODE = "cordon-node"
    CORDON_OTHER_NODES = "cordon-other-nodes"
    DELETE_POD = "delete-pod"


CORDONS = frozenset({Act.CORDON_NODE, Act.CORDON_OTHER_NODES})
# The acts that take the server away, and with it everything that runs on it.
POWER = frozenset({Act.STOP_SERVER, Act.SHUT_DOWN_SERVER})
# What an act asks of Kubernetes beside what every run does: verb, group, resource, and whether it is asked of the workload's namespace.
CALLS_OF: Mapping[Act, tuple[tuple[str, str, str, bool], ...]] = {
    Act.CORDON_NODE: (("patch", "", "nodes", False),),
    Act.CORDON_OTHER_NODES: (("patch", "", "nodes", False),),
    Act.DELETE_POD: (("delete", "", "pods", True),),
}


def named(function: str) -> Act | None:
    """Tell the act that an action of ours does, by the action's function name; None for one that only undoes."""
    word = function.replace("_", "-")
    return next((act for act in Act if act == word), None)
