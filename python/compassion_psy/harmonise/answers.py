"""The answers to a scale as one source gives them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from types import MappingProxyType
from typing import Literal

from compassion_psy.errors import OptionError, nearest
from compassion_psy.harmonise.declared import (
    by_label,
    check_number,
    codes,
    one_of,
    texts,
    whole_numbers,
)
from compassion_psy.scales import Scale

_TURNED = ("all", "none")


@dataclass(frozen=True)
class Answers:
    """How one source gives the answers to a scale.

    Parameters
    ----------
    columns : str, sequence or mapping
        The source's columns: a pattern in which braces are the item's number on the form, ``?``
        any one character and ``*`` any characters, such as "iri_??{}" or "Q{:02d}*"; their names
        in the order of the form; or item number → name. A pattern must fit one column an item.
    scale : str
        The name of the scale; may be left out where the recipe has one.
    minimum, maximum : float, optional
        The source's lowest and highest answer; those of the scale when not given, and with one of
        them the other follows, for the width is the same. Answers are shifted by the difference.
    labels : mapping from str to float
        The code of each label, counted from the source's minimum. Case, stray blanks and Unicode
        form do not matter, and several labels may have one code.
    missing_codes : sequence of float or str
        What means no answer, besides an empty cell.
    already_turned : {"none", "all"} or sequence of int
        The numbers of items that the source has reversed; "all" are those of the scale's key. They
        are turned *back*: harmonised answers are as they were given, and the key turns them once.
    not_asked : sequence of int
        The numbers of items that the source lacks; their columns are empty.
    outside : {"error", "missing"}
        What becomes of an answer outside the declared range: an error, or no answer, listed in
        the log.

    Raises
    ------
    OptionError
        When labels contradict each other, or a value is not of the kind named here.

    Examples
    --------
    >>> Answers("E??{}", minimum=1, already_turned="all").minimum
    1
    """

    columns: str | Sequence[str] | Mapping[int, str] | Mapping[str, str]
    _: KW_ONLY
    scale: str = ""
    minimum: float | None = None
    maximum: float | None = None
    labels: Mapping[str, float] = field(default_factory=dict)
    missing_codes: Sequence[float | str] = ()
    already_turned: Literal["none", "all"] | Sequence[int] = "none"
    not_asked: Sequence[int] = ()
    outside: Literal["error", "missing"] = "error"

    def __post_init__(self) -> None:
        missing = codes(self.missing_codes, "missing_codes")
        labels = by_label(self.labels, missing, "labels")
        for label, code in labels.items():
            check_number(code, f"labels, {label!r},")
        for key in ("minimum", "maximum"):
            if getattr(self, key) is not None:
                check_number(getattr(self, key), key)
        one_of(self.outside, ("error", "missing"), "outside")
        turned: object = self.already_turned
        if isinstance(turned, str):
            one_of(turned, _TURNED, "already_turned")
        else:
            turned = tuple(sorted(whole_numbers(turned, "already_turned"))) or "none"
        checked = {
            "columns": _columns(self.columns),
            "labels": labels,
            "missing_codes": missing,
            "already_turned": turned,
            "not_asked": whole_numbers(self.not_asked, "not_asked"),
        }
        for key, value in checked.items():
            object.__setattr__(self, key, value)

    def range_on(self, scale: Scale) -> tuple[float, float]:
        """Return the source's lowest and highest answer.

        Raises
        ------
        OptionError
            When the declared range has another width than that of the scale.
        """
        width = scale.maximum - scale.minimum
        if self.minimum is None and self.maximum is None:
            return scale.minimum, scale.maximum
        low = self.minimum if self.minimum is not None else (self.maximum or 0) - width
        high = self.maximum if self.maximum is not None else low + width
        # Decimals: 1.3 - 0.3 need not be exactly 1.
        if not math.isclose(high - low, width, rel_tol=1e-12):
            raise OptionError(
                f"the declared range {low:g} to {high:g} has the width {high - low:g}, but the "
                f"answers to scale {scale.name!r} go from {scale.minimum:g} to {scale.maximum:g}, "
                f"with the width {width:g}; a shift cannot bring one to the other. Declare labels "
                "that say which answer counts as what."
            )
        return low, high

    def turned_on(self, scale: Scale) -> tuple[int, ...]:
        """Return the numbers of the items that the source has reversed already.

        Raises
        ------
        OptionError
            When there is no such item.
        """
        numbers = dict(zip(scale.items, scale.numbers, strict=True))
        if self.already_turned == "none":
            return ()
        if isinstance(self.already_turned, str):
            return tuple(sorted(numbers[item] for item in scale.reversed))
        check_items(self.already_turned, scale, "already_turned")
        return tuple(self.already_turned)


def check_items(listed: Sequence[int], scale: Scale, key: str) -> None:
    """Raise OptionError where a number is that of no item of the scale."""
    for number in listed:
        if number not in scale.numbers:
            hint = nearest(number, map(str, scale.numbers))
            raise OptionError(f"{key}: scale {scale.name!r} has no item {number}. {hint}")


def _columns(columns: object) -> object:
    if isinstance(columns, str):
        return columns
    if not isinstance(columns, Mapping):
        return texts(columns, "columns")
    named: dict[int, str] = {}
    for number, name in columns.items():
        # Keys are texts where the mapping comes from a TOML file.
        if not str(number).isdecimal() or not isinstance(name, str) or not name:
            raise OptionError(
                f"columns has {number!r} = {name!r}, but it must be item numbers with the names of "
                "columns."
            )
        named[int(number)] = name
    texts(tuple(named.values()), "columns")
    return MappingProxyType(named)
