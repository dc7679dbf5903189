"""Checks of what a scale is declared with."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from numbers import Real
from typing import cast, get_args

from compassion_psy.errors import ScaleError, nearest
from compassion_psy.scales.rules import Composite, Subscale, Total, TotalRuleName


def check_parts(
    scale: str,
    items: tuple[str, ...],
    subscales: Sequence[Subscale],
    composites: Sequence[Composite],
    total: Total | None,
) -> None:
    """Raise ScaleError where subscales, composites and total do not fit the items."""
    for part in subscales:
        if not isinstance(part, Subscale):
            raise ScaleError(f"Scale {scale!r}: subscales holds {part!r}; each must be a Subscale.")
        place = f"Scale {scale!r}, subscale {part.key!r}"
        column_list(f"{scale}, {part.key}", "items", part.items)
        refuse_strangers(f"{place}: item", part.items, items)
        refuse_strangers(f"{place}: reversed item", part.reversed, part.items)
    keys = [part.key for part in subscales] + [part.key for part in composites]
    refuse_repeats(keys, f"Scale {scale!r}: subscale key")
    for composite in composites:
        place = f"Scale {scale!r}, composite {composite.key!r}: subscale"
        refuse_strangers(place, composite.subscales, [part.key for part in subscales])
    if total is None and not subscales:
        raise ScaleError(f"Scale {scale!r} has neither a total nor subscales; give it one.")
    if total is not None and total.rule.endswith("subscale_means") and not subscales:
        raise ScaleError(f"Scale {scale!r}: the total's rule {total.rule!r} needs subscales.")


def total_rule(scale: str, total: object) -> Total | None:
    """Return how the total is made, which may be given by the name of its rule."""
    if isinstance(total, str) and total in get_args(TotalRuleName):
        return Total(cast(TotalRuleName, total))
    if total is not None and not (
        isinstance(total, Total) and total.rule in get_args(TotalRuleName)
    ):
        raise ScaleError(
            f"Scale {scale!r}: total is {total!r}, but it must be a Total, or the name of its "
            f"rule: {', '.join(get_args(TotalRuleName))}."
        )
    return total


def refuse_strangers(what: str, names: Iterable[str], known: Sequence[str]) -> None:
    """Raise ScaleError for the first of `names` that is not known."""
    for name in names:
        if name not in known:
            raise ScaleError(
                f"{what} {name!r} is not among its {'items' if 'item' in what else 'subscales'}. "
                f"{nearest(name, known)}"
            )


def refuse_repeats(names: Iterable[str], what: str) -> None:
    """Raise ScaleError for the first of `names` that occurs twice."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ScaleError(f"{what} {name!r} is given more than once; name each once.")
        seen.add(name)


def column_list(scale: str, key: str, names: object) -> tuple[str, ...]:
    """Return the names as a tuple, or raise ScaleError where they are no column names."""
    # A bare string is a sequence too: of letters, which nobody means.
    if isinstance(names, (str, Mapping)) or not isinstance(names, Iterable):
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
    refuse_repeats(listed, f"Scale {scale!r}: in {key}, item")
    return listed


def finite_number(scale: str, key: str, value: object) -> float:
    """Return the value as a float, or raise ScaleError where it is no finite number."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise ScaleError(f"Scale {scale!r}: {key} is {value!r}, but it must be a number.")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ScaleError(f"Scale {scale!r}: {key} is {number}, but it must be a finite number.")
    return number
