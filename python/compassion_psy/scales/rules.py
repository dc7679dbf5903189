"""How answers become scores: the parts of a scale besides its key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

TotalRuleName = Literal["sum", "mean", "mean_of_subscale_means", "sum_of_subscale_means"]
SubscaleRuleName = Literal["sum", "mean"]


@dataclass(frozen=True)
class Total:
    """How the items of a scale make its total.

    Parameters
    ----------
    rule : {"sum", "mean", "mean_of_subscale_means", "sum_of_subscale_means"}
        "sum" and "mean" are over all items, reversed ones turned.
    multiplier : float
        What the result is multiplied with (4 for WHO-5, whose sums run to 25 and scores to 100).
    """

    rule: TotalRuleName = "sum"
    multiplier: float = 1


@dataclass(frozen=True, kw_only=True)
class Subscale:
    """Some of a scale's items, with a score of their own.

    Parameters
    ----------
    key : str
        Its name in columns, in snake case.
    items : tuple of str
        Columns of its items, all of them items of the scale.
    reversed : tuple of str
        Those turned in the score of the subscale itself. In the Self-Compassion Scales these are
        not the ones turned in the total.
    rule : {"sum", "mean"}
        How its items make its score.
    minimum_answered : int, optional
        The published number of answers below which there is no score.
    name : str
        Its name in sentences.
    """

    key: str
    items: tuple[str, ...]
    reversed: tuple[str, ...] = ()
    rule: SubscaleRuleName = "sum"
    minimum_answered: int | None = None
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class Composite:
    """A sum of subscales."""

    key: str
    subscales: tuple[str, ...]
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class MissingRule:
    """What the authors of a scale publish about missing answers.

    Attributes
    ----------
    minimum_answered : int or None
        The number of answers below which there is no total; subscales have their own.
    fill : {"person_mean", "none"}
        What stands for a missing answer: the mean of the answered items of the score, or nothing.
    confidence : {"verified", "single", "memory"}
        How surely this is the published rule.
    """

    minimum_answered: int | None = None
    fill: Literal["person_mean", "none"] = "none"
    confidence: Literal["verified", "single", "memory"] = "memory"


@dataclass(frozen=True, kw_only=True)
class Conversion:
    """A table from the total to a metric (Rasch) score."""

    name: str
    raw: tuple[int, ...]
    metric: tuple[float, ...]
