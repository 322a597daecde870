"""The world's time: a heap of timers, one lock, and the rule that everything settles before time goes on.

The world knows nothing of Kubernetes or OpenStack. Who lives in it calls call_later for what happens later and registers a settler
for what follows at once from a change. A test turns the clock with turn(); the Driver turns it along the wall clock.
"""

import heapq
import itertools
import random
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from chaoscinder.clock import Clock

MOST_ROUNDS = 10_000  # a fix point that is not reached by then is a bug in a controller, not a slow world


class Timer:
    """One thing that will happen; cancel() makes it not happen."""

    __slots__ = ("act", "at_s", "cancelled", "name")

    def __init__(self, at_s: float, act: Callable[[], None], name: str) -> None:
        self.at_s = at_s
        self.act = act
        self.name = name
        self.cancelled = False

    def cancel(self) -> None:
        """Make it not happen."""
        self.cancelled = True


class World:
    """Time, chance and the order of things. now_s counts cluster seconds since epoch."""

    def __init__(self, *, epoch: datetime | None = None, seed: int = 1) -> None:
        self.epoch = epoch or datetime.now(UTC)
        self.now_s = 0.0
        self.random = random.Random(seed)
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self._heap: list[tuple[float, int, Timer]] = []
        self._order = itertools.count()
        self._settlers: list[Callable[[], bool]] = []
        self._elapsed: Callable[[], float] | None = None
        self._inside = False

    @property
    def now(self) -> datetime:
        """The cluster's time of day."""
        return self.epoch + timedelta(seconds=self.now_s)

    def stamp(self) -> str:
        """The present as Kubernetes writes it: whole seconds, UTC."""
        return self.now.strftime("%Y-%m-%dT%H:%M:%SZ")

    def new_uuid(self) -> str:
        """Make a UUID from the world's own randomness, so that a seed repeats a story."""
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def call_at(self, at_s: float, act: Callable[[], None], name: str = "") -> Timer:
        """Let act happen at a moment of cluster time; a moment that has passed means as soon as possible."""
        timer = Timer(max(at_s, self.now_s), act, name)
        heapq.heappush(self._heap, (timer.at_s, next(self._order), timer))
        self.changed.notify_all() if self._owned() else None
        return timer

    def call_later(self, after_s: float, act: Callable[[], None], name: str = "") -> Timer:
        """Let act happen that many cluster seconds from now."""
        return self.call_at(self.now_s + after_s, act, name)

    def call_every(self, period_s: float, act: Callable[[], None], name: str = "", *, first_s: float | None = None) -> None:
        """Let act happen every period_s for ever, first after first_s (one period unless told)."""

        def again() -> None:
            act()
            self.call_later(period_s, again, name)

        self.call_later(period_s if first_s is None else first_s, again, name)

    def add_settler(self, settle: Callable[[], bool]) -> None:
        """Register what follows at once from a change; it returns whether it changed anything, and is asked again until nobody did."""
        self._settlers.append(settle)

    def settle(self) -> None:
        """Ask the settlers until nothing changes."""
        for _ in range(MOST_ROUNDS):
            if sum(settle() for settle in self._settlers) == 0:
                return
        raise RuntimeError(f"the world did not settle in {MOST_ROUNDS} rounds at {self.now_s:.3f} s")

    def next_s(self) -> float | None:
        """Tell when the next timer is due."""
        while self._heap and self._heap[0][2].cancelled:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def turn_to(self, at_s: float) -> None:
        """Let time go on to a moment, with everything that is due on the way, each settled before the next."""
        with self.lock:
            while (due := self.next_s()) is not None and due <= at_s:
                _, _, timer = heapq.heappop(self._heap)
                self.now_s = max(self.now_s, due)
                timer.act()
                self.settle()
            self.now_s = max(self.now_s, at_s)

    def turn(self, seconds: float) -> None:
        """Let that many cluster seconds go by (tests, and the boot of the default world)."""
        self.turn_to(self.now_s + seconds)

    def follow(self, elapsed: Callable[[], float] | None) -> None:
        """Follow a clock from now on: elapsed tells cluster seconds since epoch. None gives the clock back to turn()."""
        self._elapsed = elapsed

    @contextmanager
    def step(self) -> Iterator[None]:
        """Act on the world from outside (an API request): alone, at the present moment, and settled afterwards."""
        with self.lock:
            if self._elapsed is not None and not self._inside:
                self.turn_to(self._elapsed())
            outer, self._inside = self._inside, True
            try:
                yield
            finally:
                self._inside = outer
                if not outer:
                    self.settle()
                self.changed.notify_all()

    def _owned(self) -> bool:
        return bool(self.changed._is_owned())  # type: ignore[attr-defined]


class Driver(threading.Thread):
    """Turns a world along the wall clock at the clock's rate, sleeping from timer to timer."""

    def __init__(self, world: World, clock: Clock) -> None:
        super().__init__(name="world", daemon=True)
        self._world = world
        self._rate = clock.rate
        self._offset = world.now_s
        self._began = clock.monotonic_s()
        self._clock = clock
        self._ended = False
        world.follow(self.elapsed_s)

    def elapsed_s(self) -> float:
        """Cluster seconds since the world's epoch."""
        return self._offset + self._clock.elapsed_s(self._began)

    def run(self) -> None:
        """Turn until stopped."""
        world = self._world
        with world.lock:
            while not self._ended:
                world.turn_to(self.elapsed_s())
                due = world.next_s()
                wait_s = 1.0 if due is None else (due - self.elapsed_s()) / self._rate
                world.changed.wait(min(1.0, max(0.0005, wait_s)))

    def stop(self) -> None:
        """End the thread; time stands still afterwards."""
        with self._world.lock:
            self._ended = True
            self._world.follow(None)
            self._world.changed.notify_all()
