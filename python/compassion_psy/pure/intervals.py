"""Confidence intervals from bootstrap replicates."""

from statistics import NormalDist
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from .moments import Array

QuantileRule = Literal["normal", "linear"]

_NORMAL = NormalDist()


class Interval(NamedTuple):
    """Two end points."""

    lower: float
    upper: float


def quantile(replicates: ArrayLike, probability: float, rule: QuantileRule = "normal") -> float:
    """Below which value does this share of the replicates lie?

    Parameters
    ----------
    replicates : array
        Bootstrap values; NaN (an unusable replicate) is left out.
    probability : float
        The share, between 0 and 1.
    rule : "normal" or "linear"
        "normal": order statistic (B + 1)p, interpolated on the scale of normal quantiles, and the
        extreme value beyond the first and last (Davison & Hinkley, 1997, eq. 5.8; R's ``boot``).
        "linear": NumPy's default, R's type 7.

    Examples
    --------
    >>> quantile([1.0, 2.0, 3.0], 0.5)
    2.0
    """
    usable = _usable(replicates)
    if rule == "linear":
        return float(np.quantile(usable, probability))
    if rule != "normal":
        raise ValueError(f'rule must be "normal" or "linear", not {rule!r}')
    b = usable.size
    place = (b + 1) * probability
    below = int(place)
    if place < 1:
        return float(usable[0])
    if below >= b:
        return float(usable[-1])
    left, right = usable[below - 1], usable[below]
    z = _NORMAL.inv_cdf(probability)
    z_left, z_right = (_NORMAL.inv_cdf((below + step) / (b + 1)) for step in (0, 1))
    return float(left + (z - z_left) / (z_right - z_left) * (right - left))


def percentile(
    replicates: ArrayLike, level: float = 0.95, rule: QuantileRule = "normal"
) -> Interval:
    """Return the middle of the replicates' distribution: R's ``boot.ci(type = "perc")``.

    Examples
    --------
    >>> percentile([1.0, 2.0, 3.0], 0.5)
    Interval(lower=1.0, upper=3.0)
    """
    low, high = tails(level)
    return Interval(quantile(replicates, low, rule), quantile(replicates, high, rule))


def basic(
    estimate: float, replicates: ArrayLike, level: float = 0.95, rule: QuantileRule = "normal"
) -> Interval:
    """Return the percentile interval mirrored at the estimate: R's ``boot.ci(type = "basic")``.

    Examples
    --------
    >>> basic(2.5, [1.0, 2.0, 3.0], 0.5)
    Interval(lower=2.0, upper=4.0)
    """
    lower, upper = percentile(replicates, level, rule)
    return Interval(2 * estimate - upper, 2 * estimate - lower)


def normal(estimate: float, replicates: ArrayLike, level: float = 0.95) -> Interval:
    """Return ``t - bias -+ z sd(t*)``, bias = mean(t*) - t: R's ``boot.ci(type = "norm")``.

    R's ``boot`` takes the variance of the replicates with divisor B - 1, and so do we.

    Examples
    --------
    >>> interval = normal(2.0, [1.0, 2.0, 3.0])
    >>> round(interval.lower, 6), round(interval.upper, 6)
    (0.040036, 3.959964)
    """
    usable = _usable(replicates)
    half = z_value(level) * float(np.std(usable, ddof=1))
    centre = 2 * estimate - float(usable.mean())
    return Interval(centre - half, centre + half)


def bca(
    estimate: float,
    replicates: ArrayLike,
    acceleration: float,
    level: float = 0.95,
    rule: QuantileRule = "normal",
) -> Interval:
    """Return the bias-corrected and accelerated interval (Efron, 1987).

    Parameters
    ----------
    estimate : float
        The coefficient of the sample.
    replicates : array
        Bootstrap values; NaN is left out.
    acceleration : float
        From `acceleration`: it needs no replicates, so any number of them will do.
    level : float
        Confidence level.
    rule : "normal" or "linear"
        See `quantile`.

    Returns
    -------
    Interval
        Quantiles at ``Phi(z0 + (z0 + z) / (1 - a (z0 + z)))``, ``z0 = Phi^-1((#< + #<=) / (2B))``.

    Raises
    ------
    ValueError
        If the estimate lies outside all replicates, so that the bias correction is infinite.

    Examples
    --------
    >>> bca(2.0, [1.0, 2.0, 3.0], 0.0, 0.5)
    Interval(lower=1.0, upper=3.0)
    """
    usable = _usable(replicates)
    below = np.count_nonzero(usable < estimate) + np.count_nonzero(usable <= estimate)
    if below in (0, 2 * usable.size):
        raise ValueError("the estimate lies outside all replicates: no bias correction is possible")
    bias = _NORMAL.inv_cdf(below / (2 * usable.size))
    ends = []
    for tail in tails(level):
        shifted = bias + _NORMAL.inv_cdf(tail)
        if acceleration * shifted >= 1:
            raise ValueError(f"an acceleration of {acceleration:g} is too large for this level")
        probability = _NORMAL.cdf(bias + shifted / (1 - acceleration * shifted))
        ends.append(quantile(usable, probability, rule))
    return Interval(*ends)


def _usable(replicates: ArrayLike) -> Array:
    values = np.asarray(replicates, dtype=np.float64)
    usable = np.sort(values[np.isfinite(values)])
    if usable.size < 2:
        raise ValueError(f"{usable.size} of {values.size} replicates are usable; 2 are needed")
    return usable


def tails(level: float) -> tuple[float, float]:
    """Return the probabilities below which the lower and the upper end point lie."""
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, not {level}")
    return (1 - level) / 2, (1 + level) / 2


def z_value(level: float) -> float:
    """Return the normal quantile of a two-sided interval."""
    return _NORMAL.inv_cdf(tails(level)[1])
