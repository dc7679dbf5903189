"""Sums by site from which variances between persons, teams and sites are made."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Reals = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class NestedSums:
    """Sums over sites; arrays where sites were resampled, one value a replicate.

    n are numbers of persons and m means (of scores less a constant), of sites s and of
    teams t. Where there are no teams, each site counts as one team.

    Attributes
    ----------
    sites, teams, persons : float or array
        How many there are.
    site_squares, team_squares : float or array
        Sums of n².
    nested_squares : float or array
        Sum over teams of n_t² / n_s.
    total : float or array
        Sum of scores.
    site_means, team_means : float or array
        Sums of n m².
    within : float or array
        Squares about the teams' means.
    """

    sites: Reals
    teams: Reals
    persons: Reals
    site_squares: Reals
    team_squares: Reals
    nested_squares: Reals
    total: Reals
    site_means: Reals
    team_means: Reals
    within: Reals


def features(scores: Reals, sites: Whole, teams: Whole | None) -> Reals:
    """Return one row a site: its part of each of the sums.

    Parameters
    ----------
    scores : array (persons,)
        In order of site and team.
    sites, teams : array (persons,)
        Numbers, from 0 without gaps.
    """
    # A whole number: sums of whole scores stay exact.
    scores = scores - np.round(scores.mean())
    first = np.flatnonzero(np.diff(teams if teams is not None else sites, prepend=-1))
    n = np.diff(np.append(first, len(scores))).astype(float)
    sums = np.add.reduceat(scores, first)
    apart = scores - np.repeat(sums / n, n.astype(np.int64))
    within = np.add.reduceat(apart**2, first)
    of_team = np.flatnonzero(np.diff(sites[first], prepend=-1))

    def added(values: Reals) -> Reals:
        return np.asarray(np.add.reduceat(values, of_team))

    ones = np.ones(len(n))
    persons, total = added(n), added(sums)
    return np.column_stack(
        [
            np.ones(len(of_team)),
            added(ones),
            persons,
            persons**2,
            added(n**2),
            added(n**2) / persons,
            total,
            total**2 / persons,
            added(sums**2 / n),
            added(within),
        ]
    )


def summed(by_site: Reals, weights: Reals | None = None) -> NestedSums:
    """Return the sums over sites; with `weights` (replicates × sites) one value a replicate."""
    whole = by_site.sum(axis=0) if weights is None else (weights @ by_site).T
    return NestedSums(*whole)


def with_each_left_out(by_site: Reals) -> Reals:
    """Return the sums over all sites but each in turn, (sites, features).

    Added up from both ends: where one site holds nearly all squares, taking it away would leave
    rounding.
    """
    sums = np.zeros_like(by_site)
    sums[1:] += np.cumsum(by_site[:-1], axis=0)
    sums[:-1] += np.cumsum(by_site[:0:-1], axis=0)[::-1]
    return sums


def site_squares_within(sums: NestedSums) -> Reals:
    """Return the squares about the sites' means."""
    return np.asarray(sums.within + sums.team_means - sums.site_means)


def one_way_icc(sums: NestedSums, unit: str) -> tuple[Reals, Reals]:
    """Return ICC(1) and ICC(2) of "site" or "team" by analysis of variance."""
    if unit == "site":
        groups, squares, means = sums.sites, sums.site_squares, sums.site_means
        within = site_squares_within(sums)
    else:
        groups, squares, means = sums.teams, sums.team_squares, sums.team_means
        within = sums.within
    with np.errstate(invalid="ignore", divide="ignore"):
        size = (sums.persons - squares / sums.persons) / (groups - 1)
        between = (means - sums.total**2 / sums.persons) / (groups - 1)
        error = within / (sums.persons - groups)
        return (
            np.asarray((between - error) / (between + (size - 1) * error)),
            np.asarray((between - error) / between),
        )


def components(sums: NestedSums, *, teams: bool) -> tuple[Reals, Reals | None, Reals]:
    """Return the variances of persons, teams within sites, and sites, by analysis of variance.

    Mean squares set equal to what is expected of them (Henderson's method 1; Searle, Casella &
    McCulloch, 1992, section 5.3). Estimates of teams and sites may be negative.
    """
    n = sums.persons
    with np.errstate(invalid="ignore", divide="ignore"):
        among = (sums.site_means - sums.total**2 / n) / (sums.sites - 1)
        site_size = (n - sums.site_squares / n) / (sums.sites - 1)
        if not teams:
            person = site_squares_within(sums) / (n - sums.sites)
            return np.asarray(person), None, np.asarray((among - person) / site_size)
        person = sums.within / (n - sums.teams)
        middle = (sums.team_means - sums.site_means) / (sums.teams - sums.sites)
        team_size = (n - sums.nested_squares) / (sums.teams - sums.sites)
        team = (middle - person) / team_size
        carried = (sums.nested_squares - sums.team_squares / n) / (sums.sites - 1)
        site = (among - person - carried * team) / site_size
        return np.asarray(person), np.asarray(team), np.asarray(site)


def ratio_sizes(sums: NestedSums, *, teams: bool) -> dict[str, float]:
    """Return how often a ratio of mean squares holds the odds of each share of variance.

    Of "site" and "team", and of "person": of all that is not between persons. NaN where persons
    do not differ.
    """
    person, team, site = (
        0.0 if part is None else float(part) for part in components(sums, teams=teams)
    )
    if person == 0:
        return dict.fromkeys(("site", "team", "person"), math.nan)
    n = float(sums.persons)
    site_size = (n - float(sums.site_squares) / n) / (float(sums.sites) - 1)
    if not teams:
        return {"site": site_size, "person": site_size}
    team_size = (n - float(sums.nested_squares)) / float(sums.teams - sums.sites)
    carried = float(sums.nested_squares - sums.team_squares / n) / (float(sums.sites) - 1)
    # Estimates below zero stand for none.
    of_teams, of_sites = max(team, 0.0), max(site, 0.0)
    return {
        "site": site_size * (of_teams + person) / (carried * of_teams + person),
        "team": team_size * (of_sites + person) / person,
        "person": team_size,
    }
