"""`chaoscinder recover`: undo what a run left that did not end in order."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from chaoscinder.cli.runs import runs_option

NOT_RESTORED = 6
# What a run's own settings say about where it was; credentials are the caller's.
WHERE = ("namespace", "workload", "app_url", "cluster_id", "cloud_project_id", "claim", "context", "rate")


@click.command()
@click.argument("run", default="")
@click.option("--all", "everything", is_flag=True, help="Whatever run it was: by our metadata on servers, Leases and runs here.")
@click.option("--if-expired", is_flag=True, help="Only what is past the moment that its run gave itself.")
@click.option("--dry-run", is_flag=True, help="Say what is left, touch nothing.")
@runs_option
@click.pass_context
def recover(context: click.Context, run: str, runs_dir: Path, everything: bool, if_expired: bool, dry_run: bool) -> None:
    """Undo what RUN (a path, an id, "last"; an id is enough on another machine) or any run (--all) left behind.

    Each step is a line. Exit code 6 while something is left. Doing it twice does no harm.
    """
    from chaoscinder.clients.site import Site
    from chaoscinder.recovery.recover import Asked
    from chaoscinder.recovery.recover import recover as recover_runs

    if bool(run) == everything:
        raise click.UsageError("say either RUN (a path, an id or last) or --all")
    directory = None if everything else find(run, runs_dir)
    site = Site(settings_of(directory))
    try:
        asked = Asked(run=run, runs_dir=runs_dir, everything=everything, if_expired=if_expired, dry_run=dry_run)
        done = recover_runs(site, asked, directory, lambda line: click.echo(line))
    finally:
        site.close()
    context.exit(0 if done else NOT_RESTORED)


def find(run: str, runs_dir: Path) -> Any:
    """Find a run's directory; None where there is none here, because its id alone may do."""
    from chaoscinder import runs
    from chaoscinder.errors import NotFound

    try:
        return runs.find(run, runs_dir)
    except NotFound:
        if run == "last" or "/" in run:
            raise
        return None


def settings_of(directory: Any) -> Any:
    """The settings of a run as far as its directory tells where it was, the rest from the environment."""
    from chaoscinder import settings

    told: Mapping[str, str] = directory.header.settings if directory is not None else {}
    return settings.read({name: told[name] for name in WHERE if told.get(name)})
