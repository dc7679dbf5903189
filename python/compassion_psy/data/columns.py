"""Checks of item columns, and their answers as arrays."""

import math
from collections.abc import Iterable, Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from compassion_psy.errors import DataError, OptionError
from compassion_psy.scales import Scale

Answers = npt.NDArray[np.uint8] | npt.NDArray[np.float64]

MISSING = 255
"""The code of a missing answer."""

_ROWS_NAMED = 5
_COLUMNS_NAMED = 3
_CODES_NAMED = 3
_TEXTS_NAMED = 3
_LONGEST = 40
_INT32_LIMIT = 2**31
_INT64_LIMIT = 2**63
_UINT64_LIMIT = 2**64


def uses_codes(scale: Scale) -> bool:
    """Whether the scale's answers fit one byte each; else they are taken as reals."""
    return not scale.continuous and scale.maximum - scale.minimum < MISSING


def code_list(codes: object) -> tuple[Any, ...]:
    """Return the missing codes, or raise OptionError where these are no list of codes."""
    # A text is a sequence too, of letters, and bytes one of numbers, which nobody means.
    try:
        if isinstance(codes, Iterable) and not isinstance(codes, (str, bytes, bytearray)):
            return tuple(codes)
    except TypeError:  # an array without a dimension only looks like one to go through
        pass
    raise OptionError(f"missing_codes is {codes!r}, but it must be a list of numbers, such as [0].")


def finite_codes(codes: object) -> tuple[float, ...]:
    """Return the codes, or raise OptionError where one is no finite number."""
    checked: list[float] = []
    for code in code_list(codes):
        # NumPy numbers are welcome; True is more likely a slip than a code.
        if isinstance(code, bool) or not isinstance(code, Real) or not _is_finite(code):
            raise OptionError(
                f"missing_codes holds {_short(code)}, but each must be a finite number; null is "
                "always a missing answer."
            )
        checked.append(int(code) if isinstance(code, Integral) else float(code))
    return tuple(checked)


def check_missing_codes(scale: Scale, codes: Iterable[float]) -> tuple[float, ...]:
    """Return the codes, or raise OptionError where one is no number or a possible answer."""
    checked = finite_codes(codes)
    for number in checked:
        if scale.minimum <= number <= scale.maximum:
            raise OptionError(
                f"The missing code {number:g} is a possible answer of scale {scale.name!r} "
                f"({scale.minimum:g} to {scale.maximum:g}); leave it out of missing_codes, or "
                "correct the range of the scale."
            )
    return checked


def _is_finite(number: Real) -> bool:
    try:
        return math.isfinite(number)
    except OverflowError:  # a whole number of hundreds of digits
        return False


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def check_items(
    frame: pl.DataFrame,
    scale: Scale,
    missing_codes: Sequence[float],
    *,
    rows_known: bool = True,
) -> None:
    """Raise DataError where a column holds no numbers, or answers the scale does not have.

    A frame that is one batch of a longer one does not know its rows: then none are named.
    """
    for item in scale.items:
        if not _holds_numbers(frame[item]):
            raise _not_numbers(frame[item], scale)
    answers = {
        item: answer(pl.col(item), frame.schema[item], missing_codes) for item in scale.items
    }
    wrong = {item: is_wrong(frame.schema[item], answers[item], scale) for item in scale.items}
    counts = frame.select(wrong[item].sum().alias(item) for item in scale.items).row(0)
    if not any(counts):
        return
    told: list[str] = []
    first_values: list[float] = []
    for item, count in zip(scale.items, counts, strict=True):
        if not count or len(told) == _COLUMNS_NAMED:
            continue
        rows = frame.select(pl.int_range(1, pl.len() + 1).alias("row"), pl.col(item).alias("value"))
        first = rows.filter(frame.select(wrong[item]).to_series()).head(_ROWS_NAMED)
        places = ", ".join(
            f"row {row}: {_shown(value)}" if rows_known else _shown(value)
            for row, value in first.iter_rows()
        )
        more = ", ..." if count > first.height else ""
        told.append(f"{item!r} has {count:,} ({places}{more})")
        first_values += first["value"].cast(pl.Float64).to_list()
    columns = sum(map(bool, counts))
    rest = f", and {columns - len(told)} more" if columns > len(told) else ""
    counted = " (rows counted from 1)" if rows_known else ""
    raise DataError(
        f"Answers that are not {_possible(scale)} of scale {scale.name!r}{counted}: "
        f"{'; '.join(told)}{rest}. {_remedies(first_values, scale)}"
    )


def _possible(scale: Scale) -> str:
    if scale.values is not None:
        return f"one of {', '.join(f'{value:g}' for value in scale.values)}, the values"
    kind = "numbers" if scale.continuous else "whole numbers"
    return f"{kind} from {scale.minimum:g} to {scale.maximum:g}, the range"


def _holds_numbers(column: pl.Series) -> bool:
    # A CSV column in which every field is empty is read as text.
    no_answers = column.dtype == pl.String and column.null_count() == len(column)
    return column.dtype.is_numeric() or column.dtype in (pl.Boolean, pl.Null) or no_answers


def _not_numbers(column: pl.Series, scale: Scale) -> DataError:
    dtype = column.dtype.base_type()
    values = column.drop_nulls()
    remedy = "recode the answers, for example with replace_strict"
    if dtype in (pl.String, pl.Categorical, pl.Enum):
        remedy = _remedy_of_texts(values.cast(pl.String)) or remedy
    first = list(dict.fromkeys(map(repr, values.head(20).to_list())))[:3]
    such_as = f" (such as {', '.join(first)})" if first else ""
    return DataError(
        f"Column {column.name!r} holds {dtype}{such_as}, but scale {scale.name!r} needs numbers "
        f"from {scale.minimum:g} to {scale.maximum:g}; {remedy}."
    )


def _remedy_of_texts(values: pl.Series) -> str | None:
    """Return what to do about texts some of which are numbers, or nothing where none is."""
    if values.cast(pl.Float64, strict=False).null_count() == 0:
        return "the texts are numbers: cast the column, for example to polars.Int64"
    numbers = values.str.strip_chars().cast(pl.Float64, strict=False)
    if numbers.null_count() == 0:
        return "the texts are numbers with blanks around them: remove the blanks"
    if numbers.null_count() == len(values):
        return None
    others = values.filter(numbers.is_null()).unique(maintain_order=True)
    listed = ", ".join(map(repr, others.head(_TEXTS_NAMED)))
    return (
        f"{listed} {'is' if len(others) == 1 else 'are'} no number among numbers: where an answer "
        "is missing leave the field of a CSV file empty or write NA, and null in a frame"
    )


def answer(column: pl.Expr, dtype: pl.DataType, missing_codes: Sequence[float]) -> pl.Expr:
    """Return the answers of a column of this type as numbers, null where there is none."""
    if not dtype.is_numeric():
        column = column.cast(pl.Int8)
    if missing_codes:
        # Not is_in: codes and answers need not be of one type.
        # A code beyond all whole numbers of a column is compared as a real.
        literals = (code if abs(code) < _UINT64_LIMIT else float(code) for code in missing_codes)
        column = pl.when(~pl.any_horizontal(column == code for code in literals)).then(column)
    return column


def is_wrong(dtype: pl.DataType, given: pl.Expr, scale: Scale) -> pl.Expr:
    """Whether an answer is given but not possible."""
    if scale.continuous:
        # Polars takes NaN as larger than every number, so it is out of range as well.
        return (given < scale.minimum) | (given > scale.maximum)
    if scale.values is not None:
        return ~pl.any_horizontal(given == value for value in scale.values)
    lowest, highest = (
        int(end) if abs(end) < _INT64_LIMIT else end for end in (scale.minimum, scale.maximum)
    )
    out_of_range = (given < lowest) | (given > highest)
    if dtype.is_float() or dtype.is_decimal():
        return out_of_range | (given != given.round())
    return out_of_range


def _shown(value: object) -> str:
    if value is None:
        return "null"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _remedies(values: list[float], scale: Scale) -> str:
    """Return what to do about these wrong answers."""
    finite = [value for value in values if math.isfinite(value)]
    inside = [value for value in finite if scale.minimum <= value <= scale.maximum]
    outside = sorted(set(finite) - set(inside))
    remedies = []
    if outside:
        few = len(outside) <= _CODES_NAMED and all(value.is_integer() for value in outside)
        codes = ", ".join(f"{value:.0f}" for value in outside) if few else "..."
        remedies.append(
            "Correct them; or, if they mean no answer, declare them as missing codes "
            f"(missing_codes=[{codes}]); or correct the range of the scale."
        )
    if inside and scale.values is not None:
        remedies.append("Answers coded otherwise must be recoded, with replace_strict say.")
    elif inside:
        remedies.append("Answers with decimals need a scale with continuous=True.")
    if len(finite) < len(values):
        remedies.append("Write NaN and infinity as null, for example with fill_nan(None).")
    return " ".join(remedies)


def code_answers(
    frame: pl.DataFrame,
    scale: Scale,
    missing_codes: Sequence[float],
    order: npt.NDArray[np.uint32] | None,
) -> npt.NDArray[np.uint8]:
    """Return keyed answers counted from the lowest answer, items × rows, in the given order."""
    answers = np.empty((scale.n_items, frame.height), np.uint8)
    lowest, highest = int(scale.minimum), int(scale.maximum)
    kind = pl.Int32 if max(-lowest, highest) < _INT32_LIMIT else pl.Int64
    for row, item in zip(answers, scale.items, strict=True):
        given = answer(pl.col(item), frame.schema[item], missing_codes).cast(kind)
        keyed = highest - given if item in scale.reversed else given - lowest
        values = _values(frame, keyed.cast(pl.UInt8).fill_null(MISSING))
        row[:] = values if order is None else values[order]
    return answers


def real_answers(
    frame: pl.DataFrame,
    scale: Scale,
    missing_codes: Sequence[float],
    order: npt.NDArray[np.uint32] | None,
    group_starts: npt.NDArray[np.int64],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return keyed answers less their origins, items × rows, and the origins, groups × items.

    The origin of an item is the middle between its lowest and highest answer in a group: there
    sums of squares lose least, whatever the range of the scale, and it depends neither on the
    order of rows nor on other groups.
    """
    answers = np.empty((scale.n_items, frame.height), np.float64)
    origins = np.empty((len(group_starts) - 1, scale.n_items), np.float64)
    for number, item in enumerate(scale.items):
        given = answer(pl.col(item), frame.schema[item], missing_codes).cast(pl.Float64)
        values = _values(frame, given.fill_null(float("nan")))
        row = answers[number]
        row[:] = values if order is None else values[order]
        lowest = np.fmin.reduceat(row, group_starts[:-1])
        highest = np.fmax.reduceat(row, group_starts[:-1])
        origin = np.nan_to_num(lowest / 2 + highest / 2)  # 0 where nobody answered
        row -= np.repeat(origin, np.diff(group_starts))
        if item in scale.reversed:
            np.negative(row, out=row)
            origin = (scale.minimum + scale.maximum) - origin
        origins[:, number] = origin
    return answers, origins


def _values(frame: pl.DataFrame, column: pl.Expr) -> npt.NDArray[Any]:
    return frame.select(column).to_series().to_numpy()


def check_weights(weights: pl.Series) -> None:
    """Raise DataError where a survey weight is missing, not finite, zero or negative."""
    name = weights.name
    if not weights.dtype.is_numeric():
        raise DataError(
            f"Column {name!r} holds {weights.dtype.base_type()}, but survey weights must be "
            "numbers; cast the column, or name another."
        )
    values = weights.cast(pl.Float64)
    bad = ~((values > 0) & values.is_finite()).fill_null(value=False)
    if bad.any():
        rows = bad.arg_true().head(_ROWS_NAMED)
        places = ", ".join(f"row {row + 1}: {_shown(weights[row])}" for row in rows)
        raise DataError(
            f"Column {name!r} has {bad.sum():,} survey weights that are not positive numbers "
            f"(rows counted from 1; {places}); leave these rows out, or correct the weights."
        )
