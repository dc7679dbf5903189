"""Arrays of moments: from the core's sums to a matrix for each group, in units of the answers."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from compassion_psy.errors import DataError, OptionError
from compassion_psy.scales import Scale

# int64 where sums are exact, float64 where answers are continuous or weighted.
Sums = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]
Arrays = dict[str, Sums]

_LARGEST = 2**63 - 1
# Of sums of reals, of what they are differences of.
_ROUNDING = 1e-9


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
    scale: Scale,
    origins: Floats | None,
    counts: Sums,
    sums: Sums,
    squares: Sums,
    products: Sums,
) -> dict[str, Sums]:
    """From answers counted from their origin to answers as they are: x = origin + code.

    Without `origins` (groups × items) every code is counted from the scale's minimum.
    """
    if origins is None:
        shape = (1, scale.n_items)
        origins_or_minimum: Sums = np.full(shape, int(scale.minimum), np.int64)
    else:
        origins_or_minimum = origins
    own, other = origins_or_minimum[:, :, None], origins_or_minimum[:, None, :]
    turned = sums.transpose(0, 2, 1)
    return {
        "counts": counts,
        "sums": sums + own * counts,
        "squares": squares + 2 * own * sums + own * own * counts,
        "products": products + (own * turned + other * sums) + own * other * counts,
    }


def refuse_overflow(scale: Scale, persons: npt.NDArray[np.int64]) -> None:
    """Raise DataError where exact sums of squares of answers would not fit 64 bits."""
    most = int(max(abs(scale.minimum), abs(scale.maximum)))
    # Of all groups together, so that adding and pooling stay exact too.
    if most * most * sum(persons.tolist()) > _LARGEST:
        raise DataError(
            f"Scale {scale.name!r} has answers up to {most}, and the squares of those of "
            f"{sum(persons.tolist()):,} persons do not fit whole numbers of 64 bits; count the "
            "answers from 0 or 1, in the data and in minimum and maximum."
        )


def refuse_impossible(before: Arrays, after: Arrays) -> None:
    """Raise OptionError where what is left of `before` is not that of any persons."""
    counts, left = before["counts"], after["counts"]
    # Where sums are reals, what is taken away may leave the rounding of what was there.
    slack = 0.0 if left.dtype.kind == "i" else _ROUNDING
    fewer = (after["persons"] < 0).any() or (left < -slack * counts.max(initial=0)).any()
    squares = _spread(after)
    if fewer or (squares < -slack * _spread_scale(before)).any():
        raise OptionError(
            "More would be taken away than there is: the counts or variances that remain are "
            "negative; subtract moments of persons who are among those of the whole."
        )


def _spread(arrays: Arrays) -> Sums:
    """The weight times the sum of squares about the mean, of each item of each group."""
    counts, sums, squares = (
        # Whole numbers of any size.
        each.astype(object) if each.dtype.kind == "i" else each
        for each in (
            np.diagonal(arrays[name], axis1=1, axis2=2) for name in ("counts", "sums", "squares")
        )
    )
    return np.asarray(counts * squares - sums * sums)


def _spread_scale(arrays: Arrays) -> Sums:
    return np.asarray((arrays["counts"] * arrays["squares"]).max(axis=(1, 2), initial=0)[:, None])


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
    number = max(keys, key=len) + " number"  # longer than any other name
    numbered = groups.with_row_index(number)

    def found(part: pl.DataFrame) -> npt.NDArray[np.int64]:
        part = part.cast(groups.schema)
        joined = part.join(numbered, on=keys, how="left", nulls_equal=True, maintain_order="left")
        return joined[number].to_numpy().astype(np.int64)

    return found(own), found(other), groups
