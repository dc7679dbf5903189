"""Change by dose: the slope of change on sessions or practice."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from compassion_psy.change.permutation import permutation_p
from compassion_psy.distributions import t_quantile

Reals = npt.NDArray[np.float64]

SCHEMA_EMPTY: dict[str, Any] = {
    **dict.fromkeys(("slope", "lower", "upper", "r", "p", "test"), None),
}
_CONSTANT = 1e-12


def dose_response(dose: Reals, change: Reals, level: float, seed: int) -> dict[str, Any]:
    """Return one row: the least-squares slope, its t interval and its permutation p.

    Persons without the one or the other are left out and counted.
    """
    known = np.isfinite(dose) & np.isfinite(change)
    x, y = dose[known], change[known]
    n = int(known.sum())
    row: dict[str, Any] = {"n": n, "n_missing": int((~known).sum()), **SCHEMA_EMPTY}
    still = [name for name, of in (("dose", x), ("change", y)) if n and _constant(of)]
    if n < 3 or still:
        why = f"{n} persons have both; a slope needs 3" if n < 3 else f"the {still[0]} is constant"
        return {**row, "level": level, "note": why}
    x, y = x - x.mean(), y - y.mean()
    squares = float(x @ x)
    slope = float(x @ y) / squares
    residual = float(np.sum((y - slope * x) ** 2))
    half = t_quantile(0.5 + level / 2, n - 2) * math.sqrt(residual / (n - 2) / squares)
    p, test = permutation_p(x, y, seed)
    return {
        **row,
        "slope": slope,
        "lower": slope - half,
        "upper": slope + half,
        "r": float(x @ y) / math.sqrt(squares * float(y @ y)),
        "p": p,
        "test": test,
        "level": level,
        "note": None,
    }


def _constant(values: Reals) -> bool:
    return float(np.ptp(values)) <= _CONSTANT * float(np.abs(values).max())
