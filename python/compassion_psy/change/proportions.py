"""Intervals of proportions: exact, and Wilson's."""

from __future__ import annotations

import math
from collections.abc import Callable

from compassion_psy.distributions import beta_quantile, normal_quantile

Limits = tuple[float, float]


def exact(count: int, n: int, level: float) -> Limits:
    """Return the limits of Clopper & Pearson (1934): those of R's ``binom.test``.

    They cover the true proportion at least as often as the level says, whatever it is.
    """
    tail = (1 - level) / 2
    low = 0.0 if count == 0 else beta_quantile(tail, count, n - count + 1)
    high = 1.0 if count == n else beta_quantile(1 - tail, count + 1, n - count)
    return low, high


def wilson(count: int, n: int, level: float) -> Limits:
    """Return the limits of Wilson (1927): those of R's ``prop.test(correct = FALSE)``.

    They cover the true proportion about as often as the level says, on average over proportions.
    """
    z = normal_quantile(0.5 + level / 2)
    share, weight = count / n, z**2 / n
    middle = (share + weight / 2) / (1 + weight)
    half = z / (1 + weight) * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    # At the ends the formula gives the end itself; rounding must not step over it.
    low = 0.0 if count == 0 else middle - half
    high = 1.0 if count == n else middle + half
    return low, high


INTERVALS: dict[str, Callable[[int, int, float], Limits]] = {"exact": exact, "wilson": wilson}
"""How the interval of a proportion is made."""
