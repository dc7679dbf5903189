"""Rules of scoring as expressions, exact on whole-number answers."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import polars as pl

from compassion_psy.scales import Conversion, Scale, Subscale, snake_case
from compassion_psy.scoring.answers import Answers
from compassion_psy.scoring.missing import MissingOption, Need
from compassion_psy.scoring.quotient import quotient

# Above this a float does not hold every whole number.
_EXACT = 2**53


@dataclass(frozen=True)
class Part:
    """Items that are added up, or whose mean is taken."""

    items: tuple[str, ...]
    reversed: tuple[str, ...]
    is_mean: bool
    need: Need

    @property
    def is_divided(self) -> bool:
        """Whether its value is a quotient by the number of answers."""
        return self.is_mean or (self.need.filled and self.need.minimum < len(self.items))

    @property
    def factor(self) -> int:
        """What sum / answered is multiplied with: a filled sum is the mean times the items."""
        return len(self.items) if self.is_divided and not self.is_mean else 1

    def value_of(self, answer: float) -> float:
        """Return the value where every keyed answer is this one."""
        return answer if self.is_mean else answer * len(self.items)

    def sum(self, answers: Answers, turn: float) -> pl.Expr:
        """Return the sum of the answers; those of reversed items are `turn` minus the answer."""
        return pl.sum_horizontal(
            turn - answers[item] if item in self.reversed else answers[item] for item in self.items
        )

    def count(self, answers: Answers) -> pl.Expr | int:
        """Return what the sums of those who have a value are divided by."""
        if not self.is_divided:
            return 1
        items = len(self.items)
        return items if self.need.minimum == items else answered(answers, self.items)


@dataclass(frozen=True)
class Score:
    """One score: which items, by which rule, with how many answers, in which column.

    Attributes
    ----------
    column, key : str
        The column of the score, and its name within the scale.
    parts : tuple of Part
        What it is added up from; one part for a plain sum or mean.
    items : tuple of str
        All its items.
    minimum : int
        The number of answers to these below which there is no score.
    multiplier : float
        What the sum of parts is multiplied with,
    divisor : int
        and divided by.
    conversion : Conversion, optional
        The table in which the result is looked up.
    """

    scale: Scale
    column: str
    key: str
    parts: tuple[Part, ...]
    items: tuple[str, ...]
    minimum: int
    multiplier: float = 1
    divisor: int = 1
    conversion: Conversion | None = None

    @property
    def lowest(self) -> float:
        """The lowest possible score."""
        return self.conversion.metric[0] if self.conversion else self._end(self.scale.minimum)

    @property
    def highest(self) -> float:
        """The highest possible score."""
        return self.conversion.metric[-1] if self.conversion else self._end(self.scale.maximum)

    def columns(self, answers: Answers) -> list[pl.Expr]:
        """Return the score, and the number answered."""
        count = answered(answers, self.items)
        has_score = [count >= self.minimum]
        if len(self.parts) > 1:
            has_score += [answered(answers, part.items) >= part.need.minimum for part in self.parts]
        value = self._value(answers, pl.all_horizontal(has_score))
        if self.conversion:
            raw, metric = self.conversion.raw, self.conversion.metric
            value = value.cast(pl.Float64).replace_strict(
                [float(total) for total in raw], metric, default=None, return_dtype=pl.Float64
            )
        return [value.alias(self.column), count.alias(f"{self.column}_answered")]

    def _end(self, answer: float) -> float:
        total = sum(part.value_of(answer) for part in self.parts)
        return total * self.multiplier / self.divisor

    def _value(self, answers: Answers, has_score: pl.Expr) -> pl.Expr:
        turn: float = self.scale.minimum + self.scale.maximum
        multiplier = self.multiplier
        if not self.scale.continuous:
            turn = int(turn)
        if float(multiplier).is_integer():
            multiplier = int(multiplier)
        sums = [_times(part.sum(answers, turn), part.factor) for part in self.parts]

        def of_persons(value: pl.Expr) -> pl.Expr:
            return pl.when(has_score).then(_times(value, multiplier))

        if not any(part.is_divided for part in self.parts):
            return of_persons(_added(sums))
        counts = [part.count(answers) for part in self.parts]
        if len(sums) == 1:
            return quotient(of_persons(sums[0]), _times(counts[0], self.divisor))
        common = self._common_multiple()
        pairs = list(zip(sums, counts, strict=True))
        if common is None:
            quotients = [quotient(each, count) for each, count in pairs]
            return quotient(of_persons(_added(quotients)), self.divisor)
        # One division of whole numbers, so that means of means are not off by a rounding.
        whole = [
            _times(each, common // count if isinstance(count, int) else pl.lit(common) // count)
            for each, count in pairs
        ]
        return quotient(of_persons(_added(whole)), common * self.divisor)

    def _common_multiple(self) -> int | None:
        """Return a number that all divisors divide, if all sums stay exact with it."""
        counts = [
            count
            for part in self.parts
            if part.is_divided
            for count in range(part.need.minimum, len(part.items) + 1)
        ]
        common = math.lcm(*counts)
        size = max(abs(self.scale.minimum), abs(self.scale.maximum), 1)
        largest = sum(size * len(part.items) * part.factor for part in self.parts)
        largest *= common * max(abs(self.multiplier), 1)
        return None if self.scale.continuous or largest >= _EXACT else common


def answered(answers: Answers, items: Iterable[str]) -> pl.Expr:
    """Return the number of these items that were answered."""
    return pl.sum_horizontal(answers[item].is_not_null() for item in items).cast(pl.Int64)


def _times(value: Any, factor: Any) -> Any:
    # Polars does not know that times 1 is nothing to do.
    return value if isinstance(factor, int) and factor == 1 else value * factor


def _added(expressions: list[pl.Expr]) -> pl.Expr:
    # Not pl.sum_horizontal: without a mean of one part there is no score.
    total = expressions[0]
    for each in expressions[1:]:
        total = total + each
    return total


def scores_of(scale: Scale, option: MissingOption) -> list[Score]:
    """Return all scores of a scale: total, metric, subscales, composites."""
    stem = snake_case(scale.name)
    by_key = {part.key: _subscale(scale, part, option) for part in scale.subscales}
    totals = [] if scale.total is None else _totals(scale, option)
    singles = [
        Score(scale, f"{stem}_{snake_case(key)}", key, (part,), part.items, part.need.minimum)
        for key, part in by_key.items()
    ]
    composites = []
    for composite in scale.composites:
        parts = tuple(by_key[key] for key in composite.subscales)
        column = f"{stem}_{snake_case(composite.key)}"
        composites.append(Score(scale, column, composite.key, parts, _distinct(parts), 1))
    return [*totals, *singles, *composites]


def _totals(scale: Scale, option: MissingOption) -> list[Score]:
    """Return the total, then its metric where there is a table."""
    assert scale.total is not None
    stem = snake_case(scale.name)
    rule, multiplier = scale.total.rule, scale.total.multiplier
    divisor = 1
    if rule in ("sum", "mean"):
        need = option.of_total(scale, scale.items)
        parts: tuple[Part, ...] = (
            Part(tuple(scale.items), tuple(scale.reversed), rule == "mean", need),
        )
    else:
        # Each subscale is keyed as the total is, which need not be as it is on its own.
        parts = tuple(
            Part(part.items, tuple(scale.reversed), True, option.within_total(scale, part))
            for part in scale.subscales
        )
        need = option.of_total(scale, _distinct(parts))
        divisor = len(parts) if rule == "mean_of_subscale_means" else 1
    items = _distinct(parts)
    total = Score(scale, f"{stem}_total", "total", parts, items, need.minimum, multiplier, divisor)
    if scale.conversion is None:
        return [total]
    metric = Score(
        scale, f"{stem}_metric", "metric", parts, items, need.minimum, multiplier, divisor,
        scale.conversion,
    )  # fmt: skip
    return [total, metric]


def _subscale(scale: Scale, part: Subscale, option: MissingOption) -> Part:
    need = option.of_subscale(scale, part)
    return Part(tuple(part.items), tuple(part.reversed), part.rule == "mean", need)


def _distinct(parts: Iterable[Part]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(item for part in parts for item in part.items))
