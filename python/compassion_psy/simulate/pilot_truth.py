"""The exact truth of a simulated pilot: moments of sums of answers, before and after."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
from numpy.typing import NDArray

from compassion_psy.simulate.given_factor import POINTS, WEIGHTS, sum_given_factor
from compassion_psy.simulate.pilot_model import PilotModel

_Array = NDArray[np.float64]

# Twice the step: the sums of a scale's answers are smooth, and the error is still below 1e-12.
_NODES, _NODE_WEIGHTS = POINTS[::2], WEIGHTS[::2] / WEIGHTS[::2].sum()


def true_row(model: PilotModel, outcome: str, arm: str) -> dict[str, float]:
    """Return the true effects on one outcome in one arm, between the first and a later wave."""
    share = model.responders if arm == "training" else 0.0
    mixture = [(1 - share, 0.0, 0.0)]
    if share:
        mixture.append((share, model.effects[outcome] / share, model.practice_effect))
    parts = [
        _moments(model, outcome, shift, slope) * weight
        for weight, shift, slope in mixture
        if weight
    ]
    pre, post, pre2, post2, product, error_pre, error_post = np.sum(parts, axis=0)
    true_pre, true_post = pre2 - pre**2, post2 - post**2
    variance_pre, variance_post = true_pre + error_pre, true_post + error_post
    covariance = product - pre * post
    change = post - pre
    sd_change = math.sqrt(variance_pre + variance_post - 2 * covariance)
    population = model.populations[outcome]
    lowest = population.minimum * population.loadings.size
    found = {
        "mean_pre": lowest + pre,
        "mean_post": lowest + post,
        "sd_pre": math.sqrt(variance_pre),
        "sd_post": math.sqrt(variance_post),
        "r": covariance / math.sqrt(variance_pre * variance_post),
        "mean_change": change,
        "sd_change": sd_change,
        "d_z": change / sd_change,
        "d_av": change / math.sqrt((variance_pre + variance_post) / 2),
        "smcr": change / math.sqrt(variance_pre),
        "reliability_pre": true_pre / variance_pre,
        "reliability_post": true_post / variance_post,
    }
    return {name: float(value) for name, value in found.items()}


def _moments(model: PilotModel, outcome: str, shift: float, slope: float) -> _Array:
    """Return moments of the true sums before and after, given how the course adds.

    Means, means of squares, mean product, and mean error variances, before and after.
    """
    population = model.populations[outcome]
    before, error_before = sum_given_factor(_NODES, population.loadings, population.thresholds)
    # After, given before: stability times before, and states and practice around it.
    spread = math.sqrt(1 - model.stability**2 + slope**2)
    factor = np.add.outer(model.stability * _NODES, shift + spread * _NODES)
    after, error_after = sum_given_factor(factor, population.loadings, population.thresholds)
    expected = after @ _NODE_WEIGHTS
    weights = _NODE_WEIGHTS
    return np.array(
        [
            weights @ before,
            weights @ expected,
            weights @ before**2,
            weights @ (after**2 @ weights),
            weights @ (before * expected),
            weights @ error_before,
            weights @ (error_after @ weights),
        ]
    )


def true_changes(model: PilotModel, factors: pl.DataFrame) -> pl.DataFrame:
    """Return the sums expected of each person's answers, before and after."""
    parts = []
    for outcome in model.outcomes:
        population = model.populations[outcome]
        own = factors.filter(pl.col("outcome") == outcome)
        expected, _ = sum_given_factor(
            own.get_column("factor").to_numpy(), population.loadings, population.thresholds
        )
        lowest = population.minimum * population.loadings.size
        parts.append(own.with_columns(pl.Series("true_post", lowest + expected)))
    both = pl.concat(parts)
    first = both.filter(pl.col("wave") == model.waves[0]).select(
        "person", "outcome", pl.col("true_post").alias("true_pre")
    )
    return (
        both.filter(pl.col("wave") != model.waves[0])
        .join(first, on=["person", "outcome"], maintain_order="left")
        .select(
            *("person", "arm", "outcome", "wave", "responds", "true_pre", "true_post"),
            (pl.col("true_post") - pl.col("true_pre")).alias("true_change"),
        )
    )
