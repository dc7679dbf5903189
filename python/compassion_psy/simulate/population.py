"""The population simulated answers are drawn from, and its exact covariance."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from compassion_psy.simulate.given_factor import POINTS, WEIGHTS, given_factor

_Array = NDArray[np.float64]


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
        spread = math.sqrt(self.within_variance) * POINTS
        factor = np.add.outer(self.site_effects[chosen], spread)
        shares = self.site_shares[chosen] / self.site_shares[chosen].sum()
        weight = np.outer(shares, WEIGHTS).ravel()
        mean, variance = given_factor(factor.ravel(), self.loadings, self.thresholds)
        centred = mean - weight @ mean
        true = (centred * weight[:, None]).T @ centred
        return true + np.diag(weight @ variance), true
