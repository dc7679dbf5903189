"""Scales from a codebook: a frame with one row an item."""

from __future__ import annotations

from typing import Any

import polars as pl

from compassion_psy.errors import ScaleError, nearest
from compassion_psy.scales.rules import Subscale
from compassion_psy.scales.scale import Scale

_REQUIRED = ("scale", "item", "minimum", "maximum")


def scales_of_codebook(codebook: Any) -> tuple[Scale, ...]:
    """Return the scales of a codebook; see :meth:`Scale.from_codebook`."""
    book = _frame(codebook)
    for name in _REQUIRED:
        if name not in book.columns:
            raise ScaleError(f"The codebook has no column {name!r}. {nearest(name, book.columns)}")
        if book[name].null_count():
            row = book[name].is_null().arg_max()
            raise ScaleError(f"The codebook's column {name!r} is empty in row {(row or 0) + 1}.")
    if book.is_empty():
        raise ScaleError("The codebook has no rows; give one row an item.")
    book = book.with_columns(_is_reversed(book).alias("reversed"))
    return tuple(
        _scale(str(name), rows) for (name,), rows in book.group_by("scale", maintain_order=True)
    )


def _frame(codebook: Any) -> pl.DataFrame:
    if isinstance(codebook, (pl.DataFrame, pl.LazyFrame)):
        return codebook.lazy().collect()
    try:
        return pl.DataFrame(codebook)
    except (pl.exceptions.PolarsError, TypeError, ValueError) as error:
        reason = (str(error).strip() or repr(error)).splitlines()[0].rstrip(".")
        raise ScaleError(
            f"The codebook is a {type(codebook).__name__} that makes no frame ({reason}); give a "
            "frame with one row an item."
        ) from error


def _is_reversed(book: pl.DataFrame) -> pl.Series:
    if "reversed" not in book.columns:
        return pl.repeat(value=False, n=book.height, dtype=pl.Boolean, eager=True)
    column = book["reversed"]
    if column.dtype == pl.Boolean:
        return column.fill_null(value=False)
    numbers = column.cast(pl.Float64, strict=False)
    if column.is_not_null().any() and numbers.null_count() > column.null_count():
        raise _not_a_truth(column.filter(numbers.is_null() & column.is_not_null())[0])
    strange = column.filter(~numbers.is_in([-1.0, 0.0, 1.0]))
    if len(strange):
        raise _not_a_truth(strange[0])
    if len(numbers) and (numbers == 1).all(ignore_nulls=False):
        raise ScaleError(
            "The codebook's column 'reversed' holds nothing but 1, which says that every item is "
            "reversed, or with keys of 1 and -1 that none is; write true or false."
        )
    # psych's keys are 1 and -1; without a -1, 1 says that an item is reversed.
    return (numbers == (-1 if (numbers == -1).any() else 1)).fill_null(value=False)


def _not_a_truth(value: object) -> ScaleError:
    return ScaleError(
        f"The codebook's column 'reversed' holds {value!r}; write true or false, 1 or 0, or 1 and "
        "-1 for reversed items."
    )


def _scale(name: str, rows: pl.DataFrame) -> Scale:
    ranges = rows.select("minimum", "maximum").unique(maintain_order=True)
    if ranges.height > 1:
        raise ScaleError(
            f"The codebook gives scale {name!r} the ranges {ranges.rows()[0]} and "
            f"{ranges.rows()[1]}; all items of a scale have one."
        )
    minimum, maximum = ranges.row(0)
    return Scale(
        name,
        items=rows["item"].cast(pl.String).to_list(),
        minimum=minimum,
        maximum=maximum,
        reversed=rows.filter("reversed")["item"].cast(pl.String).to_list(),
        subscales=_subscales(rows),
    )


def _subscales(rows: pl.DataFrame) -> tuple[Subscale, ...]:
    if "subscale" not in rows.columns:
        return ()
    return tuple(
        Subscale(
            key=str(key),
            items=tuple(part["item"].to_list()),
            reversed=tuple(part.filter("reversed")["item"].to_list()),
        )
        for (key,), part in rows.drop_nulls("subscale").group_by("subscale", maintain_order=True)
    )
