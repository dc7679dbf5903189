"""Faults planted in the answers of some sites, to be found again."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from compassion_psy.scales import Scale

FAULTS = ("turned_here", "range_shifted", "labels_reversed", "careless", "no_variation")
"""What is planted, by the names that :func:`audit` gives such findings."""

CARELESS_SHARE = 0.5
"""Share of the staff of a careless hospital."""


def plant(
    frame: pl.DataFrame, scale: Scale, hospitals: Sequence[str], random: np.random.Generator
) -> tuple[pl.DataFrame, pl.DataFrame, pl.Series]:
    """Return the frame with a fault at each of these hospitals, the faults, and who is careless."""
    turned, dead = (scale.items[place] for place in random.choice(scale.n_items, 2, replace=False))
    items = {"turned_here": turned, "no_variation": dead}
    ends = int(scale.minimum + scale.maximum)
    careless = frame.get_column("person").clear()
    for fault, hospital in zip(FAULTS, hospitals, strict=False):
        here = pl.col("hospital") == hospital
        if fault == "careless":
            frame, careless = _careless(frame, scale, hospital, random)
            continue
        names = [items[fault]] if fault in items else scale.items
        frame = frame.with_columns(
            pl.when(here).then(_faulty(fault, name, ends)).otherwise(pl.col(name)).alias(name)
            for name in names
        )
    planted = FAULTS[: len(hospitals)]
    schema = {"hospital": pl.String, "fault": pl.String, "item": pl.String}
    rows = [(h, fault, items.get(fault)) for h, fault in zip(hospitals, planted, strict=True)]
    return frame, pl.DataFrame(rows, schema=schema, orient="row"), careless


def _faulty(fault: str, item: str, ends: int) -> pl.Expr:
    answer = pl.col(item)
    if fault == "range_shifted":
        changed = answer + 1
    elif fault == "no_variation":
        # What many answer elsewhere too: the value does not give the fault away.
        changed = pl.when(answer.is_not_null()).then(4)
    else:
        changed = ends - answer
    return changed.cast(pl.UInt8)


def _careless(
    frame: pl.DataFrame, scale: Scale, hospital: str, random: np.random.Generator
) -> tuple[pl.DataFrame, pl.Series]:
    """Return the frame with careless answers at a hospital, and the persons who gave them.

    Of these persons the first half gives one answer throughout, the others answer at random.
    """
    rows = np.flatnonzero((frame.get_column("hospital") == hospital).to_numpy())
    chosen = random.permutation(rows)[: int(CARELESS_SHARE * rows.size)]
    low, high = int(scale.minimum), int(scale.maximum)
    given = random.integers(low, high + 1, (chosen.size, scale.n_items)).astype(np.uint8)
    half = chosen.size // 2
    given[:half] = given[:half, :1]
    columns = [
        frame.get_column(name).scatter(chosen, given[:, place])
        for place, name in enumerate(scale.items)
    ]
    return frame.with_columns(columns), frame.get_column("person").gather(np.sort(chosen))
