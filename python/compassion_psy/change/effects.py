"""How large a change is: effect sizes as functions of the moments of two waves."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from compassion_psy.distributions import normal_tail

Reals = npt.NDArray[np.float64]
Centres = tuple[float, float, float]

# What is smaller than this, relative to the numbers it is a difference of, is rounding.
_DUST = 1e-12

DEFINITIONS: Mapping[str, str] = {
    "mean_change": "mean of the later wave less the first",
    "d_z": "mean change / SD of changes",
    "g_z": "J(n - 1) d_z, J the exact correction for small samples",
    "d_av": "mean change / mean of both SDs (Lakens 2013, eq. 10); Cumming and R's effectsize "
    "divide by the root of the mean of both variances",
    "d_rm": "d_z √(2 (1 - r)) (Lakens 2013, eq. 9)",
    "g_av": "(1 - 3 / (4 (n + n) - 9)) d_av (Lakens 2013); R's effectsize takes J(n - 1)",
    "smcr": "J(n - 1) mean change / SD of the first wave (Becker 1988; metafor's SMCR)",
    "smcc": "J(n - 1) mean change / SD of changes (Gibbons 1993; metafor's SMCC): it equals g_z",
    "cles": "Φ(d_z), the probability that a person's change is positive, of normal changes "
    "(Lakens 2013, for dependent scores)",
    "d_ppc2": "(1 - 3 / (4 (n1 + n2 - 2) - 1)) difference in change / pooled SD of the first wave "
    "(Morris 2008, eq. 8)",
}
"""Which effect each name is."""

WITHIN = tuple(name for name in DEFINITIONS if name != "d_ppc2")
"""The effects of one set of persons."""


@dataclass(frozen=True, eq=False)
class PairMoments:
    """Means and covariances of two waves, of one sample or of many replicates.

    Attributes
    ----------
    n : int
        Persons.
    mean_pre, mean_post, change, var_pre, var_post, var_change : float or array
        Means of both waves and of the changes; variances have the divisor n - 1.
    """

    n: int
    mean_pre: Reals
    mean_post: Reals
    change: Reals
    var_pre: Reals
    var_post: Reals
    var_change: Reals

    @classmethod
    def from_sums(cls, n: int, sums: Reals, centres: Centres) -> PairMoments:
        """Take sums of `features`, the last axis being the feature, and their centres."""
        x, y, xx, yy, d, dd = np.moveaxis(sums, -1, 0)
        of_pre, of_post, of_change = _variance(n, x, xx), _variance(n, y, yy), _variance(n, d, dd)
        pre, post, change = (c + each / n for c, each in zip(centres, (x, y, d), strict=True))
        return cls(n, pre, post, change, of_pre, of_post, of_change)

    @classmethod
    def from_replicates(
        cls, n: int, means: Reals, variances: Reals, centres: Centres
    ) -> PairMoments:
        """Take means and variances of pre, post and change, each centred, replicates × three."""
        # Equal scores leave a rounding error, which is small beside the mean square it is of.
        squares = variances * (n - 1) / n + means**2
        spread = np.where(variances <= _DUST * squares, 0.0, variances)
        return cls(n, *(means + np.asarray(centres)).T, *spread.T)

    @property
    def r(self) -> Reals:
        """Correlation of both waves."""
        both = (self.var_pre + self.var_post - self.var_change) / 2
        return np.clip(ratio(both, np.sqrt(self.var_pre * self.var_post)), -1, 1)


def features(pre: Reals, post: Reals) -> tuple[Reals, Centres]:
    """Return what is summed over persons, persons × features, and the means it is centred on."""
    x, y, d = _centred(pre), _centred(post), _centred(post - pre, largest=np.abs([pre, post]).max())
    centres = (float(pre.mean()), float(post.mean()), float((post - pre).mean()))
    return np.column_stack([x, y, x * x, y * y, d, d * d]), centres


def moments_of(pre: Reals, post: Reals) -> PairMoments:
    """Return the moments of one set of persons."""
    panel, centres = features(pre, post)
    return PairMoments.from_sums(len(pre), panel.sum(axis=0), centres)


def _centred(values: Reals, largest: float | None = None) -> Reals:
    """Return values less their mean, what is left of rounding being zero."""
    apart = values - values.mean()
    size = float(np.abs(values).max()) if largest is None else largest
    return np.asarray(np.where(np.abs(apart) <= _DUST * size, 0.0, apart))


def _variance(n: int, sums: Reals, squares: Reals) -> Reals:
    if n < 2:
        return np.full_like(squares, np.nan)
    apart = squares - sums * sums / n
    return np.asarray(np.where(apart <= _DUST * squares, 0.0, apart) / (n - 1))


def ratio(above: Reals, below: Reals) -> Reals:
    """Return the quotient, NaN where nothing is divided by."""
    above, below = np.asarray(above, float), np.asarray(below, float)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(below > 0, above / below, np.nan))


def small_sample_factor(df: float) -> float:
    """Return J, by which a standardised mean is too large on average (Hedges 1981).

    Examples
    --------
    >>> round(small_sample_factor(7), 6)
    0.888203
    """
    if df <= 1:
        return math.nan
    return math.exp(math.lgamma(df / 2) - math.lgamma((df - 1) / 2)) / math.sqrt(df / 2)


def effect(name: str, moments: PairMoments) -> Reals:
    """Return an effect of one set of persons, for each set of moments.

    Examples
    --------
    >>> pre = np.array([131.0, 124, 130, 105, 102, 120, 101, 120])
    >>> post = np.array([133.0, 134, 129, 112, 106, 125, 106, 129])
    >>> round(float(effect("d_av", moments_of(pre, post))), 6)
    0.424696
    """
    m = moments
    if name == "mean_change":
        return m.change
    if name == "d_av":
        return ratio(m.change, (np.sqrt(m.var_pre) + np.sqrt(m.var_post)) / 2)
    if name == "g_av":
        factor = 1 - 3 / (8 * m.n - 9) if m.n > 1 else math.nan
        return factor * effect("d_av", m)
    if name == "smcr":
        return small_sample_factor(m.n - 1) * ratio(m.change, np.sqrt(m.var_pre))
    d_z = ratio(m.change, np.sqrt(m.var_change))
    if name == "d_rm":
        return d_z * np.sqrt(np.maximum(2 * (1 - m.r), 0))
    if name == "cles":
        return np.asarray(np.vectorize(normal_tail, otypes=[float])(-d_z))
    return d_z if name == "d_z" else small_sample_factor(m.n - 1) * d_z


def difference_in_change(treated: PairMoments, control: PairMoments) -> Reals:
    """Return how much more one arm changed than the other."""
    return treated.change - control.change


def d_ppc2(treated: PairMoments, control: PairMoments) -> Reals:
    """Return the difference in change over the pooled SD of the first wave."""
    a, b = treated.n - 1, control.n - 1
    pooled = ratio(a * treated.var_pre + b * control.var_pre, np.asarray(float(a + b)))
    factor = 1 - 3 / (4 * (a + b) - 1)
    return factor * ratio(difference_in_change(treated, control), np.sqrt(pooled))


def variance(name: str, moments: PairMoments) -> float:
    """Return the sampling variance that meta-analyses take, where there is one.

    With smcr 2 (1 - r)/n + smcr²/(2n) (Becker 1988), with smcc, which is g_z, 1/n + smcc²/(2n)
    (Gibbons 1993): metafor's ``vi`` of SMCR and SMCC.

    Examples
    --------
    >>> pre = np.array([131.0, 124, 130, 105, 102, 120, 101, 120])
    >>> post = np.array([133.0, 134, 129, 112, 106, 125, 106, 129])
    >>> both = moments_of(pre, post)
    >>> round(variance("smcr", both), 6), round(variance("smcc", both), 6)
    (0.019575, 0.224758)
    """
    of_mean = {"smcr": 2 * (1 - float(moments.r)), "smcc": 1.0, "g_z": 1.0}
    if name not in of_mean:
        return math.nan
    return of_mean[name] / moments.n + float(effect(name, moments)) ** 2 / (2 * moments.n)


def variance_between(treated: PairMoments, control: PairMoments) -> float:
    """Return the sampling variance of d_ppc2 (Morris 2008, eq. 25), r pooled within arms."""
    a, b = treated.n, control.n
    estimate = float(d_ppc2(treated, control))
    if not math.isfinite(estimate) or a + b <= 4:
        return math.nan
    shared = (a - 1) * float(treated.r) + (b - 1) * float(control.r)
    spread = 2 * (1 - shared / (a + b - 2)) * (a + b) / (a * b)
    factor = (1 - 3 / (4 * (a + b - 2) - 1)) ** 2 * (a + b - 2) / (a + b - 4)
    return factor * (spread + estimate**2) - estimate**2
