"""A coefficient of a set of answers, with the reason when there is none."""

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
    omega_u_of_fit,
)
from .factor import one_factor_minres, one_factor_ml
from .moments import Array, Missing, correlation, covariance, standardise


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
        "alpha", "alpha_std", "lambda2", "lambda6", "omega_u" or "omega_total".
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
    plain = {"alpha": alpha, "alpha_std": alpha_std, "lambda2": lambda2, "lambda6": lambda6}
    constant = bool(np.isnan(matrix).any() or (np.diag(matrix) <= 0).any())
    # A constant item adds nothing to alpha and lambda2, which stay well defined.
    if constant and coefficient not in ("alpha", "lambda2"):
        return Estimate(np.nan, "constant_item")
    if not has_total(matrix):
        return Estimate(np.nan, "undefined")
    if coefficient in ("lambda6", "omega_u") and not is_positive_definite(matrix):
        return Estimate(np.nan, "not_positive_definite")
    if coefficient in plain:
        return Estimate(plain[coefficient](matrix), "ok")
    if len(matrix) < 3:
        return Estimate(np.nan, "undefined")
    fit = (one_factor_ml if coefficient == "omega_u" else one_factor_minres)(matrix, start)
    if fit.status == "not_converged":
        return Estimate(np.nan, fit.status)
    if coefficient == "omega_u":
        return Estimate(omega_u_of_fit(fit), fit.status)
    return Estimate(omega_total_of_fit(fit, float(matrix.sum())), fit.status)
