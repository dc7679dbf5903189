"""The effects of a model of mediation in order."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from compassion_psy.pathway.confounding import RHOS, second_stage
from compassion_psy.pathway.johnson_neyman import region
from compassion_psy.pathway.mediation_paths import beyond_the_data, paths_of
from compassion_psy.pathway.mediation_result import MediationResult
from compassion_psy.pathway.mediation_text import Edge, Effect, Mediation, Place
from compassion_psy.pathway.modulator_levels import ModulatorLevels
from compassion_psy.pathway.result import PathwayResult
from compassion_psy.pathway.uncertainty import PERCENTILE, limits

_NUMBERS = ("estimate", "se", "lower", "upper")


def mediated(
    asked: Mediation,
    text: str,
    effects: Sequence[Effect],
    curves: Sequence[Effect],
    chosen: ModulatorLevels,
    result: PathwayResult,
) -> MediationResult:
    """Return the result of a question of mediation from that of its model."""
    rows = {row["label"]: row for row in result.table.iter_rows(named=True) if row["label"]}
    shown = _without_last(result, len(curves), text)
    return MediationResult(
        paths=paths_of(asked, rows),
        effects=_effects(asked, effects, rows, _standardising(asked, result)),
        index=_index(effects, rows),
        slopes=_slopes(asked, effects, rows),
        johnson_neyman=_regions(asked, chosen, result),
        curves=_curves(curves, rows),
        sensitivity=_sensitivity(asked, result),
        levels=chosen.frame,
        model=text,
        pathway=shown,
        notes=shown.notes + beyond_the_data(asked, chosen),
    )


def _without_last(result: PathwayResult, count: int, text: str) -> PathwayResult:
    """Return the result of the same model without its last defined effects."""
    kept = result.table.height - count
    structure = result.structure
    definitions = structure.definitions[: len(structure.definitions) - count]
    draws = result.draws
    return replace(
        result,
        table=result.table[:kept],
        standardised=result.standardised[:kept],
        model=text,
        covariance=result.covariance[:kept, :kept],
        structure=replace(structure, definitions=definitions),
        draws=None if draws is None else replace(draws, values=draws.values[:, :kept]),
    )


def _standardising(asked: Mediation, result: PathwayResult) -> float:
    """Return the standard deviation of x over that of y."""
    residual, given = (
        result.table.filter(op="~~", lhs=name, rhs=name)["estimate"].item()
        for name in (asked.y, asked.x)
    )
    share = result.r_squared.filter(variable=asked.y)["r_squared"].item()
    return math.sqrt(given * (1 - share) / residual)


def _effects(
    asked: Mediation, effects: Sequence[Effect], rows: dict[str, Any], standardising: float
) -> pl.DataFrame:
    listed = [each for each in effects if each.kind in ("indirect", "total")]
    direct = Effect("c", "c", "direct", f"{asked.x} > {asked.y}")
    if not asked.modulators.get("c"):
        listed.append(direct)
    records = []
    for each in listed:
        row, at = rows[each.label], dict(each.at)
        records.append(
            {"effect": each.kind, "through": each.through}
            | {name: at.get(name) for name in asked.all_modulators}
            | {"label": each.label}
            | {name: row[name] for name in _NUMBERS}
            # Not from standardised paths: values of modulators are in their own units.
            | {"std_all": row["estimate"] * standardising}
        )
    schema: dict[str, Any] = {"effect": pl.String, "through": pl.String}
    schema |= dict.fromkeys(asked.all_modulators, pl.Float64) | {"label": pl.String}
    return pl.DataFrame(records, schema=schema | dict.fromkeys((*_NUMBERS, "std_all"), pl.Float64))


def _index(effects: Sequence[Effect], rows: dict[str, Any]) -> pl.DataFrame:
    records = [
        {
            "kind": each.kind,
            "through": each.through,
            "modulator": each.modulator,
            "at": _in_words(each.at),
            "label": each.label,
        }
        | {name: rows[each.label][name] for name in _NUMBERS}
        for each in effects
        if each.kind in ("index", "contrast")
    ]
    words = ("kind", "through", "modulator", "at", "label")
    schema = dict.fromkeys(words, pl.String) | dict.fromkeys(_NUMBERS, pl.Float64)
    return pl.DataFrame(records, schema=schema)


def _in_words(at: Place) -> str:
    """Return levels as a text: "demands 2", of a contrast "demands 2, support 1 to 3"."""
    return ", ".join(f"{name} {value:.4g}" for name, value in at).replace(", to ", " to ")


def _slopes(asked: Mediation, effects: Sequence[Effect], rows: dict[str, Any]) -> pl.DataFrame:
    records = [
        {"path": each.through}
        | {name: dict(each.at).get(name) for name in asked.all_modulators}
        | {"label": each.label}
        | {name: rows[each.label][name] for name in _NUMBERS}
        for each in effects
        if each.kind == "slope"
    ]
    schema = {"path": pl.String} | dict.fromkeys(asked.all_modulators, pl.Float64)
    schema |= {"label": pl.String} | dict.fromkeys(_NUMBERS, pl.Float64)
    return pl.DataFrame(records, schema=schema)


def _regions(asked: Mediation, chosen: ModulatorLevels, result: PathwayResult) -> pl.DataFrame:
    labels = result.table["label"].to_list()
    values = dict(zip(labels, result.table["estimate"], strict=True))
    at = {label: number for number, label in enumerate(labels) if label}

    def covariances(edge: Edge) -> dict[tuple[str, str], float]:
        own = [edge.label, *(edge.by(name) for name in edge.modulators)]
        return {(i, j): float(result.covariance[at[i], at[j]]) for i in own for j in own}

    records = [
        region(
            edge,
            name,
            values=values,
            covariance=covariances(edge),
            others=chosen.middles,
            observed=(chosen.grids[name][0], chosen.grids[name][-1]),
            level=result.level,
        )
        for edge in asked.edges
        for name in edge.modulators
    ]
    reals = ("lower_bound", "upper_bound")
    observed = ("observed_minimum", "observed_maximum")
    schema = dict.fromkeys(("path", "modulator"), pl.String) | dict.fromkeys(reals, pl.Float64)
    schema |= dict.fromkeys(("differs_from_zero", "in_the_data"), pl.String)
    schema |= dict.fromkeys(observed, pl.Float64)
    return pl.DataFrame(records, schema=schema).with_columns(pl.col(reals).fill_nan(None))


def _curves(curves: Sequence[Effect], rows: dict[str, Any]) -> pl.DataFrame:
    records = [
        {
            "through": each.through,
            "modulator": each.modulator,
            "value": dict(each.at)[each.modulator],
        }
        | {name: rows[each.label][name] for name in ("estimate", "lower", "upper")}
        for each in curves
    ]
    schema = {"through": pl.String, "modulator": pl.String}
    reals = ("value", "estimate", "lower", "upper")
    return pl.DataFrame(records, schema=schema | dict.fromkeys(reals, pl.Float64))


def _sensitivity(asked: Mediation, result: PathwayResult) -> pl.DataFrame:
    schema = {"mediator": pl.String} | dict.fromkeys(
        ("rho", "path", "indirect", "lower", "upper", "rho_of_zero"), pl.Float64
    )
    frames = [pl.DataFrame(schema=schema)]
    if asked.serial:
        return frames[0]
    edges = {(edge.source, edge.target): edge for edge in asked.edges}
    for name in asked.mediators:
        first, second = edges[asked.x, name], edges[name, asked.y]
        if not (first.modulators or second.modulators):
            frames.append(_of_mediator(name, first, asked, result, schema))
    return pl.concat(frames)


def _of_mediator(
    name: str, first: Edge, asked: Mediation, result: PathwayResult, schema: dict[str, Any]
) -> pl.DataFrame:
    structure = result.structure
    mediator, outcome = (structure.variables.index(each) for each in (name, asked.y))
    others = tuple(p for p in dict(structure.equations)[outcome] if p != mediator)
    column = result.table["label"].to_list().index(first.label)
    paths, r = second_stage(result.covariances[None], mediator, outcome, others)
    indirect = result.table["estimate"][column] * paths[0]
    lower = upper = np.full(len(RHOS), np.nan)
    if result.draws is not None and result.draws.covariances is not None:
        ok = result.draws.status == "ok"
        drawn, _ = second_stage(result.draws.covariances[ok], mediator, outcome, others)
        values = result.draws.values[ok, column][:, None] * drawn
        lower, upper = limits(values, indirect, result.level, PERCENTILE, None)
    columns = {"rho": RHOS, "path": paths[0], "indirect": indirect, "lower": lower, "upper": upper}
    frame = pl.DataFrame(columns, schema_overrides=schema, nan_to_null=True)
    return frame.with_columns(
        pl.lit(name).alias("mediator"), pl.lit(float(r[0])).alias("rho_of_zero")
    ).select(list(schema))
