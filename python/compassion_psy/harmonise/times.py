"""Days and times, from dates and from texts."""

from __future__ import annotations

import polars as pl

from compassion_psy.errors import DataError
from compassion_psy.harmonise.labels import shown

_ISO_TIME = r"\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?\s?(?:Z|[+-]\d{2}:?\d{2})?"
_ISO_DAY = rf"^(\d{{4}}-\d{{2}}-\d{{2}})(?:[T ]{_ISO_TIME})?$"
_ISO_TIMES = ("%+", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d")
_NAMED = 3


def days_of(column: pl.Series, form: str) -> pl.Series:
    """Return the day of each date, time or text; null where there is none.

    Parameters
    ----------
    column : polars.Series
        Dates, times or texts. Of a time with a zone, the day on its own clock counts.
    form : str
        How texts are written, as strptime says it; ISO 8601 when empty.

    Raises
    ------
    DataError
        When the column holds something else, or a text that is no date.
    """
    if column.dtype in (pl.Date, pl.Datetime):
        return column.dt.date()
    if column.dtype == pl.Null:
        return column.cast(pl.Date)
    if column.dtype != pl.String:
        raise DataError(
            f"column {column.name!r} holds {column.dtype.base_type()}, but a window of dates needs "
            "dates; name another column, or cast this one to texts or dates."
        )
    given = column.str.strip_chars()
    given = given.set(given == "", None)
    if form:
        # As a time first, which must be one; as such it would be moved to UTC, to another day.
        times = given.str.to_datetime(form, strict=False)
        days = given.str.to_date(form, strict=False).set(times.is_null(), None)
    else:
        days = given.str.extract(_ISO_DAY).str.to_date("%Y-%m-%d", strict=False)
    wrong = given.filter(given.is_not_null() & days.is_null())
    if len(wrong):
        such_as = ", ".join(map(shown, wrong.unique(maintain_order=True).head(_NAMED)))
        written = f"dates written {form!r}" if form else "dates as in ISO 8601 (2024-03-31)"
        raise DataError(
            f"column {column.name!r} has {len(wrong):,} texts that are not {written}: {such_as}; "
            "correct them, or say with format how they are written."
        )
    return days


def instants_of(column: pl.Series) -> pl.Series:
    """Return numbers and times as they are, and texts as in ISO 8601 as times.

    Raises
    ------
    DataError
        When texts are not all times in one form.
    """
    if column.dtype == pl.Categorical:
        column = column.cast(pl.String)
    if column.dtype != pl.String:
        return column
    given = column.str.strip_chars().str.replace(" ", "T", literal=True)
    for form in _ISO_TIMES:
        times = given.str.to_datetime(form, strict=False, time_zone="UTC")
        if times.null_count() == column.null_count():
            return times
    such_as = column.drop_nulls()[0]
    raise DataError(
        f"column {column.name!r} holds texts (such as {shown(such_as)}) that are not all dates or "
        "times in one form of ISO 8601, so there is no telling which is first; order by another "
        "column."
    )
