"""The answer to a question about a path model, as frames."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from compassion_psy.distributions import normal_two_sided
from compassion_psy.options import Bootstrap
from compassion_psy.pathway.estimation import Estimates
from compassion_psy.pathway.notes import notes_of, without_value
from compassion_psy.pathway.result import Draws, PathwayResult
from compassion_psy.pathway.structure import Structure
from compassion_psy.pathway.uncertainty import MonteCarlo
from compassion_psy.pathway.variables import Variables

Reals = npt.NDArray[np.float64]
Limits = tuple[Reals, Reals]


def answer(
    *,
    structure: Structure,
    variables: Variables,
    model: str,
    interval: Bootstrap | MonteCarlo | str | None,
    level: float,
    found: Estimates,
    errors: Reals,
    limits: Limits | None,
    draws: Draws | None,
    shares: Mapping[str, float],
    estimated: bool,
    means: Reals,
    covariance: Reals,
    seed: int | None,
) -> PathwayResult:
    """Return the result with its frames and notes."""
    rows, total = found.values.shape[1], 2 * found.values.shape[1]
    if limits is None:
        limits = (np.full(total + len(structure.equations), np.nan),) * 2
    table = _keys(structure).with_columns(
        *_estimates(found.values[0], errors),
        _reals("lower", limits[0][:rows]),
        _reals("upper", limits[1][:rows]),
        _reals("std_all", found.standardised[0]),
    )
    standardised = _keys(structure).with_columns(
        _reals("estimate", found.standardised[0]),
        _reals("lower", limits[0][rows:total]),
        _reals("upper", limits[1][rows:total]),
    )
    r_squared = pl.DataFrame(
        [
            pl.Series("variable", structure.outcomes, dtype=pl.String),
            _reals("r_squared", found.r_squared[0]),
            _reals("lower", limits[0][total:]),
            _reals("upper", limits[1][total:]),
        ]
    )
    lacking = table.filter(
        pl.col("estimate").is_null() | (pl.lit(interval is not None) & pl.col("lower").is_null())
    )
    statuses = _statuses(draws if isinstance(interval, Bootstrap) else None)
    return PathwayResult(
        table=table,
        standardised=standardised,
        r_squared=r_squared,
        reliability=pl.DataFrame(
            {"variable": list(shares), "reliability": list(shares.values())},
            schema={"variable": pl.String, "reliability": pl.Float64},
        ),
        missing=variables.missing,
        statuses=statuses,
        model=model,
        n=variables.n,
        n_excluded=variables.n_excluded,
        n_clusters=variables.n_clusters,
        level=level,
        interval=_name(interval),
        seed=seed,
        covariance=errors,
        notes=notes_of(
            structure, variables, interval, level, statuses, shares, seed, estimated=estimated
        )
        + without_value(lacking, structure),
        structure=structure,
        means=means,
        covariances=covariance,
        draws=draws,
    )


def _name(interval: Any) -> str | None:
    if isinstance(interval, Bootstrap):
        return f"{interval.method} bootstrap"
    return "monte carlo" if isinstance(interval, MonteCarlo) else interval


def _keys(structure: Structure) -> pl.DataFrame:
    keys = [(row.lhs, row.op, row.rhs, row.label) for row in structure.rows]
    keys += [(each.name, ":=", each.text, each.name) for each in structure.definitions]
    return pl.DataFrame(
        keys, schema=dict.fromkeys(("lhs", "op", "rhs", "label"), pl.String), orient="row"
    )


def _estimates(values: Reals, errors: Reals) -> list[pl.Series]:
    with np.errstate(invalid="ignore", divide="ignore"):
        se = np.where(np.isfinite(values), np.sqrt(np.diagonal(errors)), np.nan)
        z = np.where(se > 0, values / se, np.nan)
    p = np.array([normal_two_sided(each) for each in z])
    return [_reals("estimate", values), _reals("se", se), _reals("z", z), _reals("p", p)]


def _statuses(draws: Draws | None) -> pl.DataFrame:
    schema = {"status": pl.String, "count": pl.UInt32}
    if draws is None:
        return pl.DataFrame(schema=schema)
    words, counts = np.unique(draws.status, return_counts=True)
    return pl.DataFrame({"status": words.tolist(), "count": counts.tolist()}, schema=schema)


def _reals(name: str, values: Reals) -> pl.Series:
    return pl.Series(name, values, dtype=pl.Float64, nan_to_null=True)
