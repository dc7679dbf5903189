"""What is made of scores: percent of maximum possible, comparison with norms, intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Real

import polars as pl

from compassion_psy.errors import OptionError, nearest
from compassion_psy.scoring.interval import interval_columns
from compassion_psy.scoring.norms import Norms
from compassion_psy.scoring.quotient import quotient
from compassion_psy.scoring.rules import Score


def derived_columns(
    scores: Sequence[Score],
    *,
    pomp: bool,
    norms: Norms | Sequence[Norms],
    reliability: float | Mapping[str, float] | None,
    level: float,
) -> list[pl.Expr]:
    """Return the columns that are asked for; the options are those of `score`."""
    if isinstance(level, bool) or not isinstance(level, Real) or not 0 < level < 1:
        raise OptionError(f"level is {level!r}, but it must lie between 0 and 1, such as 0.95.")
    compared: dict[str, Norms] = {}
    listed = [norms] if isinstance(norms, Norms) else norms
    if not isinstance(listed, Sequence):
        raise OptionError(f"norms is {norms!r}, but it must be a Norms, or a list of them.")
    for each in listed:
        if not isinstance(each, Norms):
            raise OptionError(f"norms holds {each!r}, but each must be a Norms.")
        column = _named(each.score, scores, f"norms {each.name!r}").column
        if column in compared:
            raise OptionError(
                f"Both {compared[column].name!r} and {each.name!r} are norms of {column!r}; give "
                "one, and score a second time for the other."
            )
        compared[column] = each
    found = [_pomp(score) for score in scores] if pomp else []
    for column, norm in compared.items():
        found += norm.columns(column)
    for column, value in _reliabilities(reliability, scores).items():
        sd = compared[column].sd if column in compared else None
        found += interval_columns(column, reliability=value, level=float(level), sd=sd)
    return found


def _reliabilities(
    reliability: float | Mapping[str, float] | None, scores: Sequence[Score]
) -> dict[str, float]:
    if reliability is None:
        return {}
    by_key = reliability if isinstance(reliability, Mapping) else {"total": reliability}
    found: dict[str, float] = {}
    for key, value in by_key.items():
        if isinstance(value, bool) or not isinstance(value, Real) or not 0 <= value <= 1:
            raise OptionError(
                f"The reliability of {key!r} is {value!r}, but it must be a number from 0 to 1."
            )
        found[_named(key, scores, "reliability").column] = float(value)
    return found


def _named(key: str, scores: Sequence[Score], what: str) -> Score:
    """Return the score of this column, or of this key where one scale is scored."""
    by_name = {score.column: score for score in scores}
    if len({score.scale.name for score in scores}) == 1:
        by_name = {score.key: score for score in scores} | by_name
    if key not in by_name:
        raise OptionError(f"There is no score {key!r} for the {what}. {nearest(key, by_name)}")
    return by_name[key]


def _pomp(score: Score) -> pl.Expr:
    above = 100 * (pl.col(score.column) - score.lowest)
    return quotient(above, score.highest - score.lowest).alias(f"{score.column}_pomp")
