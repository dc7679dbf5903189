"""compassion-psy factors: which factors are behind the items of a scale."""

from pathlib import Path
from typing import Any

import click

from compassion_psy.cli._survey import asked_answers, one_scale, show_or_write, survey_options
from compassion_psy.factors import efa

# A line with \b keeps click from filling the paragraph.
_EXAMPLE = """\b
Example:
  compassion-psy factors survey.csv --scale scs --columns "scs_{}" --factors 3 --seed 1
"""


@click.command(short_help="Exploratory factor analysis of a scale.", epilog=_EXAMPLE)
@survey_options
@click.option("--factors", "n_factors", type=int, required=True, help="Number of factors.")
@click.option(
    "--method", default="minres", show_default=True,
    help="minres, ml, principal_axis or components.",
)  # fmt: skip
@click.option(
    "--rotation", default="oblimin", show_default=True,
    help="oblimin, geomin, promax, bifactor_oblique, varimax, quartimax, equamax, "
    "geomin_orthogonal, bifactor or none.",
)  # fmt: skip
@click.option("--missing", default="listwise", show_default=True, help="listwise, pairwise or em.")
@click.option(
    "--starts", type=int, default=30, show_default=True, help="Random starts of the rotation."
)
@click.option("--seed", type=int, help="Seed of the starts; the same seed, the same loadings.")
@click.option("--threads", type=int, help="Threads to use; all when not given.")
def factors(data: Path, rotation: str, **options: Any) -> None:
    """Find the factors behind the items of a scale from the answers in DATA.

    DATA has one row a person. Loadings and fit are printed, or the loadings written to the file
    that --out names, a row for each item and factor.
    """
    answers, scales, out = asked_answers(data, options)
    options["rotation"] = None if rotation == "none" else rotation
    result = efa(answers, one_scale(scales), **options)
    show_or_write(result, result.to_frame(), out)
    if out is not None:
        # The printed tables say it; a file has no place for it.
        for note in result.notes:
            click.echo(note, err=True)
