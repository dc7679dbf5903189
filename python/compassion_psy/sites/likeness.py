"""How alike are persons of one site, and of one team: intraclass correlations in a table."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from compassion_psy.distributions import t_quantile
from compassion_psy.sites.clustering import (
    GroupSums,
    Intraclass,
    by_restricted_likelihood,
    by_variance_analysis,
)
from compassion_psy.sites.nested import components, one_way_icc, summed
from compassion_psy.sites.resampling import FEWEST, percentile_limits

Reals = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

_ICC = {
    "unit": pl.String,
    "method": pl.String,
    "groups": pl.Int64,
    "n": pl.Int64,
    "size": pl.Float64,
    "icc1": pl.Float64,
    "icc1_lower": pl.Float64,
    "icc1_upper": pl.Float64,
    "icc2": pl.Float64,
    "icc2_lower": pl.Float64,
    "icc2_upper": pl.Float64,
    "design_effect": pl.Float64,
    "note": pl.String,
}
_VARIANCE = {
    "unit": pl.String,
    "variance": pl.Float64,
    "share": pl.Float64,
    "share_lower": pl.Float64,
    "share_upper": pl.Float64,
}


def icc_table(
    scores: Reals,
    units: dict[str, Whole],
    by_site: Reals,
    weights: Reals,
    level: float,
) -> pl.DataFrame:
    """Return rows "anova", "reml" and "bootstrap" for each of the units, sites and teams."""
    rows: list[dict[str, Any]] = []
    for unit, numbers in units.items():
        sums = GroupSums.of(scores, numbers)
        groups, n = len(sums.counts), int(sums.persons)
        head = {"unit": unit, "groups": groups, "n": n}
        if groups == n or sums.within == 0:
            why = "each has one person" if groups == n else "persons of one do not differ in score"
            rows += [head | {"method": method, "note": why} for method in ("anova", "reml")]
            continue
        head["size"] = sums.usual_size
        analysed = by_variance_analysis(sums, level)
        # With groups of unequal size, what sampling of groups adds to the variance of the mean.
        usual = float((sums.counts**2).sum()) / sums.persons
        rows.append(head | _row("anova", analysed, usual))
        rows.append(head | _row("reml", by_restricted_likelihood(sums, level), usual))
        one, mean = one_way_icc(summed(by_site, weights), unit)
        drawn = Intraclass(
            analysed.one, *percentile_limits(one, level, len(by_site)),
            analysed.mean, *percentile_limits(mean, level, len(by_site)),
        )  # fmt: skip
        rows.append(head | _row("bootstrap", drawn, usual))
    return pl.DataFrame(rows, schema=_ICC).with_columns(pl.col(pl.Float64).fill_nan(None))


def _row(method: str, found: Intraclass, size: float) -> dict[str, Any]:
    if math.isinf(found.mean):
        why = "all have the same mean, which has no ICC(2)"
        return {"method": method, "icc1": found.one, "note": why}
    return {
        "method": method,
        "icc1": found.one,
        "icc1_lower": found.one_lower,
        "icc1_upper": found.one_upper,
        "icc2": found.mean,
        "icc2_lower": found.mean_lower,
        "icc2_upper": found.mean_upper,
        "design_effect": 1 + (size - 1) * found.one,
        "note": None,
    }


def variance_table(by_site: Reals, *, teams: bool, level: float) -> pl.DataFrame:
    """Return the variances of sites, teams within sites and persons, and their shares.

    Limits are by the jackknife: each site left out in turn.
    """
    sites = len(by_site)
    found = components(summed(by_site), teams=teams)
    left = components(summed(by_site, np.ones((sites, sites)) - np.eye(sites)), teams=teams)
    whole = sum(float(part) for part in found if part is not None)
    whole_left = sum(part for part in left if part is not None)
    rows = []
    for name, part, parts in zip(("person", "team", "site"), found, left, strict=True):
        if part is None or parts is None:
            continue
        with np.errstate(invalid="ignore", divide="ignore"):
            shares = np.asarray(parts / whole_left)
        share = float(part) / whole if whole > 0 else float("nan")
        rows.append((name, float(part), share, *_jackknife_limits(share, shares, level)))
    table = pl.DataFrame(rows[::-1], schema=_VARIANCE, orient="row")
    return table.with_columns(pl.col(pl.Float64).fill_nan(None))


def _jackknife_limits(share: float, left: Reals, level: float) -> tuple[float, float]:
    """Return limits of a share from its values with each site left out; NaN of too few sites.

    On the scale of log odds, with t of sites - 1 degrees of freedom; shares that are not between
    0 and 1 as they are, cut off there.
    """
    sites = len(left)
    if sites < FEWEST or not np.isfinite(left).all():
        return float("nan"), float("nan")
    quantile = t_quantile(0.5 + level / 2, sites - 1)

    def reach(values: Reals) -> float:
        return quantile * float(
            np.sqrt((sites - 1) / sites * ((values - values.mean()) ** 2).sum())
        )

    if share <= 0 or share >= 1 or (left <= 0).any() or (left >= 1).any():
        far = reach(left)
        return max(0.0, share - far), min(1.0, max(0.0, share + far))
    centre, far = float(np.log(share / (1 - share))), reach(np.log(left / (1 - left)))
    low, high = (1 / (1 + np.exp(-(centre + side * far))) for side in (-1, 1))
    return float(low), float(high)
