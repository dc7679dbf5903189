"""The scores of every person at each wave, whether waves came as rows or as columns."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from compassion_psy.change.outcomes import Outcome, filled
from compassion_psy.data.frames import require_columns
from compassion_psy.errors import DataError, OptionError, nearest
from compassion_psy.scoring import score

Reals = npt.NDArray[np.float64]

_WHOLE = 2**53  # below it, whole numbers in a column of reals are what they were
LARGEST = 1e70
"""The size of a score whose square, and products of these, are still numbers."""

# No column of a survey is called so.
_WAVE, _PRESENT = "\0wave", "\0present"


@dataclass(frozen=True, eq=False)
class Waves:
    """Persons in the order of their ids, and what they scored.

    Attributes
    ----------
    persons : polars.DataFrame
        One row a person: the `by` columns, the id and the arm.
    labels : tuple of str
        The waves: the first, then those that are compared with it.
    answers : mapping of str to polars.DataFrame
        By wave the rows of the data, with items and ids.
    scores : mapping of str to mapping of str to array (persons,)
        By wave and outcome; NaN where there is no score.
    present : mapping of str to array (persons,) of bool
        By wave, who has a row.
    """

    persons: pl.DataFrame
    labels: tuple[str, ...]
    answers: dict[str, pl.DataFrame]
    scores: dict[str, dict[str, Reals]]
    present: dict[str, npt.NDArray[np.bool_]]


@dataclass(frozen=True)
class Layout:
    """Which columns hold persons, waves, arms and groups.

    Attributes
    ----------
    id : str
        The column of the person.
    wave : str, optional
        The column of the wave; None where each wave has columns of its own.
    pre : object
        The first wave: its value, or the pattern of its columns.
    posts : tuple
        The waves that are compared with it.
    arm : str, optional
        The column of the arm.
    by : tuple of str
        The columns of groups.
    """

    id: str
    wave: str | None
    pre: Any
    posts: tuple[Any, ...]
    arm: str | None
    by: tuple[str, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """The waves as texts."""
        return tuple(_label(each) for each in (self.pre, *self.posts))

    @property
    def patterns(self) -> tuple[str, ...]:
        """How the columns of each wave are called."""
        return ("{}",) if self.wave is not None else self.labels

    @property
    def traits(self) -> list[str]:
        """The columns that do not change between waves."""
        return [*self.by, *([self.arm] if self.arm else [])]

    def check(self) -> None:
        """Raise OptionError where the waves are not told apart."""
        if len(set(self.labels)) < len(self.labels):
            raise OptionError(f"pre and post name a wave twice: {', '.join(self.labels)}.")
        named = [self.id, *([self.wave] if self.wave else []), *self.traits]
        for name in named:
            if not isinstance(name, str):
                raise OptionError(f"id, wave, arm and by are column names (str), not {name!r}.")
            if named.count(name) > 1:
                raise OptionError(f"Column {name!r} is named in two roles of id, wave, arm, by.")
        if self.wave is None:
            for pattern in (self.pre, *self.posts):
                if not isinstance(pattern, str) or pattern.count("{}") != 1:
                    raise OptionError(
                        f"pre and post hold {pattern!r}, but without wave each must be a pattern "
                        'of columns with one pair of braces, such as "t1_{}" or "{}_pre".'
                    )


def waves_of(
    frame: pl.DataFrame,
    layout: Layout,
    outcomes: Sequence[Outcome],
    missing_codes: Sequence[float],
) -> Waves:
    """Return what every person scored at each wave.

    Raises
    ------
    DataError
        Where a column or a wave is absent, a person is in a wave twice, or changes arm or group.
    """
    require_columns(frame.columns, [layout.id, *layout.traits])
    if frame.height == 0:
        raise DataError("The data have no rows; there is nothing to compare.")
    _refuse_absent(frame, layout)
    parts = _parts(frame, layout, outcomes)
    for label, part in parts.items():
        twice = part.filter(pl.col(layout.id).is_duplicated())
        if twice.height:
            raise DataError(
                f"Person {twice[layout.id][0]!r} of column {layout.id!r} has several rows in wave "
                f"{label!r} ({twice[layout.id].n_unique():,} persons have); keep one row a person "
                "and wave."
            )
    persons = _persons(pl.concat([part.select(layout.id, *layout.traits)
                                  for part in parts.values()]), layout)  # fmt: skip
    scores, present = {}, {}
    together = pl.concat(
        [part.with_columns(pl.lit(label).alias(_WAVE)) for label, part in parts.items()],
        how="vertical_relaxed",
    )
    everything = _scored(together, outcomes, missing_codes)
    for label in parts:
        scored = everything.filter(pl.col(_WAVE) == label)
        rows = persons.select(layout.id).join(
            scored.select(pl.col(layout.id), *(pl.col(each.column) for each in outcomes),
                          pl.lit(value=True).alias(_PRESENT)),
            on=layout.id, how="left", maintain_order="left",
        )  # fmt: skip
        scores[label] = {each.name: _numbers(rows[each.column]) for each in outcomes}
        present[label] = rows[_PRESENT].fill_null(value=False).to_numpy()
    return Waves(persons, layout.labels, parts, scores, present)


def _parts(
    frame: pl.DataFrame, layout: Layout, outcomes: Sequence[Outcome]
) -> dict[str, pl.DataFrame]:
    """Return the rows of each wave, with the columns that are needed, by their plain names."""
    sources = list(dict.fromkeys(name for each in outcomes for name in each.sources))
    fixed = [layout.id, *layout.traits]
    for name in sources:
        if name in fixed or name == layout.wave:
            raise OptionError(f"Column {name!r} is an outcome or item, and also id, wave, arm or "
                              "by; name another column.")  # fmt: skip
    if layout.wave is None:
        parts = {}
        for pattern in layout.labels:
            names = [filled(pattern, name) for name in sources]
            require_columns(frame.columns, names)
            parts[pattern] = frame.select(
                *fixed, *(pl.col(own).alias(name) for own, name in zip(names, sources, strict=True))
            )
        return parts
    require_columns(frame.columns, [layout.wave, *sources])
    _refuse_kind(frame[layout.wave])
    absent = _absent(frame[layout.wave])
    if absent:
        raise DataError(
            f"Column {layout.wave!r} has no value in {absent:,} rows; fill them, or leave these "
            "rows out."
        )
    written = _written(frame[layout.wave])
    known = written.unique(maintain_order=True).to_list()
    parts = {}
    for label in layout.labels:
        if label not in known:
            raise DataError(
                f"No row of column {layout.wave!r} is of wave {label!r}. {nearest(label, known)}"
            )
        parts[label] = frame.filter(written == label).select(*fixed, *sources)
    return parts


def _label(wave: Any) -> str:
    """Return a wave as a text, as :func:`_written` writes it."""
    if isinstance(wave, bool):
        return str(wave).lower()
    if isinstance(wave, datetime):
        return str(pl.Series([wave], dtype=pl.Datetime("us")).cast(pl.String)[0])
    if isinstance(wave, (Real, Decimal)):
        number = float(wave)
        if number.is_integer() and abs(number) < _WHOLE:
            return str(int(number))
    return str(wave)


def _absent(column: pl.Series) -> int:
    """Return how many have no value: null, or NaN, which is no id, wave or arm either."""
    return column.null_count() + (int(column.is_nan().sum()) if column.dtype.is_float() else 0)


def _written(waves: pl.Series) -> pl.Series:
    """Return waves as texts; whole numbers as such, though pandas may write them as 1.0."""
    if waves.dtype.is_float() or waves.dtype.is_decimal():
        numbers = waves.cast(pl.Float64)
        whole = (numbers == numbers.round()) & (numbers.abs() < _WHOLE)
        as_whole = numbers.cast(pl.Int64, strict=False).cast(pl.String)
        return as_whole.zip_with(whole, waves.cast(pl.String))
    if isinstance(waves.dtype, pl.Datetime):
        waves = waves.cast(pl.Datetime("us", waves.dtype.time_zone))
    return waves.cast(pl.String)


def _refuse_kind(column: pl.Series) -> None:
    if column.dtype.is_nested() or column.dtype in (pl.Object, pl.Binary, pl.Duration):
        raise DataError(
            f"Column {column.name!r} holds {column.dtype.base_type()}, but id, wave, arm and by "
            "must be texts, numbers or dates; recode it."
        )


def _refuse_absent(frame: pl.DataFrame, layout: Layout) -> None:
    for name in (layout.id, *layout.traits):
        _refuse_kind(frame[name])
    absent = _absent(frame[layout.id])
    if absent:
        raise DataError(
            f"Column {layout.id!r} has no value in {absent:,} rows; a row without a person cannot "
            "be matched: fill them, or leave these rows out."
        )


def _persons(rows: pl.DataFrame, layout: Layout) -> pl.DataFrame:
    """Return one row a person, in the order of ids."""
    rows = rows.with_columns(
        pl.col(name).fill_nan(None) for name in layout.traits if rows[name].dtype.is_float()
    )
    persons = rows.group_by(layout.id).agg(
        pl.col(name).drop_nulls().unique(maintain_order=True) for name in layout.traits
    )
    for name in layout.traits:
        several = persons.filter(pl.col(name).list.len() > 1).sort(layout.id)
        if several.height:
            first, second = several[name][0].to_list()[:2]
            raise DataError(
                f"Person {several[layout.id][0]!r} has {first!r} and {second!r} in column "
                f"{name!r} ({several.height:,} persons have several); a person keeps one."
            )
    persons = persons.with_columns(pl.col(name).list.first() for name in layout.traits)
    armless = 0 if layout.arm is None else persons[layout.arm].null_count()
    if armless:
        raise DataError(
            f"Column {layout.arm!r} has no value for {armless:,} persons; fill it, or leave these "
            "persons out."
        )
    return persons.sort(layout.id)


def _scored(
    part: pl.DataFrame, outcomes: Sequence[Outcome], missing_codes: Sequence[float]
) -> pl.DataFrame:
    scales = [each.scale for each in outcomes if each.scale is not None]
    columns = [each.column for each in outcomes if each.scale is None]
    for name in columns:
        if not part[name].dtype.is_numeric() and part[name].dtype != pl.Null:
            raise DataError(
                f"Column {name!r} holds {part[name].dtype.base_type()}, but a column of scores "
                "must be numbers; recode it."
            )
        values = part[name].cast(pl.Float64)
        infinite = int(values.is_infinite().sum() or 0)
        if infinite:
            raise DataError(f"Column {name!r} has {infinite:,} infinite values; correct them.")
        largest = values.fill_nan(None).abs().max()
        if isinstance(largest, float) and largest > LARGEST:
            raise DataError(
                f"Column {name!r} holds a score of size {largest:g}, which cannot be squared with "
                "all digits; correct it, or write scores in other units."
            )
    codes = [float(code) for code in missing_codes]
    part = part.with_columns(
        pl.when(pl.col(name).cast(pl.Float64).is_in(codes)).then(None).otherwise(pl.col(name))
        .alias(name)
        for name in columns
    )  # fmt: skip
    return score(part, scales, missing_codes=missing_codes) if scales else part


def _numbers(column: pl.Series) -> Reals:
    return np.array(column.cast(pl.Float64).fill_null(math.nan).to_numpy())
