"""Is an item turned? Three hypotheses on its item-rest correlation, weighed by Bayes' rule."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Reals = npt.NDArray[np.float64]

# What item-rest correlations of published scales are like, on Fisher's scale: .25 to .7 mostly.
TYPICAL, TYPICAL_SPREAD = 0.5, 0.2
# How far from zero an item is that has nothing to do with its scale at a site: in parts of the
# size expected, and at most.
UNRELATED_SHARE, UNRELATED_SPREAD = 1 / 3, 0.1
# How much sites differ, on Fisher's scale, where they are too few to tell; never less than that
# of sites that look alike.
SPREAD, LEAST_SPREAD, MOST_SPREAD = 0.1, 0.05, 0.3
# One survey in two holds a turned item, and one in two an item that is unrelated at some site.
TURNED_ITEMS, UNRELATED_ITEMS = 0.5, 0.5
MOST_UNRELATED = 0.02
_HALF_OF_SQUARES = 0.4549364231195724  # the median of a squared standard normal


@dataclass(frozen=True, eq=False)
class Weights:
    r"""Three hypotheses on Fisher's z of an item-rest correlation, for each site and item.

    As declared, z is normal around :math:`+\zeta`; turned, around :math:`-\zeta`; unrelated,
    around 0; where :math:`\zeta` is the size that the other sites lead to expect.

    Attributes
    ----------
    size : numpy.ndarray, shape (sites, items)
        The expected size.
    variance : numpy.ndarray, shape (sites, items)
        Of z by sampling.
    around : numpy.ndarray, shape (sites, items)
        Of z around the expected size: sampling, sites that differ, and the size itself.
    turned : numpy.ndarray, shape (sites, items)
        Prior probability that the item is turned.
    unrelated : float
        Prior probability that it has nothing to do with the scale.
    """

    size: Reals
    variance: Reals
    around: Reals
    turned: Reals
    unrelated: float

    def probability(self, z: Reals) -> Reals:
        """Return the posterior probability that the item is turned, given z."""
        logs = np.stack(
            [
                np.log1p(-self.unrelated) + np.log1p(-self.turned)
                + _log_normal(z - self.size, self.around),
                np.log1p(-self.unrelated) + np.log(self.turned)
                + _log_normal(z + self.size, self.around),
                np.log(self.unrelated)
                + _log_normal(z, self._unrelated_spread() ** 2 + self.variance),
            ]
        )  # fmt: skip
        weights = np.exp(logs - logs.max(axis=0))
        posterior: Reals = weights[1] / weights.sum(axis=0)
        return posterior

    def _unrelated_spread(self) -> Reals:
        return np.minimum(UNRELATED_SPREAD, UNRELATED_SHARE * self.size)

    def power(self, reported_from: float) -> Reals:
        """Return the probability that an item would be reported if it were turned."""
        low, high = np.full(self.size.shape, -3.0), np.zeros(self.size.shape)
        for _ in range(40):
            middle = (low + high) / 2
            reported = self.probability(middle) >= reported_from
            low, high = np.where(reported, middle, low), np.where(reported, high, middle)
        distance = (low + self.size) / np.sqrt(2 * self.around)
        power: Reals = 0.5 * (1 + np.vectorize(math.erf)(distance))
        return power


def between_sites(z: Reals, variance: Reals) -> float:
    """Return how much sites differ in Fisher's z, beyond chance: a standard deviation.

    The median squared distance from the item's median over sites is what it would be by chance
    and this spread; medians do not mind a site or two with turned items.
    """
    seen = np.isfinite(z)
    sites = seen.sum(axis=0)
    columns = sites >= 3
    if not columns.any():
        return SPREAD
    z, variance, seen = z[:, columns], variance[:, columns], seen[:, columns]
    squares = (z - np.nanmedian(z, axis=0)) ** 2
    free = np.broadcast_to(1 - 1 / sites[columns], z.shape)[seen]
    squares, variance = squares[seen], variance[seen]

    def excess(spread: float) -> float:
        return float(np.median(squares / free / (variance + spread**2))) - _HALF_OF_SQUARES

    low, high = LEAST_SPREAD, MOST_SPREAD
    if excess(low) <= 0:
        return low
    if excess(high) >= 0:
        return high
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if excess(middle) > 0 else (low, middle)
    return high


def expected_elsewhere(z: Reals, variance: Reals, spread: float) -> tuple[Reals, Reals]:
    """Return the size of z the other sites lead to expect, and how uncertain it is (variance).

    From squares, so that it does not matter at which sites the item is turned, and joined with
    what is typical of items, which is all there is with a single site.
    """
    seen = np.isfinite(z)
    weight = np.where(seen, 1 / (np.where(seen, variance, 1) + spread**2), 0.0)
    square = np.where(seen, z, 0) ** 2 - variance - spread**2
    evidence = weight * np.where(seen, square, 0)
    elsewhere = weight.sum(axis=0) - weight
    with np.errstate(invalid="ignore", divide="ignore"):
        size = np.sqrt(np.maximum((evidence.sum(axis=0) - evidence) / elsewhere, 0))
    typical = TYPICAL_SPREAD**-2
    size = np.where(elsewhere > 0, size, 0)
    precision = elsewhere + typical
    return (elsewhere * size + typical * TYPICAL) / precision, 1 / precision


def weights(z: Reals, variance: Reals, cells: int, prior: npt.ArrayLike = 0) -> Weights:
    """Return the hypotheses for these items at these sites.

    Parameters
    ----------
    z, variance : numpy.ndarray, shape (sites, items)
        Fisher's z of the item-rest correlations and its sampling variance; NaN where an item was
        not examined.
    cells : int
        Number of items examined at all sites together. The prior odds fall with it. The
        probability of a false alarm anywhere is at most ``TURNED_ITEMS`` over the odds from which
        one is reported, however many sites there are: a likelihood ratio of k favours the wrong
        hypothesis with a probability of at most 1/k.
    prior : array-like, optional
        Prior probability that an item is turned, where it is larger than that.
    """
    spread = between_sites(z, variance)
    size, uncertain = expected_elsewhere(z, variance, spread)
    around = variance + uncertain + (spread**2 if z.shape[0] > 1 else 0)
    turned = np.maximum(np.broadcast_to(prior, z.shape), min(TURNED_ITEMS / cells, 0.5))
    return Weights(size, variance, around, turned, min(MOST_UNRELATED, UNRELATED_ITEMS / cells))


def _log_normal(distance: Reals, variance: npt.ArrayLike) -> Reals:
    variance = np.asarray(variance)
    density: Reals = -(distance**2) / (2 * variance) - np.log(variance) / 2
    return density
