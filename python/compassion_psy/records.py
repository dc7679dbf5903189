"""TOML tables as frozen dataclasses: every key is known, and of the type that is declared."""

from __future__ import annotations

import dataclasses
import datetime
import math
import tomllib
import types
import typing
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar

from compassion_psy.errors import CompassionError, nearest

Record = TypeVar("Record")

_LARGEST = 2**53
"""Beyond it a whole number may be changed by being a float."""

_WORDS: dict[Any, str] = {
    str: "a text",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    datetime.date: "a date such as 2024-03-31",
}


def load_toml(path: Path, error: type[CompassionError]) -> dict[str, Any]:
    """Return the document in a TOML file.

    Raises
    ------
    CompassionError
        Of the class `error`, when the file cannot be read or is not TOML.
    """
    try:
        # utf-8-sig: some editors put a byte-order mark first, which TOML does not allow.
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as reason:
        raise error(f"{path}: the file cannot be read: {reason.strerror}.") from reason
    except UnicodeDecodeError as reason:
        raise error(f"{path}: the file is not UTF-8 text; save it as UTF-8.") from reason
    except tomllib.TOMLDecodeError as reason:
        raise error(f"{path}: the file is not valid TOML: {reason}.") from reason
    except ValueError as reason:  # a whole number of thousands of digits
        raise error(f"{path}: the file holds a number that is too long; correct it.") from reason
    except RecursionError as reason:
        raise error(f"{path}: the file nests lists or tables too deeply; flatten it.") from reason


def record(kind: type[Record], table: object, place: str, error: type[CompassionError]) -> Record:
    """Return a TOML table as a dataclass of this kind.

    Parameters
    ----------
    kind : type
        A dataclass whose fields are texts, numbers, truths, dates, Literals, tuples, mappings from
        text, or such dataclasses. A choice of several types it checks itself, and whatever it
        raises of the class `error` gets the place in front. Fields with the metadata
        ``in_files=False`` are no keys.
    table : mapping
        Its keys are the names of the fields; those with a default may be left out.
    place : str
        File and table, for messages.
    error : type
        The exception to raise.

    Raises
    ------
    CompassionError
        Of the class `error`, when a key is unknown or absent, or a value of another type.
    """
    # A key that is a word of Python has an underscore behind it as a field: class_.
    fields = {
        f.name.rstrip("_"): f
        for f in dataclasses.fields(kind)  # type: ignore[arg-type]
        if f.metadata.get("in_files", True)
    }
    if not isinstance(table, Mapping):
        raise error(f"{place}: this must be a table with the keys {', '.join(fields)}.")
    for key in table:
        if key not in fields:
            raise error(f"{place}: key {key!r} is unknown. {nearest(key, fields)}")
    hints = typing.get_type_hints(kind)
    values = {}
    for name, field in fields.items():
        if name in table:
            values[field.name] = _value(hints[field.name], table[name], place, name, error)
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise error(f"{place}: key {name!r} is missing; add it.")
    try:
        return kind(**values)
    except error as reason:
        raise error(f"{place}: {reason}") from None


def _value(hint: Any, value: Any, place: str, name: str, error: type[CompassionError]) -> Any:
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        # TOML cannot say nothing. A choice of several types is the dataclass's own to check.
        given = [part for part in parts if part is not types.NoneType]
        return _value(given[0], value, place, name, error) if len(given) == 1 else value
    if origin is Literal:
        if value not in parts:
            raise error(f"{place}: {name} is {value!r}. {nearest(value, map(str, parts))}")
        return value
    if origin in (tuple, Sequence):
        if not isinstance(value, list):
            raise error(f"{place}: {name} is {value!r}, but it must be a list.")
        place_of = (f"{name} number {number}" for number in range(1, len(value) + 1))
        return tuple(
            _value(parts[0], each, place, inner, error)
            for each, inner in zip(value, place_of, strict=True)
        )
    if origin is not None and issubclass(origin, Mapping):
        if not isinstance(value, Mapping):
            raise error(f"{place}: {name} is {value!r}, but it must be a table.")
        return {
            key: _value(parts[1], each, place, f"{name}.{key}", error)
            for key, each in value.items()
        }
    if dataclasses.is_dataclass(hint):
        return record(typing.cast(type[Any], hint), value, f"{place}, {name}", error)
    if hint is object:
        return value
    if hint in (int, float) and not isinstance(value, bool):
        _refuse_boundless(value, place, name, error)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return value
    # A truth is a whole number to Python, and to nobody else.
    if not isinstance(value, hint) or (isinstance(value, bool) and hint is not bool):
        raise error(f"{place}: {name} is {value!r}, but it must be {_WORDS[hint]}.")
    return value


def _refuse_boundless(value: Any, place: str, name: str, error: type[CompassionError]) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise error(f"{place}: {name} is {value}, but it must be a finite number.")
    if isinstance(value, int) and abs(value) > _LARGEST:
        raise error(f"{place}: {name} is beyond {_LARGEST:,}; give a smaller number.")
