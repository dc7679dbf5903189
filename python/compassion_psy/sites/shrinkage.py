"""Estimates of sites drawn towards the whole, and the ranks of sites with what is not known."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from compassion_psy.sites.heterogeneity import q_statistic, reml, weighted

Reals = npt.NDArray[np.float64]

_GRID = 2000


def shrunk(y: Reals, v: Reals) -> tuple[Reals, Reals]:
    """Return empirical Bayes estimates of sites and their standard errors.

    With tau² and the mean by restricted likelihood, B = tau² / (tau² + v): the estimate is
    B y + (1 - B) mean and its variance B v + (1 - B)² var(mean) (Raudenbush & Bryk, 1985).
    """
    tau2 = reml(y, v)
    mean, variance, _ = weighted(y, v, tau2)
    share = tau2 / (tau2 + v)
    return share * y + (1 - share) * mean, np.sqrt(share * v + (1 - share) ** 2 * variance)


def draws_of_sites(y: Reals, v: Reals, *, draws: int, seed: int) -> Reals:
    """Return draws (draws × sites) of the true values, given the estimates.

    Of y ~ N(theta, v) and theta ~ N(mu, tau²), with flat priors of mu and of tau (Gelman, 2006):
    tau on a grid, mu given tau, theta given both. What is not known of tau² is in the draws, so
    that sites do not seem to be alike for sure where its estimate is zero.
    """
    # tau = unit u / (1 - u) for u between 0 and 1: the grid is dense where tau is small.
    unit = math.sqrt(float(np.median(v)) + float(np.var(y)))
    u = (np.arange(_GRID) + 0.5) / _GRID
    tau = unit * u / (1 - u)
    logs = np.array([_log_likelihood(y, v, float(t**2)) for t in tau]) - 2 * np.log(1 - u)
    if len(y) < 4:
        # The posterior of so few sites has no end: tau is at most as far as the sites are apart.
        logs[tau > 2 * (float(np.ptp(y)) + math.sqrt(float(v.max())))] = -np.inf
    cumulated = np.cumsum(np.exp(logs - logs.max()))
    random = np.random.Generator(np.random.Philox(seed))
    chosen = np.searchsorted(cumulated, random.random(draws) * cumulated[-1])
    tau2 = tau[chosen] ** 2
    weights = 1 / (v + tau2[:, None])
    total = weights.sum(axis=1)
    mean = (weights @ y) / total + random.standard_normal(draws) / np.sqrt(total)
    share = tau2[:, None] / (tau2[:, None] + v)
    centre = share * y + (1 - share) * mean[:, None]
    return np.asarray(centre + np.sqrt(share * v) * random.standard_normal((draws, len(y))))


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
