"""What several questions about reliability are asked with: scales, coefficients, a level."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real
from typing import Any

from compassion_psy.data.responses import Responses
from compassion_psy.errors import DataError, OptionError
from compassion_psy.options import one_of
from compassion_psy.reliability_definitions import DEFINITIONS, OF_SUBSCALES
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


def names_of_items(coefficients: str | Sequence[str]) -> tuple[str, ...]:
    """Return the names of coefficients that scales without one of their items also have."""
    names = coefficient_names(coefficients)
    if coefficients != "all" and OF_SUBSCALES in names:
        raise OptionError(
            f"{OF_SUBSCALES!r} is of whole subscales, not of a scale without one of its items; ask "
            "reliability() for it."
        )
    return tuple(name for name in names if name != OF_SUBSCALES)


def names_of_scale(
    coefficients: str | Sequence[str], names: tuple[str, ...], scale: Scale
) -> tuple[str, ...]:
    """Return the names that `scale` has a coefficient of: of "all", those that are defined.

    Raises
    ------
    OptionError
        Where stratified alpha is asked for by its name, and the scale is no total of subscales.
    """
    if OF_SUBSCALES not in names:
        return names
    fault = _no_strata(scale)
    if fault is None:
        return names
    if coefficients != "all":
        raise OptionError(f"Scale {scale.name!r} has no {OF_SUBSCALES!r}: {fault}.")
    return tuple(name for name in names if name != OF_SUBSCALES)


def subscale_numbers(scale: Scale, names: Sequence[str]) -> list[int] | None:
    """Return the number of each item's subscale where `names` ask for stratified alpha."""
    if OF_SUBSCALES not in names:
        return None
    number = {item: at for at, part in enumerate(scale.subscales) for item in part.items}
    return [number[item] for item in scale.items]


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


def checked_level(level: float) -> float:
    """Return the level of intervals, or raise OptionError where it is not one."""
    if isinstance(level, bool) or not isinstance(level, Real) or not 0 < level < 1:
        raise OptionError(f"level is {level!r}, but it must lie between 0 and 1, such as 0.95.")
    if 1 - (1 - float(level)) / 2 == 1:
        raise OptionError(
            f"level is {level!r}, so near to 1 that a limit would be infinite; lower it, to 0.99 "
            "for example."
        )
    return float(level)


def listed_scales(scale: Scale | Sequence[Scale] | None) -> list[Scale]:
    """Return the scales as a list, or raise OptionError where it holds something else."""
    scales = [scale] if isinstance(scale, Scale) else scale
    if (
        not isinstance(scales, Sequence)
        or not scales
        or any(not isinstance(each, Scale) for each in scales)
    ):
        raise OptionError(
            f"scale is {scale!r}, but it must be a Scale, or a list of them; a published "
            "one may be named by its id."
        )
    names = [each.name for each in scales]
    for name in names:
        if names.count(name) > 1:
            raise OptionError(
                f"Two scales have the name {name!r}; give each its own, with "
                "dataclasses.replace(scale, name='...')."
            )
    return list(scales)


def all_responses(
    data: Any, scale: Scale | Sequence[Scale] | None, columns: dict[str, Any]
) -> list[Responses]:
    """Return the checked answers to each scale, all with the same design columns."""
    if isinstance(data, Responses):
        data.refuse_options(scale, **columns)
        return [data]
    return [Responses.from_frame(data, each, **columns) for each in listed_scales(scale)]


def check_scored(scale: Scale) -> None:
    """Raise an error where a scale has no total score of several items."""
    if scale.n_items < 2:
        raise DataError(
            f"Scale {scale.name!r} has one item ({scale.items[0]!r}), but reliability needs at "
            "least 2; add items."
        )
    if scale.total is None:
        raise OptionError(
            f"Scale {scale.name!r} has no total score, only subscales; ask for scale.scores, or "
            f"for scale.subscale({scale.subscales[0].key!r})."
        )
