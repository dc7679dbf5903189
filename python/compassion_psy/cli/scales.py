"""compassion-psy scales: the published scales, or all that is known of one."""

import click
import polars as pl

from compassion_psy import scales as registry
from compassion_psy.scales.facts import MEANING_OF_CONFIDENCE
from compassion_psy.tables import to_text

_COLUMNS = ("id", "name", "items", "reversed", "answers", "total", "key", "licence")
_NOTES = (
    "key: how surely items, reversed items and range are known; "
    + "; ".join(
        f"{level}: {meaning}"
        for level, meaning in MEANING_OF_CONFIDENCE.items()
        if level != "disputed"
    )
    + ".",
    "licence: of the questionnaire; see how surely it is known with: compassion-psy scales ID",
)


@click.command(
    short_help="List the published scales, or describe one.",
    epilog="Example:  compassion-psy scales scs-sf",
)
@click.argument("scale_id", metavar="[ID]", required=False)
@click.option("--find", help="List only scales whose name or construct holds this text.")
def scales(scale_id: str | None, find: str | None) -> None:
    """List the published scales, or describe the one called ID.

    Described are items, reversed items, scoring, missing answers, licence, citation and published
    alphas, each with how surely it is known.
    """
    if scale_id is not None:
        click.echo(str(registry.get(scale_id)))
        return
    table = registry.list()
    if find:
        named = pl.concat_str("id", "name", "abbreviation", "construct", separator=" ")
        table = table.filter(named.str.to_lowercase().str.contains(find.lower(), literal=True))
    if table.is_empty():
        click.echo(f"No published scale has {find!r} in its name or construct.")
        return
    shown = table.with_columns(
        pl.format("{} to {}", "minimum", "maximum").alias("answers"),
        pl.col("confidence").alias("key"),
    )
    click.echo(to_text(shown.select(_COLUMNS), title="Published scales", notes=_NOTES))
