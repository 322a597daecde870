"""PASS although a call failed: where that is right, and why. Whatever is not here is a finding."""

import re

# What the name of a failed call looks like, as a regular expression, and why PASS is right all the same.
REASONS: tuple[tuple[str, str], ...] = (
    (
        r"for PUT \S+/leases/chaoscinder by recovery\.lock\.Lock\._heed",
        "the run saw at each look that the Lease is still its own; had another run taken it, this one had stopped",
    ),
    (
        r"for DELETE \S+/leases/chaoscinder by recovery\.lock\.Lock\.release",
        "all was undone and measured by then; that the Lease stays and ends by itself is said, and the next run takes it over",
    ),
    (
        r"for GET (/identity/v3|/compute/v2\.1|/volume/v3/) by",
        "where an API does not tell its versions, its address in the catalog is used as it is: all that was asked after it was answered",
    ),
    (
        r"^404 for GET \S+/leases/chaoscinder by (recovery\.lock\.Lock\._ask|faults\.survey\._Survey\._hold)",
        "that there is no Lease is an answer: the one that is made then would be refused if there were",
    ),
    (
        r"^(500|403|409|timeout|reset) for GET \S+/leases/chaoscinder by recovery\.lock\.Lock\._mine",
        "a run that took the Lease meanwhile is kept off this target by the marks on it; elsewhere it can only lengthen an outage",
    ),
    (
        r"^404 for GET \S+/(volumeattachments|endpointslices) by recorder\.cluster\.Watch\.list",
        "what an older API server does not have leaves no history; the nodes' status tells the attachments then, and the probes the rest",
    ),
    (
        r"^404 for GET \S+/csinodes/\{node\} by ",
        "a node whose plugin is in-tree has none; that it is this server say providerID, the name, and Cinder about its volume",
    ),
    (
        r"^404 for GET \S+ by recovery\.replacement\._step",
        "nothing is done there: it waits for the pod's replacement, and that the application came back was recorded and asked elsewhere",
    ),
    (
        r"^404 for GET \S+/pods/\{pod\} by faults\.pod\._seen",
        "that the pod is gone is what it waits for, and that pod's own events were recorded",
    ),
    (
        r"for GET \S+ watch by recorder\.cluster\.Watch\.follow",
        "it was listed anew after each failure, and counted as not looked at until then; what the verdict rests on was listed at the end",
    ),
    (r"^lost for ", "the change was done although its answer was lost: the next look saw it, and the undo went on from there"),
)


def pass_despite(what: str) -> str:
    """Tell why PASS is right although this call failed; empty where nobody knows a reason."""
    return next((why for pattern, why in REASONS if re.search(pattern, what)), "")
