"""What to do with correlations that no answers can have: the nearest that some can."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

# Of psych::cor.smooth, so that numbers agree: smaller eigenvalues become a hundred times as much.
_LEAST = 1e-12
_RAISED_TO = 1e-10


class Smoothed(NamedTuple):
    """Correlations that are positive definite.

    Attributes
    ----------
    matrix : numpy.ndarray, shape (items, items)
        The correlations.
    least : float
        The least eigenvalue before.
    moved : float
        The largest change of a correlation.
    """

    matrix: Floats
    least: float
    moved: float


def smoothed(matrix: Floats) -> Smoothed | None:
    """Raise eigenvalues that are not positive; None where all are.

    The matrix is put together again with these eigenvalues and divided by its diagonal, as
    ``psych::cor.smooth`` does.
    """
    values, vectors = np.linalg.eigh(matrix)
    if values[0] >= _LEAST:
        return None
    raised = np.where(values < _LEAST, _RAISED_TO, values)
    again = (vectors * raised) @ vectors.T
    scales = np.sqrt(np.diag(again))
    again = again / np.outer(scales, scales)
    again = (again + again.T) / 2
    np.fill_diagonal(again, 1.0)
    return Smoothed(again, float(values[0]), float(np.abs(again - matrix).max()))
