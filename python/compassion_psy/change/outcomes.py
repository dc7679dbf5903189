"""Which outcomes are meant: scales scored from their items, or columns of scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from compassion_psy.errors import OptionError, ScaleError, nearest
from compassion_psy.scales import Scale
from compassion_psy.scales.choice import chosen
from compassion_psy.scales.numbering import Columns
from compassion_psy.scales.scale import snake_case


@dataclass(frozen=True)
class Outcome:
    """One outcome.

    Attributes
    ----------
    name : str
        The name in results.
    column : str
        The column of the scores, once they are made.
    scale : Scale, optional
        The scale that the scores are made of; None for a column of scores.
    """

    name: str
    column: str
    scale: Scale | None = None

    @property
    def sources(self) -> tuple[str, ...]:
        """The columns of the data that it needs."""
        return (self.column,) if self.scale is None else tuple(self.scale.items)


def listed_outcomes(
    outcomes: Any, columns: Columns | None, present: Sequence[str], patterns: Sequence[str]
) -> list[Outcome]:
    """Return the outcomes that a call names.

    Parameters
    ----------
    outcomes : Scale, str, or sequence of them
        A text is a column of scores where there is such a column, else the id of a scale.
    columns : str, sequence or mapping, optional
        With one id, the columns of its items.
    present : sequence of str
        The columns of the data.
    patterns : sequence of str
        How the columns of a wave are called in wide data; "{}" in long data.

    Raises
    ------
    OptionError, ScaleError
        Where an outcome is neither, has no total, or is named twice.
    """
    listed = [outcomes] if isinstance(outcomes, (Scale, str)) else outcomes
    if not isinstance(listed, Sequence) or not listed:
        raise OptionError(
            f"outcomes is {outcomes!r}, but it must be scales, ids of published ones or columns of "
            "scores."
        )
    if columns is not None and len(listed) > 1:
        chosen(listed, columns)  # refuses
    found = [_outcome(each, columns, present, patterns) for each in listed]
    names = [each.name for each in found]
    for name in names:
        if names.count(name) > 1:
            raise OptionError(f"outcomes names {name!r} twice; leave one out, or rename it.")
    return found


def _outcome(
    given: Any, columns: Columns | None, present: Sequence[str], patterns: Sequence[str]
) -> Outcome:
    if isinstance(given, str) and columns is None:
        wanted = [filled(pattern, given) for pattern in patterns]
        if any(name in present for name in wanted):
            return Outcome(given, given)
        try:
            given = chosen(given, None)
        except ScaleError:
            raise OptionError(
                f"The outcome {given!r} is neither a column of the data nor the id of a published "
                f"scale. {nearest(wanted[0], present)}"
            ) from None
    scale = chosen(given, columns)
    if not isinstance(scale, Scale):
        raise OptionError(f"outcomes holds {given!r}, but each must be a Scale, an id or a column.")
    if scale.total is None:
        raise OptionError(
            f"Scale {scale.name!r} has no total score, only subscales; name them as outcomes: "
            f"*scale.scores, or scale.subscale({scale.subscales[0].key!r})."
        )
    return Outcome(scale.name, f"{snake_case(scale.name)}_total", scale)


def filled(pattern: str, name: str) -> str:
    """Return the column of a wave: the pattern with the name in its braces."""
    return pattern.replace("{}", name)
