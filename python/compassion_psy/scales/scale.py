"""A scale as it is declared: items, range of an answer, reversed items."""

import math
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from numbers import Real
from os import PathLike
from pathlib import Path
from typing import Self

from compassion_psy.errors import ScaleError, nearest

_KEYS = ("name", "items", "minimum", "maximum", "reversed", "continuous")
_REQUIRED = _KEYS[:4]


@dataclass(frozen=True)
class Scale:
    """A set of items answered on one range, some of them reversed.

    Range and reversed items are declared and never guessed from answers: a reversed answer x
    counts as ``minimum + maximum - x``, whether or not anybody chose an end of the range.

    Parameters
    ----------
    name : str
        Name shown in results.
    items : sequence of str
        Column names of the items, each once, as they stand in the data.
    minimum, maximum : float
        Lowest and highest answer the response format allows.
    reversed : sequence of str
        Those of `items` that are worded against the scale.
    continuous : bool
        Whether answers may have decimals, as test scores and sliders do. Otherwise a decimal is
        an error, and all sums are exact.

    Raises
    ------
    ScaleError
        When an item is named twice, a reversed item is not an item, or the range is not a range.

    Examples
    --------
    >>> scale = Scale("bfi-agreeableness", items=["A1", "A2", "A3", "A4", "A5"],
    ...               minimum=1, maximum=6, reversed=["A1"])
    >>> scale.n_items
    5
    """

    name: str
    _: KW_ONLY
    items: Sequence[str]
    minimum: float
    maximum: float
    reversed: Sequence[str] = ()
    continuous: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name.strip():
            raise ScaleError(f"The name of a scale is {self.name!r}; give it a text, not empty.")
        items = _names(self.name, "items", self.items)
        reverse = _names(self.name, "reversed", self.reversed)
        for item in reverse:
            if item not in items:
                raise ScaleError(
                    f"Scale {self.name!r}: reversed item {item!r} is not among its items. "
                    f"{nearest(item, items)}"
                )
        minimum = _number(self.name, "minimum", self.minimum)
        maximum = _number(self.name, "maximum", self.maximum)
        if not minimum < maximum:
            raise ScaleError(
                f"Scale {self.name!r}: minimum is {minimum:g} and maximum is {maximum:g}, but the "
                "minimum must be below the maximum; give the lowest and the highest answer that "
                "the response format allows."
            )
        if not isinstance(self.continuous, bool):
            raise ScaleError(
                f"Scale {self.name!r}: continuous is {self.continuous!r}, but it must be true or "
                "false."
            )
        if not self.continuous and not (minimum.is_integer() and maximum.is_integer()):
            raise ScaleError(
                f"Scale {self.name!r}: the range {minimum:g} to {maximum:g} has decimals; give "
                "whole numbers, or continuous=True for answers with decimals."
            )
        object.__setattr__(self, "items", items)
        object.__setattr__(self, "reversed", reverse)
        object.__setattr__(self, "minimum", minimum)
        object.__setattr__(self, "maximum", maximum)

    @property
    def n_items(self) -> int:
        """Number of items."""
        return len(self.items)

    @classmethod
    def read(cls, path: str | PathLike[str]) -> tuple[Self, ...]:
        """Read the scales described in a TOML file.

        The file holds one scale at its top level, or several under ``[[scales]]``.

        Parameters
        ----------
        path : path-like
            A TOML file with the keys name, items, minimum, maximum and, where needed, reversed.

        Returns
        -------
        tuple of Scale
            In the order of the file, at least one.

        Raises
        ------
        ScaleError
            When the file cannot be read, a key is unknown or absent, or a scale is not valid; the
            message names file and key.

        Examples
        --------
        A file for :meth:`read`::

            name = "bfi-agreeableness"
            items = ["A1", "A2", "A3", "A4", "A5"]
            minimum = 1
            maximum = 6
            reversed = ["A1"]
        """
        path = Path(path)
        document = _load(path)
        if "scales" not in document:
            return (cls._from_table(document, f"{path}"),)
        _refuse_unknown(document, ("scales",), f"{path}")
        tables = document["scales"]
        if not isinstance(tables, list) or not tables:
            raise ScaleError(f"{path}: key 'scales' must hold tables; begin each with [[scales]].")
        scales = tuple(
            cls._from_table(table, f"{path}, [[scales]] number {number}")
            for number, table in enumerate(tables, start=1)
        )
        _refuse_repeats([scale.name for scale in scales], f"{path}: scale name")
        return scales

    @classmethod
    def _from_table(cls, table: object, place: str) -> Self:
        if not isinstance(table, Mapping):
            raise ScaleError(f"{place}: a scale must be a table with the keys {', '.join(_KEYS)}.")
        _refuse_unknown(table, _KEYS, place)
        absent = [key for key in _REQUIRED if key not in table]
        if absent:
            raise ScaleError(f"{place}: key {absent[0]!r} is missing; add it.")
        try:
            return cls(**table)
        except ScaleError as error:
            raise ScaleError(f"{place}: {error}") from None


def _load(path: Path) -> dict[str, object]:
    try:
        # utf-8-sig: some editors put a byte-order mark first, which TOML does not allow.
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ScaleError(f"{path}: the scale file cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise ScaleError(f"{path}: the scale file is not UTF-8 text; save it as UTF-8.") from error
    except tomllib.TOMLDecodeError as error:
        raise ScaleError(f"{path}: the scale file is not valid TOML: {error}.") from error


def _refuse_unknown(table: Mapping[str, object], known: tuple[str, ...], place: str) -> None:
    for key in table:
        if key not in known:
            raise ScaleError(f"{place}: key {key!r} is unknown. {nearest(key, known)}")


def _refuse_repeats(names: Iterable[str], what: str) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ScaleError(f"{what} {name!r} is given more than once; name each once.")
        seen.add(name)


def _names(scale: str, key: str, names: object) -> tuple[str, ...]:
    # A bare string is a sequence too: of letters, which nobody means.
    if isinstance(names, str) or not isinstance(names, Iterable):
        raise ScaleError(
            f"Scale {scale!r}: {key} is {names!r}, but it must be a list of column names; "
            f'write {key}=["A1", "A2"].'
        )
    listed = tuple(names)
    for name in listed:
        if not isinstance(name, str) or not name:
            raise ScaleError(
                f"Scale {scale!r}: {key} holds {name!r}, but each must be a column name (str)."
            )
    _refuse_repeats(listed, f"Scale {scale!r}: in {key}, item")
    return listed


def _number(scale: str, key: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, Real):
        raise ScaleError(f"Scale {scale!r}: {key} is {value!r}, but it must be a number.")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ScaleError(f"Scale {scale!r}: {key} is {number}, but it must be a finite number.")
    return number
