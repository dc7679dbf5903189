"""compassion-psy audit: what is odd in the keys and answers of a file."""

from pathlib import Path
from typing import Any

import click
import polars as pl

from compassion_psy.audit.auditing import audit as look_at
from compassion_psy.cli._outputs import refuse_overwriting, survey_inputs
from compassion_psy.cli._reading import given_to_reading, reading_options
from compassion_psy.cli._scales import named_scales
from compassion_psy.cli._values import NamedNumber, Number
from compassion_psy.data.writing import write_tables
from compassion_psy.reading import read_survey

FINDINGS = 3
"""The exit code of --fail-on-findings."""

_FILE = click.Path(path_type=Path)


@click.command(
    short_help="What is odd in keys and answers, by site where asked.",
    epilog="Example:  compassion-psy audit survey.csv --scale scs --columns scs_{} --by site",
)
@click.argument("data", type=_FILE)
@click.option(
    "--scale", "scale_name", required=True,
    help="A published scale, such as scs, or a TOML file that describes one.",
)  # fmt: skip
@click.option("--columns", help="Pattern of the item columns, such as scs_{}.")
@click.option("--by", multiple=True, help="Column of sites or groups. Repeatable.")
@click.option("--wave", help="Column of occasions.")
@click.option(
    "--missing-code", "missing_codes", type=Number(), multiple=True,
    help="An answer that means no answer, such as 0 or 99. Repeatable.",
)  # fmt: skip
@click.option("--person", multiple=True, help="Column that names a person. Repeatable.")
@click.option(
    "--attention", type=NamedNumber("check_1=5 or passed=true"), multiple=True,
    help="An attention check and its right answer, such as check_1=5. Repeatable.",
)  # fmt: skip
@click.option("--seconds", help="Column of the seconds that a person took for the items.")
@click.option(
    "--minimum-cell", type=int, default=10, show_default=True,
    help="Of sites with fewer rows no figures are shown.",
)  # fmt: skip
@click.option("--out", type=_FILE, help="Write the findings to this .csv, .parquet or .json file.")
@click.option("--items-out", type=_FILE, help="Write what is known of each item to this file.")
@click.option("--persons-out", type=_FILE, help="Write what is known of each person to this file.")
@click.option(
    "--fail-on-findings", is_flag=True,
    help=f"End with exit code {FINDINGS} when anything is found besides careless persons, of whom "
    "every survey has some.",
)  # fmt: skip
@click.option(
    "--accept", multiple=True, metavar="FINDING[:ITEM]",
    help="A finding that is known, and is no reason to fail: weak_item, weak_item:q7. Repeatable.",
)  # fmt: skip
@reading_options
@click.pass_context
def audit(
    context: click.Context,
    /,
    data: Path,
    scale_name: str,
    columns: str | None,
    by: tuple[str, ...],
    wave: str | None,
    person: tuple[str, ...],
    attention: tuple[tuple[str, float], ...],
    out: Path | None,
    items_out: Path | None,
    persons_out: Path | None,
    fail_on_findings: bool,
    accept: tuple[str, ...],
    **options: Any,
) -> None:
    """List what is odd in the keys and answers of DATA; nothing is changed.

    DATA has one row a person, with reversed items as they were answered: a .csv, .tsv, .parquet,
    .arrow, .xlsx, .sav, .dta or .jsonl file, or a folder of them. The summary is printed; all
    findings with their evidence are written to --out.
    """
    refuse_overwriting(
        survey_inputs(data, [scale_name]),
        {"--out": out, "--items-out": items_out, "--persons-out": persons_out},
    )
    scale, *others = named_scales([scale_name], columns)
    if others:
        raise click.UsageError(
            f"{scale_name} describes {len(others) + 1} scales, and an audit takes one; give each "
            "a file."
        )
    # Answers are audited as they are: texts among them are told as findings.
    names = [*by, *person, *([wave] if wave else [])]
    reading = given_to_reading(options)
    result = look_at(
        read_survey(data, texts=names, **reading),
        scale,
        by=list(by) or None,
        wave=wave,
        person=list(person) or None,
        attention=dict(attention) or None,
        **options,
    )
    click.echo(str(result))
    tables = ((out, result.findings), (items_out, result.items), (persons_out, result.persons))
    written = {path: table for path, table in tables if path is not None}
    write_tables(written)
    for path, table in written.items():
        click.echo(f"Wrote {table.height:,} rows to {path}", err=True)
    if fail_on_findings and _unknown(result.findings, accept).height:
        context.exit(FINDINGS)


def _unknown(findings: pl.DataFrame, accept: tuple[str, ...]) -> pl.DataFrame:
    """Return the findings, besides those about persons, that nobody has accepted."""
    known = [each.partition(":") for each in accept]
    accepted = pl.any_horizontal(
        pl.lit(value=False),
        *(
            (pl.col("finding") == finding) & (pl.col("item").eq_missing(item) if item else True)
            for finding, _, item in known
        ),
    )
    return findings.filter(pl.col("kind") != "careless", ~accepted)
