"""Item numbers as column names: by a pattern, a list or a mapping."""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence

from compassion_psy.errors import ScaleError

Columns = str | Sequence[str] | Mapping[int, str] | Mapping[str, str]
"""A pattern such as "scs_{}" or "Q{:02d}", the names in item order, or number → name."""


def column_names(
    columns: Columns, numbers: Sequence[int], n_items: int, scale: str
) -> dict[int, str]:
    """Return the column of each item number.

    Parameters
    ----------
    columns : str, sequence or mapping
        A pattern with one pair of braces for the number; the names of all items, or of those that
        count, in their order; or a mapping from item number to name.
    numbers : sequence of int
        The numbers of the items that count.
    n_items : int
        How many items the form has.
    scale : str
        The name of the scale, for messages.

    Raises
    ------
    ScaleError
        When the pattern does not tell items apart, or a name is missing.
    """
    if isinstance(columns, str):
        return {number: _of_pattern(columns, number, scale) for number in numbers}
    if isinstance(columns, Mapping):
        return _of_mapping(columns, numbers, n_items, scale)
    if not isinstance(columns, Sequence):
        raise ScaleError(
            f"Scale {scale!r}: columns is {columns!r}, but it must be a pattern such as 'scs_{{}}',"
            " a list of names or a mapping from item number to name."
        )
    names = list(columns)
    if len(names) == n_items:
        return {number: names[number - 1] for number in numbers}
    if len(names) == len(numbers):
        return dict(zip(numbers, names, strict=True))
    expected = f"{n_items} items"
    if len(numbers) < n_items:
        expected += f" ({len(numbers)} of them scored)"
    raise ScaleError(
        f"Scale {scale!r} has {expected}, but columns lists {len(names)} names; name each item "
        "once, in the order of the form."
    )


def _of_pattern(pattern: str, number: int, scale: str) -> str:
    try:
        fields = [name for _, name, _, _ in string.Formatter().parse(pattern) if name is not None]
        if fields == [""]:
            return pattern.format(number)
    except (ValueError, IndexError, KeyError):
        pass
    raise ScaleError(
        f"Scale {scale!r}: columns is {pattern!r}, but a pattern has one pair of braces for the "
        "item number, such as 'scs_{}' or 'Q{:02d}'."
    )


def _of_mapping(
    columns: Mapping[int, str] | Mapping[str, str], numbers: Sequence[int], n_items: int, scale: str
) -> dict[int, str]:
    # Keys are texts where the mapping comes from a TOML file.
    named: dict[int, str] = {}
    for key, name in columns.items():
        number = int(key) if str(key).isdecimal() else 0
        if not 1 <= number <= n_items:
            raise ScaleError(
                f"Scale {scale!r}: columns names item {key!r}, but its items are numbered 1 to "
                f"{n_items}."
            )
        named[number] = name
    absent = [number for number in numbers if number not in named]
    if absent:
        raise ScaleError(
            f"Scale {scale!r}: columns does not name item {absent[0]}; give each item a column."
        )
    return {number: named[number] for number in numbers}
