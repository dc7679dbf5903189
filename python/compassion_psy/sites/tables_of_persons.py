"""How alike persons are: the tables about scores, and those about items."""

from __future__ import annotations

import numpy as np
import polars as pl

from compassion_psy.sites.agreement_tables import (
    OF_TEAMS,
    SUMMARY,
    agreement_summary,
    team_agreement,
)
from compassion_psy.sites.asked import Asked
from compassion_psy.sites.levels import (
    COVARIANCES,
    LEVELS,
    covariance_table,
    level_features,
    levels_table,
)
from compassion_psy.sites.likeness import icc_table, variance_table
from compassion_psy.sites.nested import features
from compassion_psy.sites.persons import Persons
from compassion_psy.sites.resampling import site_weights


def tables_of_scores(persons: Persons, asked: Asked) -> dict[str, pl.DataFrame]:
    """Return the intraclass correlations, and where variance lies."""
    scores, sites, teams = persons.scored()
    by_site = features(scores, sites, teams)
    weights = site_weights(len(by_site), asked.bootstrap, asked.seed)
    units = {"site": sites} | ({} if teams is None else {"team": teams})
    return {
        "icc": icc_table(
            scores, units, by_site, weights, asked.level, nested=persons.teams_are_nested
        ),
        "variance": variance_table(by_site, teams=persons.teams_are_nested, level=asked.level),
    }


def tables_of_items(persons: Persons, asked: Asked) -> dict[str, pl.DataFrame]:
    """Return agreement and reliability of both levels, of persons who answered every item."""
    found = {
        "agreement": persons.labels.clear().with_columns(
            pl.lit(None, kind).alias(name) for name, kind in OF_TEAMS.items()
        ),
        "agreement_summary": pl.DataFrame(schema=SUMMARY),
        "levels": pl.DataFrame(schema=LEVELS),
        "covariances": pl.DataFrame(schema=COVARIANCES),
    }
    complete = np.asarray(~persons.responses.is_missing().any(axis=0))
    if not complete.any():
        return found
    used, names = persons.responses.where(complete), persons.labels.filter(pl.Series(complete))
    starts = used.group_starts if used.cluster_starts is None else used.cluster_starts
    groups = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    sites = np.repeat(np.arange(used.groups.height), used.group_rows)
    weights = site_weights(used.groups.height, asked.bootstrap, asked.seed)
    first = starts[:-1]
    both = team_agreement(used, names[first], groups, asked.who.minimum_cell, asked.expected)
    if both is not None:
        whole, found["agreement"] = both
        found["agreement_summary"] = agreement_summary(
            whole, sites[first], weights, asked.level, asked.expected
        )
    scale = asked.who.scale
    if scale.n_items > 1 and 1 < len(first) < used.rows:
        answers = used.answers.astype(float)
        if used.origins is not None:
            answers += used.origins[sites].T
        by_site = level_features(answers, groups, sites)
        unit = "site" if asked.who.team is None else "team"
        found["levels"] = levels_table(by_site, scale.n_items, weights, asked.level, unit)
        found["covariances"] = covariance_table(by_site, tuple(scale.items))
    return found
