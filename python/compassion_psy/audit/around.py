"""What the columns around the items say of a person: attention checks, seconds, who it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from compassion_psy.data.frames import require_columns
from compassion_psy.errors import DataError, OptionError


def attention_failed(frame: pl.DataFrame, checks: Mapping[str, object]) -> pl.Series:
    """How many attention checks did each person fail? One not answered is not failed.

    Parameters
    ----------
    frame : polars.DataFrame
        Has the columns of the checks.
    checks : mapping
        Column of each check → its right answer.

    Raises
    ------
    DataError
        Where a column is absent, or its values cannot be compared with the right answer.

    Examples
    --------
    >>> frame = pl.DataFrame({"check": [3, 4, None]})
    >>> attention_failed(frame, {"check": 3}).to_list()
    [0, 1, 0]
    """
    if not isinstance(checks, Mapping) or not checks:
        raise OptionError(
            f"attention is {checks!r}, but it must map columns to right answers, such as "
            '{"check_1": 4}.'
        )
    require_columns(frame.columns, list(checks))
    failed = pl.zeros(frame.height, pl.UInt32, eager=True).alias("attention_failed")
    for column, right in checks.items():
        try:
            wrong = frame.select(pl.col(column) != pl.lit(right)).to_series()
        except (pl.exceptions.PolarsError, TypeError, ValueError) as error:
            raise DataError(
                f"Column {column!r} holds {frame.schema[column]}, which cannot be compared with "
                f"the right answer {right!r}; give the answer as it stands in the data."
            ) from error
        failed = failed + wrong.fill_null(value=False).cast(pl.UInt32)
    return failed


def seconds_per_item(frame: pl.DataFrame, column: str, answered: pl.Series) -> pl.Series:
    """How many seconds did each person take for an item answered? Null where there is no time.

    Raises
    ------
    DataError
        Where the column is absent, holds no numbers, or one that is no duration.

    Examples
    --------
    >>> frame = pl.DataFrame({"time": [30.0, None]})
    >>> seconds_per_item(frame, "time", pl.Series([10, 10])).to_list()
    [3.0, None]
    """
    require_columns(frame.columns, [column])
    times = frame[column]
    if not times.dtype.is_numeric():
        raise DataError(
            f"Column {column!r} holds {times.dtype}, but it must hold a number of seconds; "
            "convert it, for example with dt.total_seconds()."
        )
    times = times.cast(pl.Float64)
    bad = ((times < 0) | ~times.is_finite()).fill_null(value=False)
    if bad.any():
        row = int(bad.arg_true()[0])
        raise DataError(
            f"Column {column!r} has {bad.sum():,} values that are no durations (row {row + 1}, "
            f"counted from 1: {times[row]:g}); correct them, or write null."
        )
    table = pl.DataFrame({"time": times, "answered": answered})
    given = pl.when(pl.col("answered") > 0).then(pl.col("answered"))
    return table.select((pl.col("time") / given).alias("seconds_per_item")).to_series()


def repeated_persons(frame: pl.DataFrame, person: list[str]) -> pl.Series:
    """How many rows does each person have? Null where the person is not named.

    Examples
    --------
    >>> repeated_persons(pl.DataFrame({"id": [7, 8, 7, None]}), ["id"]).to_list()
    [2, 1, 2, None]
    """
    require_columns(frame.columns, person)
    rows: Any = pl.when(pl.all_horizontal(pl.col(person).is_not_null())).then(pl.len().over(person))
    return frame.select(rows.cast(pl.UInt32).alias("repeated_person")).to_series()
