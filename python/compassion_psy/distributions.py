"""Tails and quantiles of the distributions that tests are referred to.

SciPy computes them. It is imported at the first question: it takes longer than the whole package.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any


@cache
def _special() -> Any:
    import scipy.special

    return scipy.special


def normal_two_sided(z: float) -> float:
    """How probable is a standard normal as far from zero as z?

    R's ``2 * pnorm(-abs(z))``.

    Examples
    --------
    >>> round(normal_two_sided(1.959963984540054), 12)
    0.05
    """
    return math.erfc(abs(z) / math.sqrt(2))


def normal_quantile(probability: float) -> float:
    """Below which value does a standard normal lie with this probability?

    R's ``qnorm(probability)``.

    Examples
    --------
    >>> round(normal_quantile(0.975), 12)
    1.95996398454
    """
    return float(_special().ndtri(probability))


def chi_square_tail(value: float, df: float) -> float:
    """How probable is a chi-square as large as this?

    R's ``pchisq(value, df, lower.tail = FALSE)``.

    Examples
    --------
    >>> round(chi_square_tail(3.841458820694124, 1), 12)
    0.05
    """
    return 1.0 if value <= 0 else float(_special().chdtrc(df, value))


def chi_square_quantile(probability: float, df: float) -> float:
    """Below which value does a chi-square lie with this probability?

    R's ``qchisq(probability, df)``.

    Examples
    --------
    >>> round(chi_square_quantile(0.95, 1), 12)
    3.841458820694
    """
    return 2 * float(_special().gammaincinv(df / 2, probability))


def f_tail(value: float, df1: float, df2: float) -> float:
    """How probable is an F ratio as large as this?

    R's ``pf(value, df1, df2, lower.tail = FALSE)``.

    Examples
    --------
    >>> round(f_tail(1.0, 7, 7), 12)
    0.5
    """
    return 1.0 if value <= 0 else float(_special().fdtrc(df1, df2, value))


def f_upper_quantile(tail: float, df1: float, df2: float) -> float:
    """Which F ratio is exceeded with this probability?

    R's ``qf(tail, df1, df2, lower.tail = FALSE)``.

    Examples
    --------
    >>> round(f_upper_quantile(0.05, 2, 10), 8)
    4.10282102
    """
    # The inverse of the tail itself would lose the digits of small tails.
    share = float(_special().betaincinv(df2 / 2, df1 / 2, tail))
    return math.inf if share == 0 else df2 * (1 - share) / (df1 * share)


def t_two_sided(t: float, df: float) -> float:
    """How probable is a t as far from zero as this?

    R's ``2 * pt(-abs(t), df)``.

    Examples
    --------
    >>> round(t_two_sided(2.228138851964939, 10), 10)
    0.05
    """
    return 2 * float(_special().stdtr(df, -abs(t)))


def t_quantile(probability: float, df: float) -> float:
    """Below which value does a t lie with this probability?

    R's ``qt(probability, df)``.

    Examples
    --------
    >>> round(t_quantile(0.975, 10), 10)
    2.228138852
    """
    return float(_special().stdtrit(df, probability))


def noncentral_t_centre(t: float, df: float, probability: float) -> float:
    """Of which noncentral t distribution is t the quantile at this probability?

    Returns the noncentrality: the end of an exact interval of a standardised mean. In R:
    ``MBESS::conf.limits.nct``, or ``uniroot`` of ``pt(t, df, ncp) - probability``.

    Examples
    --------
    >>> round(noncentral_t_centre(2.0, 10, 0.5), 6)
    1.947842
    """
    special = _special()
    found = float(special.nctdtrinc(df, probability, t))
    if not math.isfinite(found):
        return found
    from scipy.optimize import brentq

    def beyond(centre: float) -> float:
        return float(special.nctdtr(df, centre, t)) - probability

    # That search stops early, some 1e-6 from the end.
    near = 1e-4 * max(1.0, abs(found))
    low, high = found - near, found + near
    if not beyond(low) > 0 > beyond(high):
        return found
    return float(brentq(beyond, low, high, xtol=1e-13, rtol=1e-14))


def normal_tail(z: float) -> float:
    """How probable is a standard normal above z?

    R's ``pnorm(z, lower.tail = FALSE)``.

    Examples
    --------
    >>> normal_tail(0.0)
    0.5
    """
    return 0.5 * math.erfc(z / math.sqrt(2))


def noncentral_t_tail(t: float, df: float, centre: float) -> float:
    """How probable is a noncentral t above t?

    R's ``pt(t, df, ncp = centre, lower.tail = FALSE)``.

    Examples
    --------
    >>> round(noncentral_t_tail(2.0, 10, 1.5), 6)
    0.340846
    """
    # That of -t, below: one less the lower tail would lose the digits of small ones.
    return float(_special().nctdtr(df, -centre, -t))


def beta_quantile(probability: float, a: float, b: float) -> float:
    """Below which value does a beta lie with this probability?

    R's ``qbeta(probability, a, b)``.

    Examples
    --------
    >>> round(beta_quantile(0.5, 2, 3), 6)
    0.385728
    """
    return float(_special().betaincinv(a, b, probability))
