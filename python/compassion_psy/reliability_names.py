"""Which coefficients are meant, and which of them there are of a scale."""

from __future__ import annotations

from collections.abc import Sequence

from compassion_psy.data.columns import uses_codes
from compassion_psy.errors import DataError, OptionError
from compassion_psy.options import one_of
from compassion_psy.reliability_definitions import (
    ALL_CATEGORIES,
    DEFINITIONS,
    OF_SUBSCALES,
    ORDINAL,
)
from compassion_psy.scales import Scale


def coefficient_names(coefficients: str | Sequence[str]) -> tuple[str, ...]:
    """Return the names, each once, or raise OptionError where one is no coefficient."""
    if coefficients == "all":
        return tuple(DEFINITIONS)
    names = (coefficients,) if isinstance(coefficients, str) else coefficients
    if not isinstance(names, Sequence) or not names:
        raise OptionError(
            f"coefficients is {coefficients!r}; choose from {', '.join(DEFINITIONS)}."
        )
    for name in names:
        one_of("coefficients", name, tuple(DEFINITIONS))
    return tuple(dict.fromkeys(names))


def names_of_scales(
    coefficients: str | Sequence[str],
    scales: Sequence[Scale],
    *,
    no_tables: str | None = None,
) -> tuple[str, ...]:
    """Return the names of coefficients that all of these scales have.

    "all" leaves out stratified alpha of scales that are no total of subscales, and ordinal
    coefficients where answers are no categories, or more than ``ALL_CATEGORIES`` of them, or where
    `no_tables` says why answers cannot be counted in tables.

    Raises
    ------
    DataError, OptionError
        Where a coefficient is asked for by its name that cannot be had.
    """
    names = coefficient_names(coefficients)
    if coefficients != "all":
        for name in names:
            _refuse_absent(name, scales, no_tables)
        return names
    absent: list[str] = []
    if any(_no_strata(scale) for scale in scales):
        absent.append(OF_SUBSCALES)
    if no_tables or any(_categories(scale) not in range(ALL_CATEGORIES + 1) for scale in scales):
        absent += ORDINAL
    return tuple(name for name in names if name not in absent)


def names_of_items(coefficients: str | Sequence[str]) -> tuple[str, ...]:
    """Return the names of coefficients that scales without one of their items also have."""
    names = coefficient_names(coefficients)
    absent = (OF_SUBSCALES, *ORDINAL)
    if coefficients == "all":
        return tuple(name for name in names if name not in absent)
    for name in names:
        if name in absent:
            why = "of whole subscales" if name == OF_SUBSCALES else "of tables of answers"
            raise OptionError(
                f"{name!r} is {why}, and items are taken out of moments; ask reliability() for it."
            )
    return names


def subscale_numbers(scale: Scale, names: Sequence[str]) -> list[int] | None:
    """Return the number of each item's subscale where `names` ask for stratified alpha."""
    if OF_SUBSCALES not in names:
        return None
    number = {item: at for at, part in enumerate(scale.subscales) for item in part.items}
    return [number[item] for item in scale.items]


def _refuse_absent(name: str, scales: Sequence[Scale], no_tables: str | None) -> None:
    for scale in scales:
        fault = _no_strata(scale) if name == OF_SUBSCALES else None
        if fault is not None:
            raise OptionError(f"Scale {scale.name!r} has no {OF_SUBSCALES!r}: {fault}.")
        if name in ORDINAL and _categories(scale) is None:
            kind = "continuous" if scale.continuous else f"{scale.minimum:g} to {scale.maximum:g}"
            raise DataError(
                f"{name} is of ordered categories, but the answers of scale {scale.name!r} "
                f"({kind}) are none; ask for coefficients of moments, such as 'omega_u'."
            )
    if name in ORDINAL and no_tables is not None:
        raise OptionError(
            f"{name} is of tables that count each person once, but {no_tables}; ask for "
            "coefficients of moments, such as 'omega_u'."
        )


def _categories(scale: Scale) -> int | None:
    """Return how many different answers there are, or None where these are no categories."""
    if not uses_codes(scale):
        return None
    return int(scale.maximum - scale.minimum) + 1 if scale.values is None else len(scale.values)


def _no_strata(scale: Scale) -> str | None:
    """Return why the subscales are no strata of the items, or nothing."""
    if not scale.subscales:
        return "it declares no subscales; declare them, with Scale(subscales=...)"
    held: dict[str, str] = {}
    for part in scale.subscales:
        if len(part.items) < 2:
            return f"its subscale {part.key!r} has one item, whose error is not known"
        for item in part.items:
            if item in held:
                return f"item {item!r} is in two subscales, {held[item]!r} and {part.key!r}"
            held[item] = part.key
    for item in scale.items:
        if item not in held:
            return f"item {item!r} is in none of its subscales"
    return None
