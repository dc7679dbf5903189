"""How sure an effect is: exact, analytic and bootstrap intervals."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from compassion_psy.change import effects
from compassion_psy.change.effects import PairMoments
from compassion_psy.change.standardisers import pooled, ratio_limits, standardiser
from compassion_psy.change.weights import replicate_moments
from compassion_psy.distributions import (
    noncentral_t_centre,
    normal_tail,
    t_quantile,
    t_two_sided,
)
from compassion_psy.options import Bootstrap
from compassion_psy.pure import intervals

Reals = npt.NDArray[np.float64]
Statistic = Callable[[Sequence[PairMoments]], Reals]

EXACT = ("d_z", "g_z", "smcc", "cles")
"""The effects with an exact interval, of normal changes."""

_UNBOUNDED = 1e5

# Replicates that differ by less from the estimate are the estimate: BCa counts those below it.
_SAME = 1e-10


@dataclass(frozen=True)
class Found:
    """An estimate with its interval.

    Attributes
    ----------
    estimate, lower, upper : float
        NaN where there is none.
    method : str
        How the interval was made.
    p : float
        Of no change.
    failed : int, optional
        Replicates without a value.
    note : str, optional
        Why something is missing.
    variance : float
        Sampling variance of the estimate.
    """

    estimate: float
    lower: float = math.nan
    upper: float = math.nan
    method: str = ""
    p: float = math.nan
    failed: int | None = None
    note: str | None = None
    variance: float = math.nan


@dataclass(frozen=True, eq=False)
class Sample:
    """Persons of one arm with both scores.

    Attributes
    ----------
    name : str
        The arm: persons of different arms are resampled independently.
    pre, post : array (persons,)
        Scores.
    """

    name: str
    pre: Reals
    post: Reals

    @property
    def n(self) -> int:
        """Persons."""
        return len(self.pre)

    @property
    def moments(self) -> PairMoments:
        """Means and covariances."""
        return effects.moments_of(self.pre, self.post)

    def replicates(self, bootstrap: Bootstrap, seed: int) -> PairMoments:
        """Moments of each replicate."""
        panel, centres = effects.features(self.pre, self.post)
        of_scores = panel[:, [0, 1, 4]]
        means, variances = replicate_moments(of_scores, bootstrap, seed, self.name)
        return PairMoments.from_replicates(self.n, means, variances, centres)

    def jackknifed(self) -> PairMoments:
        """Moments without each person in turn."""
        panel, centres = effects.features(self.pre, self.post)
        return PairMoments.from_sums(self.n - 1, panel.sum(axis=0) - panel, centres)


@dataclass(frozen=True, eq=False)
class Resampled:
    """Samples with the moments of their replicates, drawn once for all effects."""

    samples: tuple[Sample, ...]
    bootstrap: Bootstrap
    drawn: tuple[PairMoments, ...]
    jackknifed: tuple[PairMoments, ...]

    @classmethod
    def of(cls, samples: Sequence[Sample], bootstrap: Bootstrap, seed: int) -> Resampled:
        """Draw the replicates."""
        return cls(
            tuple(samples),
            bootstrap,
            tuple(sample.replicates(bootstrap, seed) for sample in samples),
            tuple(sample.jackknifed() for sample in samples),
        )

    def found(self, statistic: Statistic, level: float) -> Found:
        """Return the statistic with its bootstrap interval."""
        whole = [sample.moments for sample in self.samples]
        estimate = float(statistic(whole))
        if not math.isfinite(estimate):
            return Found(math.nan, method=self.bootstrap.method)
        values = np.asarray(statistic(self.drawn), float)
        usable = np.isfinite(values)
        failed = int((~usable).sum())
        empty = Found(estimate, method=self.bootstrap.method, failed=failed)
        if usable.sum() < 2 or np.ptp(values[usable]) <= 1e-12 * abs(estimate):
            return replace(empty, note="the replicates are all alike: no interval")
        # Of few persons many replicates are the sample again; summed in another order they differ.
        same = np.abs(values - estimate) <= _SAME * max(
            abs(estimate), float(np.ptp(values[usable]))
        )
        values = np.where(same, estimate, values)
        try:
            low, high = self._limits(estimate, values, statistic, level)
        except ValueError as reason:
            return replace(empty, note=str(reason))
        return replace(empty, lower=low, upper=high)

    def _limits(
        self, estimate: float, values: Reals, statistic: Statistic, level: float
    ) -> intervals.Interval:
        method, rule = self.bootstrap.method, self.bootstrap.quantile_rule
        if method == "normal":
            return intervals.normal(estimate, values, level)
        if method == "basic":
            return intervals.basic(estimate, values, level, rule)
        if method == "percentile":
            return intervals.percentile(values, level, rule)
        return intervals.bca(estimate, values, self._acceleration(statistic), level, rule)

    def _acceleration(self, statistic: Statistic) -> float:
        """Return the skewness of influences over six, by the jackknife within each sample."""
        whole = [sample.moments for sample in self.samples]
        cubes = squares = 0.0
        for at, sample in enumerate(self.samples):
            one_out: list[PairMoments] = list(whole)
            one_out[at] = self.jackknifed[at]
            values = np.asarray(statistic(one_out), float)
            if not np.isfinite(values).all():
                raise ValueError(
                    "without one of the persons the effect is not defined: no acceleration for BCa"
                )
            influence = (values.mean() - values) * (sample.n - 1) / sample.n
            cubes += float(np.sum(influence**3))
            squares += float(np.sum(influence**2))
        return cubes / (6 * squares**1.5) if squares > 0 else 0.0


def mean_change(moments: PairMoments, level: float) -> Found:
    """Return the mean change with the interval of the paired t test, exact of normal changes."""
    estimate, n = float(moments.change), moments.n
    if n < 2:
        return Found(estimate, method="t", note="one person: no interval")
    error = math.sqrt(float(moments.var_change) / n)
    if error == 0:
        return Found(estimate, method="t", note=f"all changes are {estimate:g}: no standard error")
    reach = t_quantile(0.5 + level / 2, n - 1) * error
    p = t_two_sided(estimate / error, n - 1)
    return Found(estimate, estimate - reach, estimate + reach, "t", p, variance=error**2)


def welch(treated: PairMoments, control: PairMoments, level: float) -> Found:
    """Return the difference in mean change with the interval of Welch's t test."""
    estimate = float(treated.change - control.change)
    return welch_limits(
        estimate,
        (treated.n, float(treated.var_change)),
        (control.n, float(control.var_change)),
        level,
    )


def welch_limits(
    estimate: float, one: tuple[int, float], other: tuple[int, float], level: float
) -> Found:
    """Return a difference of means, each of (persons, variance), with Welch's interval."""
    if min(one[0], other[0]) < 2:
        return Found(estimate, method="welch", note="fewer than two persons on a side: no interval")
    a, b = one[1] / one[0], other[1] / other[0]
    if a + b == 0:
        return Found(estimate, method="welch", note="nobody differs within a side: no interval")
    df = (a + b) ** 2 / (a**2 / (one[0] - 1) + b**2 / (other[0] - 1))
    error = math.sqrt(a + b)
    reach = t_quantile(0.5 + level / 2, df) * error
    p = t_two_sided(estimate / error, df)
    return Found(estimate, estimate - reach, estimate + reach, "welch", p, variance=a + b)


def d_z_limits(moments: PairMoments, level: float) -> tuple[float, float]:
    """Return the exact limits of d_z, of normal changes, by the noncentral t.

    Examples
    --------
    >>> pre = np.array([131.0, 124, 130, 105, 102, 120, 101, 120])
    >>> post = np.array([133.0, 134, 129, 112, 106, 125, 106, 129])
    >>> low, high = d_z_limits(effects.moments_of(pre, post), 0.95)
    >>> round(low, 6), round(high, 6)
    (0.393703, 2.406271)
    """
    n = moments.n
    t = float(effects.effect("d_z", moments)) * math.sqrt(n)
    if not math.isfinite(t):
        return math.nan, math.nan
    low, high = (noncentral_t_centre(t, n - 1, p) for p in (0.5 + level / 2, 0.5 - level / 2))
    if max(abs(low), abs(high)) > _UNBOUNDED:  # where the search gives up
        return math.nan, math.nan
    return low / math.sqrt(n), high / math.sqrt(n)


def exact(name: str, moments: PairMoments, level: float) -> Found:
    """Return an effect that is a function of d_z alone, with exact limits.

    Those of g_z and smcc are those of d_z: all three estimate the same number, and the correction
    is one of the estimate.
    """
    estimate = float(effects.effect(name, moments))
    low, high = d_z_limits(moments, level)
    if name == "cles":
        low, high = normal_tail(-low), normal_tail(-high)
    if math.isnan(estimate):
        low, high = math.nan, math.nan
    return Found(estimate, low, high, "noncentral_t", variance=effects.variance(name, moments))


def of_ratio(name: str, moments: PairMoments, level: float) -> Found:
    """Return d_av, g_av, d_rm or smcr with the limits of a mean over an SD (Donner & Zou 2012).

    Corrections for small samples are of the estimate; the limits are those of what it estimates.
    """
    estimate = float(effects.effect(name, moments))
    found = Found(estimate, method="mover", variance=effects.variance(name, moments))
    if not math.isfinite(estimate) or not moments.var_change > 0:
        return found
    by = standardiser(name, moments)
    if not math.isfinite(by.df):
        return found
    mean = mean_change(moments, level)
    low, high = ratio_limits(mean.estimate, mean.upper - mean.estimate, by, level)
    return replace(found, lower=low, upper=high)


def of_ratio_between(treated: PairMoments, control: PairMoments, level: float) -> Found:
    """Return d_ppc2 with the limits of a difference of means (Welch) over a pooled SD."""
    estimate = float(effects.d_ppc2(treated, control))
    found = Found(estimate, method="mover", variance=effects.variance_between(treated, control))
    difference = welch(treated, control, level)
    if not math.isfinite(estimate) or math.isnan(difference.upper):
        return found
    reach = difference.upper - difference.estimate
    low, high = ratio_limits(difference.estimate, reach, pooled(treated, control), level)
    return replace(found, lower=low, upper=high)
