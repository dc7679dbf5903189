"""compassion-psy polychoric: how the responses behind ordered answers correlate."""

from pathlib import Path
from typing import Any

import click

from compassion_psy.cli._survey import (
    BY_HELP,
    asked_answers,
    one_scale,
    show_or_write,
    survey_options,
)
from compassion_psy.polychoric import polychoric as correlate

# A line with \b keeps click from filling the paragraph.
_EXAMPLE = """\b
Example:
  compassion-psy polychoric survey.csv --scale empathy.toml --by site --out pairs.csv
"""


@click.command(short_help="Polychoric correlations of items.", epilog=_EXAMPLE)
@survey_options
@click.option("--by", multiple=True, help=BY_HELP)
@click.option("--missing", default="pairwise", show_default=True, help="pairwise or listwise.")
@click.option("--threads", type=int, help="Threads to use; all when not given.")
def polychoric(data: Path, by: tuple[str, ...], **options: Any) -> None:
    """Estimate how items would correlate if answers were not cut into categories.

    DATA has one row a person. The file that --out names gets a row for each pair of items.
    """
    answers, scales, out = asked_answers(data, options, by)
    result = correlate(answers, one_scale(scales), by=list(by) or None, **options)
    show_or_write(result, result.pairs, out)
