"""The permutation test of an association, exact for few persons."""

from __future__ import annotations

import itertools
import math

import numpy as np
import numpy.typing as npt

Reals = npt.NDArray[np.float64]

EXACT_TO = 14
"""All orders are looked at for so many persons; 14! is 87 thousand million, met in the middle."""

SAMPLED = 99_999
"""Orders drawn where there are more persons."""

_SLACK = 1e-12  # sums that are equal but for rounding count as equal
_AT_ONCE = 2_000_000  # numbers held while orders are drawn


def permutation_p(x: Reals, y: Reals, seed: int) -> tuple[float, str]:
    """Return the two-sided probability of so large a slope if y were in any order, and how found.

    The share of orders of y in which the size of the sum of products of deviations is at least
    what it is; of drawn orders, (1 + hits) / (1 + drawn).
    """
    x, y = x - x.mean(), y - y.mean()
    slack = _SLACK * float(np.abs(x) @ np.abs(y))
    extreme = abs(float(x @ y)) - slack
    if x.size <= EXACT_TO:
        return _hits(x, y, extreme) / math.factorial(x.size), "exact permutation"
    random, hits, done = np.random.default_rng(seed), 0, 0
    while done < SAMPLED:
        rows = min(SAMPLED - done, max(1, _AT_ONCE // x.size))
        drawn = random.permuted(np.tile(y, (rows, 1)), axis=1)
        hits += int((np.abs(drawn @ x) >= extreme).sum())
        done += rows
    return (1 + hits) / (1 + SAMPLED), f"permutation, {SAMPLED:,} drawn"


def _hits(x: Reals, y: Reals, extreme: float) -> int:
    """Return in how many of all orders of y the sum is extreme, meeting in the middle.

    Every order gives some of y to the first half of x and the rest to the second. The sums of the
    second half, once sorted, tell each sum of the first how many make an extreme whole: n! orders
    are counted by looking at a few million.
    """
    half = x.size // 2
    first_orders = _orders(half)
    second_orders = _orders(x.size - half)
    hits = 0
    for chosen in itertools.combinations(range(x.size), half):
        left = np.delete(y, chosen)
        first = y[list(chosen)][first_orders] @ x[:half]
        second = np.sort(left[second_orders] @ x[half:])
        hits += int(np.sum(second.size - np.searchsorted(second, extreme - first, side="left")))
        hits += int(np.sum(np.searchsorted(second, -extreme - first, side="right")))
    # With no slope at all an order is extreme on both sides, and every order is.
    return min(hits, math.factorial(x.size))


def _orders(n: int) -> npt.NDArray[np.intp]:
    return np.array(list(itertools.permutations(range(n))), dtype=np.intp).reshape(-1, n)
