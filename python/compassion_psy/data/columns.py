"""Checks of item columns, and their answers as arrays."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from compassion_psy.errors import DataError, OptionError
from compassion_psy.scales import Scale

MISSING = 255
"""The code of a missing answer."""

_ROWS_NAMED = 5
_COLUMNS_NAMED = 3


def uses_codes(scale: Scale) -> bool:
    """Whether the scale's answers fit one byte each; else they are taken as reals."""
    return not scale.continuous and scale.maximum - scale.minimum < MISSING


def check_missing_codes(scale: Scale, codes: Sequence[float]) -> None:
    """Raise OptionError where a missing code is a possible answer."""
    for code in codes:
        if isinstance(code, bool) or not isinstance(code, (int, float)):
            raise OptionError(f"missing_codes holds {code!r}, but each must be a number.")
        if scale.minimum <= code <= scale.maximum:
            raise OptionError(
                f"The missing code {code:g} is a possible answer of scale {scale.name!r} "
                f"({scale.minimum:g} to {scale.maximum:g}); leave it out of missing_codes, or "
                "correct the range of the scale."
            )


def check_items(frame: pl.DataFrame, scale: Scale, missing_codes: Sequence[float]) -> None:
    """Raise DataError where a column holds no numbers, or answers outside the scale's range."""
    for item in scale.items:
        dtype = frame.schema[item]
        if not (dtype.is_numeric() or dtype in (pl.Boolean, pl.Null)):
            first = frame[item].drop_nulls().head(3).to_list()
            raise DataError(
                f"Column {item!r} holds {dtype} (such as {', '.join(map(repr, first))}), but "
                f"scale {scale.name!r} needs numbers from {scale.minimum:g} to "
                f"{scale.maximum:g}; recode the answers, for example with replace_strict."
            )
    _check_values(frame, scale, missing_codes)


def _check_values(frame: pl.DataFrame, scale: Scale, missing_codes: Sequence[float]) -> None:
    bad = {item: _is_bad(frame.schema[item], item, scale, missing_codes) for item in scale.items}
    counts = frame.select(**{item: expression.sum() for item, expression in bad.items()}).row(0)
    wrong = [item for item, count in zip(scale.items, counts, strict=True) if count]
    if not wrong:
        return
    told = []
    for item in wrong[:_COLUMNS_NAMED]:
        rows = frame.select(row=pl.int_range(1, pl.len() + 1), value=item, bad=bad[item])
        rows = rows.filter("bad")
        first = rows.head(_ROWS_NAMED)
        places = ", ".join(f"row {row}: {value!r}" for row, value, _ in first.iter_rows())
        more = ", ..." if rows.height > first.height else ""
        told.append(f"{item!r} has {rows.height:,} ({places}{more})")
    rest = (
        f", and {len(wrong) - _COLUMNS_NAMED} more columns" if len(wrong) > _COLUMNS_NAMED else ""
    )
    kind = "numbers" if scale.continuous else "whole numbers"
    raise DataError(
        f"Answers that are not {kind} from {scale.minimum:g} to {scale.maximum:g}, the range of "
        f"scale {scale.name!r} (rows counted from 1): {'; '.join(told)}{rest}. "
        "Correct them, declare codes that mean no answer with missing_codes=[...], write NaN as "
        "null, or correct the scale's range"
        + ("." if scale.continuous else " (scores with decimals need continuous=True).")
    )


def _is_bad(dtype: pl.DataType, item: str, scale: Scale, missing_codes: Sequence[float]) -> pl.Expr:
    """Whether an answer is neither missing nor possible."""
    if dtype in (pl.Boolean, pl.Null):
        column = pl.col(item).cast(pl.Int8)
    else:
        column = pl.col(item)
    bad = (column < scale.minimum) | (column > scale.maximum)
    if dtype.is_float():
        # Polars takes NaN as larger than every number, so it is out of range as well.
        if not scale.continuous:
            bad = bad | (column != column.round())
        if missing_codes:
            bad = bad & ~column.is_in([float(code) for code in missing_codes])
    elif missing_codes:
        bad = bad & ~column.is_in([int(code) for code in missing_codes if code == int(code)])
    return bad


def item_answers(
    frame: pl.DataFrame,
    scale: Scale,
    missing_codes: Sequence[float],
    order: np.ndarray[tuple[int], np.dtype[np.uint32]] | None,
) -> np.ndarray[tuple[int, int], np.dtype[np.uint8 | np.float64]]:
    """Return keyed answers, items × rows, in the given order of rows.

    Codes are counted from the lowest answer; reals from the middle of the range, where sums of
    squares lose least.
    """
    codes = uses_codes(scale)
    answers = np.empty((scale.n_items, frame.height), dtype=np.uint8 if codes else np.float64)
    for row, item in zip(answers, scale.items, strict=True):
        answer = pl.col(item).cast(pl.Int32 if codes else pl.Float64)
        if missing_codes:
            answer = pl.when(~answer.is_in(list(missing_codes))).then(answer)
        if codes:
            keyed = (
                int(scale.maximum) - answer
                if item in scale.reversed
                else answer - int(scale.minimum)
            )
            column = frame.select(keyed.cast(pl.UInt8, strict=False).fill_null(MISSING))
        else:
            middle = (scale.minimum + scale.maximum) / 2
            keyed = middle - answer if item in scale.reversed else answer - middle
            column = frame.select(keyed.fill_null(float("nan")))
        values = column.to_series().to_numpy()
        row[:] = values if order is None else values[order]
    return answers


def check_weights(weights: pl.Series) -> None:
    """Raise DataError where a survey weight is missing, not finite, zero or negative."""
    name = weights.name
    if not weights.dtype.is_numeric():
        raise DataError(f"Column {name!r} holds {weights.dtype}; survey weights must be numbers.")
    values = weights.cast(pl.Float64)
    bad = ~((values > 0) & values.is_finite()).fill_null(value=False)
    if bad.any():
        rows = bad.arg_true().head(_ROWS_NAMED)
        places = ", ".join(f"row {row + 1}: {weights[row]!r}" for row in rows)
        raise DataError(
            f"Column {name!r} has {bad.sum():,} survey weights that are not positive numbers "
            f"(rows counted from 1; {places}); leave these rows out, or correct the weights."
        )
