"""Reliability within and between groups: covariances of both levels, and what they come to."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from compassion_psy import _core
from compassion_psy.sites.resampling import percentile_limits

Reals = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

# Of the largest variance: what is less is rounding, or not positive.
_SMALLEST = 1e-9
# An item's correlation with itself is one but for this.
_ROUNDING = 1e-9

LEVELS = {
    "unit": pl.String,
    "level": pl.String,
    "coefficient": pl.String,
    "estimate": pl.Float64,
    "lower": pl.Float64,
    "upper": pl.Float64,
    "failed": pl.Int64,
    "note": pl.String,
}
"""Columns of the table of reliability."""
COVARIANCES = {
    **dict.fromkeys(("item_i", "item_j"), pl.String),
    **dict.fromkeys(("within", "r_within", "between", "r_between"), pl.Float64),
    "note": pl.String,
}
"""Columns of the table of covariances."""


@dataclass(frozen=True, eq=False)
class Levels:
    """Covariances of items within groups and between them, (items, items) or of replicates.

    Attributes
    ----------
    within, between : array (..., items, items)
        Between: of the groups' true means, what persons add to it taken away.
    """

    within: Reals
    between: Reals


def level_features(answers: Reals, groups: Whole, sites: Whole) -> Reals:
    """Return one row a site, its part of the sums from which both covariances are made.

    Parameters
    ----------
    answers : array (items, persons)
        Keyed, without gaps, in order of site and group.
    groups, sites : array (persons,)
        Numbers, from 0 without gaps.
    """
    items = len(answers)
    answers = answers - answers.mean(axis=1, keepdims=True)
    first = np.flatnonzero(np.diff(groups, prepend=-1))
    n = np.diff(np.append(first, answers.shape[1])).astype(float)
    sums = np.add.reduceat(answers, first, axis=1)
    apart = answers - np.repeat(sums / n, n.astype(np.int64), axis=1)
    i, j = np.triu_indices(items)
    within = np.stack(
        [np.add.reduceat(apart[a] * apart[b], first) for a, b in zip(i, j, strict=True)]
    )
    between = sums[i] * sums[j] / n
    parts = np.concatenate([np.ones((1, len(n))), n[None], n[None] ** 2, sums, within, between])
    of_group = np.flatnonzero(np.diff(sites[first], prepend=-1))
    return np.ascontiguousarray(np.add.reduceat(parts, of_group, axis=1).T)


def levels_of(sums: Reals, items: int) -> Levels:
    """Return the covariances from sums (..., features) over sites.

    Within: squares about the groups' means / (N - G). Between: (mean squares of groups less the
    former) / n0, the moments estimator of Muthén (1994).
    """
    pairs = items * (items + 1) // 2
    groups, persons, squares = (sums[..., place, None] for place in range(3))
    totals = sums[..., 3 : 3 + items]
    within, means = sums[..., 3 + items : 3 + items + pairs], sums[..., 3 + items + pairs :]
    i, j = np.triu_indices(items)
    with np.errstate(invalid="ignore", divide="ignore"):
        error = within / (persons - groups)
        among = (means - totals[..., i] * totals[..., j] / persons) / (groups - 1)
        size = (persons - squares / persons) / (groups - 1)
        return Levels(_square(error, items), _square((among - error) / size, items))


def _square(pairs: Reals, items: int) -> Reals:
    i, j = np.triu_indices(items)
    whole = np.empty((*pairs.shape[:-1], items, items))
    whole[..., i, j] = pairs
    whole[..., j, i] = pairs
    return whole


def alpha(covariance: Reals) -> Reals:
    """Return alpha of covariance matrices (..., items, items); NaN where there is no variance."""
    items = covariance.shape[-1]
    total = covariance.sum(axis=(-2, -1))
    trace = np.trace(covariance, axis1=-2, axis2=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        found = items / (items - 1) * (1 - trace / total)
    return np.asarray(np.where(total > 0, found, np.nan))


def omega(covariance: Reals, extraction: str) -> float:
    """Return omega of one factor, "ml" or "minres"; NaN where there is none."""
    deviations = np.sqrt(np.maximum(np.diag(covariance), 0))
    if not np.isfinite(covariance).all() or deviations.min() == 0:
        return math.nan
    correlation = covariance / np.outer(deviations, deviations)
    if extraction == "ml" and not _is_positive(correlation):
        return math.nan
    np.fill_diagonal(correlation, 1)
    found = _core.explore_factors(
        np.ascontiguousarray(correlation), factors=1, extraction=extraction, rotation=None,
        gamma=0.0, target=None, kaiser=False, random_starts=1, seed=0, persons=None, threads=1,
    )  # fmt: skip
    if found["status"] == "not_converged":
        return math.nan
    loadings = found["loadings"][:, 0] * deviations
    common = float(loadings.sum()) ** 2
    return common / (common + float((found["uniquenesses"] * deviations**2).sum()))


def _is_positive(correlation: Reals) -> bool:
    return bool(np.linalg.eigvalsh(correlation)[0] > _SMALLEST)


def _extraction(covariance: Reals) -> str:
    """Return how a factor is fitted: items of one factor leave little else between groups.

    Then the covariance between groups, a difference, is often not positive definite, and the
    likelihood has no value; residuals can still be made small.
    """
    deviations = np.sqrt(np.maximum(np.diag(covariance), 0))
    if deviations.min() == 0:
        return "minres"
    return "ml" if _is_positive(covariance / np.outer(deviations, deviations)) else "minres"


def levels_table(
    features: Reals, items: int, weights: Reals, level: float, unit: str
) -> pl.DataFrame:
    """Return alpha and omega of the total score within and between groups."""
    found, drawn = (levels_of(sums, items) for sums in (features.sum(axis=0), weights @ features))
    rows = []
    for name in ("within", "between"):
        covariance, replicates = getattr(found, name), getattr(drawn, name)
        values = alpha(replicates)
        rows.append((unit, name, "alpha", *_row(float(alpha(covariance)), values, level, features)))
        if items < 3 or not np.isfinite(covariance).all():
            continue
        how = _extraction(covariance)
        estimate = omega(covariance, how)
        # Without an estimate its replicates are of no use.
        values = np.array([omega(each, how) for each in replicates if math.isfinite(estimate)])
        numbers = _row(estimate, values, level, features)
        if how == "minres" and math.isfinite(estimate):
            note = f"by minimum residuals: the covariance {name} groups is not positive definite"
            numbers = (*numbers[:-1], note)
        rows.append((unit, name, "omega_u", *numbers))
    table = pl.DataFrame(rows, schema=LEVELS, orient="row")
    return table.with_columns(pl.col(pl.Float64).fill_nan(None))


def _row(
    estimate: float, values: Reals, level: float, features: Reals
) -> tuple[float, float, float, int, str | None]:
    limits = percentile_limits(values, level, len(features))
    known = math.isfinite(estimate)
    note = None if known else "items have no common variance at this level"
    if estimate > 1:
        note = "above 1: covariances of items at this level exceed what their variances allow"
    elif estimate < 0:
        note = "below 0: items go together less than not at all at this level"
    return estimate, *limits, int((~np.isfinite(values)).sum()), note


def covariance_table(features: Reals, names: tuple[str, ...]) -> pl.DataFrame:
    """Return a row a pair of items: covariance and correlation within and between groups.

    Between groups both are differences of estimates: a variance may be below zero, which leaves no
    correlation, and a correlation beyond one. The note says so.
    """
    found = levels_of(features.sum(axis=0), len(names))
    i, j = np.triu_indices(len(names))
    columns: dict[str, object] = {
        "item_i": [names[place] for place in i],
        "item_j": [names[place] for place in j],
    }
    for level, covariance in (("within", found.within), ("between", found.between)):
        variances = np.diag(covariance)
        with np.errstate(invalid="ignore", divide="ignore"):
            deviations = np.sqrt(np.where(variances > 0, variances, np.nan))
            correlation = covariance / np.outer(deviations, deviations)
        columns[level] = covariance[i, j]
        columns[f"r_{level}"] = correlation[i, j]
    beyond = pl.col("r_between").abs() > 1 + _ROUNDING
    return (
        pl.DataFrame(columns)
        .with_columns(pl.col(pl.Float64).fill_nan(None))
        .with_columns(
            pl.when(pl.col("r_between").is_null())
            .then(pl.lit("no r_between: an item's variance between groups is not above zero"))
            .when(beyond)
            .then(pl.lit("r_between is beyond 1: variances between groups are estimated too small"))
            .alias("note")
        )
    )
