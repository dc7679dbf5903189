"""Covariance and correlation matrices of answers, in plain NumPy.

Two kinds of weights occur and must not be mixed up:

``weights``
    *How often a row was drawn*: the counts of a bootstrap sample, or Dirichlet weights that sum to
    the number of rows. A row with weight 2 is two persons, so the divisor is ``sum(weights) - 1``.
``survey_weights``
    *How many people of the population a row speaks for*. A row with weight 2 is one person, so
    weights only shape the average: their scale has no effect and the divisor is that of n rows.

Both together are a bootstrap sample of a weighted survey.
"""

from collections.abc import Iterator
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
Missing = Literal["listwise", "pairwise"]


def answers(x: ArrayLike) -> Array:
    """Return `x` as a persons × items array of float64; raise if it is not one."""
    data = np.asarray(x, dtype=np.float64)
    if data.ndim != 2:
        raise ValueError(f"x must be a persons by items array, but it has {data.ndim} dimension(s)")
    if data.shape[1] < 2:
        raise ValueError(f"x has {data.shape[1]} item(s); at least 2 are needed")
    if np.isinf(data).any():
        raise ValueError("x holds infinite values; use NaN for a missing answer")
    return data


def used_rows(x: Array, missing: Missing) -> NDArray[np.bool_]:
    """Return which rows take part: complete ones (listwise) or any with an answer (pairwise)."""
    answered = ~np.isnan(x)
    if missing == "listwise":
        return np.asarray(answered.all(axis=1))
    if missing == "pairwise":
        return np.asarray(answered.any(axis=1))
    raise ValueError(f'missing must be "listwise" or "pairwise", not {missing!r}')


def row_weights(
    n_rows: int, weights: ArrayLike | None, survey_weights: ArrayLike | None
) -> tuple[Array, Array]:
    """Return both kinds of weights as arrays of ``n_rows`` values, ones where none were given."""
    both = []
    for name, given in (("weights", weights), ("survey_weights", survey_weights)):
        values = np.ones(n_rows) if given is None else np.asarray(given, dtype=np.float64)
        if values.shape != (n_rows,):
            raise ValueError(f"{name} has shape {values.shape}; one value a row is ({n_rows},)")
        if not np.isfinite(values).all() or (values < 0).any():
            raise ValueError(f"{name} must be finite and not negative")
        both.append(values)
    if (both[1] == 0).any():
        raise ValueError("survey_weights must be above zero; leave such persons out instead")
    return both[0], both[1]


def deviations(columns: Array, mass: Array) -> Array:
    """Return `columns` minus their means under the row weights `mass`.

    The first row that counts is subtracted before averaging, so that a constant column deviates by
    exactly zero whatever its value and whatever the weights.
    """
    shifted = columns - columns[int(np.argmax(mass > 0))]
    return np.asarray(shifted - mass @ shifted / mass.sum())


def weighted_covariance(
    columns: Array, drawn: Array, survey: Array, one: float | None = None
) -> Array:
    """Return the covariance matrix of complete `columns`, NaN with no more than one row's weight.

    `one` is what one row weighs, the mean of these rows when not given; the divisor is their weight
    less this.
    """
    mass = drawn * survey
    drawn_rows = drawn.sum()
    if one is None and drawn_rows > 0:
        one = mass.sum() / drawn_rows
    if one is None or mass.sum() <= one:
        return np.full((columns.shape[1], columns.shape[1]), np.nan)
    centred = deviations(columns, mass)
    return np.asarray((centred.T * mass) @ centred / (mass.sum() - one))


def covariance(
    x: ArrayLike,
    weights: ArrayLike | None = None,
    missing: Missing = "listwise",
    *,
    survey_weights: ArrayLike | None = None,
) -> Array:
    """How do the items vary together?

    Parameters
    ----------
    x : array, persons × items
        Keyed answers; NaN is a missing answer.
    weights : array of one value a person, optional
        How often each person was drawn (bootstrap counts, or Dirichlet weights times n).
    missing : "listwise" or "pairwise"
        Use complete rows only, or for each pair of items the rows that answer both.
    survey_weights : array of one value a person, optional
        How many people of the population each person stands for; their scale does not matter.

    Returns
    -------
    array, items × items
        With counts c, survey weights w, a = c w, weighted means m, and what one row weighs,
        ``v = sum a / sum c`` over all rows that take part:
        ``sum a (x - m)(x - m)' / (sum a - v)``, pairwise with the sums of a over the rows of the
        pair. NaN where no more than one row's weight remains.

    Raises
    ------
    ValueError
        If an array has the wrong shape, a weight is negative, or `missing` is another word.

    Notes
    -----
    The same number in R: ``cov(x, use = "pairwise")``; with counts ``cov(x[rep(1:n, counts), ])``.

    Examples
    --------
    >>> covariance([[1, 2], [2, 1], [3, 3]])
    array([[1. , 0.5],
           [0.5, 1. ]])
    """
    data = answers(x)
    drawn, survey = row_weights(len(data), weights, survey_weights)
    rows = used_rows(data, missing)
    if missing == "listwise":
        return weighted_covariance(data[rows], drawn[rows], survey[rows])
    one = (drawn * survey)[rows].sum() / drawn[rows].sum()
    result = np.empty((data.shape[1], data.shape[1]))
    for i, j, both, pair in pairs(data):
        block = weighted_covariance(pair, drawn[both], survey[both], one)
        result[i, j] = result[j, i] = block[0, 1] if i != j else block[0, 0]
    return result


def correlation(
    x: ArrayLike,
    weights: ArrayLike | None = None,
    missing: Missing = "listwise",
    *,
    survey_weights: ArrayLike | None = None,
) -> Array:
    """How closely do the items go together, whatever their spread?

    Pairwise, both variances of a correlation come from the rows that answer both items. This is
    R's ``cor(x, use = "pairwise")``, not ``cov2cor(cov(x, use = "pairwise"))``; for the latter
    see `standardise`.

    Parameters
    ----------
    x, weights, missing, survey_weights
        As in `covariance`.

    Returns
    -------
    array, items × items
        Correlations; NaN beside an item that does not vary.

    Examples
    --------
    >>> correlation([[1, 2], [2, 1], [3, 3]])
    array([[1. , 0.5],
           [0.5, 1. ]])
    """
    if missing == "listwise":
        return standardise(covariance(x, weights, missing, survey_weights=survey_weights))
    data = answers(x)
    drawn, survey = row_weights(len(data), weights, survey_weights)
    result = np.empty((data.shape[1], data.shape[1]))
    for i, j, both, pair in pairs(data):
        block = standardise(weighted_covariance(pair, drawn[both], survey[both]))
        result[i, j] = result[j, i] = block[0, 1]
    return result


def standardise(matrix: ArrayLike) -> Array:
    """Return the correlation matrix of a covariance matrix: R's ``cov2cor``.

    Examples
    --------
    >>> standardise([[4.0, 1.0], [1.0, 1.0]])
    array([[1. , 0.5],
           [0.5, 1. ]])
    """
    c = np.asarray(matrix, dtype=np.float64)
    variances = np.diag(c)
    deviation = np.sqrt(np.where(variances > 0, variances, np.nan))
    result = c / np.outer(deviation, deviation)
    np.fill_diagonal(result, np.where(variances > 0, 1.0, np.nan))
    return np.asarray(result)


def pairs(x: Array) -> Iterator[tuple[int, int, NDArray[np.bool_], Array]]:
    """Yield (i, j, rows that answer both, those rows of columns i and j) for i <= j."""
    answered = ~np.isnan(x)
    for i in range(x.shape[1]):
        for j in range(i, x.shape[1]):
            both = answered[:, i] & answered[:, j]
            yield i, j, both, x[both][:, [i, j]]
