"""What to know about the numbers of a path model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from compassion_psy.options import Bootstrap
from compassion_psy.pathway.estimation import explained_products
from compassion_psy.pathway.structure import Structure
from compassion_psy.pathway.uncertainty import MonteCarlo
from compassion_psy.pathway.variables import Variables

FEW_CLUSTERS = 20


def notes_of(
    structure: Structure,
    variables: Variables,
    interval: Any,
    level: float,
    statuses: pl.DataFrame,
    shares: Mapping[str, float],
    seed: int | None,
    *,
    estimated: bool,
) -> tuple[str, ...]:
    """Return the notes of a result."""
    bootstrapped = isinstance(interval, Bootstrap)
    notes = [_errors(structure, variables, shares, estimated=estimated, bootstrapped=bootstrapped)]
    notes += _intervals(interval, level, statuses, seed)
    notes += _persons(variables)
    if shares:
        found = ", ".join(f"{name} {share:.3f}" for name, share in shares.items())
        how = "estimated here" if estimated else "as given"
        notes.append(f"Corrected for unreliability; reliabilities {how}: {found}.")
    return tuple(notes)


def _errors(
    structure: Structure,
    variables: Variables,
    shares: Mapping[str, float],
    *,
    estimated: bool,
    bootstrapped: bool,
) -> str:
    if estimated and not bootstrapped:
        return "se: none, for only a Bootstrap carries the uncertainty of estimated reliabilities."
    if estimated:
        return "se: standard deviation of the replicates."
    if variables.cluster_starts is not None:
        return "se: cluster-robust, from the influence of each cluster."
    if shares:
        return "se: from the influence of each person."
    for product, factor in explained_products(structure).items():
        return (
            "se: observed information of maximum likelihood (lavaan's information = 'observed'), "
            f"for {factor} is explained and part of {product}: the expected information would take "
            f"the two as unrelated."
        )
    return "se: expected information of maximum likelihood (lavaan's)."


def _intervals(
    interval: Any, level: float, statuses: pl.DataFrame, seed: int | None
) -> Iterator[str]:
    share = f"{100 * level:.6g} %"
    if isinstance(interval, Bootstrap):
        yield (
            f"{share} limits: {interval.method} bootstrap, {interval.replicates:,} replicates, "
            f"seed {seed}."
        )
        failed = statuses.filter(pl.col("status") != "ok")
        for status, count in failed.iter_rows():
            yield f"{count:,} replicates have no estimate ({status.replace('_', ' ')})."
    elif isinstance(interval, MonteCarlo):
        yield f"{share} limits: Monte Carlo, {interval.draws:,} draws, seed {seed}."
    elif interval is not None:
        yield f"{share} limits: estimate plus and minus normal quantiles of se."


def _persons(variables: Variables) -> Iterator[str]:
    if variables.n_excluded:
        lacking = variables.missing.filter(pl.col("n_missing") > 0)
        named = ", ".join(f"{name} {count:,}" for name, count in lacking.iter_rows())
        yield f"{variables.n_excluded:,} persons lack a variable and are left out ({named})."
    if variables.n_clusters is not None and variables.n_clusters < FEW_CLUSTERS:
        yield (
            f"Only {variables.n_clusters} clusters: with fewer than {FEW_CLUSTERS}, "
            "cluster-robust standard errors and cluster bootstrap limits are too small."
        )


def without_value(lacking: pl.DataFrame, structure: Structure) -> tuple[str, ...]:
    """Return notes on the rows of a table that have no estimate or no limits."""
    notes = []
    for row in lacking.iter_rows(named=True):
        name = row["label"] or f"{row['lhs']} {row['op']} {row['rhs']}"
        if row["estimate"] is None:
            notes.append(f"{name} has no value: its expression divides by zero, or the like.")
        elif row["op"] != "~~" or row["lhs"] in structure.outcomes:
            notes.append(f"{name} has no limits: too few replicates, or none on one side of it.")
    return tuple(notes)
