"""What commands about the answers in DATA share: their options, and how answers are read."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click
import polars as pl

from compassion_psy.cli._outputs import refuse_overwriting, survey_inputs
from compassion_psy.cli._reading import given_to_reading, reading_options
from compassion_psy.cli._scales import COLUMNS_HELP, SCALE_HELP, named_scales
from compassion_psy.cli._values import Number
from compassion_psy.data.writing import write_table
from compassion_psy.reading import read_survey
from compassion_psy.scales import Scale

_FILE = click.Path(path_type=Path)
BY_HELP = "Column of sites or groups. Repeatable."
COEFFICIENTS_HELP = "Separated by commas, as for the command reliability; or all."


def survey_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add DATA, and the options that name scales, missing codes, the output and the reading."""
    command = click.option(
        "--out", type=_FILE, help="Write the table to this .csv, .parquet or .json file."
    )(reading_options(command))
    command = click.option(
        "--missing-code", "missing_codes", type=Number(), multiple=True,
        help="An answer that means no answer, such as 0 or 99. Repeatable.",
    )(command)  # fmt: skip
    command = click.option("--columns", help=COLUMNS_HELP)(command)
    command = click.option("--scale", "scales", multiple=True, required=True, help=SCALE_HELP)(
        command
    )
    return click.argument("data", type=_FILE)(command)


def factor_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of coefficients of several factors."""
    command = click.option(
        "--two-factors", type=click.Choice(["equal", "first", "second"]), default="equal",
        show_default=True, help="How two factors load on the general one.",
    )(command)  # fmt: skip
    return click.option(
        "--factors", type=int, default=3, show_default=True,
        help="Factors of omega_total, omega_h, omega_limit, omega_groups, ecv and puc.",
    )(command)  # fmt: skip


def asked_answers(
    data: Path, options: dict[str, Any], texts: Sequence[str] = ()
) -> tuple[pl.LazyFrame, list[Scale], Path | None]:
    """Take the options of `survey_options` out of those of a command, but for missing codes.

    Returns
    -------
    tuple
        The answers, the scales, and the file to write, if there is one.

    Raises
    ------
    click.UsageError
        When the file to write is one that is read.
    """
    names, out = options.pop("scales"), options.pop("out")
    refuse_overwriting(survey_inputs(data, names), {"--out": out})
    scales = named_scales(names, options.pop("columns"))
    answers = list(dict.fromkeys(item for scale in scales for item in scale.items))
    reading = given_to_reading(options)
    return read_survey(data, answers=answers, texts=list(texts), **reading), scales, out


def one_scale(scales: Sequence[Scale]) -> Scale:
    """Return the only scale.

    Raises
    ------
    click.UsageError
        When there are several.
    """
    if len(scales) > 1:
        listed = ", ".join(repr(scale.name) for scale in scales)
        raise click.UsageError(f"--scale stands for {len(scales)} scales ({listed}); name one.")
    return scales[0]


def coefficient_names(text: str) -> str | tuple[str, ...]:
    """Return the names of coefficients that commas separate."""
    return text if text == "all" else tuple(name.strip() for name in text.split(","))


def show_or_write(result: object, table: pl.DataFrame, out: Path | None) -> None:
    """Print the result, or write its table where a file is named."""
    if out is None:
        click.echo(str(result))
        return
    write_table(table, out)
    click.echo(f"Wrote {table.height:,} rows to {out}", err=True)
