"""The rows of a source that count: inside the window of dates, and one a person."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from operator import or_

import polars as pl

from compassion_psy.errors import DataError
from compassion_psy.harmonise.labels import as_number, text_of
from compassion_psy.harmonise.log import Log
from compassion_psy.harmonise.source import DateWindow, Duplicates
from compassion_psy.harmonise.times import days_of, instants_of


def within_dates(frame: pl.DataFrame, window: DateWindow, log: Log) -> pl.DataFrame:
    """Return the rows inside the window, and note how many are outside.

    Raises
    ------
    DataError
        When a date cannot be read, or is absent and must not be.
    """
    days = days_of(frame[window.column], window.format)
    undated = days.null_count()
    if undated and window.undated == "error":
        raise DataError(
            f"column {window.column!r} has no date in {undated:,} rows; say with undated whether "
            'to "drop" or to "keep" them.'
        )
    day = pl.col("day")
    inside = pl.lit(value=True)
    if window.from_ is not None:
        inside &= day >= window.from_
    if window.until is not None:
        inside &= day <= window.until
    counts = pl.DataFrame({"day": days}).select(
        inside.fill_null(value=window.undated == "keep").alias("kept"),
        early=day < window.from_ if window.from_ else pl.lit(value=False),
    )
    kept = counts["kept"]
    if window.from_:
        early = int(counts["early"].sum())
        log.rows("dates", early, f"dropped: {window.column!r} before {window.from_}")
    if window.until:
        late = int((days > window.until).sum())
        log.rows("dates", late, f"dropped: {window.column!r} after {window.until}")
    if undated:
        what = "dropped" if window.undated == "drop" else "kept"
        log.rows("dates", undated, f"{what}: {window.column!r} has no date")
    return frame.filter(kept)


def one_row_a_person(frame: pl.DataFrame, duplicates: Duplicates, log: Log) -> pl.DataFrame:
    """Return the frame with one row a person, and note how many rows were dropped.

    Raises
    ------
    DataError
        When there are duplicates and none is to be dropped, or it cannot be told which is first.
    """
    # Names of our own, for a column of the source may be called anything.
    persons = [f"person_{place}" for place in range(len(duplicates.by))]
    ids = pl.DataFrame(
        [frame[column].alias(name) for column, name in zip(duplicates.by, persons, strict=True)]
    )
    codes = duplicates.missing_codes
    unknown = _is_any(_no_id(column, codes or ()) for column in ids)
    repeated = ids.is_duplicated() & ~unknown
    if codes is None:
        _refuse_undeclared(ids.filter(repeated), duplicates)
    named = ", ".join(map(repr, duplicates.by))
    if unknown.any():
        log.rows("duplicates", int(unknown.sum()), f"kept and not compared: {named} is empty")
    if not repeated.any():
        log.rows("duplicates", 0, f"no two rows have one {named}")
        return frame
    found = ids.with_columns(row=pl.int_range(pl.len())).filter(repeated)
    several = found.select(pl.struct(persons).n_unique()).item()
    if duplicates.keep == "error":
        raise DataError(
            f"{several:,} persons are there more than once ({_person(found, persons, named)}); say "
            'with keep = "first" or "last" which row counts, and with order what is first.'
        )
    found = _in_order(found, frame, duplicates, persons)
    kept = found.group_by(persons, maintain_order=True).first()["row"]
    dropped = found.filter(~pl.col("row").is_in(kept.implode()))["row"]
    by = f" by {', '.join(map(repr, duplicates.order))}" if duplicates.order else " in the file"
    log.rows(
        "duplicates",
        len(dropped),
        f"dropped: further rows of {several:,} persons; kept the {duplicates.keep} one{by}",
    )
    rows = pl.int_range(pl.len())
    return frame.filter(frame.select(~rows.is_in(dropped.implode())).to_series())


def _is_any(columns: Iterable[pl.Series]) -> pl.Series:
    return reduce(or_, columns)


def _no_id(column: pl.Series, codes: Sequence[float | str]) -> pl.Series:
    """Return where a column of ids holds none."""
    absent = column.is_null()
    if column.dtype.is_float():
        absent |= column.is_nan().fill_null(value=False)
    if column.dtype.is_numeric():
        numbers = [number for code in codes if (number := as_number(code)) is not None]
        absent |= _is_any([absent, *((column == number) for number in numbers)]).fill_null(
            value=False
        )
    elif column.dtype in (pl.String, pl.Categorical, pl.Enum):
        texts = column.cast(pl.String).str.strip_chars().str.to_lowercase()
        known = ["", *(text_of(code).strip().lower() for code in codes)]
        absent |= texts.is_in(known).fill_null(value=False)
    return absent


def _refuse_undeclared(repeated: pl.DataFrame, duplicates: Duplicates) -> None:
    """Raise DataError where NA is an id more than once, and nobody said what it means."""
    for name, column in zip(duplicates.by, repeated, strict=True):
        count = int((_no_id(column, ["NA"]) & column.is_not_null()).sum())
        if count:
            raise DataError(
                f"column {name!r}, which tells persons apart, is NA in {count:,} rows that would "
                'count as repeated; say with missing_codes = ["NA"] that it means no id, or with '
                "missing_codes = [] that it is one."
            )


def _in_order(
    found: pl.DataFrame, frame: pl.DataFrame, duplicates: Duplicates, persons: list[str]
) -> pl.DataFrame:
    """Return the rows of repeated persons, the one to keep before the others."""
    last = duplicates.keep == "last"
    if not duplicates.order:
        return found.sort("row", descending=last)
    orders = [f"order_{place}" for place in range(len(duplicates.order))]
    for column, name in zip(duplicates.order, orders, strict=True):
        values = instants_of(frame[column].gather(found["row"]))
        if values.null_count():
            raise DataError(
                f"column {column!r}, which says which row of a person is {duplicates.keep}, is "
                f"empty in {values.null_count():,} of them; order by another column."
            )
        found = found.with_columns(values.alias(name))
    found = found.sort(orders, descending=last)
    ties = found.group_by(persons, maintain_order=True).agg(pl.struct(orders).head(2).alias("two"))
    ties = ties.filter(pl.col("two").list.n_unique() == 1)
    if ties.height:
        named = ", ".join(map(repr, duplicates.order))
        person = _person(ties, persons, ", ".join(map(repr, duplicates.by)))
        raise DataError(
            f"{ties.height:,} persons have two {duplicates.keep} rows with the same {named} "
            f"({person}); add a column to order that tells them apart."
        )
    return found


def _person(found: pl.DataFrame, persons: list[str], named: str) -> str:
    return f"the first has {named} = {', '.join(str(found[name][0]) for name in persons)}"
