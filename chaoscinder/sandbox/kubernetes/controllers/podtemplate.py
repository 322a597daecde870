"""From a workload's template to a pod, and the hash by which a template is known again."""

import copy
import hashlib
import json

from chaoscinder.sandbox.kubernetes import defaults
from chaoscinder.sandbox.kubernetes.resources import PODS
from chaoscinder.sandbox.kubernetes.store import Object

ALPHABET = "bcdfghjklmnpqrstvwxz2456789"  # of the API server's safe names


def hash_of(template: Object) -> str:
    """A short name that is the same for the same template (the real one is an FNV hash in the same alphabet)."""
    digest = hashlib.sha256(json.dumps(template, sort_keys=True).encode()).digest()
    return "".join(ALPHABET[byte % len(ALPHABET)] for byte in digest[:10])


def pod(template: Object, owner: Object, *, name: str = "", labels: dict[str, str] | None = None) -> Object:
    """Make the pod that an owner wants; without a name the API server makes one from the owner's."""
    old = template.get("metadata") or {}
    meta = {key: copy.deepcopy(old[key]) for key in ("labels", "annotations") if old.get(key)}
    meta["labels"] = {**meta.get("labels", {}), **(labels or {})}
    meta |= {"name": name} if name else {}
    meta |= {"generateName": f"{owner['metadata']['name']}-", "namespace": owner["metadata"]["namespace"]}
    meta["ownerReferences"] = [reference(owner)]
    return defaults.apply(PODS, {"metadata": meta, "spec": copy.deepcopy(template["spec"])})


def reference(owner: Object) -> Object:
    """The owner reference of a controller."""
    meta = owner["metadata"]
    return {
        "apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": meta["name"], "uid": meta["uid"],
        "controller": True, "blockOwnerDeletion": True,
    }  # fmt: skip
