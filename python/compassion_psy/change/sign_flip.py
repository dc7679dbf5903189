"""Could chance alone have turned the changes one way? The sign-flip test and its interval."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Reals = npt.NDArray[np.float64]

ALL_UP_TO = 20
"""The number of persons up to which every combination of signs is looked at."""

DRAWN = 9_999
"""The combinations that are drawn where there are more persons."""

_AT_ONCE = 1_024  # eights of persons whose sets are added up together

# Sums that differ by less, relative to the sum of sizes, are the same sum added in another order.
_SAME = 1e-12


def sign_flip(changes: Reals, level: float, seed: int) -> tuple[float, float, float]:
    """Return p, and the limits of the mean change, of the two-sided sign-flip test.

    Parameters
    ----------
    changes : array (persons,)
        Changes; under the hypothesis each is as likely to be of the other sign.
    level : float
        The coverage that the interval has at least.
    seed : int
        Of the combinations that are drawn where there are more than :data:`ALL_UP_TO` persons.

    Returns
    -------
    tuple of float
        p and the limits; infinite where the test rejects nothing, as with 5 persons at 95 %.

    Notes
    -----
    p is the share of all combinations of signs whose sum is as far from zero as the one observed.
    With a hypothetical change c taken off, the sum with the signs of a set A turned is as large as
    the observed one where the mean of A is at most c [1]_. So the c that are not rejected lie
    between ordered means of sets of persons, and the inversion is exact, without a search.
    Drawn combinations count with the observed one among them, so that p is never zero.

    References
    ----------
    .. [1] Hartigan, J. A. (1969). Using subsample values as typical values. *JASA*, 64, 1303-1317.

    Examples
    --------
    >>> changes = np.array([2.0, 10, -1, 7, 4, 5, 5, 9])
    >>> sign_flip(changes, 0.95, seed=1)[0]
    0.015625
    """
    n = len(changes)
    if n <= ALL_UP_TO:
        sums, counts = _all_sets(changes)
    else:
        sums, counts = _drawn_sets(changes, seed)
    total = float(changes.sum())
    rounding = _SAME * float(np.abs(changes).sum())
    turned = total - 2 * sums
    extreme = int(np.count_nonzero(np.abs(turned) >= abs(total) - rounding))
    # The empty set, which is the observed signs, is not among the sets.
    p = (extreme + 1) / (len(sums) + 1)
    means = np.sort(sums[counts > 0] / counts[counts > 0])
    empty = len(sums) - len(means) + 1
    # The fewest means below c with which c is not rejected: 2 (empty + k) / all > 1 - level.
    k = math.floor((1 - level) * (len(sums) + 1) / 2 * (1 + _SAME)) + 1 - empty
    if k <= 0:
        return p, -math.inf, math.inf
    if k > len(means):
        return p, math.nan, math.nan
    return p, float(means[k - 1]), float(means[-k])


def _all_sets(changes: Reals) -> tuple[Reals, npt.NDArray[np.int64]]:
    """Return the sum and the size of every set of persons but the empty one."""
    sums, counts = np.zeros(1), np.zeros(1, np.int64)
    for change in changes:
        sums, counts = np.append(sums, sums + change), np.append(counts, counts + 1)
    return sums[1:], counts[1:]


def _drawn_sets(changes: Reals, seed: int) -> tuple[Reals, npt.NDArray[np.int64]]:
    sums, counts = np.zeros(DRAWN), np.zeros(DRAWN, np.int64)
    # Raw words of a generator do not change with NumPy's version, as its distributions may.
    words = np.random.Philox(seed)
    # Nobody beyond the last, who changed by nothing, and is not counted.
    eights = np.append(changes, np.zeros(-len(changes) % 8)).reshape(-1, 8)
    sizes = _sums_of_sets(np.ones((1, 8)))[0].astype(np.int64)
    last = len(changes) - 8 * (len(eights) - 1)
    for first in range(0, len(eights), _AT_ONCE):
        for number, of_sets in enumerate(_sums_of_sets(eights[first : first + _AT_ONCE]), first):
            raw = words.random_raw(math.ceil(DRAWN / 8))
            # A byte chooses a set of these eight persons, whose sum was added up once.
            chosen = np.asarray(raw, "<u8").view(np.uint8)[:DRAWN]
            if number == len(eights) - 1:
                chosen = chosen & np.uint8(2**last - 1)
            sums += of_sets[chosen]
            counts += sizes[chosen]
    return sums, counts


def _sums_of_sets(eights: Reals) -> Reals:
    """Return the sum of each of the 256 sets of eight numbers, row by row."""
    sums = np.zeros((len(eights), 1))
    for column in eights.T:
        sums = np.concatenate([sums, sums + column[:, None]], axis=1)
    return sums
