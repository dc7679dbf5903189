"""The tidy frame of moments: a row for each group and pair of items."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from compassion_psy.moments_arrays import Arrays, Sums
from compassion_psy.scales import Scale

COLUMNS = [
    "scale",
    "missing",
    "item_i",
    "item_j",
    "minimum",
    "maximum",
    "reversed_i",
    "reversed_j",
    "continuous",
    "persons",
    "weight",
    "n",
    "sum_i",
    "sum_j",
    "square_i",
    "square_j",
    "product",
]
"""The columns of the tidy frame, after those that name the group."""


# Of weighted counts, which are sums of reals.
_ROUNDING = 1e-9


def to_frame(scale: Scale, missing: str, groups: pl.DataFrame, arrays: Arrays) -> pl.DataFrame:
    """Return moments as a tidy frame, in units of the answers."""
    k = scale.n_items
    i, j = np.triu_indices(k)
    index = np.repeat(np.arange(groups.height), len(i))
    keys = groups[index] if groups.width else pl.DataFrame(height=len(index))
    items = np.array(scale.items)
    turned = np.isin(items, scale.reversed)
    times = groups.height

    def pairs(array: Sums, rows: npt.NDArray[np.int64], columns: npt.NDArray[np.int64]) -> Sums:
        return array[:, rows, columns].ravel()

    return keys.with_columns(
        pl.lit(scale.name).alias("scale"),
        pl.lit(missing).alias("missing"),
        pl.Series("item_i", np.tile(items[i], times).tolist(), dtype=pl.String),
        pl.Series("item_j", np.tile(items[j], times).tolist(), dtype=pl.String),
        pl.lit(scale.minimum).alias("minimum"),
        pl.lit(scale.maximum).alias("maximum"),
        pl.Series("reversed_i", np.tile(turned[i], times)),
        pl.Series("reversed_j", np.tile(turned[j], times)),
        pl.lit(scale.continuous).alias("continuous"),
        pl.Series("persons", arrays["persons"][index]),
        pl.Series("weight", arrays["weight"][index]),
        pl.Series("n", pairs(arrays["counts"], i, j)),
        pl.Series("sum_i", pairs(arrays["sums"], i, j)),
        pl.Series("sum_j", pairs(arrays["sums"], j, i)),
        pl.Series("square_i", pairs(arrays["squares"], i, j)),
        pl.Series("square_j", pairs(arrays["squares"], j, i)),
        pl.Series("product", pairs(arrays["products"], i, j)),
    )


def _checked_numbers(frame: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    """Return the frame with its numbers in 64 bits; ValueError where they are not of persons."""
    names = COLUMNS[COLUMNS.index("persons") :]
    for name in names:
        column = frame[name]
        if not column.dtype.is_numeric() or column.null_count():
            raise ValueError(f"its column {name!r} holds something that is no number")
        if column.dtype.is_float() and not column.is_finite().all():
            raise ValueError(f"its column {name!r} holds numbers that are not finite")
        if name in ("persons", "weight", "n") and (column < 0).any():
            raise ValueError(f"its column {name!r} holds negative numbers")
    if not frame["persons"].dtype.is_integer():
        raise ValueError("its column 'persons' holds something that is no whole number")
    # Narrow whole numbers, to which other programs shrink columns, would wrap around when added.
    exact = all(frame[name].dtype.is_integer() for name in names)
    kind = pl.Int64() if exact else pl.Float64()
    frame = frame.with_columns(
        pl.col(name).cast(pl.Int64() if name == "persons" else kind) for name in names
    )
    limit = pl.col("weight") * (1 if exact else 1 + _ROUNDING)
    if not frame.select((pl.col("n") <= limit).all()).item():
        raise ValueError("its column 'n' counts more than there are persons")
    if exact and not frame["weight"].equals(frame["persons"], check_names=False):
        raise ValueError("its columns 'weight' and 'persons' differ, though nobody is weighted")
    groups = frame.select(by).unique().height if by else 1
    if frame.select(*by, "persons", "weight").unique().height != groups:
        raise ValueError("its columns 'persons' and 'weight' differ within a group")
    return frame


def from_frame(frame: pl.DataFrame) -> tuple[Scale, str, pl.DataFrame, Arrays]:
    """Return scale, missing, groups and arrays of a tidy frame; ValueError where it holds none."""
    by = frame.columns[: frame.columns.index("scale")]
    frame = _checked_numbers(frame, by)
    settings = frame.select("scale", "missing", "minimum", "maximum", "continuous").unique()
    if settings.height > 1:
        raise ValueError("it holds more than one scale")
    name, missing, minimum, maximum, continuous = settings.row(0)
    if missing not in ("listwise", "pairwise"):
        raise ValueError(f"its column 'missing' holds {missing!r}, not listwise or pairwise")
    own = frame.filter(pl.col("item_i") == pl.col("item_j"))
    if by:
        groups = frame.select(by).unique(maintain_order=True)
        own = own.join(groups.head(1), on=by, nulls_equal=True, maintain_order="left")
    else:
        groups = pl.DataFrame(height=1)
    items = own["item_i"].to_list()
    scale = Scale(
        name,
        items=items,
        minimum=minimum,
        maximum=maximum,
        reversed=own.filter("reversed_i")["item_i"].to_list(),
        continuous=continuous,
    )
    k, pairs = len(items), len(items) * (len(items) + 1) // 2
    i, j = np.triu_indices(k)
    expected = [(items[a], items[b]) for a, b in zip(i, j, strict=True)] * groups.height
    if list(frame.select("item_i", "item_j").iter_rows()) != expected:
        raise ValueError("its rows are not all pairs of items of every group in order")

    def square(upper: str, lower: str) -> Sums:
        columns = [frame[name].to_numpy().reshape(groups.height, pairs) for name in (upper, lower)]
        whole = np.zeros((groups.height, k, k), columns[0].dtype)
        whole[:, j, i] = columns[1]
        whole[:, i, j] = columns[0]
        return whole

    def first(name: str) -> Sums:
        return frame[name].to_numpy().reshape(groups.height, pairs)[:, 0].copy()

    arrays = {
        "persons": first("persons"),
        "weight": first("weight"),
        "counts": square("n", "n"),
        "sums": square("sum_i", "sum_j"),
        "squares": square("square_i", "square_j"),
        "products": square("product", "product"),
    }
    return scale, missing, groups, arrays
