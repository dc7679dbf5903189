"""Tails of the distributions that tests are referred to."""

from __future__ import annotations

import math

_TINY = 1e-300
_NEGLIGIBLE = 1e-16
# Continued fractions settle after some multiples of the root of their parameters.
_MOST_TERMS = 100_000


def normal_two_sided(z: float) -> float:
    """How probable is a standard normal as far from zero as z?

    R's ``2 * pnorm(-abs(z))``.

    Examples
    --------
    >>> round(normal_two_sided(1.959963984540054), 12)
    0.05
    """
    return math.erfc(abs(z) / math.sqrt(2))


def chi_square_tail(value: float, df: float) -> float:
    """How probable is a chi-square as large as this?

    R's ``pchisq(value, df, lower.tail = FALSE)``.

    Examples
    --------
    >>> round(chi_square_tail(3.841458820694124, 1), 12)
    0.05
    """
    a, x = df / 2, value / 2
    if x <= 0:
        return 1.0
    scale = math.exp(a * math.log(x) - x - math.lgamma(a))
    if x < a + 1:
        term = total = 1 / a
        number = a
        while term > _NEGLIGIBLE * total:
            number += 1
            term *= x / number
            total += term
        return 1 - scale * total
    b = x + 1 - a
    c, d = 1 / _TINY, 1 / b
    fraction = d
    for i in range(1, _MOST_TERMS):
        numerator = -i * (i - a)
        b += 2
        d = 1 / _away_from_zero(numerator * d + b)
        c = _away_from_zero(b + numerator / c)
        fraction *= c * d
        if abs(c * d - 1) < _NEGLIGIBLE * 10:
            break
    return scale * fraction


def f_tail(value: float, df1: float, df2: float) -> float:
    """How probable is an F ratio as large as this?

    R's ``pf(value, df1, df2, lower.tail = FALSE)``.

    Examples
    --------
    >>> round(f_tail(1.0, 7, 7), 12)
    0.5
    """
    if value <= 0:
        return 1.0
    both = df1 * value + df2
    return _incomplete_beta(df2 / both, df1 * value / both, df2 / 2, df1 / 2)


def t_two_sided(t: float, df: float) -> float:
    """How probable is a t as far from zero as this?

    R's ``2 * pt(-abs(t), df)``.

    Examples
    --------
    >>> round(t_two_sided(2.228138851964939, 10), 10)
    0.05
    """
    both = df + t * t
    return _incomplete_beta(df / both, t * t / both, df / 2, 0.5)


def _incomplete_beta(x: float, rest: float, a: float, b: float) -> float:
    """Return the regularised incomplete beta function at x, where rest is 1 - x."""
    if x <= 0:
        return 0.0
    if rest <= 0:
        return 1.0
    if x > (a + 1) / (a + b + 2):
        return 1 - _incomplete_beta(rest, x, b, a)
    logs = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    front = math.exp(logs + a * math.log(x) + b * math.log(rest)) / a
    # Lentz's evaluation of the continued fraction.
    c, d = 1.0, 1 / _away_from_zero(1 - (a + b) * x / (a + 1))
    fraction = d
    for m in range(1, _MOST_TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for numerator in (even, odd):
            d = 1 / _away_from_zero(1 + numerator * d)
            c = _away_from_zero(1 + numerator / c)
            fraction *= c * d
        if abs(c * d - 1) < _NEGLIGIBLE * 10:
            break
    return front * fraction


def _away_from_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY


def f_upper_quantile(tail: float, df1: float, df2: float) -> float:
    """Which F ratio is exceeded with this probability?

    R's ``qf(tail, df1, df2, lower.tail = FALSE)``.

    Examples
    --------
    >>> round(f_upper_quantile(0.05, 2, 10), 8)
    4.10282102
    """
    low, high = 0.0, 1.0
    while f_tail(high, df1, df2) > tail:
        low, high = high, 2 * high
    for _ in range(200):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if f_tail(middle, df1, df2) > tail else (low, middle)
    return (low + high) / 2
