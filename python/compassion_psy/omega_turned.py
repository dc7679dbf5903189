"""Which items ``psych::omega`` turns unasked, and the answers with them turned."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from compassion_psy.data.columns import MISSING
from compassion_psy.data.responses import Responses
from compassion_psy.errors import CompassionError
from compassion_psy.factors import efa
from compassion_psy.moments import moments

Floats = npt.NDArray[np.float64]


def negative_items(responses: Responses, factors: int, threads: int | None) -> tuple[str, ...]:
    """Return the items whose loading on the general factor is negative."""
    try:
        taken = moments(responses, missing="pairwise", threads=threads)
        matrix = taken.correlation.reshape(responses.scale.n_items, -1)
        general = _general_loadings(np.ascontiguousarray(matrix), factors)
    except CompassionError:
        # There is no such factor, and the coefficient says why.
        return ()
    return tuple(np.array(responses.scale.items)[general < 0].tolist())


def with_turned(responses: Responses, items: tuple[str, ...]) -> Responses:
    """Return the answers with these items turned."""
    if not items:
        return responses
    scale = responses.scale
    places = [scale.items.index(item) for item in items]
    answers = responses.answers.copy()
    origins = responses.origins
    if answers.dtype == np.uint8:
        span = np.uint8(scale.maximum - scale.minimum)
        part = answers[places]
        answers[places] = np.where(part == MISSING, part, span - part)
    else:
        answers[places] = -answers[places]
        origins = None if origins is None else origins.copy()
        if origins is not None:
            origins[:, places] = scale.minimum + scale.maximum - origins[:, places]
    reverse = [item for item in scale.items if (item in scale.reversed) != (item in items)]
    return replace(
        responses, scale=replace(scale, reversed=reverse), answers=answers, origins=origins
    )


def _general_loadings(matrix: Floats, factors: int) -> Floats:
    """Return loadings on the one factor behind the factors, as psych finds them.

    From the unrotated solution alone: psych starts its rotation once.
    """
    solution = efa(matrix, n_factors=factors, starts=0, seed=0)
    loadings = solution.loadings.drop("item").to_numpy()
    if factors == 1:
        return np.asarray(loadings[:, 0])
    if factors == 2:
        between = solution.phi[0, 1]
        root = np.sqrt(abs(between))
        return np.asarray(loadings @ [root, np.sign(between) * root])
    second = efa(solution.phi, n_factors=1).loadings["F1"].to_numpy()
    return np.asarray(loadings @ second)
