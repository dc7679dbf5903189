"""Influence values: what each person contributes to the error of a coefficient.

The gradients are numerical on purpose. They need nothing but the coefficient's value, and so check
any formula for them.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .coefficients import MATRIX, Coefficient
from .estimates import estimate_from_matrix
from .factor import one_factor_minres, one_factor_ml
from .moments import (
    Array,
    Missing,
    answers,
    correlation,
    covariance,
    deviations,
    pairs,
    row_weights,
    standardise,
    used_rows,
    weighted_covariance,
)

# Halvings of the step in the table of central differences.
LEVELS = 6

# The best of several splits or columns: a large step could make another one the best.
KINKED = ("lambda4", "lambda5", "lambda5_plus", "split_half_max", "split_half_min")
KINKED_STEP = 1e-4


def gradient(matrix: ArrayLike, coefficient: Coefficient) -> Array:
    """How much does the coefficient change with each entry of its matrix?

    Parameters
    ----------
    matrix : array, items × items
        Covariance matrix, or correlation matrix for those of `ON_CORRELATIONS`.
    coefficient : str
        See `estimate`.

    Returns
    -------
    array, items × items
        Symmetric G such that the coefficient changes by ``sum_ij G_ij dC_ij``. Zero on
        the diagonal for a correlation matrix, whose diagonal cannot change.

    Notes
    -----
    Central differences at steps h, h/2, h/4 ... extrapolated to zero step; of all extrapolations
    the one that agrees best with its neighbours is taken (Ridders, 1982). Good to about 1e-10.

    Examples
    --------
    >>> gradient([[2.0, 1.0], [1.0, 2.0]], "alpha").round(8)
    array([[-0.11111111,  0.22222222],
           [ 0.22222222, -0.11111111]])
    """
    c = np.asarray(matrix, dtype=np.float64)
    on_covariance = MATRIX[coefficient] == "covariance"
    # Fits of the changed matrices begin at the fit of this one, so as to follow its solution.
    start = None
    if coefficient.startswith("omega"):
        fit = one_factor_minres if coefficient == "omega_total" else one_factor_ml
        start = fit(c).uniquenesses
    deviation = np.sqrt(np.diag(c))
    # A step well inside the region where the matrix stays positive definite.
    smallest = float(np.linalg.eigvalsh(standardise(c))[0])
    step = 0.1 * smallest if smallest > 1e-6 else 1e-3
    if coefficient in KINKED:
        step = min(step, KINKED_STEP)
    result = np.zeros_like(c)
    for i in range(len(c)):
        for j in range(i, len(c)):
            if i == j and not on_covariance:
                continue
            direction = np.zeros_like(c)
            direction[i, j] = direction[j, i] = deviation[i] * deviation[j]

            def value(length: float, direction: Array = direction) -> float:
                return estimate_from_matrix(c + length * direction, coefficient, start).value

            slope = _derivative_at_zero(value, step) / direction[i, j]
            result[i, j] = result[j, i] = slope if i == j else slope / 2
    if not np.isfinite(result).all():
        raise ValueError(f"{coefficient} has no gradient here: it is undefined near this matrix")
    return result


def _derivative_at_zero(value: Callable[[float], float], step: float) -> float:
    table: list[list[float]] = []
    best, smallest_error = np.nan, np.inf
    for level in range(LEVELS):
        h = step / 2**level
        row = [(value(h) - value(-h)) / (2 * h)]
        for order in range(1, level + 1):
            row.append(row[-1] + (row[-1] - table[-1][order - 1]) / (4**order - 1))
            error = max(abs(row[-1] - row[-2]), abs(row[-1] - table[-1][order - 1]))
            if error < smallest_error:
                best, smallest_error = row[-1], error
        table.append(row)
    return best


def influence(
    x: ArrayLike,
    coefficient: Coefficient,
    *,
    survey_weights: ArrayLike | None = None,
    missing: Missing = "listwise",
) -> Array:
    """How does each person pull at the coefficient?

    Parameters
    ----------
    x, survey_weights, missing
        As in `covariance`.
    coefficient : str
        See `estimate`.

    Returns
    -------
    array, one value a row of `x`
        ``L_i = (x_i - m)'G(x_i - m) - tr(G C_n)``, G the gradient at C (divisor n - 1; divisor n
        for coefficients of the correlation matrix), C_n with divisor n; times ``w_i n / sum w``
        with survey weights. They sum to zero. NaN marks a row that takes no part. Pairwise, the
        term of items i and j is zero for who did not answer both, and is n / n_ij times larger for
        those who did.

    Raises
    ------
    ValueError
        If the coefficient is undefined near the observed matrix.

    Notes
    -----
    This is the infinitesimal jackknife (Jaeckel, 1972), and for alpha the distribution-free method
    of Maydeu-Olivares, Coffman & Hartmann (2007).

    Examples
    --------
    >>> influence([[1, 2], [2, 1], [3, 3]], "alpha").round(4)
    array([-0.2222, -0.2222,  0.4444])
    """
    data = answers(x)
    _, survey = row_weights(len(data), None, survey_weights)
    rows = used_rows(data, missing)
    result = np.full(len(data), np.nan)
    if missing == "listwise":
        result[rows] = _listwise(data[rows], coefficient, survey[rows])
    else:
        result[rows] = _pairwise(data[rows], coefficient, survey[rows])
    return result


def _listwise(x: Array, coefficient: Coefficient, survey: Array) -> Array:
    c = weighted_covariance(x, np.ones(len(x)), survey)
    if MATRIX[coefficient] == "covariance":
        g = gradient(c, coefficient)
    else:
        # r_ij = c_ij / sqrt(c_ii c_jj): the gradient in R is carried over to C, divisor n, since a
        # correlation knows no divisor.
        r, deviation = standardise(c), np.sqrt(np.diag(c) * (1 - 1 / len(x)))
        on_r = gradient(r, coefficient)
        g = on_r / np.outer(deviation, deviation)
        np.fill_diagonal(g, -np.sum(on_r * r, axis=1) / deviation**2)
    centred = deviations(x, survey)
    form = np.einsum("ni,ij,nj->n", centred, g, centred, optimize=True)
    share = survey / survey.sum()
    return np.asarray((form - share @ form) * share * len(x))


def _pairwise(x: Array, coefficient: Coefficient, survey: Array) -> Array:
    on_covariance = MATRIX[coefficient] == "covariance"
    compute = covariance if on_covariance else correlation
    g = gradient(compute(x, missing="pairwise", survey_weights=survey), coefficient)
    result = np.zeros(len(x))
    for i, j, both, pair in pairs(x):
        weight = survey[both]
        centred = deviations(pair, weight)
        if not on_covariance:
            block = weighted_covariance(pair, np.ones(len(pair)), weight)
            centred = centred / np.sqrt(np.diag(block) * (1 - 1 / len(pair)))
        form = centred[:, 0] * centred[:, 1]
        if not on_covariance:
            form = form - standardise(block)[0, 1] / 2 * np.sum(centred**2, axis=1)
        share = weight / weight.sum()
        entries = 1 if i == j else 2
        result[both] += entries * g[i, j] * (form - share @ form) * share * len(x)
    return result


def standard_error(
    x: ArrayLike,
    coefficient: Coefficient,
    *,
    clusters: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    survey_weights: ArrayLike | None = None,
    missing: Missing = "listwise",
) -> float:
    """How far would the coefficient be off in another sample, whatever the answers' distribution?

    Parameters
    ----------
    x, survey_weights, missing
        As in `covariance`.
    coefficient : str
        See `estimate`.
    clusters : array of one label a person, optional
        Groups that were sampled as a whole.
    strata : array of one label a person, optional
        Groups that were fixed in advance; a cluster lies within one stratum.

    Returns
    -------
    float
        With U_h the units (rows, or clusters with their influence values added up) of stratum h:
        ``sqrt(sum_h U_h/(U_h - 1) sum (L_u - mean_h)^2) / n``. Without clusters and strata this is
        ``sqrt(sum L^2 / (n (n - 1)))``, the ADF standard error.

    Raises
    ------
    ValueError
        If a stratum (or the whole) has fewer than two units, or a cluster is in two strata.

    Examples
    --------
    >>> round(standard_error([[1, 2], [2, 1], [3, 3], [2, 2]], "alpha"), 6)
    0.235702
    """
    values = influence(x, coefficient, survey_weights=survey_weights, missing=missing)
    variance = 0.0
    for units in sampling_units(values, clusters, strata):
        variance += len(units) / (len(units) - 1) * float(np.sum(units**2))
    return float(np.sqrt(variance) / np.isfinite(values).sum())


def acceleration(
    values: ArrayLike, *, clusters: ArrayLike | None = None, strata: ArrayLike | None = None
) -> float:
    """How does the standard error change with the coefficient? The constant a of BCa intervals.

    Parameters
    ----------
    values : array
        Influence values; NaN marks rows that take no part.
    clusters, strata : arrays, optional
        As in `standard_error`.

    Returns
    -------
    float
        ``sum L^3 / (6 (sum L^2)^1.5)`` over sampling units, centred within strata (Efron, 1987).

    Examples
    --------
    >>> round(acceleration([-1.0, -1.0, 2.0]), 6)
    0.068041
    """
    units = np.concatenate(sampling_units(values, clusters, strata))
    return float(np.sum(units**3) / (6.0 * np.sum(units**2) ** 1.5))


def sampling_units(
    values: ArrayLike, clusters: ArrayLike | None, strata: ArrayLike | None
) -> list[Array]:
    """Return, for each stratum, its units' influence values, centred."""
    every = np.asarray(values, dtype=np.float64)
    used = np.isfinite(every)
    cluster = _labels(clusters, every.size, "clusters")[used]
    stratum = _labels(strata, every.size, "strata")[used]
    if clusters is None:
        cluster = np.arange(used.sum())
    result = []
    placed: set[int] = set()
    for label in np.unique(stratum):
        inside = stratum == label
        names, place = np.unique(cluster[inside], return_inverse=True)
        if placed.intersection(names.tolist()):
            raise ValueError("a cluster has members in two strata")
        placed.update(names.tolist())
        units = np.bincount(place, weights=every[used][inside])
        if len(units) < 2:
            raise ValueError("a standard error needs two or more sampling units in every stratum")
        result.append(units - units.mean())
    return result


def _labels(given: ArrayLike | None, n_rows: int, name: str) -> NDArray[np.int64]:
    """Return labels as integers, all the same if none were given."""
    if given is None:
        return np.zeros(n_rows, dtype=np.int64)
    labels = np.asarray(given)
    if labels.shape != (n_rows,):
        raise ValueError(f"{name} has shape {labels.shape}; one label a row is ({n_rows},)")
    return np.asarray(np.unique(labels, return_inverse=True)[1], dtype=np.int64)
