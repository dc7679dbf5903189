"""Who was lost between two waves, and did they differ at the start?"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from compassion_psy.change.limits import welch_limits

Reals = npt.NDArray[np.float64]


def dropout_row(
    pre: Reals, post: Reals, present: npt.NDArray[np.bool_], level: float
) -> dict[str, Any]:
    """Return counts of persons by what they have, and how those with only the first wave began.

    Parameters
    ----------
    pre, post : array (persons,)
        Scores, NaN where there is none.
    present : array (persons,) of bool
        Who has a row at the later wave.
    level : float
        The coverage that the interval aims at.
    """
    before, after = np.isfinite(pre), np.isfinite(post)
    only = before & ~after
    stayed, left = pre[before & after], pre[only]
    row: dict[str, Any] = {
        "persons": len(pre),
        "completed": len(stayed),
        "pre_only": len(left),
        "absent": int((only & ~present).sum()),
        "unscored": int((only & present).sum()),
        "post_only": int((after & ~before).sum()),
        "neither": int((~after & ~before).sum()),
        "mean_completed": _mean(stayed),
        "mean_pre_only": _mean(left),
    }
    row["difference"] = row["mean_pre_only"] - row["mean_completed"]
    found = welch_limits(row["difference"], _spread(left), _spread(stayed), level)
    row |= {"lower": found.lower, "upper": found.upper, "p": found.p}
    row["note"] = found.note if len(left) else "nobody has only the first wave"
    return row


def _mean(values: Reals) -> float:
    return float(values.mean()) if len(values) else math.nan


def _spread(values: Reals) -> tuple[int, float]:
    return len(values), float(values.var(ddof=1)) if len(values) > 1 else math.nan
