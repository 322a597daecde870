"""Every outcome that a sampler can record, from the process that it is, against a real socket; `stale-backend`, `unknown` and `missed` are
provoked in test_provoked.py."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace

from fault_server import Fault, FaultServer

from chaoscinder.clock import Clock
from chaoscinder.model.sample import Outcome
from chaoscinder.recorder.children import launch_sampler
from chaoscinder.recorder.plan import Plan
from chaoscinder.runs import RunDirectory

clock = Clock()
SEEN_LATER = {Outcome.STALE_BACKEND, Outcome.UNKNOWN, Outcome.MISSED}
FAULTS = {
    Outcome.OK: Fault.NONE,
    Outcome.REFUSED: Fault.REFUSED,
    Outcome.READ_TIMEOUT: Fault.STALL,
    Outcome.RESET: Fault.RESET,
    Outcome.CLIENT_ERROR: Fault.NOT_FOUND,
    Outcome.SERVER_ERROR: Fault.SERVER_ERROR,
    Outcome.WRONG_CONTENT: Fault.WRONG,
}


@contextmanager
def full_queue() -> Iterator[str]:
    """An address whose queue of connections is full: the kernel drops what comes."""
    with socket.socket() as full, socket.socket() as first, socket.socket() as second:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for waiting in (first, second):
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        yield f"http://127.0.0.1:{full.getsockname()[1]}/"


def test_every_outcome_is_seen_by_a_sampler_for_what_it_is(run: RunDirectory, server: FaultServer) -> None:
    """One sampler for each, all at once."""
    elsewhere = {
        Outcome.DNS: "http://no-such-host.invalid/",
        Outcome.UNREACHABLE: "http://255.255.255.255/",  # Linux has no route for a connection to everybody
        Outcome.TLS: f"https://127.0.0.1:{server.port}/",
    }
    plan = Plan("", "", body_pattern="users", period_s=0.1, answer_within_s=0.3)
    with ExitStack() as undo:
        broken = {outcome: undo.enter_context(closing(FaultServer())) for outcome in FAULTS}
        for outcome, made in broken.items():
            undo.enter_context(made.broken(FAULTS[outcome]))
        urls = {outcome: made.url for outcome, made in broken.items()} | elsewhere
        urls[Outcome.CONNECT_TIMEOUT] = undo.enter_context(full_queue())
        plans = [replace(plan, series=outcome.value, url=url) for outcome, url in urls.items()]
        plans.append(replace(plan, series=Outcome.SLOW.value, url=server.url, slow_after_s=0.0))
        children = [launch_sampler(run, one) for one in plans]
        for child in children:
            child.wait_until_ready()
        clock.sleep_wall(0.4)
        assert [child.stop() for child in children] == [""] * len(children)
    found = {name: {sample.outcome for sample in rows} for name, rows in run.read().series.items()}
    assert found == {outcome.value: {outcome} for outcome in Outcome if outcome not in SEEN_LATER}
