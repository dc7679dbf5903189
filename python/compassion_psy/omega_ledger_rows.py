"""The rows of the ledger of omegas, for one group."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from compassion_psy.data.responses import Responses
from compassion_psy.errors import CompassionError
from compassion_psy.moments import moments
from compassion_psy.omega_conventions import CONVENTIONS, ONE, Convention
from compassion_psy.omega_ledger_result import LEDGER_COLUMNS
from compassion_psy.omega_turned import negative_items, with_turned
from compassion_psy.reliability import reliability

_TAKES_FACTORS = "factors" in inspect.signature(reliability).parameters

_SCHEMA: dict[str, Any] = {
    "scale": pl.String,
    "convention": pl.String,
    "coefficient": pl.String,
    "estimator": pl.String,
    "matrix": pl.String,
    "denominator": pl.String,
    "factors": pl.Int64,
    "rotation": pl.String,
    "items_flipped": pl.Int64,
    "flipped": pl.List(pl.String),
    "missing": pl.String,
    "n": pl.Int64,
    "estimate": pl.Float64,
    "basis": pl.String,
    "source": pl.String,
    "note": pl.String,
}


@dataclass(frozen=True)
class _Found:
    """A number, how many persons it is of, and what to know of it."""

    estimate: float | None
    persons: int
    note: str | None

    @property
    def heywood(self) -> bool:
        """Whether a unique variance is on its bound."""
        return self.note is not None and "Heywood" in self.note


def one_group(responses: Responses, place: int) -> Responses:
    """Return the answers of one group."""
    start, end = (int(row) for row in responses.group_starts[place : place + 2])
    groups, origins = responses.groups, responses.origins
    return replace(
        responses,
        answers=responses.answers[:, start:end].copy(),
        groups=groups[place : place + 1] if groups.width else groups,
        group_starts=np.array([0, end - start], dtype=responses.group_starts.dtype),
        origins=None if origins is None else origins[place : place + 1],
    )


def ledger_of(responses: Responses, factors: int, threads: int | None) -> pl.DataFrame:
    """Return the rows of one group."""
    turned = {asked: negative_items(responses, asked, threads) for asked in {1, factors}}
    found: dict[Any, _Found] = {}
    rows = []
    for each in CONVENTIONS:
        asked = factors if each.asked else 1
        flipped = turned[asked] if each.flips else ()
        key = (each.coefficient, asked, each.missing, flipped)
        if key not in found:
            found[key] = _found(with_turned(responses, flipped), each, asked, threads)
        rows.append(_row(responses, each, asked, flipped, turned[1], found[key]))
    table = pl.DataFrame(rows, schema=_SCHEMA)
    table = table.with_columns(
        (pl.col("estimate") - pl.col("estimate").first()).alias("difference")
    ).select(LEDGER_COLUMNS)
    groups = [column.new_from_index(0, table.height) for column in responses.groups]
    return pl.DataFrame([*groups, *table])


def _row(
    responses: Responses,
    each: Convention,
    asked: int,
    flipped: tuple[str, ...],
    negative: tuple[str, ...],
    found: _Found,
) -> dict[str, Any]:
    notes = [found.note] if found.note else []
    if found.heywood and each.estimator == ONE and not each.name.startswith("compassion_psy"):
        notes.append("this program sets no bound to unique variances, and its number differs")
    if each.of_missing and 0 < found.persons < responses.rows:
        notes.append(each.of_missing)
    if each.of_negative and negative:
        notes.append(f"{each.of_negative}; load negatively: {', '.join(negative)}")
    return {
        "scale": responses.scale.name,
        "convention": each.name,
        "coefficient": each.coefficient,
        "estimator": each.estimator,
        "matrix": each.matrix,
        "denominator": each.denominator,
        "factors": asked,
        "rotation": each.rotation if asked > 1 else None,
        "items_flipped": len(flipped),
        "flipped": list(flipped),
        "missing": each.missing,
        "n": found.persons,
        "estimate": found.estimate,
        "basis": each.basis,
        "source": each.source,
        "note": "; ".join(notes) or None,
    }


def _found(responses: Responses, each: Convention, factors: int, threads: int | None) -> _Found:
    """Return what a coefficient is, or why it is not."""
    more: dict[str, Any] = {"factors": factors} if _TAKES_FACTORS else {}
    if factors > 1 and not _TAKES_FACTORS:
        return _Found(None, 0, "there is one factor only yet")
    try:
        row = reliability(
            responses,
            # What has no coefficient needs what alpha needs.
            coefficients=each.coefficient or "alpha",
            **more,
            interval=None,
            missing="pairwise" if each.pairwise else "listwise",
            threads=threads,
        ).table.row(0, named=True)
    except CompassionError as fault:
        if each is CONVENTIONS[0] and not responses.groups.width:
            raise
        return _Found(None, 0, str(fault).rstrip("."))
    if each.coefficient is None and row["estimate"] is not None:
        return _closed_form(responses, threads)
    return _Found(row["estimate"], row["n"], row["note"])


def _closed_form(responses: Responses, threads: int | None) -> _Found:
    """Return omega of one factor with loadings from ratios of covariances."""
    taken = moments(responses, missing="listwise", threads=threads)
    covariance = taken.covariance.reshape(responses.scale.n_items, -1)
    persons = int(taken.persons[0])
    between = covariance - np.diag(np.diag(covariance))
    sums = between.sum(axis=1)
    products = (sums**2 - (between**2).sum(axis=1)) / 2
    others = between.sum() / 2 - sums
    with np.errstate(divide="ignore", invalid="ignore"):
        squares = products / others
        omega = np.sqrt(squares).sum() ** 2 / covariance.sum()
    if np.isfinite(omega):
        return _Found(float(omega), persons, None)
    named = [item for item, at in zip(responses.scale.items, squares, strict=True) if not at >= 0]
    which = f"of {', '.join(map(repr, named))} " if named else ""
    return _Found(
        None, persons, f"the loading {which}is no real number; check which items are reversed"
    )
