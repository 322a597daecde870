"""What the workload and its claims say about its next rollout; nothing is begun."""

from chaoscinder.checks.rollout import forecast
from chaoscinder.clients import objects
from chaoscinder.clients.kubernetes import APPS, PLURALS
from chaoscinder.clients.site import Site
from chaoscinder.model.rollout import Forecast
from chaoscinder.settings import require_named_target


def ahead(site: Site) -> Forecast:
    """Tell what would become of a rollout of the configured workload that began now."""
    settings = site.settings
    require_named_target(settings)
    workload = site.kubernetes.workload(settings.namespace, settings.workload)
    owner = site.kubernetes.get(f"{APPS}/namespaces/{workload.namespace}/{PLURALS[workload.kind]}/{workload.name}")
    modes = {claim: _access_modes(site, workload.namespace, claim) for claim in workload.claims}
    return forecast(objects.rollout(owner, workload.kind, modes))


def _access_modes(site: Site, namespace: str, claim: str) -> tuple[str, ...]:
    """Tell the access modes that a claim got where it is bound, else those that it asks for."""
    found = site.kubernetes.get(f"/api/v1/namespaces/{namespace}/persistentvolumeclaims/{claim}")
    return tuple(found.get("status", {}).get("accessModes") or found["spec"].get("accessModes") or ())
