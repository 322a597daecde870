"""`chaoscinder stop`: have a run undo its fault and end."""

from pathlib import Path

import click

from chaoscinder.cli.recover import find, settings_of
from chaoscinder.cli.runs import runs_option


@click.command()
@click.argument("run", default="last")
@click.option("--why", default="asked to stop with chaoscinder stop", help="What the run's verdict will say.")
@runs_option
def stop(run: str, runs_dir: Path, why: str) -> None:
    """Have RUN (a path, an id or "last") undo its fault and end with ABORTED; from another machine by its id, through its Lease."""
    from chaoscinder.clients.site import Site
    from chaoscinder.errors import NotFound
    from chaoscinder.model.leftover import LEASE
    from chaoscinder.recovery import lock, stopping

    directory = find(run, runs_dir)
    if directory is not None:
        click.echo(f"run {directory.run_id[:8]} was asked to stop: {stopping.ask_to_stop(directory, why)}")
        return
    site = Site(settings_of(None))
    try:
        hold = lock.ask_to_stop(site.kubernetes, site.settings.namespace, run, why)
    finally:
        site.close()
    if hold is None:
        raise NotFound(f"no run {run} in {runs_dir}, and Lease {site.settings.namespace}/{LEASE} is not held by one (wanted its id)")
    click.echo(f"run {hold.run_id[:8]} was asked to stop through its Lease, {hold.told(site.clock.wall_now())}")
