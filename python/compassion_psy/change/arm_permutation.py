"""Could the allotment to arms alone have made the difference in change? A permutation test."""

from __future__ import annotations

import itertools
import math

import numpy as np
import numpy.typing as npt

Reals = npt.NDArray[np.float64]

ALL_UP_TO = 2**20
"""The number of allotments up to which every one is looked at: two arms of eleven persons."""

DRAWN = 9_999
"""The allotments that are drawn where there are more."""

MOST = 500
"""Persons beyond which nothing is drawn: means are then as normal as Welch's test has them."""

# Sums that differ by less, relative to the sum of sizes, are the same sum added in another order.
_SAME = 1e-12
_AT_ONCE = 2_000_000  # words held while allotments are drawn


def permute_arms(
    treated: Reals, control: Reals, level: float, seed: int
) -> tuple[float, float, float]:
    """Return p, and the limits of the difference in mean change, of the permutation test.

    Parameters
    ----------
    treated, control : array (persons,)
        Changes; under the hypothesis every allotment of persons to arms was as likely.
    level : float
        The coverage that the interval has at least, where arms differ by a shift only.
    seed : int
        Of the allotments that are drawn where there are more than :data:`ALL_UP_TO`.

    Returns
    -------
    tuple of float
        p, twice the smaller tail, and the limits; infinite where the test rejects nothing, as
        with arms of three persons at 95 %.

    Notes
    -----
    Another allotment exchanges m persons of each arm. With a hypothetical difference c taken off
    the treated, its difference in means is at least the one observed where the mean of the
    exchanged treated less that of the exchanged controls is at most c. So the c that are not
    rejected lie between ordered differences of such means, and the inversion is exact, without a
    search [1]_. Drawn allotments count with the observed one among them, so p is never zero.

    In R: ``coin::oneway_test(change ~ arm, distribution = "exact")``, whose p is the same where
    arms are of one size.

    References
    ----------
    .. [1] Pitman, E. J. G. (1937). Significance tests which may be applied to samples from any
       populations. *Supplement to the Journal of the Royal Statistical Society*, 4, 119-130.

    Examples
    --------
    >>> treated, control = np.array([5.0, 7, 6, 9]), np.array([1.0, 2, 0, 4])
    >>> p, low, high = permute_arms(treated, control, 0.95, seed=1)
    >>> round(p * 70), low, high
    (2, 1.0, 9.0)
    """
    if is_exact(len(treated), len(control)):
        differences, unchanged = _all_exchanges(treated, control), 0
    else:
        differences, unchanged = _drawn_exchanges(treated, control, seed)
    rounding = _SAME * float(np.abs(treated).sum() + np.abs(control).sum())
    everything, alike = len(differences) + unchanged + 1, unchanged + 1
    tails = [alike + int(np.count_nonzero(sign * differences <= rounding)) for sign in (1, -1)]
    p = min(1.0, 2 * min(tails) / everything)
    # The fewest differences below c with which c is not rejected.
    k = math.floor((1 - level) * everything / 2 * (1 + _SAME)) + 1 - alike
    if k <= 0:
        return p, -math.inf, math.inf
    ordered = np.sort(differences)
    if k > len(ordered):
        return p, math.nan, math.nan
    return p, float(ordered[k - 1]), float(ordered[-k])


def is_exact(treated: int, control: int) -> bool:
    """Whether every allotment is looked at."""
    return math.comb(treated + control, treated) <= ALL_UP_TO


def _all_exchanges(treated: Reals, control: Reals) -> Reals:
    """Return the difference of means of the exchanged, for each allotment but the observed."""
    parts = [
        (np.subtract.outer(_sums(treated, m), _sums(control, m)) / m).ravel()
        for m in range(1, min(len(treated), len(control)) + 1)
    ]
    return np.concatenate(parts)


def _sums(values: Reals, size: int) -> Reals:
    """Return the sum of each set of that many values."""
    sets = np.array(list(itertools.combinations(range(len(values)), size)))
    return np.asarray(sum(values[column] for column in sets.T))


def _drawn_exchanges(treated: Reals, control: Reals, seed: int) -> tuple[Reals, int]:
    """Return the differences of drawn allotments, and how often the observed one was drawn."""
    values, a = np.concatenate([treated, control]), len(treated)
    words = np.random.Philox(seed)
    total, parts, unchanged = sum(treated), [], 0
    rows = max(1, _AT_ONCE // len(values))
    for first in range(0, DRAWN, rows):
        drawn = min(rows, DRAWN - first)
        # Those with the smallest words are treated; each allotment is as likely.
        keys = words.random_raw(drawn * len(values)).reshape(drawn, len(values))
        last = np.partition(keys, a - 1, axis=1)[:, a - 1]
        chosen = np.ascontiguousarray((keys <= last[:, None]).T)
        # Person by person, so that sums have the same bits on every machine.
        sums = np.zeros(drawn)
        for value, who in zip(values, chosen, strict=True):
            sums += value * who
        exchanged = a - chosen[:a].sum(axis=0)
        other = exchanged > 0
        unchanged += int((~other).sum())
        parts.append((total - sums[other]) / exchanged[other])
    return np.concatenate(parts), unchanged
