"""The bootstrap in plain NumPy: an oracle for given weights, and two ways to do it from scratch."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike, NDArray

from .coefficients import Coefficient
from .estimates import estimate, estimate_from_matrix
from .factor import one_factor_ml
from .moments import Array, Missing, answers, covariance

# Bytes of resampling weights to hold at a time.
WEIGHT_BYTES = 2**26
# Rows whose features are computed at a time.
PANEL_ROWS = 4096
# Whole numbers up to here are exact in float32.
EXACT_IN_FLOAT32 = 2**24


class Replicates(NamedTuple):
    """Bootstrap values and the status of each; see `estimate` for the words."""

    values: Array
    statuses: NDArray[np.str_]


def replicates(
    x: ArrayLike,
    coefficient: Coefficient,
    weights: ArrayLike,
    missing: Missing = "listwise",
    *,
    survey_weights: ArrayLike | None = None,
    start: ArrayLike | None = None,
) -> Replicates:
    """What does the coefficient become under these resampling weights?

    Parameters
    ----------
    x, missing, survey_weights, start
        As in `estimate`.
    coefficient : str
        See `estimate`.
    weights : array, replicates × persons
        How often each person was drawn; or Dirichlet weights times the number of persons.

    Returns
    -------
    Replicates
        One value and one status a replicate; a value is NaN unless its status is ok or heywood.

    Examples
    --------
    >>> found = replicates([[1, 2], [2, 1], [3, 3]], "alpha", [[1, 1, 1], [1, 0, 2], [3, 0, 0]])
    >>> found.values.round(4)
    array([0.6667, 0.8889,    nan])
    >>> found.statuses.tolist()
    ['ok', 'ok', 'undefined']
    """
    found = [
        estimate(x, coefficient, row, missing, survey_weights=survey_weights, start=start)
        for row in np.atleast_2d(np.asarray(weights, dtype=np.float64))
    ]
    return Replicates(
        np.array([one.value for one in found]), np.array([one.status for one in found])
    )


def bootstrap_alpha_by_copying(x: ArrayLike, n_replicates: int, rng: Generator) -> Array:
    """Bootstrap alpha as first written by everybody: copy the drawn rows, then call ``var``.

    Parameters
    ----------
    x : array, persons × items
        Keyed answers without missing ones.
    n_replicates : int
        Number of bootstrap samples.
    rng : numpy.random.Generator
        Draws ``rng.integers(0, n, n)`` for each sample, in turn; so do all functions here, so that
        equal generators give equal samples.

    Returns
    -------
    array of n_replicates values

    Examples
    --------
    >>> x = np.array([[1, 2], [2, 1], [3, 3], [2, 2]])
    >>> bootstrap_alpha_by_copying(x, 2, np.random.default_rng(1)).round(6)
    array([0.842105, 0.      ])
    """
    data = _complete(x)
    k = data.shape[1]
    result = np.empty(n_replicates)
    for b in range(n_replicates):
        sample = data[rng.integers(0, len(data), len(data))]
        items = sample.var(axis=0, ddof=1).sum()
        result[b] = k / (k - 1) * (1 - items / sample.sum(axis=1).var(ddof=1))
    return result


def bootstrap_alpha_by_features(x: ArrayLike, n_replicates: int, rng: Generator) -> Array:
    """Bootstrap alpha with NumPy at its best: row counts times the k + 2 sums alpha needs.

    Parameters, result and samples are those of `bootstrap_alpha_by_copying`.

    Examples
    --------
    >>> x = np.array([[1, 2], [2, 1], [3, 3], [2, 2]])
    >>> bootstrap_alpha_by_features(x, 2, np.random.default_rng(1)).round(6)
    array([0.842105, 0.      ])
    """
    data = _centred(_complete(x))
    n, k = data.shape

    def features(rows: Array) -> Array:
        squares = np.einsum("ij,ij->i", rows, rows)
        return np.column_stack([rows, squares, rows.sum(axis=1) ** 2])

    sums = _weighted_sums(data, features, n_replicates, rng)
    items = sums[:, k] - (sums[:, :k] ** 2).sum(axis=1) / n
    total = sums[:, k + 1] - sums[:, :k].sum(axis=1) ** 2 / n
    return np.asarray(k / (k - 1) * (1 - items / total))


def bootstrap_omega_u_by_copying(x: ArrayLike, n_replicates: int, rng: Generator) -> Array:
    """Bootstrap omega_u by copying the drawn rows and calling ``cov``.

    Parameters and samples are those of `bootstrap_alpha_by_copying`. The factor fits begin at the
    estimate from `x`. A replicate without a solution is NaN.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> x = rng.integers(0, 5, (100, 1)) + rng.integers(0, 3, (100, 4))
    >>> bootstrap_omega_u_by_copying(x, 1, np.random.default_rng(1)).round(2)
    array([0.91])
    """
    data = _complete(x)
    start = one_factor_ml(covariance(data)).uniquenesses
    result = np.empty(n_replicates)
    for b in range(n_replicates):
        sample = data[rng.integers(0, len(data), len(data))]
        c = np.cov(sample, rowvar=False)
        result[b] = estimate_from_matrix(c, "omega_u", start).value
    return result


def bootstrap_omega_u_by_features(x: ArrayLike, n_replicates: int, rng: Generator) -> Array:
    """Bootstrap omega_u from row counts times all items and products of items.

    Parameters, result and samples are those of `bootstrap_omega_u_by_copying`.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> x = rng.integers(0, 5, (100, 1)) + rng.integers(0, 3, (100, 4))
    >>> bootstrap_omega_u_by_features(x, 1, np.random.default_rng(1)).round(2)
    array([0.91])
    """
    complete = _complete(x)
    start = one_factor_ml(covariance(complete)).uniquenesses
    data = _centred(complete)
    n, k = data.shape
    first, second = np.triu_indices(k)

    def features(rows: Array) -> Array:
        return np.column_stack([rows, rows[:, first] * rows[:, second]])

    result = np.empty(n_replicates)
    for b, sums in enumerate(_weighted_sums(data, features, n_replicates, rng)):
        c = np.empty((k, k))
        c[first, second] = c[second, first] = (
            sums[k:] - sums[:k][first] * sums[:k][second] / n
        ) / (n - 1)
        result[b] = estimate_from_matrix(c, "omega_u", start).value
    return result


def _complete(x: ArrayLike) -> Array:
    data = answers(x)
    if np.isnan(data).any():
        raise ValueError("x has missing answers; leave out incomplete rows first")
    return data


def _centred(data: Array) -> Array:
    """Return the answers less a whole number near each mean: sums stay small, and exact."""
    return np.asarray(data - np.round(data.mean(axis=0)))


def _weighted_sums(
    data: Array, features: Callable[[Array], Array], n_replicates: int, rng: Generator
) -> Array:
    """Return replicates × features: the sums of the features over bootstrap samples of rows.

    Rows go through in blocks short enough that, for whole-number answers, float32 sums are exact:
    half the work of float64 for the same result. Other answers are summed in float64.
    """
    n = len(data)
    whole = bool((data == np.round(data)).all())
    kind = np.float32 if whole else np.float64
    panel = np.empty((n, features(data[:1]).shape[1]), dtype=kind)
    for begin in range(0, n, PANEL_ROWS):
        panel[begin : begin + PANEL_ROWS] = features(data[begin : begin + PANEL_ROWS])
    rows = n
    if whole:
        # The counts of a block add up to about its length; twice that leaves ample room.
        rows = max(1, int(EXACT_IN_FLOAT32 / (2 * max(1.0, float(np.abs(panel).max())))))
    at_a_time = max(1, WEIGHT_BYTES // (panel.itemsize * n))
    result = np.zeros((n_replicates, panel.shape[1]))
    for done in range(0, n_replicates, at_a_time):
        part = result[done : done + at_a_time]
        counts = np.empty((len(part), n), dtype=kind)
        for row in counts:
            row[:] = np.bincount(rng.integers(0, n, n), minlength=n)
        for begin in range(0, n, rows):
            part += counts[:, begin : begin + rows] @ panel[begin : begin + rows]
    return result
