"""The mean score of each site, and its standard error."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from compassion_psy.sites.nested import components, site_squares_within, summed

Reals = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Estimates:
    """A statistic of each site.

    Attributes
    ----------
    values, errors : array (sites,)
        Estimates and standard errors, NaN where there is none.
    df : array (sites,)
        Degrees of freedom of the standard errors.
    """

    values: Reals
    errors: Reals
    df: Reals


def means_of_persons(by_site: Reals, scores: Reals, sites: Whole) -> Estimates:
    """Return means with the site's own standard deviation / sqrt(n)."""
    counts = by_site[:, 2]
    means = np.bincount(sites, weights=scores) / counts
    squares = np.bincount(sites, weights=(scores - means[sites]) ** 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        errors = np.sqrt(squares / (counts - 1) / counts)
    return Estimates(means, np.where(errors > 0, errors, np.nan), counts - 1)


def means_of_teams(by_site: Reals, scores: Reals, sites: Whole) -> Estimates:
    """Return means with the variance of teams and persons, pooled over sites.

    A site has too few teams for a variance of its own. Where teams differ no more than by chance,
    the variance of persons about their site's mean stands for both.
    """
    counts, sums = by_site[:, 2], summed(by_site)
    person, team, _ = components(sums, teams=True)
    if team is not None and float(team) > 0:
        variances = float(team) * by_site[:, 4] / counts**2 + float(person) / counts
        df = float(sums.teams - sums.sites)
    else:
        df = float(sums.persons - sums.sites)
        variances = float(site_squares_within(sums)) / df / counts
    values = np.bincount(sites, weights=scores) / counts
    errors = np.where(variances > 0, np.sqrt(variances), np.nan)
    return Estimates(values, errors, np.full(len(counts), df))
