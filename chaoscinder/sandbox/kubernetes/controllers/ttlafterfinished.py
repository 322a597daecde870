"""The TTL-after-finished controller: deletes Jobs some time after their end (pkg/controller/ttlafterfinished)."""

from datetime import timedelta

from chaoscinder.sandbox.kubernetes.controllers import conditions
from chaoscinder.sandbox.kubernetes.controllers.alarm import Alarm
from chaoscinder.sandbox.kubernetes.controllers.cluster import Cluster, Controller
from chaoscinder.sandbox.kubernetes.controllers.garbagecollector import FOREGROUND
from chaoscinder.sandbox.kubernetes.controllers.job import finished, instant
from chaoscinder.sandbox.kubernetes.resources import JOBS
from chaoscinder.sandbox.kubernetes.store import Object


class TtlAfterFinished(Controller):
    """Looks after each change of a Job."""

    watches = (JOBS,)

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster)
        self._alarm = Alarm(cluster.world, self.sync, "ttl-after-finished")

    def sync(self) -> None:
        """Delete the Jobs whose time is over, in the foreground, and come back for the others."""
        for job in self.store.list(JOBS):
            left_s = self._left_s(job)
            if left_s is None:
                continue
            if left_s > 0:
                self._alarm.after(left_s)
            else:
                self._delete(job)

    def _left_s(self, job: Object) -> float | None:
        ttl_s, end = job["spec"].get("ttlSecondsAfterFinished"), finished(job)
        if ttl_s is None or not end or job["metadata"].get("deletionTimestamp"):
            return None
        ended_at = instant(str((conditions.find(job, end) or {})["lastTransitionTime"]))
        return (ended_at + timedelta(seconds=int(ttl_s)) - self.world.now).total_seconds()

    def _delete(self, job: Object) -> None:
        meta = job["metadata"]
        held = [*(meta.get("finalizers") or []), FOREGROUND]
        self.store.change(JOBS, meta["name"], meta["namespace"], lambda new: new["metadata"].update(finalizers=held))
        self.store.delete(JOBS, meta["name"], meta["namespace"])
