"""Intraclass correlations where teams are nested in sites, by restricted maximum likelihood."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from compassion_psy.distributions import chi_square_quantile
from compassion_psy.sites.clustering import GroupSums, Intraclass

Reals = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

_HIGHEST = 1 - 1e-9
_GRID = 30

# From a value between 0 and 1, and what is left open by it, also between 0 and 1, to the
# variances of sites and of teams over that of persons.
Family = Callable[[float, float], tuple[float, float]]


@dataclass(frozen=True)
class NestedIntraclass:
    """Variances of persons, of teams within sites and of sites, and what they come to.

    Attributes
    ----------
    person, team, site : float
        The variances; none is below zero.
    of_sites : Intraclass
        Of two persons of one site who are of different teams: the share of sites in all variance.
        That of means: of sites, their teams taken as drawn from those that might be there.
    of_teams : Intraclass
        Of two persons of one team: the share of sites and teams together.
    team_weight : float
        Persons in the team of a person drawn at random.
    design_effect : float
        How much more the mean over all persons varies than it would without sites and teams.
    """

    person: float
    team: float
    site: float
    of_sites: Intraclass
    of_teams: Intraclass
    team_weight: float
    design_effect: float


def by_nested_likelihood(teams: GroupSums, sites: Whole, level: float) -> NestedIntraclass:
    """Return the model score = site + team + person by restricted maximum likelihood.

    The likelihood needs of each team its count, mean and squares within; two ratios of variances
    are left to search. Limits of each correlation are those of its profile: the other ratio is
    the likeliest at each value.

    Parameters
    ----------
    teams : GroupSums
        In order of site.
    sites : array (teams,)
        Number of each team's site, from 0 without gaps.
    """
    likelihood = _Likelihood(teams, sites)
    lowest, of_both, split = likelihood.lowest()
    by_site, by_team = _together(of_both, split)
    person = likelihood.person_variance(by_site, by_team)
    carried, site_size, team_size = likelihood.carried, likelihood.site_size, teams.usual_size

    def mean_of_sites(value: float, rest: float) -> tuple[float, float]:
        team = _odds(rest)
        return _odds(value) * (1 + carried * team) / site_size, team

    limit = lowest + chi_square_quantile(level, 1)
    share = by_site / (1 + by_site + by_team)
    mean = by_site * site_size / (1 + by_site * site_size + carried * by_team)
    of_sites = Intraclass(
        share, *likelihood.limits(_share_of_sites, share, limit),
        mean, *likelihood.limits(mean_of_sites, mean, limit),
    )  # fmt: skip
    found = (of_both, *likelihood.limits(_together, of_both, limit))
    means = [team_size * one / (1 + (team_size - 1) * one) for one in found]
    of_persons = 1 / (1 + by_site + by_team)
    return NestedIntraclass(
        person,
        person * by_team,
        person * by_site,
        of_sites,
        Intraclass(*found, *means),
        likelihood.team_weight,
        of_persons * (1 + by_site * likelihood.site_weight + by_team * likelihood.team_weight),
    )


def _odds(share: float) -> float:
    return share / (1 - share)


def _together(value: float, split: float) -> tuple[float, float]:
    """Return the ratios where sites and teams have this share of all, sites `split` of it."""
    ratio = _odds(min(value, _HIGHEST))
    return ratio * split, ratio * (1 - split)


def _share_of_sites(value: float, rest: float) -> tuple[float, float]:
    """Return the ratios where sites have this share of all, and teams `rest` of what is left."""
    team = _odds(rest)
    return _odds(value) * (1 + team), team


class _Likelihood:
    """-2 log restricted likelihood in the ratios, but for a constant."""

    def __init__(self, teams: GroupSums, sites: Whole) -> None:
        self._counts, self._within = teams.counts, teams.within
        self._persons = teams.persons
        # A constant less, so that sums of squares lose no digits.
        self._means = teams.means - float(teams.counts @ teams.means) / teams.persons
        self._first = np.flatnonzero(np.diff(sites, prepend=-1))
        squares = float((teams.counts**2).sum())
        of_sites = np.add.reduceat(teams.counts, self._first)
        between = len(of_sites) - 1
        nested = float((np.add.reduceat(teams.counts**2, self._first) / of_sites).sum())
        self.site_weight = float((of_sites**2).sum()) / self._persons
        self.team_weight = squares / self._persons
        # Of the expected mean square of sites: how often it holds the variances of both.
        self.site_size = (self._persons - self.site_weight) / between
        self.carried = (nested - self.team_weight) / between

    def _squares(self, by_site: float, by_team: float) -> tuple[float, float]:
        """Return weighted squares about the mean, and the logarithm of the determinants."""
        growth = 1 + self._counts * by_team
        weights = self._counts / growth
        of_sites = np.add.reduceat(weights, self._first)
        means = np.add.reduceat(weights * self._means, self._first) / of_sites
        site_growth = 1 + of_sites * by_site
        site_weights = of_sites / site_growth
        total = float(site_weights.sum())
        centre = float(site_weights @ means) / total
        squares = self._within + float(weights @ self._means**2) - float(of_sites @ means**2)
        squares += float(site_weights @ (means - centre) ** 2)
        logs = float(np.log(growth).sum()) + float(np.log(site_growth).sum()) + math.log(total)
        return squares, logs

    def deviance(self, by_site: float, by_team: float) -> float:
        squares, logs = self._squares(by_site, by_team)
        df = self._persons - 1
        return df * math.log(squares / df) + logs

    def person_variance(self, by_site: float, by_team: float) -> float:
        return self._squares(by_site, by_team)[0] / (self._persons - 1)

    def profile(self, family: Family, value: float, highest: float = 1.0) -> tuple[float, float]:
        """Return the least deviance at a value, and where in what is left open it is."""
        return _least(lambda rest: self.deviance(*family(value, rest)), 0.0, highest)

    def lowest(self) -> tuple[float, float, float]:
        """Return the least deviance, the share of sites and teams there, and that of sites in it.

        The likelihood may have several maxima: the highest is looked for near a grid's.
        """
        shares = np.append(np.linspace(0, 1, _GRID + 1)[:-1] ** 2, _HIGHEST)
        splits = np.linspace(0, 1, _GRID // 3 + 1)
        grid = [
            [self.deviance(*_together(float(share), float(split))) for split in splits]
            for share in shares
        ]
        best = int(np.argmin(np.min(grid, axis=1)))
        low, high = shares[max(best - 1, 0)], shares[min(best + 1, _GRID)]
        deviance, share = _least(
            lambda value: self.profile(_together, value)[0], float(low), float(high)
        )
        return deviance, share, self.profile(_together, share)[1] if share > 0 else 0.0

    def limits(self, family: Family, estimate: float, limit: float) -> tuple[float, float]:
        """Return the values nearest to the estimate at which the profile reaches the limit."""
        from scipy.optimize import brentq

        highest = 1.0 if family is _together else _HIGHEST

        def beyond(value: float) -> float:
            return self.profile(family, value, highest)[0] - limit

        lower = brentq(beyond, 0.0, estimate, xtol=1e-12) if beyond(0.0) > 0 else 0.0
        upper = brentq(beyond, estimate, _HIGHEST, xtol=1e-12) if beyond(_HIGHEST) > 0 else 1.0
        return float(lower), float(upper)


def _least(function: Callable[[float], float], low: float, high: float) -> tuple[float, float]:
    """Return the least value between two ends, the ends with it, and where it is."""
    from scipy.optimize import minimize_scalar

    found = minimize_scalar(
        function, bounds=(low, high), method="bounded", options={"xatol": 1e-11}
    )
    ends = [(function(low), low), (function(high), high)]
    return min([(float(found.fun), float(found.x)), *ends])
