"""How many answers a score needs, and what stands for those that are missing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Literal

from compassion_psy.errors import OptionError, ScaleError
from compassion_psy.options import one_of, whole_number
from compassion_psy.scales import Scale, Subscale

Missing = Literal["rule", "complete", "person_mean"]

HALF = 0.5
"""The share of answers that the half rule asks for."""


@dataclass(frozen=True)
class Need:
    """What a score needs.

    Attributes
    ----------
    minimum : int
        The number of answers below which there is no score.
    filled : bool
        Whether the person's mean of the answered items stands for a missing answer.
    """

    minimum: int
    filled: bool


@dataclass(frozen=True)
class MissingOption:
    """What the user says of missing answers; see :func:`compassion_psy.score`."""

    missing: Missing = "rule"
    minimum_answered: float | None = None

    def __post_init__(self) -> None:
        one_of("missing", self.missing, ("rule", "complete", "person_mean"))
        stated = self.minimum_answered
        if stated is None:
            return
        if self.missing != "person_mean":
            raise OptionError(
                f"minimum_answered is {stated!r}, but missing is {self.missing!r}, which has its "
                "own; leave it out, or say missing='person_mean'."
            )
        if isinstance(stated, Integral):
            whole_number("minimum_answered", stated, minimum=1)
        elif not isinstance(stated, Real) or not 0 < stated <= 1:
            raise OptionError(
                f"minimum_answered is {stated!r}, but it must be a number of answers (int), or "
                "a share of the items above 0 and at most 1, such as 0.5."
            )

    def of_total(self, scale: Scale, items: Sequence[str]) -> Need:
        """Return what the total needs, which has these items."""
        published = scale.missing.minimum_answered if scale.missing else None
        return self._need(scale, "total", len(items), published)

    def of_subscale(self, scale: Scale, part: Subscale) -> Need:
        """Return what the subscale needs."""
        return self._need(scale, part.key, len(part.items), part.minimum_answered)

    def within_total(self, scale: Scale, part: Subscale) -> Need:
        """Return what the subscale needs where the total is made of subscale means."""
        if self.missing == "rule" and part.minimum_answered is None and scale.missing:
            # The published rule counts the answers to all items; each mean needs one of them.
            counts_all = scale.missing.minimum_answered is not None
            return Need(1 if counts_all else len(part.items), filled=False)
        return self.of_subscale(scale, part)

    def _need(self, scale: Scale, key: str, items: int, published: int | None) -> Need:
        if self.missing == "person_mean":
            return Need(self._stated(scale, key, items), filled=True)
        if self.missing == "complete" or published is None:
            return Need(items, filled=False)
        if not 1 <= published <= items:
            raise ScaleError(
                f"Scale {scale.name!r}, {key}: minimum_answered is {published}, but it has "
                f"{items} items; give 1 to {items}."
            )
        return Need(published, filled=scale.missing is not None and scale.missing.fill != "none")

    def _stated(self, scale: Scale, key: str, items: int) -> int:
        stated = HALF if self.minimum_answered is None else self.minimum_answered
        if not isinstance(stated, Integral):
            # 0.28 * 25 is a little more than 7 as a float; that must not ask for one answer more.
            return max(1, math.ceil(stated * items - 1e-9))
        if stated > items:
            raise OptionError(
                f"minimum_answered is {stated}, but {key!r} of scale {scale.name!r} has {items} "
                "items; give a share of the items, such as 0.8, or a smaller number."
            )
        return int(stated)
