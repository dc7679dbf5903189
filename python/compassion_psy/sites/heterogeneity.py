"""How much do true effects differ between sites: estimators of the variance tau²."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from compassion_psy.distributions import chi_square_quantile

Reals = npt.NDArray[np.float64]

# tau² is looked for up to this many times the largest squared distance or variance.
_FAR = 1e4
_GRID = 200


def weighted(y: Reals, v: Reals, tau2: float) -> tuple[float, float, Reals]:
    """Return the pooled mean, its variance and the weights, for this tau²."""
    w = 1 / (v + tau2)
    total = float(w.sum())
    return float(w @ y) / total, 1 / total, w


def q_statistic(y: Reals, v: Reals, tau2: float = 0.0) -> float:
    """Return the weighted squares about the pooled mean: Cochran's Q where tau² is zero."""
    mean, _, w = weighted(y, v, tau2)
    return float(w @ (y - mean) ** 2)


def fixed(y: Reals, v: Reals) -> float:
    """Return zero: one true effect everywhere."""
    del y, v
    return 0.0


def dersimonian_laird(y: Reals, v: Reals) -> float:
    """Return tau² by moments (DerSimonian & Laird, 1986)."""
    w = 1 / v
    spread = w.sum() - (w**2).sum() / w.sum()
    return max(0.0, float((q_statistic(y, v) - (len(y) - 1)) / spread))


def paule_mandel(y: Reals, v: Reals) -> float:
    """Return the tau² at which the weighted squares are what is expected (Paule & Mandel, 1982)."""
    return _where_q_is(y, v, len(y) - 1.0)


def reml(y: Reals, v: Reals) -> float:
    """Return tau² by restricted maximum likelihood (Viechtbauer, 2005)."""

    def likelihood(tau2: float) -> float:
        _, variance, w = weighted(y, v, tau2)
        return 0.5 * float(np.log(w).sum() + np.log(variance)) - 0.5 * q_statistic(y, v, tau2)

    def score(tau2: float) -> float:
        mean, variance, w = weighted(y, v, tau2)
        return float(w**2 @ (y - mean) ** 2 - w.sum() + (w**2).sum() * variance)

    # The likelihood may have several maxima: the highest is looked for among a grid's.
    grid = np.concatenate([[0.0], np.geomspace(1e-9, 1.0, _GRID) * _far(y, v)])
    best = int(np.argmax([likelihood(float(tau2)) for tau2 in grid]))
    if best == 0:
        low, high = 0.0, float(grid[1])
        return 0.0 if score(low) <= 0 else _root(score, low, high)
    low, high = float(grid[best - 1]), float(grid[min(best + 1, _GRID)])
    return low if score(low) <= 0 else _root(score, low, high)


def q_profile(y: Reals, v: Reals, level: float) -> tuple[float, float]:
    """Return an exact interval of tau² for normal effects (Viechtbauer, 2007)."""
    tail, df = (1 - level) / 2, len(y) - 1
    low = _where_q_is(y, v, chi_square_quantile(1 - tail, df))
    return low, _where_q_is(y, v, chi_square_quantile(tail, df))


def _where_q_is(y: Reals, v: Reals, value: float) -> float:
    """Return the tau² with this weighted sum of squares, which falls with tau²; 0 if none has."""
    if q_statistic(y, v) <= value:
        return 0.0
    high = _far(y, v)
    while q_statistic(y, v, high) > value:
        high *= 10
    return _root(lambda tau2: q_statistic(y, v, tau2) - value, 0.0, high)


def _far(y: Reals, v: Reals) -> float:
    return _FAR * float(max(np.ptp(y) ** 2, v.max()))


def _root(function: Callable[[float], float], low: float, high: float) -> float:
    from scipy.optimize import brentq

    return float(brentq(function, low, high, xtol=1e-300, rtol=1e-14, maxiter=500))
