"""Kubernetes quantities of storage."""

import math
import re

UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}


def gib(quantity: str) -> int:
    """Read a quantity as whole GiB, rounded up as Cinder needs it."""
    found = re.fullmatch(r"([0-9.]+)([A-Za-z]*)", str(quantity))
    if not found or found[2] not in UNITS:
        raise ValueError(f"{quantity!r} is not a quantity of storage (wanted something like 3Gi)")
    return math.ceil(float(found[1]) * UNITS[found[2]] / 2**30)
