"""The answers of a source as answers to the scale: coded, on its range, as they were given."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from compassion_psy.errors import DataError, OptionError
from compassion_psy.harmonise.answers import Answers
from compassion_psy.harmonise.labels import as_number, look_up, normalised, shown_counts, text_of
from compassion_psy.harmonise.log import Log
from compassion_psy.scales import Scale

_LISTED = 5


@dataclass
class _Item:
    """One item on its way."""

    number: int
    name: str  # in the harmonised frame
    column: str  # in the source
    answer: pl.Expr  # a number, or null
    missing: Counter[str]


def harmonised_items(
    frame: pl.DataFrame, columns: Mapping[int, str], answers: Answers, scale: Scale, log: Log
) -> pl.DataFrame:
    """Return the items of a scale as they are in the harmonised frame, and note what changed.

    Parameters
    ----------
    frame : polars.DataFrame
        The rows that count.
    columns : mapping
        The source's column of each item that was asked, by number.
    answers : Answers
        What the source declares.
    scale : Scale
        With the columns of the harmonised frame.
    log : Log
        Where the steps are noted.

    Raises
    ------
    DataError
        When an answer fits no rule.
    OptionError
        When what is declared does not fit the scale.
    """
    low, high = answers.range_on(scale)
    turned = answers.turned_on(scale)
    _check_codes(answers, low, high)
    names = dict(zip(scale.numbers, scale.items, strict=True))
    items = [
        _coded(frame[column], number, names[number], answers, log)
        for number, column in columns.items()
    ]
    # Once: what follows looks at the numbers several times, and labels are slow to look up.
    numbers = frame.select(item.answer.alias(item.name) for item in items)
    for item in items:
        item.answer = pl.col(item.name)
    _set_missing(numbers, items, answers, log)
    _refuse_outside(numbers, items, answers, scale, low, high, log)
    result = _on_scale(numbers, items, turned, scale, low)
    _note_moves(result, items, turned, scale, (low, high), log)
    for number in answers.not_asked:
        log.cells("absent", names[number], frame.height, "not asked: empty")
    # Without a column there is nothing that would say how many rows there are.
    return result if items else result.clear(frame.height)


def _on_scale(
    numbers: pl.DataFrame,
    items: Sequence[_Item],
    turned: Sequence[int],
    scale: Scale,
    low: float,
) -> pl.DataFrame:
    """Return all items of the scale, shifted to its range and turned back where it was turned."""
    dtype = pl.Float64 if scale.continuous else pl.Int64
    shifted = {item.number: item.answer + (scale.minimum - low) for item in items}
    ends = scale.minimum + scale.maximum
    columns = []
    for number, name in zip(scale.numbers, scale.items, strict=True):
        answer = shifted.get(number, pl.lit(None))
        answer = ends - answer if number in turned else answer
        columns.append(answer.cast(dtype).alias(name))
    return numbers.select(columns)


def _note_moves(
    result: pl.DataFrame,
    items: Sequence[_Item],
    turned: Sequence[int],
    scale: Scale,
    source_range: tuple[float, float],
    log: Log,
) -> None:
    """Note how many answers were shifted, and how many turned."""
    low, high = source_range
    answered = {item.name: result[item.name].count() for item in items}
    if scale.minimum != low:
        detail = f"{low:g} to {high:g} becomes {scale.minimum:g} to {scale.maximum:g}"
        for item in items:
            log.cells("shift", item.name, answered[item.name], detail)
    for item in items:
        if item.number in turned:
            detail = f"turned back: {scale.minimum + scale.maximum:g} - x"
            log.cells("turn", item.name, answered[item.name], detail)


def _check_codes(answers: Answers, low: float, high: float) -> None:
    for code in _number_codes(answers):
        if low <= code <= high:
            raise OptionError(
                f"the missing code {code:g} is a possible answer of the source ({low:g} to "
                f"{high:g}); leave it out of missing_codes, or correct the range."
            )
    for label, code in answers.labels.items():
        if not low <= code <= high:
            raise OptionError(
                f"labels: {label!r} is {code:g}, outside the source's range {low:g} to {high:g}; "
                "correct the code, or declare minimum and maximum."
            )


def _coded(column: pl.Series, number: int, name: str, answers: Answers, log: Log) -> _Item:
    """Return an item as numbers."""
    log.cells("name", name, 0, f"from column {column.name!r}")
    if column.dtype == pl.Null or (column.dtype.is_numeric() and not answers.labels):
        # A column without any value has no type; it stands for numbers here.
        dtype = pl.Float64 if column.dtype == pl.Null else column.dtype
        return _Item(number, name, column.name, pl.col(column.name).cast(dtype), Counter())
    labels = {normalised(label): code for label, code in answers.labels.items()}
    missing = {normalised(text_of(code)): text_of(code) for code in answers.missing_codes}
    found = look_up(
        column,
        labels.get if labels else as_number,
        missing,
        place=f"column {column.name!r} (item {number})",
        known=answers.labels,
        remedy="Give each answer its code in labels, or add it to missing_codes.",
    )
    if labels:
        counts = {f"{label} → {labels[label]:g}": n for label, n in found.labels.items()}
        log.cells("labels", name, found.labels.total(), shown_counts(counts))
    else:
        log.cells("labels", name, found.labels.total(), "texts that are numbers")
    expression = found.expression(column, pl.Float64)
    return _Item(number, name, column.name, expression, found.missing)


def _number_codes(answers: Answers) -> list[float]:
    """Return the missing codes that are numbers, or texts that write one.

    With labels every column is read as texts, and among them a text is no number.
    """
    if answers.labels:
        numbers = [code for code in answers.missing_codes if not isinstance(code, str)]
    else:
        written = map(as_number, answers.missing_codes)
        numbers = [code for code in written if code is not None]
    return list(dict.fromkeys(numbers))


def _set_missing(frame: pl.DataFrame, items: list[_Item], answers: Answers, log: Log) -> None:
    """Take the answers that are missing codes away."""
    codes = _number_codes(answers)
    if codes and items:
        counts = frame.select(
            (item.answer == code).sum().alias(f"{place} {text_of(code)}")
            for place, item in enumerate(items)
            for code in codes
        ).row(0, named=True)
        for place, item in enumerate(items):
            for code in codes:
                item.missing[text_of(code)] += counts[f"{place} {text_of(code)}"]
            is_code = pl.any_horizontal(item.answer == code for code in codes)
            item.answer = pl.when(~is_code).then(item.answer)
    for item in items:
        found = +item.missing
        if answers.missing_codes or found:
            detail = shown_counts(found) or "no missing code occurs"
            log.cells("missing", item.name, found.total(), detail)


def _refuse_outside(
    frame: pl.DataFrame,
    items: list[_Item],
    answers: Answers,
    scale: Scale,
    low: float,
    high: float,
    log: Log,
) -> None:
    """Raise DataError for answers outside the declared range, or take them away."""
    impossible = {item.name: ~_is_possible(item.answer, scale, low, high) for item in items}
    counts = frame.select(wrong.sum().alias(name) for name, wrong in impossible.items())
    counts_by_name = counts.row(0, named=True) if items else {}
    for item in items:
        count = counts_by_name[item.name]
        if not count:
            continue
        values = frame.select(item.answer.filter(impossible[item.name]).alias("value"))["value"]
        by_value = values.value_counts(sort=True).iter_rows()
        listed = shown_counts({text_of(value): n for value, n in list(by_value)[:_LISTED]})
        if answers.outside == "error":
            raise DataError(
                f"column {item.column!r} (item {item.number}) has {count:,} answers that are not "
                f"{_allowed(scale, low, high)}: {listed}; correct minimum and maximum, add them to "
                'missing_codes, or set outside = "missing" to leave them out.'
            )
        log.cells("outside", item.name, count, f"left out: {listed}")
        item.answer = pl.when(~impossible[item.name]).then(item.answer)


def _is_possible(answer: pl.Expr, scale: Scale, low: float, high: float) -> pl.Expr:
    if scale.values is not None:
        shift = low - scale.minimum
        return pl.any_horizontal(answer == value + shift for value in scale.values)
    # NaN is larger than every number to Polars, so it is not between any two.
    inside = answer.is_between(low, high)
    return inside if scale.continuous else inside & (answer == answer.round())


def _allowed(scale: Scale, low: float, high: float) -> str:
    if scale.values is not None:
        shift = low - scale.minimum
        return f"one of {', '.join(f'{value + shift:g}' for value in scale.values)}"
    return f"{'' if scale.continuous else 'whole '}numbers from {low:g} to {high:g}"
