"""Estimates of sites drawn towards the whole, and the ranks of sites with what is not known."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from compassion_psy.distributions import normal_quantile
from compassion_psy.sites.heterogeneity import q_statistic, reml, weighted

Reals = npt.NDArray[np.float64]

_GRID = 2000
_FEWEST = 4
# Points of the grid that cannot move a limit, and halvings that leave less than rounding.
_UNLIKELY = 1e-12
_HALVINGS = 50


def shrunk(y: Reals, v: Reals) -> Reals:
    """Return empirical Bayes estimates of sites.

    With tau² and the mean by restricted likelihood, B = tau² / (tau² + v): the estimate is
    B y + (1 - B) mean (Raudenbush & Bryk, 1985).
    """
    tau2 = reml(y, v)
    mean, _, _ = weighted(y, v, tau2)
    share = tau2 / (tau2 + v)
    return np.asarray(share * y + (1 - share) * mean)


@dataclass(frozen=True, eq=False)
class Posterior:
    """What is known of true values, of y ~ N(theta, v) and theta ~ N(mu, tau²).

    With flat priors of mu and of tau², whose intervals hold the true values of sites as often as
    they say (Morris & Tang, 2011). What is not known of tau² is in it, so that sites do not seem
    to be alike for sure where its estimate is zero.

    Attributes
    ----------
    y, v : array (sites,)
        Estimates and their variances.
    tau2, cumulated : array (points,)
        Values of tau², and how probable smaller ones or itself are.
    """

    y: Reals
    v: Reals
    tau2: Reals
    cumulated: Reals

    @classmethod
    def of(cls, y: Reals, v: Reals) -> Posterior:
        """Return the posterior of these sites, tau on a grid."""
        # tau = unit u / (1 - u) for u between 0 and 1: the grid is dense where tau is small.
        unit = math.sqrt(float(np.median(v)) + float(np.var(y)))
        u = (np.arange(_GRID) + 0.5) / _GRID
        tau = unit * u / (1 - u)
        # Flat in tau²: tau for d tau² / d tau, and then for d tau / d u.
        logs = np.array([_log_likelihood(y, v, float(t**2)) for t in tau]) + np.log(tau)
        logs -= 2 * np.log(1 - u)
        if len(y) < _FEWEST:
            # Their posterior has no end: tau is at most as far as the sites are apart.
            logs[tau > 2 * (float(np.ptp(y)) + math.sqrt(float(v.max())))] = -np.inf
        density = np.exp(logs - logs.max())
        return cls(y, v, tau**2, np.cumsum(density) / density.sum())

    def given(self, tau2: Reals) -> tuple[Reals, Reals, Reals]:
        """Return for values of tau² the mean of sites, its variance and the shares B."""
        weights = 1 / (self.v + tau2[:, None])
        total = weights.sum(axis=1)
        return (weights @ self.y) / total, 1 / total, tau2[:, None] / (tau2[:, None] + self.v)

    def draws(self, draws: int, seed: int) -> Reals:
        """Return draws (draws × sites) of the true values of all sites together."""
        random = np.random.Generator(np.random.Philox(seed))
        tau2 = self.tau2[np.searchsorted(self.cumulated, random.random(draws))]
        mean, variance, share = self.given(tau2)
        mean = mean + random.standard_normal(draws) * np.sqrt(variance)
        centre = share * self.y + (1 - share) * mean[:, None]
        noise = random.standard_normal((draws, len(self.y)))
        return np.asarray(centre + np.sqrt(share * self.v) * noise)

    def limits(self, level: float) -> tuple[Reals, Reals]:
        """Return limits of each site's true value, equally probable on both sides."""
        probability = np.diff(self.cumulated, prepend=0.0)
        likely = probability > _UNLIKELY
        mean, variance, share = self.given(self.tau2[likely])
        centre = share * self.y + (1 - share) * mean[:, None]
        spread = np.sqrt(share * self.v + (1 - share) ** 2 * variance[:, None])
        part = probability[likely] / probability[likely].sum()

        from scipy.special import ndtr

        def where(tail: float) -> Reals:
            # Between the least and the largest of the limits given tau².
            reach = normal_quantile(tail) * spread
            low, high = (centre + reach).min(axis=0), (centre + reach).max(axis=0)
            for _ in range(_HALVINGS):
                middle = (low + high) / 2
                below = part @ ndtr((middle - centre) / spread) < tail
                low, high = np.where(below, middle, low), np.where(below, high, middle)
            return np.asarray((low + high) / 2)

        return where((1 - level) / 2), where((1 + level) / 2)


def _log_likelihood(y: Reals, v: Reals, tau2: float) -> float:
    _, variance, w = weighted(y, v, tau2)
    logs = float(np.log(w).sum()) + math.log(variance)
    return 0.5 * logs - 0.5 * q_statistic(y, v, tau2)


def ranks(draws: Reals, level: float) -> tuple[Reals, Reals, Reals]:
    """Return the expected rank of each site, 1 the highest, and the limits of its rank."""
    order = np.argsort(-draws, axis=1, kind="stable")
    place = np.empty(order.shape)
    np.put_along_axis(place, order, np.arange(1.0, draws.shape[1] + 1)[None, :], axis=1)
    tails = [(1 - level) / 2, (1 + level) / 2]
    low, high = np.quantile(place, tails, axis=0, method="inverted_cdf")
    return place.mean(axis=0), low, high
