"""The columns around the items: groups, clusters and strata, and the order of rows they give."""

import itertools
from collections.abc import Sequence
from hashlib import blake2b

import numpy as np
import numpy.typing as npt
import polars as pl

from compassion_psy.errors import DataError, OptionError
from compassion_psy.scales import Scale

Starts = npt.NDArray[np.int64]
Names = str | Sequence[str] | None


def design_columns(
    scale: Scale, *, by: Names, cluster: Names, strata: Names, weights: str | None
) -> dict[str, list[str]]:
    """Return the column names of each role, or raise OptionError where they are not usable."""
    if not (weights is None or isinstance(weights, str)):
        raise OptionError(f"weights is {weights!r}, but it must be one column name (str).")
    given = {"by": by, "cluster": cluster, "strata": strata, "weights": weights}
    columns = {role: listed_columns(role, names) for role, names in given.items()}
    for role, names in columns.items():
        for name in names:
            if name in scale.items:
                raise OptionError(
                    f"Column {name!r} is an item of scale {scale.name!r} and also {role}; leave it "
                    f"out of the items, or name another column as {role}."
                )
    return columns


def listed_columns(role: str, names: Names) -> list[str]:
    """Return the names of columns as a list, or raise OptionError where they are none."""
    if names is None:
        return []
    listed = [names] if isinstance(names, str) else names
    if not isinstance(listed, Sequence) or any(not isinstance(name, str) for name in listed):
        raise OptionError(f"{role} is {names!r}, but it must be column names (str).")
    if len(set(listed)) < len(listed):
        raise OptionError(f"{role} names a column twice: {', '.join(map(repr, listed))}.")
    return list(listed)


def check_design(frame: pl.DataFrame, columns: dict[str, list[str]]) -> None:
    """Raise DataError where groups, clusters or strata cannot be told apart."""
    for role in ("by", "cluster", "strata"):
        for name in columns[role]:
            _require_plain_values(frame[name], role)


def _require_plain_values(column: pl.Series, role: str) -> None:
    if column.dtype.is_nested() or column.dtype == pl.Object:
        raise DataError(
            f"Column {column.name!r}, used as {role}, holds {column.dtype.base_type()}; use a "
            "column of texts, whole numbers or dates."
        )
    absent = column.null_count()
    if column.dtype.is_float():
        absent += int(column.is_nan().sum())
    if absent and role != "by":
        raise DataError(
            f"Column {column.name!r}, used as {role}, has no value in {absent:,} rows; fill them, "
            "or leave these rows out."
        )


def order_of_rows(
    frame: pl.DataFrame, columns: dict[str, list[str]]
) -> tuple[npt.NDArray[np.uint32] | None, list[Starts]]:
    """Return the order of rows, and the starts of groups, strata and clusters in it."""
    levels = [columns[role] for role in ("by", "strata", "cluster")]
    nested = [list(dict.fromkeys(itertools.chain(*levels[: depth + 1]))) for depth in range(3)]
    keys = nested[-1]
    if not keys:
        whole = np.array([0, frame.height], dtype=np.int64)
        return None, [whole, whole, whole]
    row = max(keys, key=len) + " row"  # longer than any other name
    ordered = (
        frame.lazy()
        .select(keys)
        .with_row_index(row)
        .sort(keys, nulls_last=True, maintain_order=True)
        .collect()
    )
    return ordered[row].to_numpy(), [_starts(ordered, names) for names in nested]


def group_keys(groups: pl.DataFrame, n_groups: int) -> npt.NDArray[np.uint64]:
    """Return a number for each group that depends on its name alone.

    It enters the group's random numbers, so that a site's interval does not depend on which other
    sites are in the data. Without `by` columns it is 0.
    """
    if not groups.width:
        return np.zeros(n_groups, np.uint64)
    names = ("\x1f".join(map(str, row)).encode() for row in groups.iter_rows())
    digests = b"".join(blake2b(name, digest_size=8).digest() for name in names)
    return np.frombuffer(digests, dtype="<u8").astype(np.uint64)


def _starts(ordered: pl.DataFrame, names: list[str]) -> Starts:
    """Where the values of these columns change."""
    if not names:
        return np.array([0, ordered.height], dtype=np.int64)
    changed = pl.any_horizontal(pl.col(name).ne_missing(pl.col(name).shift(1)) for name in names)
    first = ordered.select(changed.alias("changed"))["changed"].to_numpy().copy()
    first[0] = True
    return np.append(np.flatnonzero(first), ordered.height).astype(np.int64)
