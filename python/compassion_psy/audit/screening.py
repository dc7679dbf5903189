"""Answers as they are, for audits: what is impossible is counted and set aside, not refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from compassion_psy.data.columns import (
    MISSING,
    answer,
    check_missing_codes,
    is_wrong,
    uses_codes,
)
from compassion_psy.data.design import (
    Names,
    check_design,
    design_columns,
    order_of_rows,
)
from compassion_psy.data.frames import as_frame
from compassion_psy.errors import DataError, OptionError
from compassion_psy.scales import Scale

_NO_COLUMNS = pl.DataFrame(height=1)


@dataclass(frozen=True, eq=False)
class Screened:
    """The answers to one scale, in order of group.

    Attributes
    ----------
    scale : Scale
        The scale that was answered.
    codes : numpy.ndarray of uint8, shape (items, rows)
        Answers as given, *not* turned, counted from the scale's minimum; 255 where there is none
        or none that is possible.
    impossible : numpy.ndarray of bool, shape (items, rows)
        Where an answer was given that the scale does not allow.
    groups : polars.DataFrame
        One row a group, with the `by` columns; without `by` a single row and no column.
    starts : numpy.ndarray of int64
        The first row of each group, and the number of rows at the end.
    order : numpy.ndarray of int64, shape (rows,)
        The place of each row in the data, counted from 0.
    frame : polars.DataFrame
        The items and all other columns that were asked for, rows as in the data.
    """

    scale: Scale
    codes: npt.NDArray[np.uint8]
    impossible: npt.NDArray[np.bool_]
    groups: pl.DataFrame
    starts: npt.NDArray[np.int64]
    order: npt.NDArray[np.int64]
    frame: pl.DataFrame

    @property
    def rows(self) -> int:
        """Number of persons."""
        return int(self.codes.shape[1])

    @property
    def highest(self) -> int:
        """The code of the scale's maximum."""
        return int(self.scale.maximum - self.scale.minimum)

    def keyed(self) -> npt.NDArray[np.uint8]:
        """Return the codes with the reversed items turned."""
        keyed = self.codes.copy()
        for row, item in zip(keyed, self.scale.items, strict=True):
            if item in self.scale.reversed:
                np.subtract(self.highest, row, out=row, where=row != MISSING)
        return keyed


def screen(
    data: Any,
    scale: Scale,
    *,
    by: Names = None,
    missing_codes: Sequence[float] = (),
    others: tuple[str, ...] = (),
) -> Screened:
    """Take the answers in, and set aside what the scale does not allow.

    Parameters
    ----------
    data, scale, by, missing_codes
        As in :meth:`Responses.from_frame`.
    others : tuple of str
        Further columns that audits look at.

    Raises
    ------
    DataError
        Where columns are absent, or an item column holds no numbers at all.
    OptionError
        Where the scale's answers are not whole numbers of at most 255 values.
    """
    if not isinstance(scale, Scale):
        raise OptionError(f"scale is a {type(scale).__name__}, but it must be a Scale.")
    if not uses_codes(scale):
        raise OptionError(
            f"Scale {scale.name!r} has continuous answers or more than 255 of them; audits look at "
            "scales with few whole-number answers."
        )
    columns = design_columns(scale, by=by, cluster=None, strata=None, weights=None)
    missing_codes = check_missing_codes(scale, missing_codes)
    needed = list(dict.fromkeys([*scale.items, *columns["by"], *others]))
    frame = as_frame(data, needed)
    if frame.height == 0:
        raise DataError("The data have no rows; there is nothing to audit.")
    check_design(frame, columns)
    order, starts = order_of_rows(frame, columns)
    places = np.arange(frame.height) if order is None else order.astype(np.int64)
    codes = np.empty((scale.n_items, frame.height), np.uint8)
    impossible = np.empty(codes.shape, np.bool_)
    for place, item in enumerate(scale.items):
        codes[place], impossible[place] = _codes(frame[item], scale, missing_codes, places)
    groups = frame.select(columns["by"])[places[starts[0][:-1]]] if columns["by"] else _NO_COLUMNS
    return Screened(scale, codes, impossible, groups, starts[0], places, frame)


def _codes(
    column: pl.Series,
    scale: Scale,
    missing_codes: tuple[float, ...],
    places: npt.NDArray[np.int64],
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]]:
    if column.dtype in (pl.Categorical, pl.Enum):
        column = column.cast(pl.String)
    given = column.is_not_null()
    if not (column.dtype.is_numeric() or column.dtype in (pl.Boolean, pl.Null, pl.String)):
        raise DataError(
            f"Column {column.name!r} holds {column.dtype.base_type()}, but scale {scale.name!r} "
            f"needs numbers from {scale.minimum:g} to {scale.maximum:g}; recode the answers."
        )
    numbers = column.cast(pl.Float64, strict=False)
    if len(column) and given.any() and numbers.is_null().all():
        first = column.drop_nulls()[0]
        raise DataError(
            f"Column {column.name!r} holds {column.dtype.base_type()} (such as {first!r}), but "
            f"scale {scale.name!r} needs numbers from {scale.minimum:g} to {scale.maximum:g}; "
            "harmonise the labels first."
        )
    number = pl.col(column.name)
    kept = answer(number, numbers.dtype, missing_codes)
    wrong = is_wrong(numbers.dtype, kept, scale).fill_null(value=False)
    codes, refused = (
        pl.DataFrame({column.name: numbers})
        .select(
            pl.when(~wrong)
            .then((kept - scale.minimum).cast(pl.UInt8, strict=False))
            .alias("codes"),
            (wrong | number.is_null()).alias("refused"),
        )
        .get_columns()
    )
    # What is no number at all is given, and is no answer either.
    impossible = given & refused
    return codes.fill_null(MISSING).to_numpy()[places], impossible.to_numpy()[places]
