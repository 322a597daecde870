"""Commands about a run that was made: verdict and report."""

import json
from pathlib import Path
from typing import Any

import click

RUNS_DIR = "chaoscinder-runs"


def runs_option(function: Any) -> Any:
    """Let a command be told where the runs are."""
    return click.option(
        "--runs-dir",
        envvar="CHAOSCINDER_RUNS_DIR",
        default=RUNS_DIR,
        show_default=True,
        type=click.Path(path_type=Path),
        help="Where runs live.",
    )(function)


@click.command()
@click.argument("run", default="last")
@runs_option
@click.option("--json", "as_json", is_flag=True, help="Print verdict.json instead of text.")
@click.pass_context
def verdict(context: click.Context, run: str, runs_dir: Path, as_json: bool) -> None:
    """Judge RUN (a path, an id or "last") again from its directory, print it and exit with its code."""
    from chaoscinder import runs
    from chaoscinder.checks.verdict import exit_code
    from chaoscinder.reports import conclude, terminal

    directory = runs.find(run, runs_dir)
    record, judged = conclude.judge(directory)
    if as_json:
        click.echo(json.dumps(conclude.as_json(judged), indent=2))
    else:
        click.echo(terminal.render(record, judged))
        page = directory.path / "report.html"
        click.echo(f"page: {page}" if page.is_file() else f"no page yet: chaoscinder report {directory.path}")
    context.exit(exit_code(judged))


@click.command()
@click.argument("run", default="last")
@runs_option
def report(run: str, runs_dir: Path) -> None:
    """Make the page and the summary of RUN (a path, an id or "last") from its directory."""
    from chaoscinder import runs
    from chaoscinder.reports import conclude

    directory = runs.find(run, runs_dir)
    for path in conclude.write(directory, *conclude.judge(directory)):
        click.echo(str(path))
