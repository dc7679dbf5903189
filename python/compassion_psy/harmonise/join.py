"""The sources, one below the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl
from polars import selectors

from compassion_psy.errors import DataError, OptionError
from compassion_psy.harmonise.log import Log
from compassion_psy.harmonise.recipe import Recipe
from compassion_psy.scales import Scale


def check_names(recipe: Recipe, scales: Mapping[str, Scale]) -> None:
    """Raise OptionError where two columns of the harmonised frame would have one name."""
    items = [item for scale in scales.values() for item in scale.items]
    kept = dict.fromkeys(name for source in recipe.sources for name in source.keep)
    names = [recipe.source_column, *kept, *items]
    for name in names:
        if names.count(name) > 1:
            raise OptionError(
                f"The harmonised frame would have two columns {name!r}, among the source column "
                f"{recipe.source_column!r}, the kept columns and the items; rename one."
            )


def joined(
    frames: Sequence[pl.DataFrame],
    recipe: Recipe,
    scales: Mapping[str, Scale],
    logs: Sequence[Log],
) -> pl.DataFrame:
    """Return all rows with all columns: source, kept columns, items.

    Raises
    ------
    DataError
        When a kept column holds texts at one source and numbers at another.
    """
    kept = dict.fromkeys(name for source in recipe.sources for name in source.keep)
    items = [item for scale in scales.values() for item in scale.items]
    columns = [recipe.source_column, *kept, *items]
    for column in kept:
        _check_kinds(column, frames, recipe)
    for frame, log in zip(frames, logs, strict=True):
        for column in columns:
            if column not in frame.columns:
                log.cells("absent", column, frame.height, "not in this source: empty")
        log.rows("joined", frame.height, "to the harmonised frame")
    empty = {item: _dtype(scale) for scale in scales.values() for item in scale.items}
    # Lists of categories differ between sources; the texts in them need not.
    named = selectors.by_dtype(pl.Categorical, pl.Enum).cast(pl.String)
    whole = pl.concat([frame.with_columns(named) for frame in frames], how="diagonal_relaxed")
    # No source may have the scale; its columns are there all the same.
    absent = [pl.lit(None, dtype=empty[item]).alias(item) for item in items if item not in whole]
    return whole.with_columns(absent).select(columns).rechunk()


def _dtype(scale: Scale) -> type[pl.DataType]:
    return pl.Float64 if scale.continuous else pl.Int64


def _check_kinds(column: str, frames: Sequence[pl.DataFrame], recipe: Recipe) -> None:
    """Raise DataError where a column is of one kind at one source and of another elsewhere."""
    first: tuple[str, str] | None = None
    for frame, source in zip(frames, recipe.sources, strict=True):
        if column not in frame.columns or frame[column].null_count() == frame.height:
            continue
        kind = _kind(frame.schema[column])
        if first is None:
            first = (kind, source.name)
        elif kind != first[0]:
            raise DataError(
                f"The kept column {column!r} holds {first[0]} at source {first[1]!r} and {kind} at "
                f"{source.name!r}; say in values what each becomes."
            )


def _kind(dtype: pl.DataType) -> str:
    if dtype.is_numeric():
        return "numbers"
    if isinstance(dtype, pl.Datetime):
        return f"times of the zone {dtype.time_zone}" if dtype.time_zone else "times of no zone"
    return "texts" if dtype in (pl.String, pl.Categorical, pl.Enum) else str(dtype.base_type())
