"""The one clock: cluster time, which is wall time multiplied by a rate.

1. Waits, deadlines, budgets and timers are cluster time. What happens on the network (sampling, HTTP timeouts) is wall time.
2. Rate 1 is the real world. Any other rate exists only for the sandbox, whose controllers run on the same clock.
3. Nobody else calls time.time, time.sleep or datetime.now.
"""

import time
from datetime import UTC, datetime, timedelta


class Clock:
    """Reads wall time and tells cluster time.

    rate is cluster seconds per wall second. epoch is the wall instant at which both agree; None means the moment of creation.
    """

    def __init__(self, rate: float = 1.0, *, epoch: datetime | None = None) -> None:
        if not rate > 0:
            raise ValueError(f"clock rate is {rate} (wanted a number above 0)")
        self.rate = rate
        self.epoch = epoch or datetime.now(UTC)

    def now(self) -> datetime:
        """Tell the cluster's time of day, in UTC."""
        return self.epoch + (datetime.now(UTC) - self.epoch) * self.rate

    def wall_now(self) -> datetime:
        """Tell the wall's time of day, in UTC."""
        return datetime.now(UTC)

    def monotonic_s(self) -> float:
        """Tell the system-wide monotonic wall time in seconds: the axis of every record in a run directory."""
        return time.monotonic()

    def elapsed_s(self, since_monotonic_s: float) -> float:
        """Tell the cluster seconds that passed since a reading of monotonic_s()."""
        return (time.monotonic() - since_monotonic_s) * self.rate

    def sleep(self, cluster_s: float) -> None:
        """Sleep that many cluster seconds (nothing for a negative number)."""
        if cluster_s > 0:
            time.sleep(cluster_s / self.rate)

    def sleep_wall(self, wall_s: float) -> None:
        """Sleep that many wall seconds, for pauses between network calls."""
        if wall_s > 0:
            time.sleep(wall_s)

    def at(self, monotonic_s: float) -> datetime:
        """Tell the cluster's UTC time at a reading of monotonic_s()."""
        return self.now() - timedelta(seconds=self.elapsed_s(monotonic_s))

    def deadline(self, cluster_s: float) -> "Deadline":
        """Start a deadline that many cluster seconds from now."""
        return Deadline(self, cluster_s)


class Deadline:
    """A point in cluster time to be kept, with what was spent so far for the error text."""

    def __init__(self, clock: Clock, limit_s: float) -> None:
        self.limit_s = limit_s
        self._clock = clock
        self._started = clock.monotonic_s()

    @property
    def spent_s(self) -> float:
        """Cluster seconds since the deadline was set."""
        return self._clock.elapsed_s(self._started)

    @property
    def left_s(self) -> float:
        """Cluster seconds until it has passed, at least 0."""
        return max(0.0, self.limit_s - self.spent_s)

    @property
    def passed(self) -> bool:
        """Whether nothing is left."""
        return self.spent_s >= self.limit_s
