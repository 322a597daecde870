"""A controller's alarm clock: however often it is set to one moment, it rings once then."""

import math
from collections.abc import Callable

from chaoscinder.sandbox.world import World


class Alarm:
    """Lets act happen at the moments it is set to, to a hundredth of a second."""

    def __init__(self, world: World, act: Callable[[], None], name: str) -> None:
        self._world = world
        self._act = act
        self._name = name
        self._set_to: set[float] = set()

    def after(self, seconds: float) -> None:
        """Set it, some cluster seconds from now."""
        at_s = math.ceil((self._world.now_s + seconds) * 100 + 1e-6) / 100  # never early: it would be set to the same moment for ever
        if at_s in self._set_to:
            return

        def ring() -> None:
            self._set_to.discard(at_s)
            self._act()

        self._set_to.add(at_s)
        self._world.call_at(at_s, ring, self._name)
