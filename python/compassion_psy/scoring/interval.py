"""How sure is a person's score: standard error of measurement and interval."""

from __future__ import annotations

import math
from fractions import Fraction
from functools import partial
from statistics import NormalDist

import polars as pl

from compassion_psy.errors import DataError


def interval_columns(
    score: str, *, reliability: float, level: float, sd: float | None
) -> list[pl.Expr]:
    """Return ``<score>_se``, ``_lower`` and ``_upper``, null where there is no score.

    Parameters
    ----------
    score : str
        The column of the score.
    reliability, level : float
        Of the score, and the coverage aimed at.
    sd : float or None
        The standard deviation of the score; that of the persons in the frame when None.
    """
    value = pl.col(score)
    if sd is None:
        spread = value.map_batches(
            partial(_sample_sd, score=score), return_dtype=pl.Float64, returns_scalar=True
        )
    else:
        spread = pl.lit(float(sd))
    error = spread * math.sqrt(1 - reliability)
    reach = NormalDist().inv_cdf((1 + level) / 2) * error
    return [
        pl.when(value.is_not_null()).then(error).alias(f"{score}_se"),
        (value - reach).alias(f"{score}_lower"),
        (value + reach).alias(f"{score}_upper"),
    ]


def _sample_sd(scores: pl.Series, *, score: str) -> pl.Series:
    return pl.Series([exact_sd(scores, score)])


def exact_sd(scores: pl.Series, name: str) -> float:
    """Return the standard deviation (divisor n - 1), in exact arithmetic until the root.

    Raises
    ------
    DataError
        Where fewer than two persons have the score.
    """
    counts = scores.drop_nulls().value_counts(name="persons")
    # Every float is a whole number over a power of two: all become whole numbers over the largest.
    ratios = [(value.as_integer_ratio(), count) for value, count in counts.iter_rows()]
    unit = max((below for (_, below), _ in ratios), default=1)
    persons = total = squares = 0
    for (above, below), count in ratios:
        whole = above * (unit // below)
        persons += count
        total += count * whole
        squares += count * whole * whole
    if persons < 2:
        raise DataError(
            f"{persons} persons have the score {name!r}, too few for a standard deviation and so "
            "for intervals; give norms with an sd, or leave out reliability."
        )
    return math.sqrt(
        Fraction(persons * squares - total * total, persons * (persons - 1) * unit * unit)
    )
