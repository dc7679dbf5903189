"""How are the answers to an item spread: mean, skew, ends of the range, use of each category."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from compassion_psy.data.columns import MISSING
from compassion_psy.data.responses import Responses
from compassion_psy.scales import Scale

# Of the range: answers with decimals are kept as distances from a middle, which rounds them.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Descriptives:
    """What the answers to one item are like, a reversed item turned; NaN where undefined."""

    n: int
    mean: float
    sd: float
    skew: float
    floor: float
    ceiling: float


def category_counts(
    responses: Responses,
) -> npt.NDArray[np.int64]:
    """Return how often each code was given, groups × items × 256; the last one is missing."""
    starts = responses.group_starts
    counts = np.empty((len(starts) - 1, responses.scale.n_items, MISSING + 1), np.int64)
    for group in range(len(starts) - 1):
        for item, column in enumerate(responses.answers[:, starts[group] : starts[group + 1]]):
            counts[group, item] = np.bincount(column, minlength=MISSING + 1)
    return counts


def of_counts(counts: npt.NDArray[np.int64], scale: Scale) -> Descriptives:
    """Return the descriptives of one item from how often each code was given.

    Sums of powers are whole numbers of any size, so nothing is lost before the last division.
    """
    given = {code: int(counts[code]) for code in np.flatnonzero(counts[:MISSING]).tolist()}
    n, first, second, third = (
        sum(count * code**power for code, count in given.items()) for power in range(4)
    )
    lowest, highest = int(scale.minimum), int(scale.maximum)
    if n == 0:
        return Descriptives(0, *[math.nan] * 5)
    square = n * second - first * first
    cube = n * n * third - 3 * n * first * second + 2 * first**3
    return Descriptives(
        n=n,
        mean=(lowest * n + first) / n,
        sd=math.sqrt(square / (n * (n - 1))) if n > 1 else math.nan,
        skew=cube / float(square) ** 1.5 if square else math.nan,
        floor=given.get(0, 0) / n,
        ceiling=given.get(highest - lowest, 0) / n,
    )


def of_reals(answers: npt.NDArray[np.float64], origin: float, scale: Scale) -> Descriptives:
    """Return the descriptives of one item from distances from an origin, NaN where missing."""
    x = answers[~np.isnan(answers)]
    if len(x) == 0:
        return Descriptives(0, *[math.nan] * 5)
    n = len(x)
    middle = math.fsum(x.tolist()) / n
    deviation = x - middle
    square = math.fsum((deviation**2).tolist())
    cube = math.fsum((deviation**3).tolist())
    varies = bool((x != x[0]).any())
    slack = _ROUNDING * (scale.maximum - scale.minimum)
    return Descriptives(
        n=n,
        mean=origin + middle,
        sd=math.sqrt(square / (n - 1)) if n > 1 else math.nan,
        skew=cube / n / (square / n) ** 1.5 if varies else math.nan,
        floor=int((x <= scale.minimum - origin + slack).sum()) / n,
        ceiling=int((x >= scale.maximum - origin - slack).sum()) / n,
    )
