"""How answers would be spread if nobody agreed: what agreement of a team is compared with."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from compassion_psy.data.columns import uses_codes
from compassion_psy.errors import OptionError
from compassion_psy.scales import Scale

ExpectedAnswers = Literal["uniform", "slight_skew", "moderate_skew", "heavy_skew"] | Sequence[float]

# Of five categories, the lowest first (James, Demaree & Wolf, 1984, table 2).
_SKEWED = {
    "slight_skew": (0.05, 0.15, 0.20, 0.35, 0.25),
    "moderate_skew": (0.0, 0.10, 0.15, 0.40, 0.35),
    "heavy_skew": (0.0, 0.0, 0.10, 0.40, 0.50),
}
NAMES = ("uniform", *_SKEWED)

# Shares are often written with two decimals.
_ROUNDED = 1e-6


@dataclass(frozen=True)
class Expected:
    """Answers that are expected of persons who do not agree.

    Attributes
    ----------
    name : str
        How they are spread: "uniform", a named skew, or the shares as given.
    variance : float
        Of one answer.
    """

    name: str
    variance: float


def expected_of(asked: ExpectedAnswers, scale: Scale) -> Expected:
    """Return what is asked for as a variance.

    Raises
    ------
    OptionError
        Where there is no such name, or shares are not those of the scale's categories.
    """
    if isinstance(asked, str):
        if asked == "uniform":
            # Answers without categories have no agreement, and their range may have no square.
            return Expected(
                asked, (_categories(scale) ** 2 - 1) / 12 if uses_codes(scale) else math.nan
            )
        if asked not in _SKEWED:
            known = ", ".join(map(repr, NAMES))
            raise OptionError(
                f"expected_answers is {asked!r}, but it must be one of {known}, or the share of "
                "each category."
            )
    if not uses_codes(scale):
        raise OptionError(
            f"expected_answers is {asked!r}, but answers to scale {scale.name!r} have no "
            "categories; leave expected_answers out."
        )
    categories = _categories(scale)
    if isinstance(asked, str):
        if categories != len(_SKEWED[asked]):
            raise OptionError(
                f"expected_answers is {asked!r}, which is known for 5 categories, but scale "
                f"{scale.name!r} has {categories}; give the share of each of them, lowest first."
            )
        return Expected(asked, _variance(_SKEWED[asked]))
    shares = _checked(asked, categories, scale.name)
    return Expected("shares " + ", ".join(f"{share:g}" for share in shares), _variance(shares))


def _categories(scale: Scale) -> int:
    return round(scale.maximum - scale.minimum) + 1


def _checked(asked: Sequence[float], categories: int, scale: str) -> tuple[float, ...]:
    try:
        shares = tuple(float(share) for share in asked)
    except (TypeError, ValueError):
        raise OptionError(
            f"expected_answers is {asked!r}, but it must be a name or a sequence of shares."
        ) from None
    if len(shares) != categories:
        raise OptionError(
            f"expected_answers has {len(shares)} shares, but answers to scale {scale!r} have "
            f"{categories} categories; give one share for each, lowest first."
        )
    # Not a number is not between zero and one.
    wrong = [share for share in shares if not 0 <= share <= 1]
    if wrong or abs(math.fsum(shares) - 1) > _ROUNDED:
        raise OptionError(
            f"expected_answers is {list(shares)}, but shares must lie between 0 and 1 and sum to "
            "1; correct them."
        )
    if max(shares) > 1 - _ROUNDED:
        raise OptionError(
            "expected_answers has one category alone, of which no answer differs; spread the "
            "shares over two or more."
        )
    return shares


def _variance(shares: Sequence[float]) -> float:
    mean = math.fsum(place * share for place, share in enumerate(shares))
    return math.fsum((place - mean) ** 2 * share for place, share in enumerate(shares))
