"""Sites compared in a proportion: exact limits of counts."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Reals = npt.NDArray[np.float64]


def proportion_errors(counts: Reals, n: Reals) -> Reals:
    """Return standard errors that are not zero where nobody, or everybody, is counted."""
    shares = (counts + 0.5) / (n + 1)
    return np.asarray(np.sqrt(shares * (1 - shares) / n))


def exact_interval(counts: Reals, n: Reals, level: float) -> tuple[Reals, Reals]:
    """Return the exact interval of each proportion (Clopper & Pearson, 1934)."""
    tail = (1 - level) / 2
    inverse = _special().betaincinv
    low = np.where(counts > 0, inverse(np.maximum(counts, 1), n - counts + 1, tail), 0.0)
    high = np.where(counts < n, inverse(counts + 1, np.maximum(n - counts, 1), 1 - tail), 1.0)
    return np.asarray(low), np.asarray(high)


def exact_limits(centre: float, n: Reals, level: float) -> tuple[Reals, Reals]:
    """Return within which limits the proportion of n persons lies where the true one is `centre`.

    Binomial quantiles, interpolated between counts (Spiegelhalter, 2005, appendix A.1).
    """
    tail = (1 - level) / 2
    return _quantile(centre, n, tail), _quantile(centre, n, 1 - tail)


def _quantile(centre: float, n: Reals, probability: float) -> Reals:
    special = _special()
    found = np.empty(len(n))
    for place, persons in enumerate(n):
        counts = np.arange(int(persons) + 1)
        below = special.bdtr(counts, int(persons), centre)
        at = min(int(np.searchsorted(below, probability)), int(persons))
        before = float(below[at - 1]) if at else 0.0
        found[place] = max(0.0, at - (below[at] - probability) / (below[at] - before)) / persons
    return found


def _special() -> Any:
    import scipy.special

    return scipy.special
