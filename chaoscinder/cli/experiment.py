"""Commands about an experiment file: lint."""

from pathlib import Path

import click


@click.command()
@click.argument("experiments", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.pass_context
def lint(context: click.Context, experiments: tuple[Path, ...]) -> None:
    """Find what `chaos validate` lets pass in EXPERIMENTS: misspelled keys, wrong arguments, unsafe strategies."""
    from chaoscinder.checks.lint import lint_file

    findings = [finding for path in experiments for finding in lint_file(path)]
    for finding in findings:
        click.echo(finding)
    if not findings:
        click.echo(f"{len(experiments)} experiment{'s' * (len(experiments) > 1)}: nothing to find fault with")
    context.exit(1 if findings else 0)
