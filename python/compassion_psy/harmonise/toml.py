"""Tables as the text of a TOML file."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Mapping, Sequence

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def toml_text(table: Mapping[str, object]) -> str:
    """Return a table of texts, numbers, truths, dates, lists and tables as TOML.

    Parameters
    ----------
    table : mapping
        A list holds tables only, or none.

    Examples
    --------
    >>> print(toml_text({"name": "a", "sources": [{"files": ["x.csv"]}]}), end="")
    name = "a"
    <BLANKLINE>
    [[sources]]
    files = ["x.csv"]
    """
    return "\n".join(_lines(table, ())).lstrip("\n") + "\n"


def _lines(table: Mapping[str, object], path: tuple[str, ...]) -> list[str]:
    # What is no table comes first: behind the header of an inner table it would belong to that.
    inner = {key: value for key, value in table.items() if _is_table(value) or _is_tables(value)}
    lines = [f"{_key(key)} = {_value(table[key])}" for key in table if key not in inner]
    for key, value in inner.items():
        place = (*path, key)
        name = ".".join(map(_key, place))
        if isinstance(value, Mapping):
            lines += ["", f"[{name}]", *_lines(value, place)]
        elif isinstance(value, Sequence):
            for each in value:
                lines += ["", f"[[{name}]]", *_lines(each, place)]
    return lines


def _is_table(value: object) -> bool:
    return isinstance(value, Mapping)


def _is_tables(value: object) -> bool:
    return isinstance(value, (list, tuple)) and bool(value) and isinstance(value[0], Mapping)


def _key(key: str) -> str:
    return key if _BARE_KEY.fullmatch(key) else _text(key)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_value, value))}]"
    return repr(value)


def _text(text: str) -> str:
    # JSON writes texts as TOML does, but for one control character that TOML wants spelled out.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
