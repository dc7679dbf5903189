"""The rules that say how many factors there are, from eigenvalues and from fit."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def leading(observed: Floats, reference: Floats) -> int:
    """Return how many values exceed their references before the first that does not.

    Examples
    --------
    >>> leading(np.array([3.0, 1.2, 0.9, 0.8]), np.array([1.3, 1.1, 1.0, 0.5]))
    2
    """
    fails = np.flatnonzero(~(observed > reference))
    return int(fails[0]) if fails.size else len(observed)


def empirical_references(observed: Floats, n: int) -> Floats:
    """Return what each eigenvalue is compared with by the empirical Kaiser criterion.

    max((p - sum of the eigenvalues before) / (p - j + 1) · (1 + sqrt(p / n))², 1) for the j-th of
    p (Braeken & van Assen, 2017, equation 2).
    """
    items = len(observed)
    before = np.concatenate([[0.0], np.cumsum(observed)[:-1]])
    left = (items - before) / (items - np.arange(items))
    references: Floats = np.maximum(left * (1 + np.sqrt(items / n)) ** 2, 1.0)
    return references


def smallest(values: Floats) -> int | None:
    """Return the place of the first smallest value, None where there is none."""
    return None if np.isnan(values).all() else int(np.nanargmin(values))


def hull(fit: Floats, df: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.bool_], Floats]:
    """Return which numbers of factors lie on the upper hull of fit, and how sharp each bend is.

    Lorenzo-Seva, Timmerman & Kiers (2011): a solution that fits no better than one with fewer
    factors is taken out, then each below or on the line between its neighbours, until none is. The
    bend at a solution is the gain in fit for a parameter up to it over that after it; the first
    and the last have none (NaN).

    Examples
    --------
    >>> on_hull, bends = hull(np.array([0.1, 0.7, 0.75, 0.9]), np.array([15, 9, 4, 0]))
    >>> on_hull.tolist()
    [True, True, False, True]
    >>> round(float(bends[1]), 6)
    4.5
    """
    spent = (df[0] - df).astype(np.float64)
    kept = [at for at in range(len(fit)) if np.isfinite(fit[at])]
    kept = [at for at in kept if all(fit[before] < fit[at] for before in kept if before < at)]
    while (low := _below_the_line(fit, spent, kept)) is not None:
        kept.remove(low)
    bends = np.full(len(fit), np.nan)
    for before, at, after in zip(kept, kept[1:], kept[2:], strict=False):
        bends[at] = _slope(fit, spent, before, at) / _slope(fit, spent, at, after)
    on_hull = np.zeros(len(fit), dtype=np.bool_)
    on_hull[kept] = True
    return on_hull, bends


def _below_the_line(fit: Floats, spent: Floats, kept: list[int]) -> int | None:
    for before, at, after in zip(kept, kept[1:], kept[2:], strict=False):
        if _slope(fit, spent, before, at) <= _slope(fit, spent, at, after):
            return at
    return None


def _slope(fit: Floats, spent: Floats, first: int, second: int) -> float:
    return float((fit[second] - fit[first]) / (spent[second] - spent[first]))
