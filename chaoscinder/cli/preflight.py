"""`chaoscinder preflight`: what an experiment would do, to what, and what speaks against it; nothing is touched."""

import json
from pathlib import Path
from typing import Any

import click

from chaoscinder.errors import SettingsError

NOT_RUN = 3
OURS = "chaoscinder.actions"


@click.command()
@click.argument("experiment", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@click.pass_context
def preflight(context: click.Context, experiment: Path, as_json: bool) -> None:
    """Look at everything that EXPERIMENT would touch, and judge whether it may; nothing is touched. Exit code 3 when it may not."""
    from chaoscinder import settings
    from chaoscinder.checks import acts
    from chaoscinder.clients.site import Site
    from chaoscinder.faults import guard
    from chaoscinder.runs import files

    known = read_experiment(experiment)
    site = Site(settings.of_experiment(known))
    try:
        found = guard.look(site, acts=acts.of_experiment(known))
    finally:
        site.close()
    if as_json:
        shown = {"may_run": not found.blocking, "faults": _faults(known), **files.plain(found)}
        click.echo(json.dumps(shown, indent=2))
    else:
        click.echo(_table(found, _faults(known)))
    context.exit(NOT_RUN if found.blocking else 0)


def read_experiment(path: Path) -> dict[str, Any]:
    """Read an experiment's file; SettingsError where that cannot be done."""
    from chaoscinder.checks.lint import parse_file

    try:
        known = parse_file(path)
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path} cannot be read: {error}") from error
    if not isinstance(known, dict):
        raise SettingsError(f"{path} is a {type(known).__name__} (wanted an experiment)")
    return known


def _faults(experiment: dict[str, Any]) -> list[str]:
    rows = [row.get("provider", {}) for row in experiment.get("method") or [] if isinstance(row, dict)]
    return [str(row.get("func")) for row in rows if str(row.get("module", "")).startswith(OURS)]


def _table(found: Any, faults: list[str]) -> str:
    width = max((len(row.guard) for row in found.findings), default=0)
    lines = [f"{row.weight.value:8}{row.guard:{width + 2}}{row.about}: {row.says}" for row in found.findings]
    lines += ["", f"faults   {', '.join(faults) or 'none of ours in the method'}"]
    lines += [f"touches  {line}" for line in found.touches or ("nothing: no target",)]
    lines += [f"dies     {line}" for line in found.dies]
    blocking = len(found.blocking)
    return "\n".join([*lines, "", f"{blocking} findings block: it would not run" if blocking else "nothing blocks: it may run"])
