"""compassion-psy audit: what is odd in the keys and answers of a file."""

from pathlib import Path
from typing import Any

import click

from compassion_psy.audit.auditing import audit as look_at
from compassion_psy.cli.reliability import Number
from compassion_psy.data.reading import check_writable, read_table, write_table
from compassion_psy.scales import Scale
from compassion_psy.scales import get as published

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
@click.option(
    "--minimum-cell", type=int, default=10, show_default=True,
    help="Of sites with fewer rows no figures are shown.",
)  # fmt: skip
@click.option("--out", type=_FILE, help="Write the findings to this .csv, .parquet or .json file.")
@click.option("--items-out", type=_FILE, help="Write what is known of each item to this file.")
@click.option("--persons-out", type=_FILE, help="Write what is known of each person to this file.")
@click.option(
    "--fail-on-findings", is_flag=True,
    help=f"End with exit code {FINDINGS} when anything is found.",
)  # fmt: skip
@click.pass_context
def audit(
    context: click.Context,
    /,
    data: Path,
    scale_name: str,
    columns: str | None,
    by: tuple[str, ...],
    out: Path | None,
    items_out: Path | None,
    persons_out: Path | None,
    fail_on_findings: bool,
    **options: Any,
) -> None:
    """List what is odd in the keys and answers of DATA; nothing is changed.

    DATA is a .csv, .csv.gz or .parquet file, one row a person, with reversed items as they were
    answered. The summary is printed; all findings with their evidence are written to --out.
    """
    for path in (out, items_out, persons_out):
        if path is not None:
            check_writable(path)
    scale = _scale(scale_name)
    if columns is not None:
        scale = scale.with_columns(columns)
    result = look_at(read_table(data, answers=scale.items), scale, by=list(by) or None, **options)
    click.echo(str(result))
    tables = {out: result.findings, items_out: result.items, persons_out: result.persons}
    for path, table in tables.items():
        if path is not None:
            write_table(table, path)
            click.echo(f"Wrote {table.height:,} rows to {path}", err=True)
    if fail_on_findings and result.findings.height:
        context.exit(FINDINGS)


def _scale(name: str) -> Scale:
    if not name.endswith(".toml"):
        return published(name)
    scales = Scale.read(name)
    if len(scales) > 1:
        raise click.UsageError(
            f"{name} describes {len(scales)} scales, and an audit takes one; give each a file."
        )
    return scales[0]
