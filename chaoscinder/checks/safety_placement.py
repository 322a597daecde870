"""Whether the target's pod and its volume can be on another node at all: zone, selectors, taints, attach slots. Pure.

Not judged: free CPU and memory, affinity between pods, topology spread. The scheduler has the last word.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from chaoscinder.model.preflight import Needs, Place, Snapshot, Weight

HARD = ("NoSchedule", "NoExecute")
Json = Mapping[str, Any]


def judge(snapshot: Snapshot) -> Iterator[tuple[Weight, str, str]]:
    """Block when no other node would take pod and volume; tell which would, and why each other one would not."""
    assert snapshot.target is not None
    objections = _objections(snapshot)
    fit = takers(snapshot)
    against = "; ".join(f"{name}: {why}" for name, why in objections.items() if why)
    about = f"volume {snapshot.target.volume_id}"
    if not fit:
        yield Weight.BLOCKS, about, f"no other node can take it ({against or 'there is no other node'})"
        return
    yield Weight.INFORMS, about, f"can go to {', '.join(fit)}" + (f" (not to {against})" if against else "")
    if len(fit) == 1:
        yield Weight.WARNS, about, f"only {fit[0]} is left for it"


def takers(snapshot: Snapshot) -> tuple[str, ...]:
    """Name the other nodes that would take pod and volume."""
    return tuple(name for name, why in _objections(snapshot).items() if not why)


def _objections(snapshot: Snapshot) -> dict[str, str]:
    assert snapshot.target is not None
    others = [place for place in snapshot.places if place.node.name != snapshot.target.node]
    return {place.node.name: objection(place, snapshot.needs) for place in others}


def objection(place: Place, needs: Needs) -> str:
    """Tell why a node cannot take pod and volume; empty when it can."""
    node = place.node
    if node.ready != "True":
        return f"Ready={node.ready}"
    if not node.schedulable:
        return "cordoned"
    taint = next((taint for taint in node.taints if taint.rpartition(":")[2] in HARD and not _tolerated(taint, needs.tolerations)), "")
    if taint:
        return f"taint {taint}"
    if not all(place.labels.get(key) == value for key, value in needs.node_selector.items()):
        return "node selector"
    if not _matches(needs.node_affinity, place):
        return "node affinity"
    if not _matches(needs.volume_affinity, place):
        return "the volume is not reachable there (zone)"
    if place.most_volumes is not None and place.volumes >= place.most_volumes:
        return f"no free attach slot ({place.volumes} of {place.most_volumes})"
    return ""


def _tolerated(taint: str, tolerations: Sequence[Json]) -> bool:
    pair, _, effect = taint.rpartition(":")
    key, _, value = pair.partition("=")
    return any(_tolerates(row, key, value, effect) for row in tolerations)


def _tolerates(row: Json, key: str, value: str, effect: str) -> bool:
    if row.get("effect") not in (None, "", effect):
        return False
    if row.get("operator", "Equal") == "Exists":
        return row.get("key") in (None, "", key)
    return row.get("key") == key and (row.get("value") or "") == value


def _matches(selector: Json, place: Place) -> bool:
    """Evaluate a NodeSelector: one of its terms must hold, all expressions of a term must; no selector selects all."""
    terms = selector.get("nodeSelectorTerms") or ()
    return not selector or any(_term(term, place) for term in terms)


def _term(term: Json, place: Place) -> bool:
    expressions, fields = term.get("matchExpressions") or (), term.get("matchFields") or ()
    if not expressions and not fields:
        return False
    by_label = all(expression_holds(row, place.labels) for row in expressions)
    return by_label and all(expression_holds(row, {"metadata.name": place.node.name}) for row in fields)


def expression_holds(row: Json, labels: Mapping[str, str]) -> bool:
    """Evaluate one expression of a selector over labels."""
    key, operator, values = str(row["key"]), str(row["operator"]), [str(value) for value in row.get("values") or ()]
    seen = labels.get(key)
    if operator in ("Exists", "DoesNotExist"):
        return (seen is not None) is (operator == "Exists")
    if operator in ("In", "NotIn"):
        return (seen in values) is (operator == "In")
    if operator in ("Gt", "Lt"):
        return seen is not None and (int(seen) > int(values[0]) if operator == "Gt" else int(seen) < int(values[0]))
    raise ValueError(f"operator {operator} is not known")
