"""Texts that may be numbers: told from codes that would be lost as numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import polars as pl

Facts = Callable[[pl.Expr], tuple[pl.Expr, ...]]

NUMBERS = ("whole", "decimal", "decimal_comma")
"""Kinds of columns that become numbers."""

# How R writes a missing number, and how SPSS does: among numbers they can mean nothing else.
_MISSING = r"^(NA| *)$"
_WHOLE = r"^(0|-?[1-9][0-9]{0,17})$"
_ANY_WHOLE = r"^[+-]?[0-9]{1,18}$"
# An exponent has a sign, as every program writes it: 1E5 is the name of a ward.
_POINT = r"^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-][0-9]+)?$"
_COMMA = _POINT.replace(r"\.", ",")
_LEADING = r"^(\+|-?0[0-9])"
# More digits than a number keeps, or no digit beside the point.
_LOST = r"^[+-]?[0.,]*[1-9][0-9.,]{18}|[.,]($|[eE])|^-?[.,]"
_TRAILING_ZERO = r"[.,][0-9]*0($|[eE])"
_ONLY_ZERO = r"[.,]0($|[eE])"


def number_kinds(
    frame: pl.LazyFrame, names: Sequence[str], *, decimal_comma: bool = False
) -> dict[str, str]:
    """Tell which columns of texts hold numbers and nothing that a number would lose.

    Parameters
    ----------
    frame : polars.LazyFrame
        Columns of texts.
    names : sequence of str
        The columns to look at.
    decimal_comma : bool
        Whether 3,5 may be a number.

    Returns
    -------
    dict of str to str
        Per column "whole", "decimal" or "decimal_comma" where no two texts are one number and
        each number has one way to be written; "code" for numbers that would lose something
        (leading zeros; 1.1 beside 1.10); "empty" where nothing, or nothing but NA and
        blanks, is written; "text" for all else. NA and blanks may stand in columns of numbers.
    """
    kinds = {}
    # Most columns of a survey are answers in whole numbers: told apart at once, and fast.
    for name, (written, whole) in _facts(frame, names, _whole_facts).items():
        if written == whole:
            kinds[name] = "whole" if whole else "empty"
    rest = [name for name in names if name not in kinds]
    for name, (given, numbers) in _facts(frame, rest, _number_facts).items():
        if numbers < given:
            kinds[name] = "text"
    rest = [name for name in rest if name not in kinds]
    for name, facts in _facts(frame, rest, _text_facts).items():
        kinds[name] = _kind(*facts, decimal_comma=decimal_comma)
    return {name: kinds[name] for name in names}


def as_number(name: str, kind: str) -> pl.Expr:
    """Return a column of texts of this kind as numbers, NA and blanks as null."""
    # Not strict: what is no number is NA or a blank, which the kind says.
    text = pl.col(name)
    if kind == "whole":
        return text.cast(pl.Int64, strict=False)
    if kind == "decimal_comma":
        text = text.str.replace(",", ".", literal=True)
    return text.cast(pl.Float64, strict=False)


def declared_kind(frame: pl.LazyFrame, name: str, kind: str, *, decimal_comma: bool) -> str:
    """Return the kind of a column that is declared to hold numbers, however they are written.

    A column in which something is no number stays "text".
    """
    if kind == "empty":
        return "whole"
    if kind != "code":
        return kind
    text = pl.col(name)
    given = text.filter(_is_given(text))
    whole, point = (
        frame.select(
            whole=given.str.contains(_ANY_WHOLE).all(), point=given.str.contains(_POINT).all()
        )
        .collect()
        .row(0)
    )
    if whole:
        return "whole"
    return "decimal" if point or not decimal_comma else "decimal_comma"


def first_not_number(
    frame: pl.LazyFrame, name: str, *, decimal_comma: bool = False
) -> tuple[int, str]:
    """Return the row, counted from 1, and the text of the first that is no number."""
    text = pl.col(name)
    pattern = f"{_POINT}|{_COMMA}" if decimal_comma else _POINT
    wrong = ~text.str.contains(pattern) & _is_given(text)
    found = frame.select(name).with_row_index("", offset=1).filter(wrong).head(1).collect()
    row, value = found.row(0) if found.height else (1, "")
    return row, value


def _is_given(text: pl.Expr) -> pl.Expr:
    return ~text.str.contains(_MISSING)


def _facts(frame: pl.LazyFrame, names: Sequence[str], facts: Facts) -> dict[str, tuple[int, ...]]:
    if not names:
        return {}
    asked = [fact.alias(f"{place}") for place, fact in enumerate(_each(names, facts))]
    answers = frame.select(asked).collect().row(0)
    width = len(answers) // len(names)
    return {name: answers[at * width : (at + 1) * width] for at, name in enumerate(names)}


def _each(names: Sequence[str], facts: Facts) -> list[pl.Expr]:
    return [fact for name in names for fact in facts(pl.col(name))]


def _whole_facts(text: pl.Expr) -> tuple[pl.Expr, ...]:
    return (text.count(), text.str.contains(_WHOLE).sum())


def _number_facts(text: pl.Expr) -> tuple[pl.Expr, ...]:
    return (_is_given(text).sum(), text.str.contains(f"{_POINT}|{_COMMA}").sum())


def _text_facts(text: pl.Expr) -> tuple[pl.Expr, ...]:
    given = text.filter(_is_given(text))
    decimals = given.str.extract(r"[.,]([0-9]*)", 1).str.len_bytes()
    trailing = given.str.contains(_TRAILING_ZERO)
    return (
        given.count(),
        given.str.contains(_WHOLE).all(),
        given.str.contains(_POINT).all(),
        given.str.contains(_COMMA).all(),
        given.str.contains(f"{_LEADING}|{_LOST}").any(),
        trailing.any(),
        (trailing & ~given.str.contains(_ONLY_ZERO)).any(),
        given.str.contains(r"[.,eE]").all(),
        (decimals.fill_null(0).min() == decimals.fill_null(0).max()),
    )


def _kind(
    given: int,
    whole: int,
    point: int,
    comma: int,
    loses: int,
    trailing: int,
    trailing_more: int,
    all_fractions: int,
    same_decimals: int,
    *,
    decimal_comma: bool,
) -> str:
    if not given:
        return "empty"
    if whole:
        return "whole"
    if not point and not (comma and decimal_comma):
        return "text"
    # A fixed number of decimals; no zeros at the end; or all as Python writes: 1.0, 2.25.
    one_way = same_decimals or not trailing or (all_fractions and not trailing_more)
    if loses or not one_way:
        return "code"
    return "decimal" if point else "decimal_comma"
