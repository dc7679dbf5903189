"""Indices of careless answering in plain loops, one person at a time.

Answers are persons × items, NaN where missing, as given unless said otherwise; a value that a
person does not have is NaN.
"""

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from .moments import Array, correlation, covariance

Steps = list[tuple[int, float]]


def longstring(x: ArrayLike) -> Array:
    """How long is each person's longest run of one same answer?

    Examples
    --------
    >>> longstring([[1, 1, 2, 2, 2, 3], [1, 1, float("nan"), 1, 2, 3]])
    array([3., 2.])
    """
    return np.array([_longest(row) for row in np.asarray(x, np.float64)])


def _longest(row: Array) -> float:
    return float(
        max(
            (len(list(run)) for answer, run in itertools.groupby(row) if not np.isnan(answer)),
            default=0,
        )
    )


def response_variability(x: ArrayLike) -> Array:
    """How much do each person's answers vary: their standard deviation, divisor n - 1.

    Examples
    --------
    >>> response_variability([[1, 2, 3], [4, 4, 4]])
    array([1., 0.])
    """
    answered = (row[~np.isnan(row)] for row in np.asarray(x, np.float64))
    return np.array([row.std(ddof=1) if row.size > 1 else np.nan for row in answered])


def within(left: ArrayLike, right: ArrayLike) -> float:
    """Return a correlation over at least three points, NaN where there is none.

    Examples
    --------
    >>> round(within([1, 2, 3], [1, 3, 2]), 10)
    0.5
    """
    a, b = np.asarray(left, np.float64), np.asarray(right, np.float64)
    if a.size < 3 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return float("nan")
    a, b = a - a.mean(), b - b.mean()
    return float(np.clip(a @ b / np.sqrt((a @ a) * (b @ b)), -1, 1))


def even_odd(x: ArrayLike, subscales: Sequence[Sequence[int]]) -> Array:
    """Do the halves of each person's subscales agree? High is consistent.

    `x` is keyed, and `subscales` lists the places of their items.
    """
    found = []
    for row in np.asarray(x, np.float64):
        points = []
        for items in subscales:
            halves = [row[list(items[start::2])] for start in (0, 1)]
            halves = [half[~np.isnan(half)] for half in halves]
            if all(half.size for half in halves):
                points.append([half.sum() / half.size for half in halves])
        r = within(*np.array(points).T) if points else float("nan")
        if r > -1:
            r = max(2 * r / (1 + r), -1.0)
        found.append(r)
    return np.array(found)


def related_pairs(x: ArrayLike, limit: float) -> list[tuple[int, int]]:
    """Return the pairs of items that correlate above `limit`; below it, where it is negative."""
    data = np.asarray(x, np.float64)
    r = correlation(data, missing="pairwise")
    pairs = itertools.combinations(range(data.shape[1]), 2)
    return [(i, j) for i, j in pairs if (r[i, j] > limit if limit > 0 else r[i, j] < limit)]


def pair_consistency(x: ArrayLike, pairs: Sequence[tuple[int, int]]) -> Array:
    """Does each person answer alike what others answer alike?"""
    found = []
    for row in np.asarray(x, np.float64):
        both = [(row[i], row[j]) for i, j in pairs if not np.isnan(row[i] + row[j])]
        found.append(within(*np.array(both).T) if both else float("nan"))
    return np.array(found)


def mahalanobis(x: ArrayLike) -> tuple[Array, Array]:
    """How far is each person from the mean, over the items answered; and over how many is that?

    Pairwise covariances; items that do not vary are left out.
    """
    data = np.asarray(x, np.float64)
    c = covariance(data, missing="pairwise")
    mean = np.nanmean(data, axis=0)
    squared, freedom = [], []
    for row in data:
        used = np.flatnonzero(~np.isnan(row) & (np.diag(c) > 0))
        deviation = (row - mean)[used]
        solved = np.linalg.solve(c[np.ix_(used, used)], deviation)
        squared.append(deviation @ solved if used.size else np.nan)
        freedom.append(used.size)
    return np.array(squared), np.array(freedom)


def popular_steps(x: ArrayLike, maximum: int) -> Steps:
    """Return the item steps of keyed answers from 0 to `maximum`, the most popular first.

    A step is an item and the answer it takes; equally popular ones are in the order of items.
    """
    columns = list(np.asarray(x, np.float64).T)
    share = {}
    for item, column in enumerate(columns):
        given = column[~np.isnan(column)]
        if given.size:
            for answer in range(1, maximum + 1):
                share[item, float(answer)] = np.count_nonzero(given >= answer) / given.size
    return sorted(share, key=lambda step: (-share[step], step))


def guttman_errors(row: ArrayLike, steps: Steps) -> float:
    """How many pairs of steps are there of which only the harder is passed?

    Examples
    --------
    >>> guttman_errors([0, 1, 1], [(0, 1), (1, 1), (2, 1)])
    2.0
    """
    answers = np.asarray(row, np.float64)
    passed = [answers[i] >= step for i, step in steps if not np.isnan(answers[i])]
    if np.isnan(answers).all():
        return float("nan")
    return float(sum(hard and not easy for easy, hard in itertools.combinations(passed, 2)))


def most_guttman_errors(row: ArrayLike, steps: Steps, maximum: int) -> float:
    """Return the most errors that answers to these items with this total can make, trying all."""
    answers = np.asarray(row, np.float64)
    answered = np.flatnonzero(~np.isnan(answers))
    total = answers[answered].sum()
    most = 0.0
    for tried in itertools.product(range(maximum + 1), repeat=answered.size):
        if sum(tried) == total:
            other = answers.copy()
            other[answered] = tried
            most = max(most, guttman_errors(other, steps))
    return most


def person_total(x: ArrayLike) -> Array:
    """Does each person answer high where the others do?"""
    data = np.asarray(x, np.float64)
    found = []
    for person, row in enumerate(data):
        others = np.delete(data, person, axis=0)
        used = [i for i, answer in enumerate(row) if not np.isnan(answer)]
        used = [i for i in used if not np.isnan(others[:, i]).all()]
        means = [others[~np.isnan(others[:, i]), i].mean() for i in used]
        found.append(within(row[used], means))
    return np.array(found)
