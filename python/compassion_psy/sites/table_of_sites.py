"""The table of sites, with the funnel and what holds over all."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from compassion_psy.errors import DataError
from compassion_psy.progress import Progress
from compassion_psy.sites.asked import Asked
from compassion_psy.sites.estimating import coefficients, means
from compassion_psy.sites.persons import Persons
from compassion_psy.sites.pooling import pool
from compassion_psy.sites.rows import Compared
from compassion_psy.sites.transforms import on_scale


def _too_few(
    asked: Asked,
    sites: list[Any],
    errors: npt.NDArray[np.float64],
    notes: list[str | None],
    used: npt.NDArray[np.bool_],
) -> DataError:
    at = int(np.flatnonzero(~used)[0])
    if np.isfinite(errors[at]):
        why = (
            f"Of {sites[at]!r}: no value or no error on the scale {asked.pool_scale!r}; take "
            "pool_scale='raw'."
        )
    else:
        why = (
            f"Of {sites[at]!r}: {notes[at] or 'no standard error'}; see whether a default was "
            "exported in place of missing answers, or ask for another statistic."
        )
    return DataError(
        f"{int(used.sum())} of {len(used)} sites have {asked.statistic} with a standard error on "
        f"the scale {asked.pool_scale!r}, but a comparison needs at least 2. {why}"
    )


def table_of_sites(
    persons: Persons, asked: Asked, progress: Progress
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Return the table of sites, the funnel and what is pooled."""
    responses, site = persons.responses, asked.who.site
    counted = np.add.reduceat(persons.counted, responses.group_starts[:-1], dtype=np.int64)
    n = counted.astype(float)
    if asked.statistic == "mean":
        estimates, lower, upper, notes = means(persons, asked)
    else:
        estimates, lower, upper, notes = coefficients(persons, asked, n, progress)
    items = np.full(len(n), float(asked.who.scale.n_items))
    closed = asked.pool_scale in ("bonett", "hakstian_whalen")
    placed = on_scale(
        asked.pool_scale, estimates.values, *((n, items) if closed else (estimates.errors,))
    )
    used = np.isfinite(placed.values) & np.isfinite(placed.variances) & (placed.variances > 0)
    if used.sum() < 2:
        raise _too_few(asked, responses.groups[site].to_list(), estimates.errors, notes, used)
    compared = Compared(estimates, placed, used, asked.level)
    pooled = pool(
        pl.DataFrame(
            {"estimate": estimates.values, "se": estimates.errors, "n": n, "n_items": items}
        ),
        scale=asked.pool_scale,
        level=asked.level,
    )
    columns = compared.columns(
        draws=asked.bootstrap.replicates, seed=asked.seed, control=asked.control
    )
    names = responses.groups[site]
    found: dict[str, Any] = {"estimate": estimates.values, "se": estimates.errors}
    found |= {"lower": lower, "upper": upper}
    if responses.cluster_starts is not None:
        found["teams"] = np.diff(np.searchsorted(responses.cluster_starts, responses.group_starts))
    at = np.flatnonzero(used)
    for name, values in columns.items():
        whole: list[Any] = [None] * len(n)
        for place, value in zip(at, values, strict=True):
            whole[place] = value
        found[name] = whole
    frame = pl.DataFrame({"site": names, **found, "own_note": notes, "used": used})
    # The column may have any name, of those that are only used here as well.
    rows = persons.sites.rename({site: "site"}).join(
        frame, on="site", how="left", maintain_order="left"
    )
    rows = rows.with_columns(
        pl.when((pl.col("status") == "ok") & ~pl.col("used"))
        .then(
            pl.when(pl.col("estimate").is_nan())
            .then(pl.lit("no_estimate"))
            .otherwise(pl.lit("not_pooled"))
        )
        .otherwise("status")
        .alias("status"),
        pl.concat_str("note", "own_note", separator=" ", ignore_nulls=True).alias("note"),
    ).with_columns(pl.when(pl.col("note") != "").then("note"), pl.col(pl.Float64).fill_nan(None))
    order = ["n", "n_excluded", *(["teams"] if "teams" in found else []), "estimate", "se"]
    order += ["lower", "upper", *columns, "status", "note"]
    funnel = compared.funnel_table(names, n, proportion=asked.proportion)
    return rows.select(pl.col("site").alias(site), *order), funnel, pooled
