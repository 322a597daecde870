"""Which nodes a pod's own wishes and its volumes allow."""

from collections.abc import Mapping

from chaoscinder.sandbox.kubernetes.store import Object


def allows(pod: Object, node: Object) -> bool:
    """Whether nodeSelector and the required node affinity fit."""
    labels = node["metadata"].get("labels") or {}
    if not (pod["spec"].get("nodeSelector") or {}).items() <= labels.items():
        return False
    required = _node_affinity(pod).get("requiredDuringSchedulingIgnoredDuringExecution")
    return required is None or any(_term(term, node) for term in required.get("nodeSelectorTerms") or [])


def weight(pod: Object, node: Object) -> int:
    """The sum of the weights of the preferences that a node fulfils."""
    rows = _node_affinity(pod).get("preferredDuringSchedulingIgnoredDuringExecution") or []
    return sum(int(row["weight"]) for row in rows if _term(row["preference"], node))


def reaches(volume: Object, node: Object) -> bool:
    """Whether a PersistentVolume can be attached to a node (spec.nodeAffinity: for Cinder, the availability zone)."""
    required = (volume["spec"].get("nodeAffinity") or {}).get("required")
    return required is None or any(_term(term, node) for term in required.get("nodeSelectorTerms") or [])


def _node_affinity(pod: Object) -> Object:
    found: Object = (pod["spec"].get("affinity") or {}).get("nodeAffinity") or {}
    return found


def _term(term: Object, node: Object) -> bool:
    labels, fields = node["metadata"].get("labels") or {}, {"metadata.name": node["metadata"]["name"]}
    by_label = all(_holds(row, labels) for row in term.get("matchExpressions") or [])
    return by_label and all(_holds(row, fields) for row in term.get("matchFields") or [])


def _holds(row: Object, labels: Mapping[str, str]) -> bool:
    value, values = labels.get(row["key"]), row.get("values") or []
    match row["operator"]:
        case "In":
            return value in values
        case "NotIn":
            return value not in values
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
        case "Gt":
            return value is not None and int(value) > int(values[0])
        case "Lt":
            return value is not None and int(value) < int(values[0])
    return False
