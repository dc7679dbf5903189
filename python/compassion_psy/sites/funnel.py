"""Which sites lie outside of what the others and chance lead to expect: funnel limits."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from compassion_psy.distributions import normal_two_sided, t_quantile, t_two_sided
from compassion_psy.sites.heterogeneity import reml

Reals = npt.NDArray[np.float64]

# A site farther out than this many standard deviations pulls no more than one that far.
_CLIP = 1.5
FEWEST = 3
"""Sites of which no funnel can be made if there are fewer."""


@dataclass(frozen=True, eq=False)
class Funnel:
    """What sites that are like the others lie within.

    Attributes
    ----------
    centre : float
        The mean of sites, outliers reined in.
    tau2 : float
        The variance of true values that is usual between sites, likewise.
    tau2_variance : float
        Of the estimate of tau2.
    errors, df : array (sites,)
        Standard error of a site, and its degrees of freedom.
    """

    centre: float
    tau2: float
    tau2_variance: float
    errors: Reals
    df: Reals

    def limits(self, level: float, *, adjusted: bool) -> tuple[Reals, Reals]:
        """Return limits for each site; `adjusted` for the usual variance between sites.

        Unadjusted limits are those of sites with one true value: exact t for normal scores.
        """
        spread, df = self._adjusted() if adjusted else (self.errors, self.df)
        reach = np.array([t_quantile(0.5 + level / 2, each) for each in df]) * spread
        return self.centre - reach, self.centre + reach

    def p(self, y: Reals) -> Reals:
        """Return how probable a site as far out as each is, were it like the others."""
        spread, df = self._adjusted()
        return np.array(
            [t_two_sided(z, d) for z, d in zip((y - self.centre) / spread, df, strict=True)]
        )

    def _adjusted(self) -> tuple[Reals, Reals]:
        """Return spreads of site and sampling together, with Satterthwaite's degrees of freedom."""
        total = self.errors**2 + self.tau2
        df = total**2 / (self.errors**4 / self.df + self.tau2_variance / 2)
        return np.sqrt(total), df


def funnel(y: Reals, v: Reals, df: Reals) -> Funnel:
    """Return the funnel of these sites: additive overdispersion, outliers reined in.

    As Spiegelhalter (2005) adds a variance between sites to that of sampling and winsorises, but
    with centre and variance by Huber's (1964) proposal 2, whose squares are compared with what is
    expected of clipped normal values: without outliers the variance is not too small.
    """
    if len(y) < FEWEST + 2:
        # Nothing can be told to be an outlier among four.
        tau2 = reml(y, v)
        weights = 1 / (v + tau2)
        centre = float(weights @ y / weights.sum())
        return Funnel(centre, tau2, _variance(v + tau2), np.sqrt(v), df)
    expected = (len(y) - 1) * _clipped_square()

    def excess(tau2: float) -> float:
        spread = np.sqrt(v + tau2)
        clipped = np.clip((y - _centre(y, spread)) / spread, -_CLIP, _CLIP)
        return float((clipped**2).sum()) - expected

    tau2 = 0.0
    if excess(0.0) > 0:
        high = float(np.ptp(y)) ** 2 + float(v.max())
        while excess(high) > 0:
            high *= 10
        tau2 = _root(excess, 0.0, high)
    centre = _centre(y, np.sqrt(v + tau2))
    return Funnel(centre, tau2, _variance(v + tau2), np.sqrt(v), df)


def _centre(y: Reals, spread: Reals) -> float:
    """Return Huber's estimate of location, each site with a spread of its own."""

    def pull(centre: float) -> float:
        return float((np.clip((y - centre) / spread, -_CLIP, _CLIP) / spread).sum())

    low, high = float(y.min()), float(y.max())
    return low if low == high else _root(pull, low, high)


def _variance(total: Reals) -> float:
    """Return the variance of tau2, as of squares of normal values with sites - 1 df.

    Clipped squares tell less of it; but a site far out has its own part in tau2, which holds its
    distance down. In simulations the two cancel: see the page on sites.
    """
    sites = len(total)
    return 2 * sites / ((sites - 1) * float((1 / total**2).sum()))


def _clipped_square() -> float:
    outside = normal_two_sided(_CLIP)
    density = math.exp(-(_CLIP**2) / 2) / math.sqrt(2 * math.pi)
    return 1 - outside - 2 * _CLIP * density + _CLIP**2 * outside


def _root(function: object, low: float, high: float) -> float:
    from scipy.optimize import brentq

    return float(brentq(function, low, high, xtol=1e-300, rtol=1e-13, maxiter=500))


def adjusted_for_many(p: Reals, control: str) -> Reals:
    """Return p values adjusted for the number of sites: "holm" or "benjamini_hochberg"."""
    from compassion_psy.comparison_tests import holm

    if control == "holm":
        return holm(p)
    order = np.argsort(p)[::-1]
    ratios = p[order] * len(p) / np.arange(len(p), 0, -1)
    found = np.empty(len(p))
    found[order] = np.minimum(1.0, np.minimum.accumulate(ratios))
    return found
