"""Reliability coefficients as functions of a covariance or correlation matrix."""

from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from .factor import OneFactor, one_factor_minres, one_factor_ml
from .moments import Array, standardise

Coefficient = Literal[
    "alpha", "alpha_std", "lambda1", "lambda2", "lambda3", "lambda4", "lambda5", "lambda5_plus",
    "lambda6", "mu0", "mu1", "mu2", "mu3", "split_half_max", "split_half_min", "split_half_mean",
    "omega_u", "omega_u_observed", "omega_total", "average_r", "signal_to_noise", "sem",
]  # fmt: skip

ON_CORRELATIONS = ("alpha_std", "omega_total", "average_r", "signal_to_noise")

# The matrix each coefficient is taken from.
MATRIX: dict[Coefficient, Literal["covariance", "correlation"]] = {
    name: "correlation" if name in ON_CORRELATIONS else "covariance"
    for name in get_args(Coefficient)
}

# A correlation matrix with an eigenvalue below this is not positive definite for our purposes, and
# a total with less variance than this share of the items' has none.
SMALLEST_EIGENVALUE = 1e-12


def alpha(matrix: ArrayLike) -> float:
    """Which share of the sum score's variance do the items share, if all measure alike?

    Parameters
    ----------
    matrix : array, items × items
        Covariance matrix C.

    Returns
    -------
    float
        ``k/(k-1) (1 - tr C / 1'C1)`` (Cronbach, 1951); NaN if the total has no variance.

    Notes
    -----
    In R: ``psych::alpha(x)$total$raw_alpha``.

    Examples
    --------
    >>> alpha([[2.0, 1.0], [1.0, 2.0]])
    0.6666666666666667
    """
    c, total = with_total(matrix)
    k = len(c)
    return float(k / (k - 1) * (1.0 - np.trace(c) / total))


def alpha_std(matrix: ArrayLike) -> float:
    """What would alpha be if all items had the same variance?

    Parameters
    ----------
    matrix : array, items × items
        Correlation matrix R.

    Returns
    -------
    float
        ``k r / (1 + (k-1) r)`` with r the mean correlation; NaN if the total has no variance.

    Notes
    -----
    In R: ``psych::alpha(x)$total$std.alpha`` (before psych 2.4.4: of ``cov2cor(C)``).

    Examples
    --------
    >>> alpha_std([[1.0, 0.5], [0.5, 1.0]])
    0.6666666666666666
    """
    r, total = with_total(matrix)
    k = len(r)
    mean = (r.sum() - np.trace(r)) / (k * (k - 1))
    return float(k * mean / (1.0 + (k - 1) * mean)) if total > 0 else np.nan


def lambda2(matrix: ArrayLike) -> float:
    """How reliable is the sum score at least? (Guttman, 1945; never below alpha.)

    Parameters
    ----------
    matrix : array, items × items
        Covariance matrix C.

    Returns
    -------
    float
        ``1 - tr C / V + sqrt(k/(k-1) sum of squared covariances) / V``, V = 1'C1, the sum over
        ordered pairs; NaN if the total has no variance.

    Notes
    -----
    In R: ``psych::guttman(R)$lambda.2``, of a correlation matrix.

    Examples
    --------
    >>> lambda2([[2.0, 1.0], [1.0, 2.0]])
    0.6666666666666667
    """
    c, total = with_total(matrix)
    k = len(c)
    shared = c - np.diag(np.diag(c))
    root = np.sqrt(k / (k - 1) * np.sum(shared**2))
    return float(1.0 - (np.trace(c) - root) / total)


def lambda6(matrix: ArrayLike) -> float:
    """How reliable is the sum score at least, if error is what the other items cannot predict?

    Parameters
    ----------
    matrix : array, items × items
        Covariance matrix C, positive definite.

    Returns
    -------
    float
        ``1 - sum_j v_j (1 - smc_j) / V`` with ``v_j (1 - smc_j) = 1 / (C^-1)_jj`` (Guttman, 1945).

    Raises
    ------
    ValueError
        If the matrix is not positive definite.

    Notes
    -----
    In R: ``psych::guttman(R)$lambda.6``, of a correlation matrix.

    Examples
    --------
    >>> round(lambda6([[2.0, 1.0], [1.0, 2.0]]), 10)
    0.5
    """
    c, total = with_total(matrix)
    _require_positive_definite(c)
    deviation = np.sqrt(np.diag(c))
    unpredicted = deviation**2 / np.diag(np.linalg.inv(standardise(c)))
    return float(1.0 - unpredicted.sum() / total)


def omega_u(matrix: ArrayLike, start: ArrayLike | None = None) -> float:
    """Which share of the sum score's variance is the common factor's, in the fitted model?

    Parameters
    ----------
    matrix : array, items × items
        Covariance matrix C of three or more items, positive definite.
    start : array of one uniqueness an item, optional
        See `one_factor_ml`.

    Returns
    -------
    float
        ``(sum l)^2 / ((sum l)^2 + sum t)`` with the loadings l and uniquenesses t of one factor
        fitted by maximum likelihood (McDonald, 1999).

    Raises
    ------
    ValueError
        If the matrix is not positive definite, or no solution was found.

    Notes
    -----
    In R: ``semTools::compRelSEM(lavaan::cfa(model, data, std.lv = TRUE), obs.var = FALSE)``.

    Examples
    --------
    >>> round(omega_u([[1.0, 0.42, 0.56], [0.42, 1.0, 0.48], [0.56, 0.48, 1.0]]), 10)
    0.7449324324
    """
    c, _ = with_total(matrix)
    _require_positive_definite(c)
    return omega_u_of_fit(_converged(one_factor_ml(c, start)))


def omega_total(matrix: ArrayLike, start: ArrayLike | None = None) -> float:
    """Which share of the standardised sum score's variance is common to the items?

    Parameters
    ----------
    matrix : array, items × items
        Correlation matrix R of three or more items.
    start : array of one uniqueness an item, optional
        See `one_factor_minres`.

    Returns
    -------
    float
        ``1 - sum (1 - l^2) / sum R`` with the loadings l of one factor fitted by minimum residuals
        (Revelle's omega total with one factor). No item is turned round.

    Raises
    ------
    ValueError
        If no solution was found.

    Notes
    -----
    In R: ``psych::omega(R, nfactors = 1, flip = FALSE)$omega.tot``, to about 1e-5.

    Examples
    --------
    >>> round(omega_total([[1.0, 0.42, 0.56], [0.42, 1.0, 0.48], [0.56, 0.48, 1.0]]), 10)
    0.7449324324
    """
    r, total = with_total(matrix)
    return omega_total_of_fit(_converged(one_factor_minres(r, start)), total)


def omega_u_of_fit(fit: OneFactor) -> float:
    """Return `omega_u` of a fitted model."""
    common = fit.loadings.sum() ** 2
    return float(common / (common + fit.uniquenesses.sum()))


def omega_u_observed_of_fit(fit: OneFactor, total: float) -> float:
    """Return omega over the observed variance of the total, in the divisor of the fit's matrix."""
    return float(fit.loadings.sum() ** 2 / total)


def omega_total_of_fit(fit: OneFactor, total: float) -> float:
    """Return `omega_total` of a fitted model, `total` being the sum of the correlations."""
    return float(1.0 - np.sum(1.0 - fit.loadings**2) / total)


def is_positive_definite(matrix: ArrayLike) -> bool:
    """Return whether all eigenvalues of the matrix, standardised, are clearly above zero."""
    r = standardise(matrix)
    return bool(np.isfinite(r).all() and np.linalg.eigvalsh(r)[0] > SMALLEST_EIGENVALUE)


def with_total(matrix: ArrayLike) -> tuple[Array, float]:
    """Return the matrix and its sum, the total's variance: NaN if that is zero or rounding."""
    c = np.asarray(matrix, dtype=np.float64)
    if c.ndim != 2 or c.shape[0] != c.shape[1] or c.shape[0] < 2:
        raise ValueError(f"the matrix must be square with 2 or more items, not {c.shape}")
    return c, float(c.sum()) if has_total(c) else np.nan


def has_total(matrix: Array) -> bool:
    """Return whether the total's variance is more than rounding."""
    return bool(matrix.sum() > SMALLEST_EIGENVALUE * np.trace(matrix))


def _require_positive_definite(matrix: Array) -> None:
    if not is_positive_definite(matrix):
        raise ValueError("the matrix is not positive definite")


def _converged(fit: OneFactor) -> OneFactor:
    if fit.status == "not_converged":
        raise ValueError(f"the one-factor fit stopped at a gradient of {fit.gradient:.1e}")
    return fit
