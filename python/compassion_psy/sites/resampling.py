"""Whole sites drawn again: how often each is drawn in each replicate."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from compassion_psy import _core
from compassion_psy.distributions import normal_quantile
from compassion_psy.options import Bootstrap

Reals = npt.NDArray[np.float64]

FEWEST = 10
"""Units without which drawing them again says little of their variance."""


def site_weights(sites: int, bootstrap: Bootstrap, seed: int) -> Reals:
    """Return the weight of each site in each replicate, replicates × sites.

    They sum to the number of sites: of a Bayesian bootstrap the core has weights in other units,
    and what is made of them here counts sites.
    """
    nobody = np.zeros((1, sites), np.uint8)
    design = {
        "groups": np.array([0, sites], np.int64),
        "strata": None,
        "clusters": None,
        "weights": None,
        "keys": np.zeros(1, np.uint64),
    }
    drawn = np.stack(
        [
            _core.unit_weights(
                nobody, design, group=0, replicate=replicate, seed=seed, weights=bootstrap.weights
            )
            for replicate in range(bootstrap.replicates)
        ]
    )
    return np.asarray(drawn * (sites / drawn.sum(axis=1, keepdims=True)))


def percentile_limits(values: Reals, level: float, sites: int) -> tuple[float, float]:
    """Return the limits that leave equal tails of the replicates; NaN of too few sites.

    Quantiles at (B + 1) p, interpolated on the scale of normal quantiles, as elsewhere.
    """
    known = np.sort(values[np.isfinite(values)])
    tail = (1 - level) / 2
    if sites < FEWEST or len(known) < 2 or (len(known) + 1) * tail < 1:
        return float("nan"), float("nan")
    return _quantile(known, tail), _quantile(known, 1 - tail)


def _quantile(ordered: Reals, probability: float) -> float:
    count = len(ordered)
    place = (count + 1) * probability
    below = min(max(int(place), 1), count - 1)
    low, at, high = (
        normal_quantile(p) for p in (below / (count + 1), probability, (below + 1) / (count + 1))
    )
    share = (at - low) / (high - low)
    return float(ordered[below - 1] + share * (ordered[below] - ordered[below - 1]))
