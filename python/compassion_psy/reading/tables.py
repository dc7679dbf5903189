"""What a reader of a format is asked, and what it returns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import polars as pl

from compassion_psy.errors import DataError, nearest

_QUOTED = 200


@dataclass(frozen=True, kw_only=True)
class ReadOptions:
    """What is wanted of a file, see :func:`compassion_psy.read_survey`."""

    columns: tuple[str, ...] | None = None
    labels: bool = False
    user_missing: Literal["null", "keep"] = "null"
    sheet: str | None = None
    encoding: str = "utf-8"
    separator: str | None = None


@dataclass(frozen=True)
class SourceTable:
    """The columns that are wanted of one file.

    Attributes
    ----------
    path : Path or str
        The file, or what else the rows are from, for messages.
    frame : polars.LazyFrame
        Its rows.
    kinds : dict, optional
        For a file that knows no types, in which all columns are texts as they stand there: what
        they hold, see :func:`compassion_psy.reading.number_texts.number_kinds`.
    decimal_comma : bool
        Whether such texts may have a decimal comma.
    """

    path: Path | str
    frame: pl.LazyFrame
    kinds: dict[str, str] | None = None
    decimal_comma: bool = False


def wanted(path: Path | str, present: Sequence[str], options: ReadOptions) -> list[str]:
    """Return the columns to read, or raise DataError where one is not there."""
    if options.columns is None:
        return list(present)
    for name in options.columns:
        if name not in present:
            raise DataError(f"{path} has no column {name!r}. {nearest(name, present)}")
    return list(options.columns)


def refuse_repeated(path: Path, names: Sequence[str]) -> None:
    """Raise DataError where two columns have one name."""
    for name in names:
        if names.count(name) > 1:
            what = f"two columns named {name!r}" if name else "two columns without a name"
            raise DataError(f"{path} has {what}; rename one, so that it is clear which is meant.")


def no_rows(path: Path) -> DataError:
    """Return the error to raise for a file without rows of data."""
    return DataError(f"{path} holds no rows of data; give a file with answers.")


def unreadable(path: Path, kind: str, reason: object) -> DataError:
    """Return the error to raise for a file that is no whole file of its kind."""
    # The beginning only: some messages quote a cell, which may be of any size.
    first = (str(reason).strip() or repr(reason)).splitlines()[0][:_QUOTED].rstrip(".")
    return DataError(
        f"{path} cannot be read as {kind}: {first}; it may be cut off or of another kind: get or "
        "save it again."
    )


def without_idle_types(frame: pl.DataFrame) -> pl.DataFrame:
    """Return whole numbers as such, and columns without any value as columns of no type.

    Statistical packages and spreadsheets store every number as a float. Nothing is lost: only
    columns in which every value is whole are changed.
    """
    changed = []
    for column in frame:
        if column.null_count() == len(column):
            changed.append(pl.Series(column.name, [None] * len(column), pl.Null))
        elif column.dtype.is_float():
            values = column.drop_nulls()
            exact = values.is_finite().all() and (values.abs() <= 2**53).all()
            if exact and (values == values.round()).all():
                changed.append(column.cast(pl.Int64))
    return frame.with_columns(changed)
