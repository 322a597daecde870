"""The node shutdown on the wall clock at several rates against a turned clock: python -m tests.timelines.bench_rates [RATE ...].

Prints, for each rate, by how many cluster seconds each phase of the story came late. Without application processes, so this is the error
of the controllers and the clock alone. Rate 1 takes as long as the story: 100 s.
"""

import sys
import time

from chaoscinder.clock import Clock
from chaoscinder.sandbox.world import Driver
from tests.timelines.rows import Change
from tests.timelines.whole import FAULT_S, Whole

END_S, START_S = 100.0, 85.0
TICKS = {
    "node-monitor": [45.7], "lease/node-2": [-6.8], "cloud-node-monitor": [49.5], "pod-gc": [75.7], "status/node-1": [75.1],
    "status/node-2": [3.0], "status/node-3": [4.0], "lease/node-1": [1.0], "lease/node-3": [2.0], "remediation": [0.73],
}  # fmt: skip
PHASES = (
    ("NotReady", "Node/node-2", "condition Ready", "Unknown"),
    ("out of service", "Node/node-2", "taints", "out-of-service"),
    ("old pod gone", "Pod/test-cinder.1", "DELETED", ""),
    ("detached", "VolumeAttachment/1", "DELETED", ""),
    ("attached", "VolumeAttachment/2", "attached", "true"),
    ("ready again", "Pod/test-cinder.2", "condition Ready", "True"),
)


def main(rates: list[float]) -> int:
    """Print a line for each rate."""
    right = phases(turned())
    sys.stdout.write("phase".ljust(10) + "".join(f"{name:>16}" for name in right) + "\n")
    sys.stdout.write("turned".ljust(10) + "".join(f"{at_s:>14.2f} s" for at_s in right.values()) + "\n")
    for rate in rates:
        seen = phases(on_the_wall_clock(rate))
        late = [f"{seen[name] - at_s:>+14.3f} s" for name, at_s in right.items()]
        sys.stdout.write(f"rate {rate:g}".ljust(10) + "".join(late) + "\n")
    return 0


def _story() -> Whole:
    story = Whole(ticks=TICKS, nodes=["node-2", "node-1"], remediation="out-of-service")
    story.begin()
    return story


def turned() -> list[Change]:
    """What the story tells on a turned clock."""
    story = _story()
    story.act_on_server("node-2", "os-stop")
    story.world.turn_to(FAULT_S + START_S)
    story.act_on_server("node-2", "os-start")
    story.world.turn_to(FAULT_S + END_S)
    return story.told()


def on_the_wall_clock(rate: float) -> list[Change]:
    """The same, driven by the wall clock; what happens late is told late, by the clock and not by the timer that was due."""
    story = _story()
    driver = Driver(story.world, Clock(rate))
    story.clock = lambda: driver.elapsed_s() - FAULT_S
    driver.start()
    story.act_on_server("node-2", "os-stop")
    for until_s, request in ((START_S, "os-start"), (END_S, "")):
        time.sleep(max(0.0, (until_s - story.clock()) / rate))
        if request:
            story.act_on_server("node-2", request)
    driver.stop()
    driver.join()
    return story.told()


def phases(told: list[Change]) -> dict[str, float]:
    """When each phase came, in cluster seconds since the fault."""
    return {
        name: next(row.at_s for row in told if (row.about, row.what) == (about, what) and part in row.value)
        for name, about, what, part in PHASES
    }


if __name__ == "__main__":
    sys.exit(main([float(rate) for rate in sys.argv[1:]] or [1, 20, 100]))
