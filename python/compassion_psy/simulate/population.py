"""The population simulated answers are drawn from, and its exact covariance."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_Array = NDArray[np.float64]

# A standard normal variable is integrated by the trapezoidal rule: for a smooth function times the
# normal density its error falls faster than any power of the step, and for steep items (loadings of
# 0.95) it is far more exact than as many Gauss-Hermite nodes: below 1e-14.
_POINTS = np.linspace(-9.0, 9.0, 257)
_WEIGHTS = np.exp(-(_POINTS**2) / 2) / np.exp(-(_POINTS**2) / 2).sum()


@dataclass(frozen=True, eq=False)
class Population:
    """What the answers are drawn from: one factor, its sites, and thresholds on each item.

    Person i of site s and ward w has factor ``f = site effect + ward effect + own part`` and, on
    item j, the response ``loadings[j] f + sqrt(1 - loadings[j]**2) e``. The answer is `minimum`
    plus the number of thresholds below that response.

    Attributes
    ----------
    loadings : array (items,)
        Correlations of the responses with the factor, in (-1, 1).
    thresholds : array (items, answers - 1)
        Increasing in each row.
    minimum : int
        Lowest answer.
    site_effects : array (sites,)
        Mean of the factor at each site.
    site_shares : array (sites,)
        Share of the persons at each site; sums to 1.
    within_variance : float
        Variance of the factor within a site, wards included.
    """

    loadings: _Array
    thresholds: _Array
    minimum: int
    site_effects: _Array
    site_shares: _Array
    within_variance: float

    def covariances(self, site: int | None = None) -> tuple[_Array, _Array]:
        """Return the covariance of the answers, and of their true parts, each (items, items).

        The true part of an answer is its mean given the factor. Reversed items are already turned.
        `site` counts from 0; None is the whole population, sites mixed by their shares.
        """
        chosen = range(len(self.site_effects)) if site is None else [site]
        spread = math.sqrt(self.within_variance) * _POINTS
        factor = np.add.outer(self.site_effects[chosen], spread)
        shares = self.site_shares[chosen] / self.site_shares[chosen].sum()
        weight = np.outer(shares, _WEIGHTS).ravel()
        mean, variance = self._given_factor(factor.ravel())
        centred = mean - weight @ mean
        true = (centred * weight[:, None]).T @ centred
        return true + np.diag(weight @ variance), true

    def _given_factor(self, factor: _Array) -> tuple[_Array, _Array]:
        """Return mean and variance of each answer at each factor value, (values, items)."""
        unique = np.sqrt(1 - self.loadings**2)[:, None]
        distance = (self.thresholds - np.multiply.outer(factor, self.loadings)[..., None]) / unique
        # P(answer is above threshold t). E x = sum P and E x^2 = sum (2t - 1) P for x = 0, 1, ...
        above = 0.5 * _erfc(distance / math.sqrt(2))
        order = np.arange(1, self.thresholds.shape[1] + 1)
        mean = above.sum(axis=-1)
        return mean, above @ (2.0 * order - 1) - mean**2


def _erfc(values: _Array) -> _Array:
    # NumPy has no error function, and this is not worth a dependency on SciPy.
    return np.fromiter(map(math.erfc, values.ravel()), float, values.size).reshape(values.shape)
