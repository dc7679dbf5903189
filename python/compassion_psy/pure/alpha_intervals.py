"""Confidence intervals for alpha by formula."""

import importlib

import numpy as np
from numpy.typing import ArrayLike

from .coefficients import alpha as alpha_of
from .influence import standard_error
from .intervals import Interval, tails, z_value
from .moments import Array, Missing, covariance


def feldt(alpha: float, n: int, k: int, level: float = 0.95) -> Interval:
    """Return Feldt's interval for alpha (Feldt, 1965): exact for parallel normal items.

    Parameters
    ----------
    alpha : float
        The estimate.
    n, k : int
        Number of persons and of items.
    level : float
        Confidence level.

    Returns
    -------
    Interval
        ``1 - (1 - alpha) F`` at both tails of F with n - 1 and (n - 1)(k - 1) degrees of freedom.

    Raises
    ------
    ImportError
        If SciPy, part of the extra "pure", is not installed.

    Notes
    -----
    In R: ``psych::alpha.ci(alpha, n, k)``.

    Examples
    --------
    >>> interval = feldt(0.8, 100, 10)
    >>> round(interval.lower, 6), round(interval.upper, 6)
    (0.736048, 0.853692)
    """
    # SciPy's distributions take longer to import than the whole package.
    stats = importlib.import_module("scipy.stats")
    low, high = tails(level)
    f_high, f_low = (float(stats.f.ppf(p, n - 1, (n - 1) * (k - 1))) for p in (high, low))
    return Interval(1 - (1 - alpha) * f_high, 1 - (1 - alpha) * f_low)


def bonett(alpha: float, n: int, k: int, level: float = 0.95) -> Interval:
    """Return Bonett's interval for alpha (Bonett, 2002), without his later bias term.

    Parameters
    ----------
    alpha, n, k, level
        As in `feldt`.

    Returns
    -------
    Interval
        ``1 - exp(log(1 - alpha) +- z sqrt(2k / ((k - 1)(n - 2))))``.

    Notes
    -----
    In R: ``MBESS::ci.reliability(type = "alpha", interval.type = "bonett")``.

    Examples
    --------
    >>> interval = bonett(0.91, 583, 10)
    >>> round(interval.lower, 7), round(interval.upper, 7)
    (0.898402, 0.920274)
    """
    half = z_value(level) * np.sqrt(2 * k / ((k - 1) * (n - 2)))
    centre = np.log(1 - alpha)
    return Interval(float(1 - np.exp(centre + half)), float(1 - np.exp(centre - half)))


def hakstian_whalen(alpha: float, n: int, k: int, level: float = 0.95) -> Interval:
    """Return Hakstian & Whalen's interval for alpha (1976): the cube root is nearly normal.

    Parameters
    ----------
    alpha, n, k, level
        As in `feldt`.

    Returns
    -------
    Interval
        With f1 = n - 1, f2 = (n - 1)(k - 1), A = (1 - 2/(9 f1)) / (1 - 2/(9 f2)) and
        s^2 = 2k/(9 f2) (1 - alpha)^(2/3) / (1 - 2/(9 f1))^2:
        ``1 - A^3 ((1 - alpha)^(1/3) +- z s)^3``.

    Notes
    -----
    In R: ``MBESS::ci.reliability(type = "alpha", interval.type = "hakstian")``.

    Examples
    --------
    >>> interval = hakstian_whalen(0.8, 100, 10)
    >>> round(interval.lower, 6), round(interval.upper, 6)
    (0.736758, 0.854152)
    """
    rows, rest = n - 1, (n - 1) * (k - 1)
    ratio = (1 - 2 / (9 * rows)) / (1 - 2 / (9 * rest))
    root = np.cbrt(1 - alpha)
    half = z_value(level) * np.sqrt(2 * k / (9 * rest)) * root / (1 - 2 / (9 * rows))
    lower, upper = (float(1 - (ratio * (root + sign * half)) ** 3) for sign in (1, -1))
    return Interval(lower, upper)


def normal_theory_standard_error(matrix: ArrayLike, n: int) -> float:
    """Return the standard error of alpha for normal answers (van Zyl, Neudecker & Nel, 2000).

    Parameters
    ----------
    matrix : array, items × items
        Covariance matrix.
    n : int
        Number of persons.

    Returns
    -------
    float
        ``sqrt(Q/n)``,
        ``Q = 2k^2/((k-1)^2 V^3) (V (tr C^2 + (tr C)^2) - 2 tr C (1'C^2 1))``, V = 1'C1.

    Notes
    -----
    In R: ``psych::alpha(x)$total$ase``.

    Examples
    --------
    >>> round(normal_theory_standard_error([[2.0, 1.0], [1.0, 2.0]], 100), 6)
    0.066667
    """
    c: Array = np.asarray(matrix, dtype=np.float64)
    k, total, trace = len(c), c.sum(), np.trace(c)
    squared = c @ c
    inner = total * (np.trace(squared) + trace**2) - 2 * trace * squared.sum()
    return float(np.sqrt(2 * k**2 / ((k - 1) ** 2 * total**3) * inner / n))


def normal_theory(matrix: ArrayLike, n: int, level: float = 0.95) -> Interval:
    """Return alpha -+ z times `normal_theory_standard_error` (Duhachek & Iacobucci, 2004).

    Examples
    --------
    >>> interval = normal_theory([[2.0, 1.0], [1.0, 2.0]], 100)
    >>> round(interval.lower, 6), round(interval.upper, 6)
    (0.536002, 0.797331)
    """
    half = z_value(level) * normal_theory_standard_error(matrix, n)
    estimate = alpha_of(matrix)
    return Interval(estimate - half, estimate + half)


def adf(
    x: ArrayLike,
    level: float = 0.95,
    *,
    clusters: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    survey_weights: ArrayLike | None = None,
    missing: Missing = "listwise",
) -> Interval:
    """Return alpha -+ z times its `standard_error`, for answers of any distribution.

    Parameters
    ----------
    x, clusters, strata, survey_weights, missing
        As in `standard_error`.
    level : float
        Confidence level.

    Examples
    --------
    >>> interval = adf([[1, 2], [2, 1], [3, 3], [2, 2]])
    >>> round(interval.lower, 6), round(interval.upper, 6)
    (0.204699, 1.128635)
    """
    estimate = alpha_of(covariance(x, missing=missing, survey_weights=survey_weights))
    half = z_value(level) * standard_error(
        x,
        "alpha",
        clusters=clusters,
        strata=strata,
        survey_weights=survey_weights,
        missing=missing,
    )
    return Interval(estimate - half, estimate + half)
