"""Tests of equal reliabilities, from estimates and what is known of their errors."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from compassion_psy.distributions import chi_square_tail, f_tail, t_two_sided

Reals = npt.NDArray[np.float64]

# Of what it is a difference of: below it is rounding.
_NO_VARIANCE = 1e-12


class NoErrorToTest(Exception):
    """Differences vary by rounding alone, or alpha is one: there is nothing to test against."""


@dataclass(frozen=True)
class EqualityTest:
    """A test: its name, statistic, degrees of freedom and two-sided probability."""

    test: str
    statistic: float
    df1: float
    df2: float | None
    p: float


def feldt_independent(alphas: Reals, persons: Reals) -> EqualityTest:
    """Are the alphas of two independent groups equal? (Feldt, 1969)

    ``W = (1 - a2) / (1 - a1)`` is referred to F with n1 - 1 and n2 - 1 degrees of freedom, an
    approximation for scales that are not short.

    Examples
    --------
    >>> round(feldt_independent(np.array([0.8, 0.8]), np.array([50, 50])).p, 12)
    1.0
    """
    _refuse_ones(alphas)
    ratio = float((1 - alphas[1]) / (1 - alphas[0]))
    df1, df2 = float(persons[0] - 1), float(persons[1] - 1)
    upper = f_tail(ratio, df1, df2)
    lower = f_tail(1 / ratio, df2, df1)
    return EqualityTest("feldt", ratio, df1, df2, min(1.0, 2 * min(upper, lower)))


def hakstian_whalen(alphas: Reals, persons: Reals, n_items: int) -> EqualityTest:
    """Are the alphas of several independent groups equal? (Hakstian & Whalen, 1976)

    With ``t = (1 - a)^(1/3)`` and ``s² = 18 k (n - 1) t² / ((k - 1) (9n - 11)²)``,
    ``M = sum(t²/s²) - (sum(t/s²))² / sum(1/s²)`` is referred to chi-square.

    Examples
    --------
    >>> hakstian_whalen(np.array([0.8, 0.8]), np.array([50, 60]), 5).df1
    1.0
    """
    _refuse_ones(alphas)
    root = np.cbrt(1 - alphas)
    variance = 18 * n_items * (persons - 1) * root**2
    variance = variance / ((n_items - 1) * (9 * persons - 11) ** 2)
    weight = 1 / variance
    centre = float(weight @ root / weight.sum())
    # As M, but without taking the difference of two large numbers.
    statistic = float(weight @ (root - centre) ** 2)
    df = float(len(alphas) - 1)
    return EqualityTest("hakstian_whalen", statistic, df, None, chi_square_tail(statistic, df))


def feldt_dependent(alphas: Reals, persons: int, correlation: float) -> EqualityTest:
    """Are the alphas of two scores of the same persons equal? (Feldt, 1980)

    ``t = (a1 - a2) sqrt(n - 2) / sqrt(4 (1 - a1) (1 - a2) (1 - r²))``, r the correlation of the
    two totals, with n - 2 degrees of freedom.

    Examples
    --------
    >>> round(feldt_dependent(np.array([0.8, 0.7]), 102, 0.5).statistic, 6)
    2.357023
    """
    _refuse_ones(alphas)
    if 1 - correlation**2 <= _NO_VARIANCE:
        raise NoErrorToTest
    spread = 4 * (1 - alphas[0]) * (1 - alphas[1]) * (1 - correlation**2)
    t = float((alphas[0] - alphas[1]) * math.sqrt(persons - 2) / math.sqrt(spread))
    df = float(persons - 2)
    return EqualityTest("feldt", t, df, None, t_two_sided(t, df))


def wald(estimates: Reals, covariance: Reals) -> EqualityTest:
    """Are all of these equal, given the covariance of their errors?

    ``d' (D S D')^-1 d`` with the differences d = D e of each from the first.

    Examples
    --------
    >>> round(wald(np.array([1.0, 2.0]), np.diag([0.5, 0.5])).statistic, 12)
    1.0
    """
    differ = np.hstack([-np.ones((len(estimates) - 1, 1)), np.eye(len(estimates) - 1)])
    away, between = differ @ estimates, differ @ covariance @ differ.T
    if np.linalg.eigvalsh(between)[0] <= _NO_VARIANCE * np.trace(covariance):
        raise NoErrorToTest
    statistic = float(away @ np.linalg.solve(between, away))
    df = float(len(estimates) - 1)
    return EqualityTest("wald", statistic, df, None, chi_square_tail(statistic, df))


def holm(p: Reals) -> Reals:
    """Return probabilities adjusted for so many comparisons (Holm, 1979); R's ``p.adjust``.

    Examples
    --------
    >>> holm(np.array([0.01, 0.04, 0.03])).round(12).tolist()
    [0.03, 0.06, 0.06]
    """
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(stepped, 1)
    return adjusted


def _refuse_ones(alphas: Reals) -> None:
    if (1 - alphas <= _NO_VARIANCE).any():
        raise NoErrorToTest
