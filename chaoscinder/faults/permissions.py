"""What the credentials may not do of what a run asks for: asked beforehand, touching nothing."""

from collections.abc import Sequence
from dataclasses import replace

from chaoscinder.checks.access import minimal, refused
from chaoscinder.clients.site import Site
from chaoscinder.faults import access
from chaoscinder.model.act import Act


def denied(site: Site, acts: Sequence[Act]) -> tuple[str, ...]:
    """What Kubernetes would refuse, by its own reviews; a call about certain names is asked about for each of them."""
    wanted = minimal(access.of_acts(acts, site.settings).cluster)
    each = [replace(call, names=(name,) if name else ()) for call in wanted for name in call.names or ("",)]
    may = site.kubernetes.may
    return tuple(str(call) for call in each if not may(call.verb, call.group, call.resource, call.place, "".join(call.names)))


def cloud_denied(site: Site, acts: Sequence[Act]) -> tuple[str, ...]:
    """What the access rules of the credentials leave out, where they have any; their roles are another matter."""
    given = site.openstack.access_rules()
    if given is None:
        return ()
    wanted = access.of_acts(acts, site.settings).cloud
    return tuple(dict.fromkeys(str(call) for call in refused(wanted, given, site.openstack.endpoint_paths())))
