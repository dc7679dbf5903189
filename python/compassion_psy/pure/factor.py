"""One common factor by maximum likelihood and by minimum residuals (minres)."""

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from .moments import Array, standardise
from .newton import Box, Evaluation, Minimum

Status = Literal["ok", "heywood", "not_converged"]

# The smallest uniqueness, as a share of the item's variance.
SMALLEST_UNIQUENESS = 0.005


class OneFactor(NamedTuple):
    """A fitted one-factor model, in the units of the matrix it was fitted to."""

    loadings: Array
    uniquenesses: Array
    discrepancy: float
    """What was minimised; zero for a perfect fit."""
    gradient: float
    """Largest gradient not held back by a bound, in uniquenesses (minres) or their logs (ML)."""
    status: Status


def one_factor_ml(matrix: ArrayLike, start: ArrayLike | None = None) -> OneFactor:
    """Fit one factor by maximum likelihood.

    Parameters
    ----------
    matrix : array, items × items
        Positive definite covariance or correlation matrix.
    start : array of one uniqueness an item, optional
        Begin here, as bootstrap replicates do from the estimate. Where this and the minimum it
        leads to lie inside the bounds, nothing else is tried. Otherwise, and by default, the
        best of several starts is kept: Jöreskog's, and for each item the same with that item's
        uniqueness at its bound, since other local minima have some uniqueness there.

    Returns
    -------
    OneFactor
        Uniquenesses are at least 0.005 of the item's variance; with one on that bound the status is
        "heywood". The loadings' signs are such that they sum to a positive number.

    Notes
    -----
    With the eigenvalues t_1 >= t_2 ... of ``Psi^-1/2 S Psi^-1/2``, the discrepancy
    ``log|Sigma| - log|S| + tr(S Sigma^-1) - k`` minimised over the loadings is
    ``sum (t_m - log t_m - 1)`` over all but the first (Jöreskog, 1967). That function of
    the log-uniquenesses is minimised with its exact Hessian (Clarke, 1970). In R: ``lavaan::cfa``
    with ``std.lv = TRUE``, ``estimator = "ML"``, or ``factanal(factors = 1, lower = 0.005)``.

    Examples
    --------
    >>> fit = one_factor_ml([[1.0, 0.42, 0.56], [0.42, 1.0, 0.48], [0.56, 0.48, 1.0]])
    >>> fit.loadings.round(10)
    array([0.7, 0.6, 0.8])
    """
    r, deviation = _scaled(matrix)
    default = 1.0 / np.diag(np.linalg.inv(r)) * (1.0 - 0.5 / len(r))

    def objective(log_uniquenesses: Array) -> Evaluation:
        return _ml(r, log_uniquenesses)[0]

    # The upper bound is never in the way: wherever the gradient for an item vanishes, its variance
    # is fitted exactly, so that its uniqueness is its variance less a square.
    box = Box(objective, float(np.log(SMALLEST_UNIQUENESS)), 0.0)
    found = []
    if start is not None:
        (point,) = _starts(default, deviation, start)
        found = [box.minimise(np.log(point))]
    if not found or not (_inside(point) and _inside(np.exp(found[0].point))):
        found += [box.minimise(np.log(other)) for other in _starts(default, deviation, None)]
    best = _lowest([minimum.value for minimum in found])
    minimum = found[best]
    loadings = _ml(r, minimum.point)[1]
    uniquenesses = np.maximum(np.exp(minimum.point), SMALLEST_UNIQUENESS)
    return _fit(loadings, uniquenesses, deviation, minimum)


def _ml(r: Array, log_uniquenesses: Array) -> tuple[Evaluation, Array]:
    """Return the ML discrepancy in log-uniquenesses, with derivatives, and the best loadings."""
    scale = np.exp(-0.5 * log_uniquenesses)
    values, vectors = np.linalg.eigh(r * np.outer(scale, scale))
    first, rest = values[-1], values[:-1]
    axis, others = vectors[:, -1], vectors[:, :-1]
    if first <= 1.0:
        # No factor at all: Sigma = Psi, and only the diagonal matters.
        ratio = np.exp(-log_uniquenesses)
        value = float(np.sum(values - np.log(values) - 1.0))
        return Evaluation(value, 1.0 - ratio, np.diag(ratio)), np.zeros(len(r))
    loadings = axis * np.sqrt(first - 1.0) / scale
    # At the best loadings Sigma^-1 (Sigma - S) Sigma^-1 = Psi^-1 (Sigma - S) Psi^-1, so that the
    # gradient in log-uniquenesses is the misfit of the variances: the form with the least rounding.
    gradient = 1.0 - (1.0 - loadings**2) * scale**2
    products = (others * rest) @ others.T
    spread = (others * ((1.0 - rest) * (first + rest) / _gap(first, rest))) @ others.T
    hessian = products * (others @ others.T) + spread * np.outer(axis, axis)
    value = float(np.sum(rest - np.log(rest) - 1.0))
    return Evaluation(value, gradient, hessian), loadings


def one_factor_minres(matrix: ArrayLike, start: ArrayLike | None = None) -> OneFactor:
    """Fit one factor by minimum residuals (unweighted least squares).

    Parameters
    ----------
    matrix : array, items × items
        Correlation matrix; it need not be positive definite.
    start : array of one uniqueness an item, optional
        Begin here and nowhere else; by default as in `one_factor_ml`.

    Returns
    -------
    OneFactor
        Uniquenesses are in [0.005, 1]; with one at 0.005 the status is "heywood".

    Notes
    -----
    Half the sum of squares of ``R - Psi - ll'``, minimised over the loadings, is half the sum of
    the squared eigenvalues of ``R - Psi`` but the first (Harman & Jones, 1966; Jöreskog, 1977).
    In R: ``psych::fa(R, 1, fm = "minres")``, which stops at about 1e-5.

    Examples
    --------
    >>> fit = one_factor_minres([[1.0, 0.42, 0.56], [0.42, 1.0, 0.48], [0.56, 0.48, 1.0]])
    >>> fit.uniquenesses.round(10)
    array([0.51, 0.64, 0.36])
    """
    r, deviation = _scaled(matrix)
    smallest = float(np.linalg.eigvalsh(r)[0])
    default = 1.0 / np.diag(np.linalg.inv(r)) if smallest > 1e-8 else np.full(len(r), 0.5)
    starts = _starts(default, deviation, start)

    def objective(uniquenesses: Array) -> Evaluation:
        return _minres(r, uniquenesses)[0]

    found = [Box(objective, SMALLEST_UNIQUENESS, 1.0).minimise(point) for point in starts]
    best = _lowest([minimum.value for minimum in found])
    minimum = found[best]
    loadings = _minres(r, minimum.point)[1]
    return _fit(loadings, minimum.point, deviation, minimum)


def _minres(r: Array, uniquenesses: Array) -> tuple[Evaluation, Array]:
    """Return the minres discrepancy, with derivatives, and the best loadings."""
    values, vectors = np.linalg.eigh(r - np.diag(uniquenesses))
    first, rest = values[-1], values[:-1]
    axis, others = vectors[:, -1], vectors[:, :-1]
    if first <= 0.0:
        # No factor at all: the residual is R - Psi itself.
        misfit = 1.0 - uniquenesses
        return Evaluation(float(0.5 * np.sum(values**2)), -misfit, np.eye(len(r))), 0.0 * axis
    loadings = axis * np.sqrt(first)
    gradient = uniquenesses + loadings**2 - 1.0
    spread = (others * (-2.0 * rest / _gap(first, rest))) @ others.T
    hessian = (others @ others.T) ** 2 + spread * np.outer(axis, axis)
    return Evaluation(float(0.5 * np.sum(rest**2)), gradient, hessian), loadings


def _gap(first: float, rest: Array) -> Array:
    """Return how far the first eigenvalue lies above the others; never zero, even when tied."""
    return np.maximum(first - rest, 1e-12 * first)


def _scaled(matrix: ArrayLike) -> tuple[Array, Array]:
    """Return the correlation matrix and the standard deviations: fits are made free of scale."""
    c = np.asarray(matrix, dtype=np.float64)
    if c.ndim != 2 or c.shape[0] != c.shape[1] or c.shape[0] < 3:
        raise ValueError(f"one factor needs a square matrix of 3 or more items, not {c.shape}")
    if not np.isfinite(c).all() or (np.diag(c) <= 0).any():
        raise ValueError("the matrix must be finite, with variances above zero")
    return standardise(c), np.sqrt(np.diag(c))


def _starts(default: Array, deviation: Array, start: ArrayLike | None) -> list[Array]:
    if start is not None:
        return [np.asarray(start, dtype=np.float64) / deviation**2]
    at_bound = [default.copy() for _ in default]
    for item, uniquenesses in enumerate(at_bound):
        uniquenesses[item] = SMALLEST_UNIQUENESS
    return [default, *at_bound]


def _inside(uniquenesses: Array) -> bool:
    """Whether no uniqueness is on its bound."""
    return bool((uniquenesses > SMALLEST_UNIQUENESS * (1.0 + 1e-9)).all())


def _lowest(values: list[float]) -> int:
    """Return the index of the lowest value; ties, within rounding, go to the earlier start."""
    low = min(values)
    return next(i for i, value in enumerate(values) if value <= low + 1e-12 * (1.0 + abs(low)))


def _fit(loadings: Array, uniquenesses: Array, deviation: Array, minimum: Minimum) -> OneFactor:
    if loadings.sum() < 0:
        loadings = -loadings
    status: Status = "ok"
    if not minimum.converged:
        status = "not_converged"
    elif (uniquenesses <= SMALLEST_UNIQUENESS * (1.0 + 1e-9)).any():
        status = "heywood"
    return OneFactor(
        loadings * deviation,
        uniquenesses * deviation**2,
        minimum.value,
        minimum.gradient,
        status,
    )
