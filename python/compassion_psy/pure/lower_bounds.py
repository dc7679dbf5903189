"""Guttman's and ten Berge & Zegers' lower bounds, split halves, and what is read beside them."""

from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike

from .coefficients import alpha, with_total
from .moments import Array


def lambda1(matrix: ArrayLike) -> float:
    """Which share of the total's variance is between items? (Guttman, 1945.)

    Parameters
    ----------
    matrix : array, items × items
        Covariance matrix C.

    Returns
    -------
    float
        ``1 - tr C / V``, V = 1'C1.

    Notes
    -----
    In R: ``psych::guttman(R)$lambda.1``, of a correlation matrix.

    Examples
    --------
    >>> round(lambda1([[2.0, 1.0], [1.0, 2.0]]), 10)
    0.3333333333
    """
    c, total = with_total(matrix)
    return float(1.0 - np.trace(c) / total)


def lambda5(matrix: ArrayLike, *, plus: bool = False) -> float:
    """How reliable is the sum score at least, if one item covaries well with all? (Guttman, 1945.)

    Parameters
    ----------
    matrix : array, items × items
        Covariance matrix C.
    plus : bool
        Whether the second term counts k/(k-1) times.

    Returns
    -------
    float
        ``lambda1 + 2 sqrt(max_j sum_i c_ij^2) / V``.

    Notes
    -----
    In R: ``psych::guttman(R)$lambda.5`` and ``lambda.5p``, of a correlation matrix.

    Examples
    --------
    >>> round(lambda5([[2.0, 1.0], [1.0, 2.0]]), 10)
    0.6666666667
    """
    c, total = with_total(matrix)
    k = len(c)
    most = np.max(np.sum(_shared(c) ** 2, axis=0))
    times = k / (k - 1) if plus else 1.0
    return float(lambda1(c) + times * 2.0 * np.sqrt(most) / total)


def mu(matrix: ArrayLike, depth: int) -> float:
    """How reliable is the sum score at least, by a series of ever better bounds?

    Parameters
    ----------
    matrix : array, items × items
        Covariance matrix C.
    depth : int
        0 is alpha, 1 is lambda 2.

    Returns
    -------
    float
        ``(S1 + sqrt(S2 + sqrt(S4 + ... sqrt(k/(k-1) Sm)))) / V`` with m = 2^depth and Sm the sum
        of covariances to the power m, over ordered pairs (ten Berge & Zegers, 1978).

    Notes
    -----
    In R: ``psych::tenberge(R)``, of a correlation matrix.

    Examples
    --------
    >>> round(mu([[2.0, 1.0], [1.0, 2.0]], 2), 10)
    0.6666666667
    """
    c, total = with_total(matrix)
    k = len(c)
    value = k / (k - 1) * np.sum(_shared(c) ** 2**depth)
    for level in reversed(range(depth)):
        value = np.sum(_shared(c) ** 2**level) + np.sqrt(value)
    return float(value / total)


def split_halves(matrix: ArrayLike) -> Array:
    """How reliable is the sum score by each of its splits into halves?

    Parameters
    ----------
    matrix : array, items × items
        Covariance matrix C.

    Returns
    -------
    array
        ``4 cov(A, B) / V`` of every first half A of k/2 items, rounded down; those of an even
        number of items come twice.

    Notes
    -----
    In R: ``psych::splitHalf(R, raw = TRUE)``, of a correlation matrix of an even number of items.

    Examples
    --------
    >>> split_halves([[2.0, 1.0], [1.0, 2.0]]).round(10)
    array([0.66666667, 0.66666667])
    """
    c, total = with_total(matrix)
    k = len(c)
    members = np.array(list(combinations(range(k), k // 2)))
    first = np.zeros((len(members), k))
    np.put_along_axis(first, members, 1.0, axis=1)
    return np.asarray(4.0 * np.sum((first @ c) * (1.0 - first), axis=1) / total)


def average_r(matrix: ArrayLike) -> float:
    """How much do two items correlate, on average?

    Parameters
    ----------
    matrix : array, items × items
        Correlation matrix R.

    Returns
    -------
    float
        The mean off the diagonal.

    Notes
    -----
    In R: ``psych::alpha(x)$total$average_r``.

    Examples
    --------
    >>> average_r([[1.0, 0.5], [0.5, 1.0]])
    0.5
    """
    r, _ = with_total(matrix)
    return float(np.mean(r[~np.eye(len(r), dtype=bool)]))


def signal_to_noise(matrix: ArrayLike) -> float:
    """How much more signal than noise is there in the sum of standardised items?

    Parameters
    ----------
    matrix : array, items × items
        Correlation matrix R.

    Returns
    -------
    float
        ``k r / (1 - r)``, r the mean correlation (Cronbach & Gleser, 1964).

    Notes
    -----
    In R: ``psych::alpha(x)$total$"S/N"``.

    Examples
    --------
    >>> signal_to_noise([[1.0, 0.5], [0.5, 1.0]])
    2.0
    """
    r = average_r(matrix)
    return len(np.asarray(matrix)) * r / (1.0 - r)


def sem(matrix: ArrayLike) -> float:
    """How far is a person's sum score from the true one, as a standard deviation?

    Parameters
    ----------
    matrix : array, items × items
        Covariance matrix C.

    Returns
    -------
    float
        ``sqrt(V (1 - alpha))``, in points of the sum of the items.

    Notes
    -----
    In R: ``sd(rowSums(x)) * sqrt(1 - psych::alpha(x)$total$raw_alpha)``.

    Examples
    --------
    >>> round(sem([[2.0, 1.0], [1.0, 2.0]]), 10)
    1.4142135624
    """
    c, total = with_total(matrix)
    return float(np.sqrt(max(total * (1.0 - alpha(c)), 0.0)))


def _shared(matrix: Array) -> Array:
    """Return the matrix without its diagonal."""
    return matrix - np.diag(np.diag(matrix))
