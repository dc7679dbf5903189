"""What is known of each item at each site, as a frame."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from compassion_psy.audit.keys import REPORTED_FROM, interval
from compassion_psy.audit.orientation import Orientation
from compassion_psy.audit.relations import (
    Codes,
    Reals,
    SiteMoments,
    loading_errors,
    precision_factors,
    principal_axis,
)
from compassion_psy.relations import item_rest
from compassion_psy.scales import Scale

_NORMAL_95 = 1.959963984540054

Columns = dict[str, list[object]]


def items_frame(
    orientations: Sequence[Orientation],
    moments: SiteMoments,
    codes: Codes,
    starts: npt.NDArray[np.int64],
    scale: Scale,
    groups: pl.DataFrame,
    minimum_cell: int,
) -> pl.DataFrame:
    """Return one row for each site, score and item; all figures are of items turned as declared.

    Of sites with fewer rows than `minimum_cell`, and items with fewer answers, no figures are
    shown.
    """
    parts = []
    for each in orientations:
        power = _power(each)
        for site, (first, last) in enumerate(itertools.pairwise(starts)):
            answers = codes[each.places, first:last]
            frame = _of_site(each, site, moments, answers, scale, power[site])
            small = frame["n"].is_between(1, minimum_cell - 1) | (last - first < minimum_cell)
            if small.any():
                frame = _withheld(frame, small, minimum_cell)
            named = [
                pl.Series(column.name, [column[site]], column.dtype).new_from_index(0, frame.height)
                for column in groups.get_columns()
            ]
            parts.append(pl.DataFrame([*named, *frame.get_columns()]))
    return pl.concat(parts)


def _power(each: Orientation) -> Reals:
    """Return for each site and item with what probability it would be found turned."""
    if not np.isfinite(each.z).any():
        return np.full(each.z.shape, np.nan)
    return np.broadcast_to(each.weights.power(REPORTED_FROM), each.z.shape)


def _of_site(
    each: Orientation,
    site: int,
    moments: SiteMoments,
    codes: Codes,
    scale: Scale,
    power: Reals,
) -> pl.DataFrame:
    n = moments.answered[site, each.places]
    mean = moments.mean[site, each.places]
    key = np.array([-1.0 if item in each.part.reversed else 1.0 for item in each.part.items])
    mean = scale.minimum + np.where(key < 0, scale.maximum - scale.minimum - mean, mean)
    examined = np.isfinite(each.z[site])
    r, bounds, loading, error = _figures(each, site, codes, key, n, examined)
    numbers: dict[str, Reals] = {
        "mean": mean,
        "item_rest": r,
        "lower": bounds[0],
        "upper": bounds[1],
        "loading": loading,
        "loading_lower": np.clip(loading - _NORMAL_95 * error, -1, 1),
        "loading_upper": np.clip(loading + _NORMAL_95 * error, -1, 1),
        "power": np.where(examined, power, np.nan),
    }
    notes = [None if told else "too few answers, or none that differ" for told in examined]
    return pl.DataFrame(
        [
            pl.Series("scale", [each.part.name] * len(n), pl.String),
            pl.Series("item", each.part.items, pl.String),
            pl.Series("reversed", key < 0),
            pl.Series("n", n, pl.Int64),
            pl.Series("missing", codes.shape[1] - n, pl.Int64),
            *(pl.Series(k, v, pl.Float64).fill_nan(None) for k, v in numbers.items()),
            pl.Series("note", notes, pl.String),
        ]
    )


def _figures(
    each: Orientation,
    site: int,
    codes: Codes,
    key: Reals,
    n: npt.NDArray[np.int64],
    examined: npt.NDArray[np.bool_],
) -> tuple[Reals, tuple[Reals, Reals], Reals, Reals]:
    absent = np.full(len(n), np.nan)
    if not examined.any():
        return absent, (absent, absent), absent, absent
    signs = examined.astype(float)
    r = item_rest(each.covariance[[site]], signs[None])[0]
    variance = precision_factors(codes, key * signs) / np.maximum(n - 3, 1)
    bounds = interval(np.arctanh(np.clip(r, -0.999999, 0.999999)), variance)
    matrix = np.where(np.outer(signs, signs) > 0, each.covariance[site], 0)
    loading, _ = principal_axis(matrix)
    error = loading_errors(codes, matrix, key)
    return (
        r,
        bounds,
        np.where(examined, loading, np.nan),
        np.where(examined, error, np.nan),
    )


def _withheld(frame: pl.DataFrame, small: pl.Series, minimum_cell: int) -> pl.DataFrame:
    figures = pl.exclude("scale", "item", "reversed", "note")
    note = f"withheld: fewer than {minimum_cell} answers"
    return frame.with_columns(
        pl.when(~small).then(figures),
        pl.when(small).then(pl.lit(note)).otherwise("note").alias("note"),
    )
