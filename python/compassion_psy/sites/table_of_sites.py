"""The table of sites, with the funnel and what holds over all."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from compassion_psy.errors import DataError
from compassion_psy.progress import Progress
from compassion_psy.sites.asked import Asked
from compassion_psy.sites.estimating import coefficients, means
from compassion_psy.sites.persons import Persons
from compassion_psy.sites.pooling import pool
from compassion_psy.sites.rows import Compared
from compassion_psy.sites.transforms import on_scale


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
        raise DataError(
            f"{int(used.sum())} of {len(n)} sites have {asked.statistic} with a standard error "
            f"on the scale {asked.pool_scale!r}, but a comparison needs at least 2. "
            f"{next((note for note in notes if note), '')}".strip()
        )
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
    frame = pl.DataFrame({site: names, **found, "own_note": notes, "used": used})
    rows = persons.sites.join(frame, on=site, how="left", maintain_order="left")
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
    return rows.select(site, *order), funnel, pooled
