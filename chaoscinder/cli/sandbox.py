"""`chaoscinder sandbox`: start, ask, stop, or lend the sandbox to one command."""

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import click

from chaoscinder.errors import ChaoscinderError

DEFAULTS: dict[str, Any] = {"profile": "1.36-csi", "remediation": "out-of-service", "openstack": "2026.2", "rate": 20.0, "port": 0}
DEFAULTS |= {"power_loss": "flushed", "app_synchronous": "", "ssh": "auto"}


def default_directory() -> Path:
    """One sandbox per user unless --dir says otherwise."""
    base = os.environ.get("XDG_RUNTIME_DIR") or os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(base) / "chaoscinder-sandbox"


def world_options(function: Any) -> Any:
    """The options that choose a world; None means not said, so that a running sandbox is only contradicted on purpose."""
    for option in (
        click.option(
            "--app-synchronous",
            type=click.Choice(["EXTRA", "FULL", "NORMAL", "OFF"]),
            help="How the demo application syncs its SQLite file (its own choice, EXTRA).",
        ),
        click.option(
            "--power-loss",
            type=click.Choice(["flushed", "unflushed"]),
            help="What a server loses with its power: nothing, or what was not synced to the volume (flushed).",
        ),
        click.option(
            "--ssh/--no-ssh",
            default=None,
            callback=lambda _context, _option, wanted: {True: "on", False: "off"}.get(wanted),
            help="Open an ssh door for each node (where asyncssh is installed).",
        ),
        click.option("--port", type=click.IntRange(0, 65535), help="Port of the APIs on 127.0.0.1 (a free one unless told)."),
        click.option("--rate", type=click.FloatRange(0.1, 1000), help="Cluster seconds per wall second (20)."),
        click.option("--openstack", metavar="RELEASE", help="OpenStack release to behave like (2026.2)."),
        click.option(
            "--remediation", type=click.Choice(["out-of-service", "none"]), help="Who frees a dead node's volumes (out-of-service)."
        ),
        click.option("--profile", metavar="NAME", help="Kubernetes version to behave like (1.36-csi)."),
    ):
        function = option(function)
    return function


def directory_option(function: Any) -> Any:
    """Where the sandbox keeps its files."""
    return click.option(
        "--dir", "directory", envvar="CHAOSCINDER_SANDBOX_DIR", type=click.Path(path_type=Path), help="Where the sandbox keeps its files."
    )(function)


@click.group()
def sandbox() -> None:
    """A Kubernetes cluster on an OpenStack cloud in one process on 127.0.0.1, with a real application."""


@sandbox.command()
@world_options
@directory_option
def up(directory: Path | None, **asked: Any) -> None:
    """Start the sandbox and leave it running."""
    from chaoscinder.cli import tenancy

    started = tenancy.start(directory or default_directory(), DEFAULTS | _said(asked))
    click.echo(tenancy.described(started))
    click.echo(f"use it:  chaoscinder sandbox exec -- COMMAND\nstop it: chaoscinder sandbox down{_at(directory)}")


@sandbox.command()
@directory_option
def down(directory: Path | None) -> None:
    """Stop the sandbox that up started."""
    from chaoscinder.cli import tenancy

    click.echo(tenancy.stop(directory or default_directory()))


@sandbox.command()
@directory_option
@click.pass_context
def status(context: click.Context, directory: Path | None) -> None:
    """Tell whether a sandbox runs, and what is in it; exit code 1 when none does."""
    from chaoscinder.cli import tenancy

    found = tenancy.running(directory or default_directory())
    click.echo(tenancy.described(found) if found else f"no sandbox runs in {directory or default_directory()}")
    context.exit(0 if found else 1)


@sandbox.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@world_options
@directory_option
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@click.pass_context
def exec(context: click.Context, /, command: tuple[str, ...], directory: Path | None, **asked: Any) -> None:
    """Run COMMAND with a sandbox: the running one, or one of its own that goes away afterwards.

    On Ctrl-C or SIGTERM it waits for the command to finish its rollbacks before the sandbox goes.
    """
    from chaoscinder.cli import tenancy

    if shutil.which(command[0]) is None:
        raise ChaoscinderError(f"there is no command {command[0]} (wanted something to run in the sandbox)")
    found = tenancy.running(directory or default_directory())
    if found:
        tenancy.refuse_contradiction(found, _said(asked))
        context.exit(tenancy.lend(found, command))
    with tempfile.TemporaryDirectory(prefix="chaoscinder-sandbox-") as own:
        try:
            code = tenancy.lend_own(directory or Path(own), DEFAULTS | _said(asked), command)
        finally:
            _remove_what_leads_nowhere(directory)
        context.exit(code)


@sandbox.command()
@directory_option
@click.argument("name", required=False)
@click.argument("arguments", nargs=-1)
def fault(directory: Path | None, name: str | None, arguments: tuple[str, ...]) -> None:
    """Let the fault NAME happen in the running sandbox; without a name, list the faults."""
    from chaoscinder.cli import tenancy

    click.echo(tenancy.fault(directory or default_directory(), name, arguments) if name else tenancy.faults())


@sandbox.command()
@directory_option
def faults(directory: Path | None) -> None:
    """List the faults, and those that are active in the running sandbox."""
    from chaoscinder.cli import sandbox_faults

    click.echo(sandbox_faults.told(directory or default_directory()))


@sandbox.command()
@directory_option
@click.argument("name", required=False)
@click.argument("target", required=False)
@click.option("--all", "everything", is_flag=True, help="Heal whatever is active.")
def heal(directory: Path | None, name: str | None, target: str | None, everything: bool) -> None:
    """Heal the fault NAME of TARGET, all of that name, or with --all whatever is active."""
    from chaoscinder.cli import sandbox_faults

    if (name is None) is not everything:
        raise click.UsageError("say either the fault to heal (chaoscinder sandbox faults lists them) or --all")
    click.echo(sandbox_faults.heal(directory or default_directory(), name, target))


@sandbox.command()
def profiles() -> None:
    """List the Kubernetes versions and OpenStack releases that can be chosen, and how they differ."""
    from chaoscinder.cli import tenancy

    click.echo(tenancy.profiles())


def _remove_what_leads_nowhere(directory: Path | None) -> None:
    """A sandbox that was killed could not take its files away."""
    if directory and (directory / "kubeconfig").exists():
        from chaoscinder.sandbox import files

        files.remove(directory)


def _said(asked: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in asked.items() if value is not None}


def _at(directory: Path | None) -> str:
    return f" --dir {directory}" if directory else ""
