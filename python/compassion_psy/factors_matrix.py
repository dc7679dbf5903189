"""Whether a matrix that was given is one of correlations."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from compassion_psy.errors import DataError

Floats = npt.NDArray[np.float64]

# Rounding of a correlation that was computed elsewhere, or written with ten digits.
ROUNDING = 1e-9


def square(matrix: npt.NDArray[Any]) -> Floats:
    """Return a square matrix of numbers as float64, or raise DataError."""
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not matrix.size:
        raise DataError(
            f"data is an array of shape {matrix.shape}, but a correlation matrix is square; "
            "answers of persons come as a frame with a Scale."
        )
    if matrix.dtype.kind not in "fiu" or not np.isfinite(matrix).all():
        raise DataError("The correlation matrix holds values that are no numbers; fill them in.")
    return matrix.astype(np.float64)


def as_correlations(values: Floats, names: tuple[str, ...]) -> Floats:
    """Return a matrix without the rounding it came with, or raise DataError where it is wrong."""
    off_one = np.abs(np.diag(values) - 1)
    if off_one.max() > ROUNDING:
        worst = int(off_one.argmax())
        raise DataError(
            f"The matrix has {values[worst, worst]:g} on the diagonal at {names[worst]!r}, but a "
            "correlation matrix has 1; divide covariances by the standard deviations."
        )
    uneven = np.abs(values - values.T)
    if uneven.max() > ROUNDING or np.abs(values).max() > 1 + ROUNDING:
        i, j = np.unravel_index(np.maximum(uneven, np.abs(values) - 1).argmax(), values.shape)
        raise DataError(
            f"The matrix has {values[i, j]:g} and {values[j, i]:g} for {names[i]!r} and "
            f"{names[j]!r}, but correlations lie between -1 and 1 and are equal both ways; correct "
            "the matrix."
        )
    values = (values + values.T) / 2
    np.fill_diagonal(values, 1)
    return np.ascontiguousarray(values)
