"""How good the sampler is on this machine: real outages of known length, measured with the real sampler and the real judgement.

Three stretches: outages while the machine is quiet, health (one half of it with a busy neighbour), outages beside a busy neighbour. In each
of the outer two every kind of fault: refused, killed, 503, wrong, reset, stalled (longer and shorter than the deadline), flapping. The
quick form does half of them in the first and the other half in the last stretch.
"""

import random
import tempfile
import uuid
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from chaoscinder import runs
from chaoscinder.checks.availability import outages
from chaoscinder.clock import Clock
from chaoscinder.model.run import Aims, Header
from chaoscinder.recorder.children import Child, launch_sampler
from chaoscinder.recorder.fault_process import FaultProcess, Step, Truth, busy_neighbour, fault_process
from chaoscinder.recorder.fault_server import Fault
from chaoscinder.recorder.plan import Plan
from chaoscinder.recorder.selftest_figures import Figures, figures
from chaoscinder.runs import RunDirectory

ANSWER_WITHIN_S = 0.9
GAP_S = 0.5
LENGTHS_S = (
    (Fault.REFUSED, 0.4), (Fault.KILLED, 0.5), (Fault.SERVER_ERROR, 0.3), (Fault.WRONG, 0.6), (Fault.RESET, 0.25),
    (Fault.STALL, 1.5), (Fault.STALL, 0.6),
)  # fmt: skip
HALF = 4  # of one program, for the quick form
FLAPS, FLAP_S, FLAP_GAP_S = 6, 0.12, 0.16
TAIL_S = 1.2  # so that the last answers of the last outage are in
Say = Callable[[str], None]


def program(chance: random.Random) -> tuple[Step, ...]:
    """Plan one of each kind of outage; lengths and gaps vary, so that edges fall anywhere between two slots."""
    ordinary = [Step(fault, _vary(length_s, chance), _vary(GAP_S, chance), fault.value) for fault, length_s in LENGTHS_S]
    first = Step(Fault.SERVER_ERROR, _vary(FLAP_S, chance), _vary(GAP_S, chance), "flapping")
    flaps = [replace(first, length_s=_vary(FLAP_S, chance), gap_s=_vary(FLAP_GAP_S, chance)) for _ in range(FLAPS - 1)]
    return (*ordinary, first, *flaps)


def planned_s(health_s: float, *, quick: bool) -> float:
    """Tell about how long a selftest takes, in wall seconds."""
    ordinary = sum(length_s + GAP_S for _, length_s in LENGTHS_S)
    once = ordinary + GAP_S + FLAPS * FLAP_S + (FLAPS - 1) * FLAP_GAP_S
    return (once if quick else 2 * once) + health_s + TAIL_S + 2.0


def selftest(samples_per_s: Sequence[float], *, health_s: float, quick: bool, seed: int, say: Say) -> tuple[Figures, ...]:
    """Measure, one sampler for each rate and all at once; say is told how far it is."""
    clock, chance = Clock(), random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="chaoscinder-selftest-") as directory, fault_process(chance) as server:
        run = runs.create(Path(directory), _header(clock))
        children = _samplers(run, server.url, samples_per_s)
        try:
            first, last = program(chance), program(chance)
            halves = (first[:HALF], first[HALF:]) if quick else (first, last)
            truths = _all_stretches(server, halves, health_s, say)
            clock.sleep_wall(TAIL_S)
        finally:
            problems = [child.stop() for child in children]
        for problem in filter(None, problems):
            say(problem)
        return _compare(run, samples_per_s, truths)


def _all_stretches(server: FaultProcess, halves: tuple[Sequence[Step], Sequence[Step]], health_s: float, say: Say) -> list[Truth]:
    truths = _outages(server, halves[0], "quiet", say)
    say(f"health, quiet: {health_s / 2:g} s")
    Clock().sleep_wall(health_s / 2)
    with busy_neighbour():
        say(f"health, busy neighbour: {health_s / 2:g} s")
        Clock().sleep_wall(health_s / 2)
        return truths + _outages(server, halves[1], "busy neighbour", say)


def _outages(server: FaultProcess, steps: Sequence[Step], where: str, say: Say) -> list[Truth]:
    truths = []
    for step in steps:
        truth = server.act(step)
        truths.append(truth)
        say(f"outage, {where}: {step.name} {truth.ended_s - truth.started_s:.3f} s")
    return truths


def _samplers(run: RunDirectory, url: str, samples_per_s: Sequence[float]) -> list[Child]:
    with ExitStack() as undo:
        children = []
        for place, rate in enumerate(samples_per_s):
            phase = place / len(samples_per_s)
            plan = Plan("", url, body_pattern="users", period_s=1 / rate, answer_within_s=ANSWER_WITHIN_S, series=f"{rate:g}", phase=phase)
            children.append(launch_sampler(run, plan))
            undo.callback(children[-1].stop)
        for child in children:
            child.wait_until_ready()
        undo.pop_all()
    return children


def _compare(run: RunDirectory, samples_per_s: Sequence[float], truths: Sequence[Truth]) -> tuple[Figures, ...]:
    anchor_s, found = run.header.anchor_s, run.read()
    mine = [replace(truth, started_s=truth.started_s - anchor_s, ended_s=truth.ended_s - anchor_s) for truth in truths]
    series = {rate: found.series.get(f"{rate:g}", ()) for rate in samples_per_s}
    return tuple(figures(rate, samples, outages(samples), mine, ANSWER_WITHIN_S) for rate, samples in series.items())


def _header(clock: Clock) -> Header:
    return Header(uuid.uuid4().hex, "sampler selftest", "", clock.wall_now(), clock.monotonic_s(), 1.0, False, Aims())


def _vary(seconds: float, chance: random.Random) -> float:
    return seconds * chance.uniform(0.85, 1.15)
