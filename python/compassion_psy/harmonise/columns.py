"""The columns of a source that hold the items of a scale."""

from __future__ import annotations

import re
import string
from collections.abc import Sequence

from compassion_psy.errors import DataError, OptionError, ScaleError, nearest
from compassion_psy.harmonise.answers import Answers, check_items
from compassion_psy.scales import Scale
from compassion_psy.scales.numbering import column_names

_WILD = {"?": ".", "*": ".*?"}


def item_columns(answers: Answers, scale: Scale, present: Sequence[str]) -> dict[int, str]:
    """Return the source's column of each item that was asked, by the number of the item.

    Parameters
    ----------
    answers : Answers
        How the source names them.
    scale : Scale
        Whose items they are.
    present : sequence of str
        All columns of the source.

    Raises
    ------
    OptionError
        When the declaration does not fit the scale.
    DataError
        When a column is absent, or a pattern fits several or none.
    """
    check_items(answers.not_asked, scale, "not_asked")
    numbers = [number for number in scale.numbers if number not in answers.not_asked]
    if isinstance(answers.columns, str) and set(answers.columns) & set(_WILD):
        columns = {n: _matching(answers.columns, n, scale, present) for n in numbers}
    else:
        n_items = scale.sheet.n_items if scale.sheet else max(scale.numbers)
        try:
            columns = column_names(answers.columns, numbers, n_items, scale.name)
        except ScaleError as error:
            raise OptionError(f"columns: {error}") from None
        for number, column in columns.items():
            if column not in present:
                raise DataError(
                    f"there is no column {column!r} for item {number} of scale {scale.name!r}. "
                    f"{nearest(column, present)}"
                )
    by_column: dict[str, int] = {}
    for number, column in columns.items():
        if by_column.setdefault(column, number) != number:
            raise OptionError(
                f"columns: {column!r} would be both item {by_column[column]} and item {number} of "
                f"scale {scale.name!r}; give each item a column of its own."
            )
    return columns


def _matching(pattern: str, number: int, scale: Scale, present: Sequence[str]) -> str:
    expression = re.compile(_expression(pattern, number), re.DOTALL)
    found = [name for name in present if expression.fullmatch(name)]
    if len(found) == 1:
        return found[0]
    what = f"columns: the pattern {pattern!r} fits"
    if found:
        raise DataError(
            f"{what} {len(found)} columns for item {number} of scale {scale.name!r}: "
            f"{' and '.join(map(repr, found))}; narrow the pattern, or list the columns."
        )
    hint = nearest(re.sub(r"\{.*\}", str(number), pattern), present)
    raise DataError(f"{what} no column for item {number} of scale {scale.name!r}. {hint}")


def _expression(pattern: str, number: int) -> str:
    """Return a regular expression of the name of an item's column."""
    try:
        parts = list(string.Formatter().parse(pattern))
        ((place, (_, name, spec, _)),) = [
            each for each in enumerate(parts) if each[1][1] is not None
        ]
        digits = format(number, spec or "") if name == "" else ""
    except ValueError:
        digits = ""
    if not digits:
        raise OptionError(
            f"columns is {pattern!r}, but a pattern has one pair of braces for the item number, "
            "such as '??{}' or 'Q{:02d}*'."
        )
    before = "".join(part[0] for part in parts[: place + 1])
    after = "".join(part[0] for part in parts[place + 1 :])
    # A wildcard takes no digit beside the number: item 1 is not found in FS21.
    start = r"(?<!\d)" if before[-1:] in _WILD else ""
    end = r"(?!\d)" if after[:1] in _WILD else ""
    return f"{_wild(before)}{start}{re.escape(digits)}{end}{_wild(after)}"


def _wild(text: str) -> str:
    return "".join(_WILD.get(letter) or re.escape(letter) for letter in text)
