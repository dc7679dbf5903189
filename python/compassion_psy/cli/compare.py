"""compassion-psy compare: do groups, or waves of the same persons, differ in reliability?"""

from pathlib import Path
from typing import Any

import click

from compassion_psy.cli._survey import (
    BY_HELP,
    COEFFICIENTS_HELP,
    asked_answers,
    coefficient_names,
    factor_options,
    show_or_write,
    survey_options,
)
from compassion_psy.compare_reliability import compare_reliability

# A line with \b keeps click from filling the paragraph.
_EXAMPLE = """\b
Examples:
  compassion-psy compare survey.csv --scale empathy.toml --by site
  compassion-psy compare long.csv --scale empathy.toml --wave wave --person id
  compassion-psy compare wide.csv --scale before.toml --scale after.toml
"""


@click.command(short_help="Do groups or waves differ in reliability?", epilog=_EXAMPLE)
@survey_options
@click.option("--by", multiple=True, help=BY_HELP)
@click.option("--wave", help="Column of the wave, where each wave of a person is a row.")
@click.option("--person", help="With --wave: the column that names the person.")
@click.option("--coefficients", default="alpha,omega_u", show_default=True, help=COEFFICIENTS_HELP)
@factor_options
@click.option("--level", type=float, default=0.95, show_default=True, help="Confidence level.")
def compare(
    data: Path,
    by: tuple[str, ...],
    wave: str | None,
    person: str | None,
    coefficients: str,
    **options: Any,
) -> None:
    """Compare the reliability of groups, of waves of the same persons, or of several scales.

    DATA has one row a person, or with --wave one for each wave of a person. The file that --out
    names gets the differences of all pairs.
    """
    texts = [*by, *(column for column in (wave, person) if column is not None)]
    answers, scales, out = asked_answers(data, options, texts)
    result = compare_reliability(
        answers,
        scales[0] if len(scales) == 1 else scales,
        by=list(by) or None,
        wave=wave,
        person=person,
        coefficients=coefficient_names(coefficients),
        **options,
    )
    show_or_write(result, result.pairs, out)
