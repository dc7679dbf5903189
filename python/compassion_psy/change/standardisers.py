"""What a change is divided by: an SD, and how many degrees of freedom it is as good as."""

from __future__ import annotations

import math
from dataclasses import dataclass

from compassion_psy.change.effects import PairMoments
from compassion_psy.distributions import chi_square_quantile


@dataclass(frozen=True)
class Standardiser:
    """An estimated standard deviation.

    Attributes
    ----------
    sd : float
        The estimate.
    df : float
        Degrees of freedom of the chi-square that its square varies like (Satterthwaite 1946).
    """

    sd: float
    df: float

    def limits(self, level: float) -> tuple[float, float]:
        """Return the limits of the standard deviation, by chi-square."""
        tail = (1 - level) / 2
        low, high = (
            self.sd * math.sqrt(self.df / chi_square_quantile(p, self.df)) for p in (1 - tail, tail)
        )
        return low, high


def standardiser(name: str, moments: PairMoments) -> Standardiser:
    """Return what an effect divides the mean change by, before any correction.

    For smcr it is the SD of the first wave, with n - 1 degrees of freedom; for d_av and g_av the
    mean of both SDs; for d_rm SD of changes / √(2 (1 - r)). Of normal scores, with the delta
    method, the mean of both SDs has (n - 1)(S_1 + S_2)² / (S_1² + S_2² + 2 r² S_1 S_2), and what
    d_rm divides by 2 (n - 1) / (2 + (1 + r)² + 2 (1 + r)(r (S_1² + S_2²) - 2 S_1 S_2) / S_d²).

    Examples
    --------
    >>> import numpy as np
    >>> from compassion_psy.change.effects import moments_of
    >>> pre = np.array([131.0, 124, 130, 105, 102, 120, 101, 120])
    >>> post = np.array([133.0, 134, 129, 112, 106, 125, 106, 129])
    >>> found = standardiser("d_av", moments_of(pre, post))
    >>> round(found.sd, 4), round(found.df, 3)
    (12.0675, 7.314)
    """
    n, r = moments.n, float(moments.r)
    before, after = math.sqrt(float(moments.var_pre)), math.sqrt(float(moments.var_post))
    if name == "smcr":
        return Standardiser(before, n - 1)
    if name == "d_rm":
        return _of_repeated_measures(n, before, after, r, float(moments.var_change))
    both = before * after
    spread = before**2 + after**2 + (2 * r**2 * both if both else 0.0)
    return Standardiser((before + after) / 2, (n - 1) * (before + after) ** 2 / spread)


def _of_repeated_measures(
    n: int, before: float, after: float, r: float, of_change: float
) -> Standardiser:
    if not r < 1:
        return Standardiser(math.nan, math.nan)
    # The variance of the logarithm of the square, times n - 1: that of S_diff² is 2, that of 1 - r
    # (1 + r)², and they go together as far as r does with the variances.
    together = (r * (before**2 + after**2) - 2 * before * after) / of_change
    spread = 2 + (1 + r) ** 2 + 2 * (1 + r) * together
    return Standardiser(math.sqrt(of_change / (2 * (1 - r))), 2 * (n - 1) / spread)


def pooled(treated: PairMoments, control: PairMoments) -> Standardiser:
    """Return the SD of the first wave, pooled within arms."""
    a, b = treated.n - 1, control.n - 1
    variance = (a * float(treated.var_pre) + b * float(control.var_pre)) / (a + b)
    return Standardiser(math.sqrt(variance), a + b)


def ratio_limits(mean: float, reach: float, by: Standardiser, level: float) -> tuple[float, float]:
    """Return the limits of a mean over a standard deviation, by recovery of variances [1]_.

    Parameters
    ----------
    mean, reach : float
        The mean, and how far its own limits are on both sides.
    by : Standardiser
        What it is divided by.
    level : float
        The coverage that the limits aim at.

    Notes
    -----
    A limit L is where mean - L sd is as far from zero as its own limit would be: (mean - L sd)² =
    reach² + L² g², g being how far the limit of sd is on the side that moves L outwards. So the
    limits include zero where those of the mean do, and t test and interval agree.

    References
    ----------
    .. [1] Donner, A., & Zou, G. Y. (2012). Closed-form confidence intervals for functions of the
       normal mean and standard deviation. *Statistical Methods in Medical Research*, 21, 347-359.

    Examples
    --------
    >>> low, high = ratio_limits(5.0, 5.0, Standardiser(10.0, 11), 0.95)
    >>> round(low, 4), round(high, 4)
    (0.0, 1.0929)
    """
    return _lower(mean, reach, by, level), -_lower(-mean, reach, by, level)


def _lower(mean: float, reach: float, by: Standardiser, level: float) -> float:
    low, high = by.limits(level)
    apart = high - by.sd if mean >= reach else by.sd - low
    square, constant = by.sd**2 - apart**2, mean**2 - reach**2
    root = math.sqrt(max(0.0, (mean * by.sd) ** 2 - square * constant))
    # Of the two ways to write the same root, the one that does not subtract equal numbers.
    return constant / (mean * by.sd + root) if mean > 0 else (mean * by.sd - root) / square
