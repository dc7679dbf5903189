"""Limits of a share of variance from its sites: each left out in turn, or sites drawn again."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from compassion_psy.distributions import t_quantile
from compassion_psy.sites.resampling import FEWEST

Reals = npt.NDArray[np.float64]

# Replicates × sites that are held at once.
_AT_ONCE = 200_000


@dataclass(frozen=True)
class RatioScale:
    """The logarithm of the ratio of mean squares that belongs to a share of variance.

    It is near normal where the share is not, and has values where a share is zero or below.

    Attributes
    ----------
    size : float
        How often the ratio holds the share's odds: log(1 + size × share / (1 - share)).
    """

    size: float

    def to(self, share: Reals) -> Reals:
        """Return shares on the scale; NaN where no ratio belongs to one."""
        with np.errstate(invalid="ignore", divide="ignore"):
            ratio = 1 + self.size * share / (1 - share)
            return np.log(np.where(ratio > 0, ratio, np.nan))

    def back(self, value: float) -> float:
        """Return the share that belongs to a value."""
        odds = math.expm1(value) / self.size
        return odds / (1 + odds)


def jackknife_limits(value: float, left: Reals, level: float) -> tuple[float, float]:
    """Return limits of a value from those with each site left out; NaN of too few sites.

    With t of sites - 1 degrees of freedom.
    """
    sites = len(left)
    if sites < FEWEST:
        return math.nan, math.nan
    reach = t_quantile(0.5 + level / 2, sites - 1) * _error(left)
    return value - reach, value + reach


def studentised_limits(
    value: float,
    left: Reals,
    by_site: Reals,
    weights: Reals,
    statistic: Callable[[Reals], Reals],
    level: float,
) -> tuple[float, float]:
    """Return limits from sites drawn again, each replicate over its own error by the jackknife.

    Equally far on both sides: as far as `level` of the replicates are from the value, in errors
    (Hall, 1992, section 3.6). Percentiles of replicates would lie too low and too near, for a
    sample of few sites that are drawn again differs less than sites do.

    Parameters
    ----------
    value : float
        Of all sites.
    left : array (sites,)
        With each site left out.
    by_site : array (sites, features)
        What each site adds to the sums.
    weights : array (replicates, sites)
        How often each site is drawn.
    statistic : callable
        From sums (..., features) to values (...).
    """
    sites = len(left)
    if sites < FEWEST:
        return math.nan, math.nan
    far: list[Reals] = []
    step = max(1, _AT_ONCE // sites)
    for start in range(0, len(weights), step):
        drawn = weights[start : start + step]
        values = statistic(drawn @ by_site)
        with np.errstate(invalid="ignore", divide="ignore"):
            far.append(np.abs(values - value) / _errors(drawn, values, by_site, statistic))
    known = np.concatenate(far)
    known = known[np.isfinite(known)]
    if (len(known) + 1) * (1 - level) < 1:
        return math.nan, math.nan
    reach = float(np.quantile(known, level, method="weibull")) * _error(left)
    return value - reach, value + reach


def _error(left: Reals) -> float:
    """Return the jackknife's standard error."""
    sites = len(left)
    # Without a site, others may not differ at all: the ratio has no end, and limits no value.
    with np.errstate(invalid="ignore"):
        return math.sqrt((sites - 1) / sites * float(((left - left.mean()) ** 2).sum()))


def _errors(
    weights: Reals, values: Reals, by_site: Reals, statistic: Callable[[Reals], Reals]
) -> Reals:
    """Return the jackknife's standard error in each replicate, one draw of a site left out.

    Of a site that weighs less than one draw, which are not whole in a Bayesian bootstrap, all
    that it weighs.
    """
    out = np.minimum(weights, 1)
    left = statistic((weights @ by_site)[:, None] - out[..., None] * by_site)
    drawn = weights > 0
    with np.errstate(invalid="ignore", divide="ignore"):
        apart = np.where(drawn, (left - values[:, None]) / out, 0.0)
    units = weights.sum(axis=1)
    apart = apart - ((weights * apart).sum(axis=1) / units)[:, None]
    return np.asarray(np.sqrt((units - 1) / units * (weights * apart**2).sum(axis=1)))
