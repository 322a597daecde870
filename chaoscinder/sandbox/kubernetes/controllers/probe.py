"""A container's readiness probe: how often it is asked and what its answers add up to."""

from chaoscinder.sandbox.kubernetes.store import Object
from chaoscinder.sandbox.profiles import Profile


class Probe:
    """The readinessProbe of a pod's first container; without one a container is ready as soon as it runs."""

    def __init__(self, pod: Object, profile: Profile) -> None:
        found = pod["spec"]["containers"][0].get("readinessProbe")
        spec = found or {}
        self.is_set = found is not None
        self.period_s = float(spec.get("periodSeconds", profile.probe_period_s))
        self.first_s = float(spec.get("initialDelaySeconds", 0)) + profile.first_probe_s
        self.ready = not self.is_set
        self._spec = spec
        self._failures = 0
        self._successes = 0

    def hear(self, success: bool) -> None:
        """Count an answer; the thresholds say when the state turns."""
        self._successes = self._successes + 1 if success else 0
        self._failures = 0 if success else self._failures + 1
        if self._successes >= int(self._spec.get("successThreshold", 1)):
            self.ready = True
        elif self._failures >= int(self._spec.get("failureThreshold", 3)):
            self.ready = False

    def failure(self, pod: Object) -> str:
        """What the kubelet writes about a failed probe; the sandbox does not know why it failed."""
        get = self._spec.get("httpGet") or {}
        address = f"http://{pod.get('status', {}).get('podIP', '')}:{get.get('port', '')}{get.get('path', '/')}"
        return f'Readiness probe failed: Get "{address}": no answer in time' if get else "Readiness probe failed: no answer in time"
