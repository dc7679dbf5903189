"""By how much did persons change, by ranks: Hodges and Lehmann's estimate, Wilcoxon's test."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from compassion_psy.distributions import normal_quantile, normal_two_sided

Reals = npt.NDArray[np.float64]

EXACT_BELOW = 50
"""The number of persons below which the distribution of ranks is counted out, as in R."""

MOST = 2_000
"""The number of persons up to which all means of pairs are looked at."""

# 3.4 - 3.2 and 2.2 - 2 are a tie, though they differ in the sixteenth digit.
_SAME = 1e-10


class SignedRank(NamedTuple):
    """The estimate, its limits, p, and what was left out of p."""

    estimate: float
    lower: float
    upper: float
    p: float
    exact: bool
    zeros: int


def signed_rank(changes: Reals, level: float) -> SignedRank:
    """Return Hodges and Lehmann's estimate of the change with Wilcoxon's test and interval.

    Notes
    -----
    The estimate is the median of the means of all pairs of persons, each with itself as well; the
    limits are ordered means of pairs, at quantiles of the signed-rank statistic [1]_. p is of the
    ranks of the sizes of changes that are not zero, ties sharing their mean rank. With fewer than
    50 persons both are exact, and p is so with ties as well (conditional on them), where
    ``wilcox.test`` goes over to the normal distribution; without ties all numbers are those of R's
    ``wilcox.test(changes, conf.int = TRUE)``. With more, the normal distribution, with
    continuity correction.

    References
    ----------
    .. [1] Hollander, M., Wolfe, D. A., & Chicken, E. (2014). *Nonparametric statistical methods*
       (3rd ed.), 3.1-3.3. Wiley.

    Examples
    --------
    >>> found = signed_rank(np.array([2.1, 10, -1, 7, 4, 5, 5.5, 9]), 0.95)
    >>> found.estimate, found.lower, found.upper, found.p
    (5.375, 2.0, 8.5, 0.015625)
    """
    n = len(changes)
    changed = changes[np.abs(changes) > _SAME * np.abs(changes).max()]
    p = _p(changed) if len(changed) else 1.0
    exact, zeros = n < EXACT_BELOW, n - len(changed)
    if n > MOST:
        return SignedRank(math.nan, math.nan, math.nan, p, exact, zeros)
    first, second = np.triu_indices(n)
    means = np.sort((changes[first] + changes[second]) / 2)
    k = _rank_of_limit(n, level)
    low, high = (means[k - 1], means[-k]) if k > 0 else (-math.inf, math.inf)
    return SignedRank(float(np.median(means)), float(low), float(high), p, exact, zeros)


def _p(changes: Reals) -> float:
    """Return the two-sided p of the signed-rank statistic."""
    order = np.argsort(np.abs(changes), kind="stable")
    sizes = np.abs(changes)[order]
    first = np.diff(sizes, prepend=-math.inf) > _SAME * sizes[-1]
    place, ties = np.cumsum(first) - 1, np.diff(np.append(np.flatnonzero(first), len(sizes)))
    last = np.cumsum(ties)
    # Twice the mean ranks, so that those of ties are whole numbers.
    doubled = np.empty(len(sizes), np.int64)
    doubled[order] = (2 * last - ties + 1)[place]
    statistic, largest = int(doubled[changes > 0].sum()), int(doubled.sum())
    n = len(changes)
    if n < EXACT_BELOW:
        ways = _ways(doubled)
        below = ways[: statistic + 1].sum() / ways.sum()
        above = ways[statistic:].sum() / ways.sum()
        return float(min(1.0, 2 * min(below, above)))
    spread = math.sqrt(float((doubled.astype(float) ** 2).sum()) / 16)
    distance = abs(statistic - largest / 2) / 2
    return normal_two_sided(max(0.0, distance - 0.5) / spread)


def _ways(doubled: npt.NDArray[np.int64]) -> Reals:
    """Return in how many ways of signs the doubled ranks of one sign add up to each number."""
    ways = np.zeros(int(doubled.sum()) + 1)
    ways[0] = 1
    for rank in doubled.tolist():
        ways[rank:] = ways[rank:] + ways[: len(ways) - rank]
    return ways


def _rank_of_limit(n: int, level: float) -> int:
    """Return which of the ordered means of pairs is the lower limit; 0 where none is."""
    tail = (1 - level) / 2
    if n < EXACT_BELOW:
        ways = _ways(2 * np.arange(1, n + 1))[::2]
        cumulated = np.cumsum(ways) / ways.sum()
        # The largest rank with at most this share of the distribution below it.
        return int(np.count_nonzero(cumulated <= tail * (1 + 1e-12)))
    middle = n * (n + 1) / 4
    spread = math.sqrt(n * (n + 1) * (2 * n + 1) / 24)
    return max(0, math.floor(middle + 0.5 + normal_quantile(tail) * spread))
