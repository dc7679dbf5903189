"""How alike are persons of one group: intraclass correlations from sums by group."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from compassion_psy.distributions import chi_square_quantile, f_upper_quantile

Reals = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class GroupSums:
    """What intraclass correlations are made of.

    Attributes
    ----------
    counts : array (groups,)
        Persons of each group, at least one.
    means : array (groups,)
        Mean score of each, less a constant.
    within : float
        Sum of squares about the groups' means.
    """

    counts: Reals
    means: Reals
    within: float

    @classmethod
    def of(cls, scores: Reals, groups: npt.NDArray[np.int64]) -> GroupSums:
        """Take scores and the number of each person's group, counted from 0 without gaps."""
        order = np.argsort(groups, kind="stable")
        # A whole number less, so that sums of squares lose no digits.
        scores = scores - np.round(scores.mean())
        scores, groups = scores[order], groups[order]
        starts = np.flatnonzero(np.diff(groups, prepend=-1))
        counts = np.diff(np.append(starts, len(scores))).astype(float)
        means = np.add.reduceat(scores, starts) / counts
        return cls(
            counts, means, float(np.sum((scores - np.repeat(means, counts.astype(int))) ** 2))
        )

    @property
    def persons(self) -> float:
        """Persons of all groups."""
        return float(self.counts.sum())

    @property
    def usual_size(self) -> float:
        """The size n0 that stands for groups of unequal size in an analysis of variance."""
        squares = float((self.counts**2).sum())
        return (self.persons - squares / self.persons) / (len(self.counts) - 1)

    @property
    def between(self) -> float:
        """Mean square between groups."""
        grand = float(self.counts @ self.means) / self.persons
        return float(self.counts @ (self.means - grand) ** 2) / (len(self.counts) - 1)

    @property
    def error(self) -> float:
        """Mean square within groups."""
        return self.within / (self.persons - len(self.counts))


@dataclass(frozen=True)
class Intraclass:
    """An intraclass correlation of persons, and that of group means, with limits."""

    one: float
    one_lower: float
    one_upper: float
    mean: float
    mean_lower: float
    mean_upper: float


def by_variance_analysis(sums: GroupSums, level: float) -> Intraclass:
    """Return ICC(1) and ICC(2) from mean squares; limits are exact for groups of equal size."""
    size, ratio = sums.usual_size, sums.between / sums.error
    df1, df2 = len(sums.counts) - 1, sums.persons - len(sums.counts)
    tail = (1 - level) / 2
    low = ratio / f_upper_quantile(tail, df1, df2)
    high = ratio * f_upper_quantile(tail, df2, df1)

    def one(f: float) -> float:
        return (f - 1) / (f + size - 1)

    def mean(f: float) -> float:
        return 1 - 1 / f if f > 0 else -math.inf

    return Intraclass(one(ratio), one(low), one(high), mean(ratio), mean(low), mean(high))


def by_restricted_likelihood(sums: GroupSums, level: float) -> Intraclass:
    """Return both by restricted maximum likelihood, the variance between groups at least zero.

    The likelihood needs nothing but counts, means and the squares within; what is left to search
    is the ratio of the two variances. Limits are those of the likelihood's profile.
    """
    from scipy.optimize import brentq, minimize_scalar

    def deviance(share: float) -> float:
        return _deviance(sums, share / (1 - share))

    highest = 1 - 1e-9
    grid = np.concatenate([[0.0], np.linspace(0, 1, 101)[1:-1] ** 2, [highest]])
    best = int(np.argmin([deviance(float(share)) for share in grid]))
    low, high = float(grid[max(best - 1, 0)]), float(grid[min(best + 1, len(grid) - 1)])
    found = minimize_scalar(
        deviance, bounds=(low, high), method="bounded", options={"xatol": 1e-12}
    )
    share = float(found.x) if found.fun < deviance(0.0) else 0.0
    limit = deviance(share) + chi_square_quantile(level, 1)

    def beyond(at: float) -> float:
        return deviance(at) - limit

    lower = brentq(beyond, 0.0, share, xtol=1e-14) if beyond(0.0) > 0 else 0.0
    upper = brentq(beyond, share, highest, xtol=1e-14) if beyond(highest) > 0 else 1.0
    size = sums.usual_size

    def mean(one: float) -> float:
        return size * one / (1 + (size - 1) * one)

    return Intraclass(share, lower, upper, mean(share), mean(lower), mean(upper))


def _deviance(sums: GroupSums, ratio: float) -> float:
    """Return -2 log restricted likelihood but for a constant, the error variance profiled out."""
    growth = 1 + sums.counts * ratio
    weights = sums.counts / growth
    centre = float(weights @ sums.means / weights.sum())
    squares = sums.within + float(weights @ (sums.means - centre) ** 2)
    df = sums.persons - 1
    return df * math.log(squares / df) + float(np.log(growth).sum()) + math.log(weights.sum())
