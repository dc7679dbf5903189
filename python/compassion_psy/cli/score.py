"""compassion-psy score: from a file of answers to the same file with scores."""

from pathlib import Path
from typing import Any

import click

from compassion_psy.cli._outputs import refuse_overwriting, survey_inputs
from compassion_psy.cli._reading import given_to_reading, reading_options
from compassion_psy.cli._scales import COLUMNS_HELP, SCALE_HELP, named_scales
from compassion_psy.cli._values import NamedNumber, Number
from compassion_psy.data.frames import as_frame
from compassion_psy.data.writing import write_table
from compassion_psy.reading import read_survey
from compassion_psy.scoring import score as score_frame

_FILE = click.Path(path_type=Path)
# A line with \b keeps click from filling the paragraph.
_EXAMPLE = """\b
Examples:
  compassion-psy score survey.parquet --scale scs-sf --columns "scs_{}" --out scored.csv
  compassion-psy score survey.csv --scale empathy.toml --missing person_mean \\
    --minimum-answered 0.8 --reliability total=0.86 --out scored.parquet
"""


@click.command(short_help="Totals and subscales of every person.", epilog=_EXAMPLE)
@click.argument("data", type=_FILE)
@click.option("--scale", "scales", multiple=True, required=True, help=SCALE_HELP)
@click.option("--columns", help=COLUMNS_HELP)
@click.option(
    "--missing", default="rule", show_default=True,
    help="rule (the published one), complete or person_mean.",
)  # fmt: skip
@click.option(
    "--minimum-answered",
    help="With person_mean: how many answers a score needs (8), or which share of its items "
    "(0.8).  [default: 0.5]",
)  # fmt: skip
@click.option(
    "--missing-code", "missing_codes", type=Number(), multiple=True,
    help="An answer that means no answer, such as 0 or 99. Repeatable.",
)  # fmt: skip
@click.option("--pomp", is_flag=True, help="Add percent of maximum possible.")
@click.option(
    "--reliability", type=NamedNumber("total=0.86"), multiple=True,
    help="Of the score with this key or column: add its standard error and interval. Repeatable.",
)  # fmt: skip
@click.option("--level", type=float, default=0.95, show_default=True, help="Confidence level.")
@click.option("--out", type=_FILE, required=True, help="The .csv, .parquet or .json to write.")
@reading_options
def score(
    data: Path,
    scales: tuple[str, ...],
    minimum_answered: str | None,
    reliability: tuple[tuple[str, float], ...],
    out: Path,
    **options: Any,
) -> None:
    """Score the answers in DATA, which has one row a person.

    DATA is a .csv, .tsv, .parquet, .arrow, .xlsx, .sav, .dta or .jsonl file, or a folder of them.

    All columns of DATA are written to the file that --out names, the scores behind them.
    """
    refuse_overwriting(survey_inputs(data, scales), {"--out": out})
    described = named_scales(scales, options.pop("columns"))
    items = list(dict.fromkeys(item for scale in described for item in scale.items))
    reading = given_to_reading(options)
    frame = as_frame(read_survey(data, answers=items, **reading), None)
    scored = score_frame(
        frame,
        described,
        minimum_answered=_number(minimum_answered),
        reliability={score or "total": number for score, number in reliability} or None,
        **options,
    )
    write_table(scored, out)
    for column in scored.columns[frame.width :]:
        if f"{column}_answered" in scored.columns:
            persons = scored[column].count()
            click.echo(f"{column}: {persons:,} of {scored.height:,} persons", err=True)
    click.echo(f"Wrote {scored.height:,} rows to {out}", err=True)


def _number(text: str | None) -> float | None:
    """Return a count where the text is a whole number, else a share."""
    if text is None:
        return None
    try:
        return int(text) if text.isdecimal() else float(text)
    except ValueError:
        raise click.BadParameter(
            f"{text!r} is not a number.", param_hint="--minimum-answered"
        ) from None
