"""Which of our acts an experiment's method does. Pure."""

from collections.abc import Mapping
from typing import Any

from chaoscinder.model.act import Act, named

OURS = "chaoscinder.actions"


def of_experiment(experiment: Mapping[str, Any]) -> tuple[Act, ...]:
    """List the acts of a method in order, each once; a method without any is judged as if it stopped the server, the gravest of them."""
    rows = [row.get("provider", {}) for row in experiment.get("method") or [] if isinstance(row, Mapping)]
    acts = [named(str(row.get("func"))) for row in rows if str(row.get("module", "")).startswith(OURS)]
    return tuple(dict.fromkeys(act for act in acts if act is not None)) or (Act.STOP_SERVER,)
