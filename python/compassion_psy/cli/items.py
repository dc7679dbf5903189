"""compassion-psy items: which items serve a scale."""

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
from compassion_psy.item_analysis import item_analysis

# A line with \b keeps click from filling the paragraph.
_EXAMPLE = """\b
Example:
  compassion-psy items survey.parquet --scale empathy.toml --by site --out items.csv
"""


@click.command(short_help="Statistics of the items of scales.", epilog=_EXAMPLE)
@survey_options
@click.option("--subscales", is_flag=True, help="Also of each subscale.")
@click.option("--by", multiple=True, help=BY_HELP)
@click.option("--missing", default="listwise", show_default=True, help="listwise or pairwise.")
@click.option(
    "--coefficients", default="alpha,omega_u", show_default=True,
    help=f"To compute again without each item. {COEFFICIENTS_HELP}",
)  # fmt: skip
@factor_options
@click.option("--level", type=float, default=0.95, show_default=True, help="Confidence level.")
@click.option("--threads", type=int, help="Threads to use; all when not given.")
def items(
    data: Path,
    by: tuple[str, ...],
    subscales: bool,
    coefficients: str,
    **options: Any,
) -> None:
    """Tell which items serve their scale from the answers in DATA, which has one row a person.

    Means, use of the ends of the range, correlations with the other items, and reliability without
    the item.
    """
    answers, scales, out = asked_answers(data, options, by)
    described = [
        score
        for scale in scales
        for score in (scale.scores if subscales or scale.total is None else (scale,))
    ]
    result = item_analysis(
        answers,
        described,
        by=list(by) or None,
        coefficients=coefficient_names(coefficients),
        **options,
    )
    show_or_write(result, result.table, out)
