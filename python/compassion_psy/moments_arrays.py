"""Arrays of moments: from the core's sums to a matrix for each group, in units of the answers."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from compassion_psy.data.columns import uses_codes
from compassion_psy.errors import OptionError
from compassion_psy.scales import Scale

# int64 where sums are exact, float64 where answers are continuous or weighted.
Sums = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]
Arrays = dict[str, Sums]


def unpack(
    scale: Scale, weight: Sums, sums: Sums, *, pairwise: bool
) -> tuple[Sums, Sums, Sums, Sums]:
    """Counts, sums, squares and products by pair, from the core's rows of sums."""
    k, groups = scale.n_items, len(sums)
    i, j = np.triu_indices(k)
    if not groups:
        none = np.zeros((0, k, k), sums.dtype)
        return none, none, none, none

    def symmetric(pairs: Sums) -> Sums:
        whole = np.zeros((groups, k, k), pairs.dtype)
        whole[:, i, j] = pairs
        whole[:, j, i] = pairs
        return whole

    if pairwise:
        counts, item_sums, squares, products = np.split(
            sums, np.cumsum([len(i), k * k, k * k]), axis=1
        )
        return (
            symmetric(counts),
            item_sums.reshape(groups, k, k),
            squares.reshape(groups, k, k),
            symmetric(products),
        )
    item_sums, products = np.split(sums, [k], axis=1)
    whole = symmetric(products)
    own = np.diagonal(whole, axis1=1, axis2=2)

    def spread(values: Sums) -> Sums:
        return np.ascontiguousarray(np.broadcast_to(values[:, :, None], (groups, k, k)))

    counts = np.ascontiguousarray(np.broadcast_to(weight[:, None, None], (groups, k, k)))
    return counts, spread(item_sums), spread(own), whole


def in_answer_units(
    scale: Scale, counts: Sums, sums: Sums, squares: Sums, products: Sums
) -> dict[str, Sums]:
    """From answers counted from their origin to answers as they are: x = origin + code."""
    if uses_codes(scale):
        origin: int | float = int(scale.minimum)
    else:
        origin = (scale.minimum + scale.maximum) / 2
    other = sums.transpose(0, 2, 1)
    return {
        "counts": counts,
        "sums": sums + origin * counts,
        "squares": squares + 2 * origin * sums + origin * origin * counts,
        "products": products + origin * (sums + other) + origin * origin * counts,
    }


def places(
    own: pl.DataFrame, other: pl.DataFrame
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], pl.DataFrame]:
    """Where the groups of both are in the groups of the whole."""
    if not own.width:
        zero = np.zeros(1, np.int64)
        return zero, zero, own
    keys = own.columns
    try:
        groups = pl.concat([own, other], how="vertical_relaxed").unique(maintain_order=True)
    except pl.exceptions.PolarsError as error:
        raise OptionError(f"The groups of these moments are of different kinds: {error}") from error
    groups = groups.sort(keys, nulls_last=True)
    numbered = groups.with_row_index("place")

    def found(part: pl.DataFrame) -> npt.NDArray[np.int64]:
        part = part.cast(groups.schema)
        joined = part.join(numbered, on=keys, how="left", nulls_equal=True, maintain_order="left")
        return joined["place"].to_numpy().astype(np.int64)

    return found(own), found(other), groups
