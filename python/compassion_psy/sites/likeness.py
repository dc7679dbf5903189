"""How alike are persons of one site, and of one team: intraclass correlations in a table."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from compassion_psy.sites.clustering import (
    GroupSums,
    Intraclass,
    by_restricted_likelihood,
    by_variance_analysis,
)
from compassion_psy.sites.limits_by_sites import RatioScale, jackknife_limits, studentised_limits
from compassion_psy.sites.nested import (
    NestedSums,
    components,
    one_way_icc,
    ratio_sizes,
    summed,
    with_each_left_out,
)
from compassion_psy.sites.nested_likelihood import by_nested_likelihood
from compassion_psy.sites.resampling import FEWEST

Reals = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

_ICC = {
    "unit": pl.String,
    "method": pl.String,
    "pair": pl.String,
    "interval": pl.String,
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
# Without teams, or of teams; and of sites with teams.
_ALIKE = ("persons of one do not differ in score", "persons of one team do not differ in score")
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
    *,
    nested: bool,
) -> pl.DataFrame:
    """Return rows "anova", "reml" and "bootstrap" for each of the units, sites and teams.

    `nested`: whether sites have several teams and teams several persons, so that persons of one
    site are alike in two ways, and neither they nor their teams are independent.
    """
    rows: list[dict[str, Any]] = []
    likely = _likely(scores, units, level, nested=nested)
    for unit, numbers in units.items():
        sums = GroupSums.of(scores, numbers)
        groups, n = len(sums.counts), int(sums.persons)
        head = {"unit": unit, "pair": f"of a {unit}", "groups": groups, "n": n}
        if groups == n or unit not in likely:
            why = "each has one person" if groups == n else _ALIKE[unit == "site" and nested]
            rows += [head | {"method": method, "note": why} for method in ("anova", "reml")]
            continue
        head["size"] = sums.usual_size
        analysed = by_variance_analysis(sums, level)
        # With groups of unequal size, what sampling of groups adds to the variance of the mean.
        effect = 1 + (float((sums.counts**2).sum()) / sums.persons - 1) * analysed.one
        ways = _limits_by_sites(analysed, sums.usual_size, unit, by_site, weights, level)
        if nested:
            rows.append(head | _row("anova", "jackknife", ways["jackknife"], effect))
        else:
            rows.append(head | _row("anova", "F", analysed, effect))
        rows.append(head | _row("reml", "profile", *likely[unit]))
        if nested and unit == "site":
            rows[-1]["pair"] = "of a site, of other teams"
        rows.append(head | _row("bootstrap", "bootstrap_t", ways["bootstrap_t"], effect))
    return pl.DataFrame(rows, schema=_ICC).with_columns(pl.col(pl.Float64).fill_nan(None))


def _likely(
    scores: Reals, units: dict[str, Whole], level: float, *, nested: bool
) -> dict[str, tuple[Intraclass, float]]:
    """Return for each unit what the restricted likelihood gives, and the design effect."""
    if nested:
        teams = GroupSums.of(scores, units["team"])
        if teams.within == 0:
            return {}
        first = np.flatnonzero(np.diff(units["team"], prepend=-1))
        found = by_nested_likelihood(teams, units["site"][first], level)
        of_teams = 1 + (found.team_weight - 1) * found.of_teams.one
        return {
            "site": (found.of_sites, found.design_effect),
            "team": (found.of_teams, of_teams),
        }
    made = {}
    for unit, numbers in units.items():
        sums = GroupSums.of(scores, numbers)
        if len(sums.counts) < len(scores) and sums.within > 0:
            each = by_restricted_likelihood(sums, level)
            weight = float((sums.counts**2).sum()) / sums.persons
            made[unit] = (each, 1 + (weight - 1) * each.one)
    return made


def _limits_by_sites(
    analysed: Intraclass, size: float, unit: str, by_site: Reals, weights: Reals, level: float
) -> dict[str, Intraclass]:
    """Return what the analysis of variance gave with limits by the jackknife and the bootstrap."""
    scale = RatioScale(size)

    def ratio(sums: Reals) -> Reals:
        return scale.to(one_way_icc(NestedSums(*np.moveaxis(sums, -1, 0)), unit)[0])

    value = float(scale.to(np.array(analysed.one)))
    left = ratio(with_each_left_out(by_site))
    ways = {
        "jackknife": jackknife_limits(value, left, level),
        "bootstrap_t": studentised_limits(value, left, by_site, weights, ratio, level),
    }
    return {
        way: Intraclass(
            analysed.one, scale.back(low), scale.back(high),
            analysed.mean, 1 - math.exp(-low), 1 - math.exp(-high),
        )
        for way, (low, high) in ways.items()
    }  # fmt: skip


def _row(method: str, interval: str, found: Intraclass, effect: float) -> dict[str, Any]:
    head = {"method": method, "interval": interval, "icc1": found.one}
    if math.isinf(found.mean):
        return head | {"note": "all have the same mean, which has no ICC(2)"}
    few = math.isnan(found.one_lower)
    return head | {
        "icc1_lower": found.one_lower,
        "icc1_upper": found.one_upper,
        "icc2": found.mean,
        "icc2_lower": found.mean_lower,
        "icc2_upper": found.mean_upper,
        "design_effect": effect,
        "note": f"no limits: fewer than {FEWEST} sites, or too few replicates" if few else None,
    }


def variance_table(by_site: Reals, *, teams: bool, level: float) -> pl.DataFrame:
    """Return the variances of sites, teams within sites and persons, and their shares.

    Limits are by the jackknife: each site left out in turn.
    """
    found = components(summed(by_site), teams=teams)
    left = components(NestedSums(*with_each_left_out(by_site).T), teams=teams)
    whole = sum(float(part) for part in found if part is not None)
    whole_left = sum(part for part in left if part is not None)
    sizes = ratio_sizes(summed(by_site), teams=teams)
    rows = []
    for name, part, parts in zip(("person", "team", "site"), found, left, strict=True):
        if part is None or parts is None:
            continue
        with np.errstate(invalid="ignore", divide="ignore"):
            shares = np.asarray(parts / whole_left)
        share = float(part) / whole if whole > 0 else float("nan")
        rows.append((name, float(part), share, *_share_limits(name, share, shares, sizes, level)))
    table = pl.DataFrame(rows[::-1], schema=_VARIANCE, orient="row")
    return table.with_columns(pl.col(pl.Float64).fill_nan(None))


def _share_limits(
    name: str, share: float, left: Reals, sizes: dict[str, float], level: float
) -> tuple[float, float]:
    """Return limits of a share; those of persons are of what is not between persons."""
    scale = RatioScale(sizes[name])
    if name == "person":
        share, left = 1 - share, 1 - left
    value = float(scale.to(np.array(share)))
    limits = jackknife_limits(value, scale.to(left), level)
    # Not a number stays what it is.
    low, high = (float(np.clip(scale.back(limit), 0, 1)) for limit in limits)
    return (1 - high, 1 - low) if name == "person" else (low, high)
