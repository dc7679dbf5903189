"""The way into a course and through it: how many of each step took the next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from compassion_psy.errors import DataError, OptionError
from compassion_psy.options import whole_number

_PAIRS = (
    ("recruited", "invited"),
    ("started", "recruited"),
    ("completed", "started"),
    ("completed", "recruited"),
)
_WORDS = {
    "invited": "were invited",
    "recruited": "were recruited",
    "started": "started",
    "completed": "completed",
}


def steps(
    frame: pl.DataFrame | None, invited: int | None, given: Mapping[str, str | int | None]
) -> tuple[list[dict[str, Any]], pl.Series | None, tuple[str, ...]]:
    """Return the steps as rows, who started (or was recruited, by column), and notes."""
    known: dict[str, int | pl.Series] = {}
    if invited is not None:
        known["invited"] = whole_number("invited", invited, minimum=0)
    for step, of in given.items():
        if isinstance(of, str):
            if frame is None:
                raise OptionError(f"{step} names the column {of!r}, but there is no data.")
            known[step] = _truths(frame, of)
        elif of is not None and not isinstance(of, int):
            raise OptionError(
                f"{step} is {of!r}, but it must be the name of a column, or a whole number (int)."
            )
        elif of is not None:
            known[step] = whole_number(step, of, minimum=0)
    if "recruited" not in known and frame is not None:
        known["recruited"] = pl.repeat(True, frame.height, eager=True)
    for step, before in _PAIRS:
        if step in known and before in known:
            _check_order(step, known[step], before, known[before])
    rows = [_row(step, known[step], of, known[of]) for step, of in _PAIRS if {step, of} <= {*known}]
    if not rows:
        raise OptionError(
            "There is no step to count: give at least two of invited, recruited, started and "
            "completed."
        )
    lost = {row["measure"] for row in rows if row["n_missing"]}
    notes = tuple(f"{step}: persons of whom it is not known are not in n." for step in sorted(lost))
    columns = (known.get(step) for step in ("started", "recruited"))
    began = next((column for column in columns if isinstance(column, pl.Series)), None)
    return rows, None if began is None else began.fill_null(value=False), notes


def _truths(frame: pl.DataFrame, name: str) -> pl.Series:
    column = frame.get_column(name)
    if column.dtype == pl.Boolean:
        return column
    if column.dtype.is_float():
        column = column.fill_nan(None)
    known = column.drop_nulls()
    if column.dtype.is_nested() or column.dtype == pl.Object:
        raise DataError(
            f"Column {name!r} holds {column.dtype.base_type()}, but it must say true or false, or "
            "1 or 0; recode it."
        )
    strange = known.filter((known != 0) & (known != 1)) if column.dtype.is_numeric() else known
    if strange.len():
        raise DataError(
            f"Column {name!r} holds {strange.item(0)!r}, but it must say true or false, or 1 or 0; "
            "recode it."
        )
    return column.cast(pl.Boolean)


def _count(of: int | pl.Series) -> int:
    return of if isinstance(of, int) else int(of.sum())


def _check_order(step: str, taken: int | pl.Series, before: str, of: int | pl.Series) -> None:
    if isinstance(taken, pl.Series) and isinstance(of, pl.Series):
        odd = int((taken & ~of).sum())
        if odd:
            raise DataError(
                f"{odd} persons {_WORDS[step]} who were not among those who {_WORDS[before]}; "
                "correct one of the two columns."
            )
    elif _count(taken) > _count(of):
        raise DataError(
            f"{_count(taken)} persons {_WORDS[step]}, but only {_count(of)} {_WORDS[before]}; "
            "correct one of the two."
        )


def _row(step: str, taken: int | pl.Series, before: str, of: int | pl.Series) -> dict[str, Any]:
    row = {"measure": step, "of": before}
    if isinstance(taken, pl.Series) and isinstance(of, pl.Series):
        here = taken.filter(of.fill_null(value=False))
        missing = here.null_count() + of.null_count()
        return {**row, "count": int(here.sum()), "n": here.len() - here.null_count(),
                "n_missing": missing}  # fmt: skip
    missing = taken.null_count() if isinstance(taken, pl.Series) else 0
    return {**row, "count": _count(taken), "n": _count(of) - missing, "n_missing": missing}
