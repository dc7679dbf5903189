"""How often each replicate draws each person: the weights that all resampling here shares."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import polars as pl

from compassion_psy import _core
from compassion_psy.data.design import group_keys
from compassion_psy.options import Bootstrap, check_instruction_set

Reals = npt.NDArray[np.float64]

# Bytes of weights that are held at a time.
_ROOM = 2**26


def replicate_sums(values: Reals, bootstrap: Bootstrap, seed: int, name: str = "") -> Reals:
    """Return the sums of values over persons for each replicate, replicates × features.

    Parameters
    ----------
    values : array (persons, features)
        What is summed.
    bootstrap : Bootstrap
        How many replicates, and their weights.
    seed : int
        The same seed and number of persons give the same weights, those of
        :func:`compassion_psy.reliability` as well.
    name : str
        Of the persons; those of another name are drawn independently.

    Notes
    -----
    Persons are added up in their order, so that sums have the same bits on every machine.
    """
    done = [_sums(weights, values) for weights in _weights(len(values), bootstrap, seed, name)]
    return np.concatenate(done)


def _sums(weights: Reals, values: Reals) -> Reals:
    sums = np.zeros((len(weights), values.shape[1]))
    for column, row in zip(weights.T, values, strict=True):
        sums += column[:, None] * row
    return sums


def _weights(persons: int, bootstrap: Bootstrap, seed: int, name: str) -> Iterator[Reals]:
    check_instruction_set(_core.simd_levels())
    answers = np.zeros((2, persons), np.uint8)  # they have no part in the weights
    groups = pl.DataFrame({"name": [name]}) if name else pl.DataFrame()
    design = {
        "groups": np.array([0, persons], np.int64),
        "strata": None,
        "clusters": None,
        "weights": None,
        "keys": group_keys(groups, 1),
    }
    at_a_time = max(1, _ROOM // (8 * persons))
    for first in range(0, bootstrap.replicates, at_a_time):
        yield np.array(
            [
                _core.unit_weights(
                    answers, design, group=0, replicate=replicate, seed=seed,
                    weights=bootstrap.weights,
                )
                for replicate in range(first, min(first + at_a_time, bootstrap.replicates))
            ]
        )  # fmt: skip
