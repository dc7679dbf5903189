"""A coefficient of a set of answers, with the reason when there is none."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from .coefficients import (
    MATRIX,
    Coefficient,
    alpha,
    alpha_std,
    has_total,
    is_positive_definite,
    lambda2,
    lambda6,
    omega_total_of_fit,
    omega_u_observed_of_fit,
    omega_u_of_fit,
)
from .factor import one_factor_minres, one_factor_ml
from .lower_bounds import average_r, lambda1, lambda5, mu, sem, signal_to_noise, split_halves
from .moments import Array, Missing, correlation, covariance, standardise

# Of a covariance matrix; a constant item adds nothing to them.
BOUNDS: dict[str, Callable[[Array], float]] = {
    "alpha": alpha,
    "lambda1": lambda1,
    "lambda2": lambda2,
    "lambda3": alpha,
    "lambda4": lambda c: float(split_halves(c).max()),
    "lambda5": lambda5,
    "lambda5_plus": partial(lambda5, plus=True),
    "mu0": partial(mu, depth=0),
    "mu1": partial(mu, depth=1),
    "mu2": partial(mu, depth=2),
    "mu3": partial(mu, depth=3),
    "split_half_max": lambda c: float(split_halves(c).max()),
    "split_half_min": lambda c: float(split_halves(c).min()),
    "split_half_mean": lambda c: float(split_halves(c).mean()),
    "sem": sem,
}

# Undefined where an item has no variance.
OTHERS: dict[str, Callable[[Array], float]] = {
    "alpha_std": alpha_std,
    "lambda6": lambda6,
    "average_r": average_r,
    "signal_to_noise": signal_to_noise,
}

SINGULAR = 1e-12


class Estimate(NamedTuple):
    """A coefficient and how it came about; the value is NaN unless the status is ok or heywood."""

    value: float
    status: str


def estimate(
    x: ArrayLike,
    coefficient: Coefficient,
    weights: ArrayLike | None = None,
    missing: Missing = "listwise",
    *,
    survey_weights: ArrayLike | None = None,
    start: ArrayLike | None = None,
) -> Estimate:
    """How reliable is the sum score of these answers, and if that has no answer, why?

    Parameters
    ----------
    x, weights, missing, survey_weights
        As in `covariance`.
    coefficient : str
        A name in `Coefficient`.
    start : array of one uniqueness an item, optional
        Where the factor fit of the omegas begins, and its only start.

    Returns
    -------
    Estimate
        The value, and a status: "ok"; "heywood" (value kept: a uniqueness is on its bound); or,
        when there is no value, "too_few_rows", "constant_item", "not_positive_definite",
        "not_converged", or "undefined" (no total variance, or an omega of two items).

    Examples
    --------
    >>> estimate([[1, 2], [2, 1], [3, 3]], "alpha")
    Estimate(value=0.6666666666666667, status='ok')
    """
    c = covariance(x, weights, missing, survey_weights=survey_weights)
    if np.isnan(c).any():
        return Estimate(np.nan, "too_few_rows")
    if MATRIX[coefficient] == "covariance":
        return estimate_from_matrix(c, coefficient, start)
    if missing == "listwise":
        return estimate_from_matrix(standardise(c), coefficient, start)
    r = correlation(x, weights, missing, survey_weights=survey_weights)
    return estimate_from_matrix(r, coefficient, start)


def estimate_from_matrix(
    matrix: Array, coefficient: Coefficient, start: ArrayLike | None = None
) -> Estimate:
    """Return `estimate` for the matrix that the coefficient is taken from."""
    constant = bool(np.isnan(matrix).any() or (np.diag(matrix) <= 0).any())
    if constant and coefficient not in BOUNDS:
        return Estimate(np.nan, "constant_item")
    if not has_total(matrix):
        return Estimate(np.nan, "undefined")
    inverted = coefficient in ("lambda6", "omega_u", "omega_u_observed")
    if inverted and not is_positive_definite(matrix):
        return Estimate(np.nan, "not_positive_definite")
    k = len(matrix)
    if coefficient == "signal_to_noise" and 1.0 - average_r(matrix) <= SINGULAR:
        return Estimate(np.nan, "not_positive_definite")
    if coefficient == "sem" and matrix.sum() > (k + SINGULAR) * np.trace(matrix):
        return Estimate(np.nan, "not_positive_definite")
    plain = BOUNDS.get(coefficient) or OTHERS.get(coefficient)
    if plain is not None:
        return Estimate(plain(matrix), "ok")
    if k < 3:
        return Estimate(np.nan, "undefined")
    fit = (one_factor_minres if coefficient == "omega_total" else one_factor_ml)(matrix, start)
    if fit.status == "not_converged":
        return Estimate(np.nan, fit.status)
    total = float(matrix.sum())
    if coefficient == "omega_u":
        return Estimate(omega_u_of_fit(fit), fit.status)
    if coefficient == "omega_u_observed":
        return Estimate(omega_u_observed_of_fit(fit, total), fit.status)
    return Estimate(omega_total_of_fit(fit, total), fit.status)
