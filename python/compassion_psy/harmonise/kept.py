"""Columns besides the answers."""

from __future__ import annotations

import polars as pl

from compassion_psy.harmonise.labels import look_up, normalised, shown_counts, text_of
from compassion_psy.harmonise.log import Log
from compassion_psy.harmonise.source import Kept


def kept_column(column: pl.Series, name: str, kept: Kept, log: Log) -> pl.Expr:
    """Return a column as it is in the harmonised frame, and note what changed.

    Parameters
    ----------
    column : polars.Series
        The column of the source.
    name : str
        Its name in the harmonised frame.
    kept : Kept
        What the source declares.
    log : Log
        Where the steps are noted.

    Raises
    ------
    DataError
        When a value is not among those declared.
    """
    log.cells("name", name, 0, f"from column {column.name!r}")
    if column.dtype == pl.Null or not (kept.values or kept.missing_codes):
        return pl.col(column.name).alias(name)
    missing = {normalised(text_of(code)): text_of(code) for code in kept.missing_codes}
    values = {normalised(label): value for label, value in kept.values.items()}
    found = look_up(
        column,
        # Without declared values, whatever is no missing code stays.
        values.get if values else lambda text: text,
        missing,
        place=f"column {column.name!r}",
        known=kept.values,
        remedy="Say in values what it becomes, or add it to missing_codes.",
    )
    log.cells("missing", name, found.missing.total(), shown_counts(found.missing))
    if not values:
        absent = [value for value, becomes in found.becomes.items() if becomes is None]
        is_absent = pl.col(column.name).is_in(pl.Series(absent, dtype=column.dtype).implode())
        return pl.when(~is_absent).then(pl.col(column.name)).alias(name)
    becomes = {f"{label} → {values[label]}": n for label, n in found.labels.items()}
    log.cells("values", name, found.labels.total(), shown_counts(becomes))
    dtype = pl.Series(list(values.values()), strict=False).dtype
    return found.expression(column, dtype).alias(name)
