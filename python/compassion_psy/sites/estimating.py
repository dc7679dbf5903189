"""The statistic of each site, with its interval."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import numpy.typing as npt
import polars as pl

from compassion_psy.distributions import t_quantile
from compassion_psy.progress import Progress
from compassion_psy.reliability import reliability
from compassion_psy.sites.asked import Asked
from compassion_psy.sites.means import Estimates, means_of_persons, means_of_teams
from compassion_psy.sites.nested import features
from compassion_psy.sites.persons import Persons
from compassion_psy.sites.proportions import exact_interval, proportion_errors

Reals = npt.NDArray[np.float64]

Table = tuple[Estimates, Reals, Reals, list[str | None]]


def means(persons: Persons, asked: Asked) -> Table:
    """Return the mean score of each site."""
    scores, sites, teams = persons.scored()
    by_site = features(scores, sites, teams)
    if persons.teams_are_nested:
        estimates = means_of_teams(by_site, scores, sites)
    else:
        estimates = means_of_persons(by_site, scores, sites)
    values, n = estimates.values, by_site[:, 2]
    if asked.proportion:
        counts = np.round(values * n)
        estimates = Estimates(values, proportion_errors(counts, n), estimates.df)
        low, high = exact_interval(counts, n, asked.level)
    else:
        half = 0.5 + asked.level / 2
        reach = np.array([t_quantile(half, df) for df in estimates.df]) * estimates.errors
        low, high = values - reach, values + reach
    notes: list[str | None] = [
        None if np.isfinite(error) else "all have the same score" for error in estimates.errors
    ]
    return estimates, low, high, notes


def coefficients(persons: Persons, asked: Asked, n: Reals, progress: Progress) -> Table:
    """Return a coefficient of reliability of each site; `n` are its persons.

    Limits are those of the site's own bootstrap. The standard errors, which weigh sites and test
    them, are of influence values, with teams times the design effect of all sites: an error from
    three teams is so uncertain that it would make alike sites look different.
    """
    responses = persons.responses
    ask = partial(
        reliability,
        coefficients=asked.statistic,
        level=asked.level,
        threads=asked.who.threads,
        progress=progress,
    )
    table = ask(responses, interval=replace(asked.bootstrap, seed=asked.seed)).table
    alone = replace(responses, cluster_starts=None, cluster=())
    variances = _numbers(ask(alone, interval="adf").table["se"]) ** 2
    if responses.cluster_starts is not None:
        of_teams = _numbers(ask(responses, interval="adf").table["se"]) ** 2
        both = np.isfinite(of_teams) & np.isfinite(variances)
        if both.any():
            squares = n[both] ** 2
            variances *= float(squares @ of_teams[both]) / float(squares @ variances[both])
    found = [_numbers(table[name]) for name in ("estimate", "lower", "upper")]
    estimates = Estimates(found[0], np.sqrt(variances), np.maximum(n - 1, 1))
    return estimates, found[1], found[2], table["note"].to_list()


def _numbers(column: pl.Series) -> Reals:
    return column.fill_null(float("nan")).to_numpy().copy()
