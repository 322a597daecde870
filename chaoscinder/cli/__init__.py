"""The `chaoscinder` command: thin doors for people, on click.

Exit codes: 0 PASS, 1 FAIL, 2 usage, 3 NOT_RUN, 4 INCONCLUSIVE, 5 ABORTED, 6 not restored (wins over all), 7 attaching failed.
Whatever goes wrong is one line on standard error. Modules here import click and the standard library only, so that --help is quick.
"""

import sys

import click

from chaoscinder import __version__
from chaoscinder.cli.access import access
from chaoscinder.cli.experiment import lint
from chaoscinder.cli.preflight import preflight
from chaoscinder.cli.recover import recover
from chaoscinder.cli.runs import report, verdict
from chaoscinder.cli.sampler import sampler
from chaoscinder.cli.sandbox import sandbox
from chaoscinder.cli.stop import stop
from chaoscinder.errors import ChaoscinderError

USAGE = 2


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="chaoscinder")
def cli() -> None:
    """Does a stateful application on OpenStack Cinder survive the loss of its node?

    \b
    On a machine without cluster or cloud:
      chaoscinder sandbox exec -- chaos --no-version-check run experiments/node-shutdown.json
      chaoscinder verdict last
    """


for command in (sandbox, sampler, verdict, report, lint, preflight, access, recover, stop):
    cli.add_command(command)


def main() -> None:
    """Run the command line; an error of ours is one line and exit code 2."""
    try:
        code = cli.main(standalone_mode=False)
    except ChaoscinderError as error:
        click.echo(f"chaoscinder: {error}", err=True)
        sys.exit(USAGE)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except Exception as error:  # a fault of ours; a person on call wants a line all the same
        click.echo(f"chaoscinder: not foreseen: {_told(error)} (please report it)", err=True)
        sys.exit(USAGE)
    sys.exit(code if isinstance(code, int) else 0)  # without standalone mode click hands the exit code back


def _told(error: BaseException) -> str:
    """Name an error, what it says first, and the last line of ours that it came through."""
    trace, place = error.__traceback__, "?"
    while trace is not None:
        path = trace.tb_frame.f_code.co_filename
        place = f"{path.rpartition('/chaoscinder/')[2]}:{trace.tb_lineno}" if "/chaoscinder/" in path else place
        trace = trace.tb_next
    return f"{type(error).__name__}: {str(error).partition(chr(10))[0][:120]} at {place}"
