"""How sure an effect is: exact, large-sample and bootstrap intervals."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from compassion_psy.change import effects
from compassion_psy.change.effects import PairMoments
from compassion_psy.change.weights import replicate_sums
from compassion_psy.distributions import (
    noncentral_t_centre,
    normal_quantile,
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
    """

    estimate: float
    lower: float = math.nan
    upper: float = math.nan
    method: str = ""
    p: float = math.nan
    failed: int | None = None
    note: str | None = None


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
        sums = replicate_sums(panel, bootstrap, seed, self.name)
        return PairMoments.from_sums(self.n, sums, centres)

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
        return Found(estimate, method="t", note="all changes are equal: no standard error")
    reach = t_quantile(0.5 + level / 2, n - 1) * error
    p = t_two_sided(estimate / error, n - 1)
    return Found(estimate, estimate - reach, estimate + reach, "t", p)


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
    return Found(
        estimate, estimate - reach, estimate + reach, "welch", t_two_sided(estimate / error, df)
    )


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
    """Return an effect that is a function of d_z alone, with exact limits."""
    estimate = float(effects.effect(name, moments))
    low, high = d_z_limits(moments, level)
    if name == "cles":
        low, high = normal_tail(-low), normal_tail(-high)
    elif name != "d_z":
        factor = effects.small_sample_factor(moments.n - 1)
        low, high = factor * low, factor * high
    return Found(estimate, low, high, "noncentral_t")


def large_sample(name: str, moments: PairMoments, level: float) -> Found:
    """Return an effect with limits of a formula.

    d_av, g_av and d_rm: those of d_z times the effect over d_z, the SDs taken as known (Algina &
    Keselman 2003). smcr: the estimate ± z √(2 (1 - r) / n + smcr² / (2n)) (Becker 1988).
    """
    estimate = float(effects.effect(name, moments))
    if name == "smcr":
        n = moments.n
        error = math.sqrt(2 * (1 - float(moments.r)) / n + estimate**2 / (2 * n)) if n > 1 else 0
        return _plus_minus(estimate, error, "becker", level)
    low, high = d_z_limits(moments, level)
    d_z = float(effects.effect("d_z", moments))
    times = estimate / d_z if d_z else _scale(name, moments)
    return Found(estimate, times * low, times * high, "noncentral_t_scaled")


def _scale(name: str, moments: PairMoments) -> float:
    """Return the effect over d_z where both are zero."""
    by_one = replace(moments, mean_post=moments.mean_pre + np.sqrt(moments.var_change))
    return float(effects.effect(name, by_one))


def morris(treated: PairMoments, control: PairMoments, level: float) -> Found:
    """Return d_ppc2 with its large-sample limits (Morris 2008, eq. 25)."""
    estimate = float(effects.d_ppc2(treated, control))
    a, b = treated.n, control.n
    if not math.isfinite(estimate) or a + b <= 4:
        return Found(estimate, method="morris")
    shared = (a - 1) * float(treated.r) + (b - 1) * float(control.r)
    spread = 2 * (1 - shared / (a + b - 2)) * (a + b) / (a * b)
    factor = (1 - 3 / (4 * (a + b - 2) - 1)) ** 2 * (a + b - 2) / (a + b - 4)
    variance = factor * (spread + estimate**2) - estimate**2
    return _plus_minus(estimate, math.sqrt(variance) if variance > 0 else 0, "morris", level)


def _plus_minus(estimate: float, error: float, method: str, level: float) -> Found:
    if not math.isfinite(estimate) or not error > 0:
        return Found(estimate, method=method)
    reach = normal_quantile(0.5 + level / 2) * error
    return Found(estimate, estimate - reach, estimate + reach, method)
