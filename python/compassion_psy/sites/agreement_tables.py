"""Agreement within teams as tables: a row a team, and what holds over teams."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from compassion_psy.data.columns import uses_codes
from compassion_psy.data.responses import Responses
from compassion_psy.sites.agreement import agreement_by_team
from compassion_psy.sites.expected_answers import Expected
from compassion_psy.sites.resampling import percentile_limits

Reals = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

USUAL = 0.7
"""The agreement from which scores of persons are usually averaged to one of their team."""

INDICES = ("r_wg", "r_wg_j", "average_deviation")
OF_TEAMS = {"n": pl.Int64, **dict.fromkeys(INDICES, pl.Float64), "note": pl.String}
"""Columns of the table of teams, besides those that name them."""

SUMMARY = {
    "index": pl.String,
    "expected_answers": pl.String,
    "expected_variance": pl.Float64,
    "groups": pl.Int64,
    "n_excluded": pl.Int64,
    "mean": pl.Float64,
    "lower": pl.Float64,
    "upper": pl.Float64,
    "median": pl.Float64,
    "share": pl.Float64,
    "share_lower": pl.Float64,
    "share_upper": pl.Float64,
}
"""Columns of the table over teams."""


def team_agreement(
    responses: Responses,
    names: pl.DataFrame,
    teams: Whole,
    minimum_cell: int,
    expected: Expected,
) -> tuple[pl.DataFrame, pl.DataFrame] | None:
    """Return agreement of each team, and the same with figures of small teams withheld.

    Parameters
    ----------
    responses : Responses
        Persons who answered every item.
    names : polars.DataFrame
        One row a team: the columns that name it.
    teams : array (persons,)
        Number of each person's team.
    minimum_cell : int
        Persons below which figures are withheld.
    expected : Expected
        Answers that agreement is compared with.

    Returns
    -------
    tuple or None
        None where answers are no whole numbers, of which there are no categories.
    """
    if not uses_codes(responses.scale):
        return None
    found = agreement_by_team(responses.answers.astype(float), teams, variance=expected.variance)
    whole = pl.concat([names, found], how="horizontal")
    small = found["n"] < minimum_cell
    beside = _withheld_beside(found["n"], small)
    shown = whole.with_columns(
        *(pl.when(~small & ~beside).then(name).alias(name) for name in ("n", *INDICES)),
        pl.when(small)
        .then(pl.lit(f"withheld: fewer than {minimum_cell} persons"))
        .when(beside)
        .then(pl.lit("withheld: with it, figures of a smaller one would follow from the mean"))
        .when(pl.col("r_wg_j") == 0)
        .then(pl.lit("r_wg(J) is 0: answers differ as much as where nobody agrees, or more"))
        .alias("note"),
    )
    return whole, shown


def _withheld_beside(n: pl.Series, small: pl.Series) -> pl.Series:
    """Return whose figures are withheld for another's sake: none, or the smallest of the shown.

    Were one alone withheld, its figures would be what the mean over all leaves over.
    """
    alone = int((small & (n > 1)).sum()) == 1
    if not alone or small.all():
        return pl.repeat(False, len(n), dtype=pl.Boolean, eager=True)
    at = int(n.filter(~small).arg_min() or 0)
    return pl.Series(np.arange(len(n)) == (~small).arg_true()[at])


def agreement_summary(
    teams: pl.DataFrame, sites: Whole, weights: Reals, level: float, expected: Expected
) -> pl.DataFrame:
    """Return mean, median and the share of teams that agree as is usual, for each index.

    Parameters
    ----------
    teams : polars.DataFrame
        One row a team, nothing withheld.
    sites : array (teams,)
        Number of each team's site: sites are drawn again with all their teams.
    weights : array (replicates, sites)
    """
    rows = []
    for index in INDICES:
        values = teams[index].cast(pl.Float64).fill_null(float("nan")).to_numpy()
        known = np.isfinite(values)
        if not known.any():
            continue
        kept, of = values[known], sites[known]
        units = weights.shape[1]
        number = np.bincount(of, minlength=units).astype(float)

        def drawn(each: Reals, of: Whole = of, number: Reals = number) -> tuple[float, float]:
            sums = np.bincount(of, weights=each, minlength=len(number))
            with np.errstate(invalid="ignore", divide="ignore"):
                means = (weights @ sums) / (weights @ number)
            return percentile_limits(means, level, len(number))

        # Of distances, fewer are better, and what is usual depends on the range.
        agree = None if index == "average_deviation" else (kept >= USUAL).astype(float)
        rows.append(
            (
                index,
                # Distances are compared with nothing.
                *((None, None) if agree is None else (expected.name, expected.variance)),
                len(kept),
                int((~known).sum()),
                float(kept.mean()),
                *drawn(kept),
                float(np.median(kept)),
                None if agree is None else float(agree.mean()),
                *((None, None) if agree is None else drawn(agree)),
            )
        )
    table = pl.DataFrame(rows, schema=SUMMARY, orient="row")
    return table.with_columns(pl.col(pl.Float64).fill_nan(None))
