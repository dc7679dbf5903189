"""How reliable was a scale at each wave, and did that change?"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from compassion_psy.compare_reliability import compare_reliability
from compassion_psy.errors import CompassionError
from compassion_psy.options import Bootstrap
from compassion_psy.reliability import reliability
from compassion_psy.scales import Scale

_WAVE = "\0wave"


def at_each_wave(
    answers: Mapping[str, pl.DataFrame],
    scale: Scale,
    coefficient: str,
    missing_codes: tuple[float, ...],
    interval: Bootstrap | None,
    level: float,
) -> pl.DataFrame:
    """Return the row of :func:`compassion_psy.reliability` for each wave."""
    rows = []
    for label, part in answers.items():
        wave = pl.lit(label).alias("wave")
        try:
            found = reliability(
                part, scale, coefficients=coefficient, missing_codes=missing_codes,
                interval=interval or "adf", level=level, progress=False,
            )  # fmt: skip
        except CompassionError as reason:
            note = {"coefficient": [coefficient], "note": [str(reason)]}
            rows.append(pl.DataFrame(note).select(wave, pl.all()))
        else:
            rows.append(found.table.drop("scale").select(wave, pl.all()))
    return pl.concat(rows, how="diagonal_relaxed")


def tests_of_waves(
    answers: Mapping[str, pl.DataFrame],
    person: str,
    scale: Scale,
    coefficient: str,
    missing_codes: tuple[float, ...],
    level: float,
) -> pl.DataFrame:
    """Return the tests of :func:`compassion_psy.compare_reliability` that waves are equal."""
    together = pl.concat(
        [part.select(person, *scale.items, pl.lit(label).alias(_WAVE))
         for label, part in answers.items()],
        how="vertical_relaxed",
    )  # fmt: skip
    try:
        return compare_reliability(
            together, scale, wave=_WAVE, person=person, coefficients=coefficient,
            missing_codes=missing_codes, level=level,
        ).tests  # fmt: skip
    except CompassionError as reason:
        return pl.DataFrame({"coefficient": [coefficient], "note": [str(reason)]})
