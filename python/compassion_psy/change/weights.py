"""The replicates that all resampling here shares: how often each draws each person, as moments."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from compassion_psy import _core
from compassion_psy.data.design import group_keys
from compassion_psy.options import Bootstrap, check_instruction_set

Reals = npt.NDArray[np.float64]


def replicate_moments(
    values: Reals, bootstrap: Bootstrap, seed: int, name: str = ""
) -> tuple[Reals, Reals]:
    """Return the means and variances of values over persons, each replicates × features.

    Parameters
    ----------
    values : array (persons, features)
        Finite values.
    bootstrap : Bootstrap
        How many replicates, and their weights.
    seed : int
        The same seed and number of persons give the same weights, those of
        :func:`compassion_psy.reliability` as well.
    name : str
        Of the persons; those of another name are drawn independently.

    Notes
    -----
    Variances have the divisor n - 1. Where a replicate drew equal values only, its variance is
    zero but for rounding.
    """
    check_instruction_set(_core.simd_levels())
    n = len(values)
    groups = pl.DataFrame({"name": [name]}) if name else pl.DataFrame()
    design = {
        "groups": np.array([0, n], np.int64),
        "strata": None,
        "clusters": None,
        "weights": None,
        "keys": group_keys(groups, 1),
    }
    sets = _core.path_moments(
        np.ascontiguousarray(values.T),
        design,
        replicates=bootstrap.replicates,
        seed=seed,
        weights=bootstrap.weights,
    )
    variances = np.diagonal(sets["covariances"], axis1=1, axis2=2)
    return sets["means"], variances * (n / (n - 1))
