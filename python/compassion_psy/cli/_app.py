"""The group of commands, and how each of them ends."""

import sys
import warnings
from io import TextIOWrapper
from typing import Any, TextIO

import click
from polars.exceptions import PolarsError

from compassion_psy.cli.audit import audit
from compassion_psy.cli.change import change
from compassion_psy.cli.compare import compare
from compassion_psy.cli.demo import demo
from compassion_psy.cli.factors import factors
from compassion_psy.cli.harmonise import harmonise
from compassion_psy.cli.items import items
from compassion_psy.cli.pathway import pathway
from compassion_psy.cli.polychoric import polychoric
from compassion_psy.cli.reliability import reliability
from compassion_psy.cli.scales import scales
from compassion_psy.cli.score import score
from compassion_psy.cli.sites import sites
from compassion_psy.errors import CompassionError, CompassionWarning

BAD_INPUT = 2
INTERRUPTED = 130


class App(click.Group):
    """A group whose commands end bad input with one line and exit code 2, Ctrl-C with 130."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run, and exit with the code that says how it went."""
        kwargs["standalone_mode"] = False
        _let_any_terminal_show_it()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("always", CompassionWarning)
                warnings.showwarning = _show_warning
                code = super().main(*args, **kwargs)
        except click.exceptions.NoArgsIsHelpError as error:
            error.show()
            code = BAD_INPUT
        except click.ClickException as error:
            code = _refuse(error.format_message())
        except (CompassionError, PolarsError) as error:
            code = _refuse(str(error))
        except OSError as error:
            code = _refuse(f"{error.filename}: {error.strerror}" if error.filename else str(error))
        except (click.Abort, KeyboardInterrupt):
            click.echo("Interrupted.", err=True)
            code = INTERRUPTED
        sys.exit(code)


@click.group(cls=App, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="compassion_psy")
def app() -> None:
    """Reliability with honest bootstrap intervals for survey psychometrics."""


app.add_command(audit)
app.add_command(change)
app.add_command(compare)
app.add_command(demo)
app.add_command(factors)
app.add_command(harmonise)
app.add_command(items)
app.add_command(pathway)
app.add_command(polychoric)
app.add_command(reliability)
app.add_command(scales)
app.add_command(score)
app.add_command(sites)


def _let_any_terminal_show_it() -> None:
    # A rule or a name that the terminal's code page lacks is shown as "?", not as a traceback.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")


def _refuse(message: str) -> int:
    click.echo(f"Error: {' '.join(message.split())}", err=True)
    return BAD_INPUT


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    # The line of this package that gave the warning means nothing to the reader.
    click.echo(f"Warning: {' '.join(str(message).split())}", err=True)
