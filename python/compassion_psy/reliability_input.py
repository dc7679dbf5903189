"""What several questions about reliability are asked with: scales, coefficients, a level."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real
from typing import Any

from compassion_psy.data.responses import Responses
from compassion_psy.errors import DataError, OptionError
from compassion_psy.scales import Scale


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
            f"scale is {scale!r}, but it must be a Scale, or a list of them; a published one may "
            "be named by its id."
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
