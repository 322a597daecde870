"""`chaoscinder sampler`: how good the sampler is on this machine."""

import click

from chaoscinder.clock import Clock

RATES = (20.0, 50.0, 100.0)


@click.group()
def sampler() -> None:
    """The process that looks at the web UI many times a second."""


@sampler.command()
@click.option("--seconds", type=click.FloatRange(1, 3600), default=60.0, show_default=True, help="Seconds of health beside the outages.")
@click.option(
    "--samples-per-s", "rates", type=click.FloatRange(10, 100), multiple=True, help="Samples a second; may be repeated (20, 50 and 100)."
)
@click.option("--seed", type=int, default=1, show_default=True, help="Chooses lengths and gaps of the outages.")
@click.option("--quick", is_flag=True, help="Each kind of outage once instead of twice (for tests).")
@click.pass_context
def selftest(context: click.Context, seconds: float, rates: tuple[float, ...], seed: int, quick: bool) -> None:
    """Measure outages of known length on this machine; exit code 1 where the sampler cannot be trusted here.

    A server of our own on 127.0.0.1 is refused, killed, 503, wrong, reset, stalled and flapping, first on a quiet machine, then beside a
    process that parses JSON without end. Every true length must lie within the measured interval, no error may exceed one period plus the
    lateness and the time of an answer, and in the time of health between nothing may be found. About 85 s.
    """
    from chaoscinder.recorder.selftest import planned_s, selftest
    from chaoscinder.recorder.selftest_figures import table

    wanted, began = tuple(sorted(set(rates or RATES))), Clock().deadline(planned_s(seconds, quick=quick))
    at_once = ", ".join(f"{rate:g}" for rate in wanted)
    click.echo(f"sampler selftest: {at_once} samples a second at once, about {began.limit_s:.0f} s", err=True)
    found = selftest(
        wanted, health_s=seconds, quick=quick, seed=seed, say=lambda text: click.echo(f"{began.spent_s:6.1f} s  {text}", err=True)
    )
    for line in table(found):
        click.echo(line)
    problems = [problem for row in found for problem in row.problems()]
    for problem in problems:
        click.echo(problem)
    click.echo(f"{'FAIL' if problems else 'PASS'}: answer due within 0.9 s, seed {seed}, {began.spent_s:.0f} s")
    context.exit(1 if problems else 0)
