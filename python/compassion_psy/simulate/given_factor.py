"""What answers are to be expected of somebody whose factor is known."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

_Array = NDArray[np.float64]

# A standard normal variable is integrated by the trapezoidal rule: for a smooth function times the
# normal density its error falls faster than any power of the step, and for steep items (loadings of
# 0.95) it is far more exact than as many Gauss-Hermite nodes: below 1e-14.
POINTS = np.linspace(-9.0, 9.0, 257)
WEIGHTS = np.exp(-(POINTS**2) / 2) / np.exp(-(POINTS**2) / 2).sum()


def given_factor(factor: _Array, loadings: _Array, thresholds: _Array) -> tuple[_Array, _Array]:
    """Return mean and variance of each answer at each factor value, (..., items).

    Answers are counted from zero: the number of thresholds below the response
    ``loading * factor + sqrt(1 - loading**2) * e``.
    """
    # Imported at the first question for the truth: most surveys are drawn without it.
    from scipy.special import erfc

    unique = np.sqrt(1 - loadings**2)[:, None]
    distance = (thresholds - np.multiply.outer(factor, loadings)[..., None]) / unique
    # P(answer is above threshold t). E x = sum P and E x^2 = sum (2t - 1) P for x = 0, 1, ...
    above = 0.5 * erfc(distance / math.sqrt(2))
    order = np.arange(1, thresholds.shape[1] + 1)
    mean = above.sum(axis=-1)
    return mean, above @ (2.0 * order - 1) - mean**2


def sum_given_factor(factor: _Array, loadings: _Array, thresholds: _Array) -> tuple[_Array, _Array]:
    """Return mean and variance of the sum of the answers at each factor value.

    Given the factor, answers are independent.
    """
    mean, variance = given_factor(factor, loadings, thresholds)
    return mean.sum(axis=-1), variance.sum(axis=-1)
