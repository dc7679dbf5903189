"""Checks of what a recipe declares."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from numbers import Real
from types import MappingProxyType
from typing import Any

from compassion_psy.errors import OptionError
from compassion_psy.harmonise.labels import normalised, text_of


def texts(value: object, key: str) -> tuple[str, ...]:
    """Return one text, or a list of different texts, as a tuple."""
    listed = (value,) if isinstance(value, str) else value
    if isinstance(listed, Mapping) or not isinstance(listed, Iterable):
        raise OptionError(f"{key} is {value!r}, but it must be a text or a list of texts.")
    names = tuple(listed)
    for name in names:
        if not isinstance(name, str) or not name:
            raise OptionError(f"{key} holds {name!r}, but each must be a text, not empty.")
    if len(set(names)) < len(names):
        raise OptionError(f"{key} names {_repeated(names)!r} more than once; name each once.")
    return names


def one_of(value: object, choices: tuple[str, ...], key: str) -> None:
    """Raise OptionError when `value` is none of the choices."""
    if value not in choices:
        raise OptionError(f"{key} is {value!r}; choose from {', '.join(map(repr, choices))}.")


def whole_numbers(value: object, key: str) -> tuple[int, ...]:
    """Return a list of different whole numbers as a tuple."""
    if isinstance(value, (str, Mapping)) or not isinstance(value, Iterable):
        raise OptionError(f"{key} is {value!r}, but it must be a list of item numbers.")
    numbers = tuple(value)
    for number in numbers:
        if isinstance(number, bool) or not isinstance(number, int):
            raise OptionError(f"{key} holds {number!r}, but each must be an item number.")
    if len(set(numbers)) < len(numbers):
        raise OptionError(f"{key} names item {_repeated(numbers)} more than once; name each once.")
    return numbers


def codes(value: object, key: str) -> tuple[float | str, ...]:
    """Return a list of numbers and texts as a tuple."""
    if isinstance(value, (str, Mapping)) or not isinstance(value, Iterable):
        raise OptionError(f"{key} is {value!r}, but it must be a list, such as [0, 99].")
    listed = tuple(value)
    for code in listed:
        if not isinstance(code, str):
            check_number(code, key)
    return listed


def check_number(value: object, key: str) -> None:
    """Raise OptionError when `value` is no finite number."""
    try:
        is_number = isinstance(value, Real) and not isinstance(value, bool)
        is_finite = isinstance(value, Real) and math.isfinite(value)
    except OverflowError:
        raise OptionError(f"{key} has a number that is too large; give a smaller one.") from None
    if not (is_number and is_finite):
        raise OptionError(f"{key} has {value!r}, but it must be a finite number.")


def by_label(table: object, missing: tuple[float | str, ...], key: str) -> Mapping[str, Any]:
    """Return a mapping from labels, none of which has two meanings, that cannot be changed.

    Labels that differ in case and blanks are the same label.
    """
    if not isinstance(table, Mapping):
        raise OptionError(f"{key} is {table!r}, but it must be a table from label to value.")
    absent = {normalised(text_of(code)) for code in missing}
    meaning: dict[str, object] = {}
    for label, value in table.items():
        if not isinstance(label, str) or not normalised(label):
            raise OptionError(f"{key} has the label {label!r}; a label is a text, not blank.")
        known = normalised(label)
        if known in absent:
            raise OptionError(f"{key} has {label!r}, which missing_codes has too; keep one.")
        if meaning.setdefault(known, value) != value:
            raise OptionError(
                f"{key} has {label!r} twice, but for case and blanks, with the values "
                f"{meaning[known]!r} and {value!r}; keep one."
            )
    return MappingProxyType(dict(table))


def _repeated(values: tuple[Any, ...]) -> object:
    return next(value for place, value in enumerate(values) if value in values[:place])
