"""On which scale estimates are pooled, and the way back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from compassion_psy.sites.heterogeneity import Reals

SCALES = ("raw", "logit", "bonett", "hakstian_whalen")
"""Scales on which sites can be pooled."""


@dataclass(frozen=True, eq=False)
class OnScale:
    """Estimates and their variances on a scale where they are more nearly normal.

    Attributes
    ----------
    values, variances : array (sites,)
        NaN where the scale has no such value.
    back : callable
        From a value on the scale to one of the estimate.
    falls : bool
        Whether larger values on the scale are smaller estimates.
    """

    values: Reals
    variances: Reals
    back: Callable[[float], float]
    falls: bool = False

    def interval(self, low: float, high: float) -> tuple[float, float]:
        """Return limits on the scale as limits of the estimate."""
        if self.falls:
            low, high = high, low
        return self.back(low), self.back(high)


def on_scale(scale: str, estimates: Reals, first: Reals, *more: Reals) -> OnScale:
    """Return estimates on a scale; `first` is standard errors, or persons followed by items."""
    with np.errstate(invalid="ignore", divide="ignore"):
        if scale == "raw":
            return OnScale(estimates, first**2, float)
        if scale == "logit":
            inside = np.where((estimates > 0) & (estimates < 1), estimates, np.nan)
            values = np.log(inside / (1 - inside))
            return OnScale(values, (first / (inside * (1 - inside))) ** 2, _logistic)
        (items,) = more
        lack = np.where(estimates < 1, 1 - estimates, np.nan)
        if scale == "bonett":
            variances = 2 * items / ((items - 1) * (first - 2))
            return OnScale(np.log(lack), variances, _one_less_exponential, falls=True)
        variances = 18 * items * (first - 1) * lack ** (2 / 3)
        variances = variances / ((items - 1) * (9 * first - 11) ** 2)
        return OnScale(np.cbrt(lack), variances, _one_less_cube, falls=True)


def _logistic(value: float) -> float:
    if value < 0:
        odds = np.exp(value)
        return float(odds / (1 + odds))
    return float(1 / (1 + np.exp(-value)))


def _one_less_exponential(value: float) -> float:
    # Beyond what a number holds there is no lower limit.
    with np.errstate(over="ignore"):
        return float(1 - np.exp(value))


def _one_less_cube(value: float) -> float:
    return float(1 - value**3)
