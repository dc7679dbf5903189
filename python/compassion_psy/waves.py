"""Answers of the same persons on several occasions, a row a person and wave, side by side."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from compassion_psy.data.frames import as_frame
from compassion_psy.data.responses import Responses
from compassion_psy.errors import DataError, OptionError
from compassion_psy.scales import Scale


class Waves(NamedTuple):
    """Answers of persons who have a row in every wave.

    Attributes
    ----------
    labels : list of str
        The waves, in their order.
    aligned : list of Responses
        One for each wave, a row a person in the same order.
    rows : numpy.ndarray, shape (waves,)
        How many rows each wave has, persons without another included.
    """

    labels: list[str]
    aligned: list[Responses]
    rows: npt.NDArray[np.int64]


def aligned_waves(
    data: Any, scale: Scale, wave: str, person: str, missing_codes: tuple[Any, ...]
) -> Waves:
    """Return the answers of each wave, the same persons in the same order.

    Raises
    ------
    DataError
        Where a wave or person is not named, a person is in a wave twice, or nobody is in all.
    """
    check_names(wave, person)
    frame = as_frame(data, list(dict.fromkeys([*scale.items, wave, person])))
    check_waves(frame, scale, wave, person)
    waves = frame[wave].unique().sort().to_list()
    parts = [frame.filter(pl.col(wave) == each) for each in waves]
    everywhere = parts[0].select(person)
    for part in parts[1:]:
        everywhere = everywhere.join(part.select(person), on=person, how="semi")
    if everywhere.height == 0:
        raise DataError(f"No person has a row in every one of {len(waves)} waves of {wave!r}.")
    everywhere = everywhere.sort(person)
    aligned = [
        Responses.from_frame(
            everywhere.join(part, on=person, how="left", maintain_order="left"),
            scale,
            missing_codes=missing_codes,
        )
        for part in parts
    ]
    return Waves([str(each) for each in waves], aligned, np.array([part.height for part in parts]))


def check_names(wave: object, person: object) -> None:
    """Raise OptionError unless two different columns are named."""
    for role, name in (("wave", wave), ("person", person)):
        if not isinstance(name, str):
            raise OptionError(f"The column of the {role} is {name!r}, but it must be a name (str).")
    if wave == person:
        raise OptionError(
            f"Column {wave!r} is named for the wave and for the person; name two columns."
        )


def check_waves(frame: pl.DataFrame, scale: Scale, wave: str, person: str) -> None:
    """Raise an error where the columns do not tell which answers are whose, and when."""
    for column in (wave, person):
        if column in scale.items:
            raise OptionError(f"Column {column!r} is an item of scale {scale.name!r}.")
        values = frame[column]
        absent = values.null_count()
        if values.dtype.is_float():
            absent += int(values.is_nan().sum())
        if absent:
            raise DataError(
                f"Column {column!r} has no value in {absent:,} rows; fill them, or leave these "
                "rows out."
            )
    twice = frame.filter(pl.struct(wave, person).is_duplicated())
    if twice.height:
        raise DataError(
            f"Person {twice[person][0]!r} has several rows in wave {twice[wave][0]!r}; keep one "
            "row a person and wave."
        )
