"""The correlation matrix nearest to one that no data could have."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

LEAST_EIGENVALUE = 1e-6
"""The smallest eigenvalue of a smoothed matrix: enough for an inverse."""

_ROUNDS = 100_000
_SETTLED = 1e-12  # the largest change of a round after which no digit that matters moves


def is_indefinite(matrix: Floats) -> bool:
    """Whether a matrix of correlations, none of them missing, is not positive definite."""
    return bool(np.linalg.eigvalsh(matrix)[0] <= 0)


def nearest_correlation(matrix: Floats) -> Floats:
    """Return the nearest correlation matrix with eigenvalues of ``LEAST_EIGENVALUE`` or more.

    Nearest is the smallest sum of squared changes. Projections on the matrices with such
    eigenvalues and on those with ones on the diagonal take turns, the first with Dykstra's
    correction.

    References
    ----------
    Higham, N. J. (2002). Computing the nearest correlation matrix: a problem from finance. *IMA
    Journal of Numerical Analysis*, 22, 329-343.

    R comes near with ``Matrix::nearPD(matrix, corr = TRUE)``.

    Examples
    --------
    >>> near = nearest_correlation(np.array([[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]]))
    >>> near.round(4).tolist()
    [[1.0, 0.5, -0.5], [0.5, 1.0, 0.5], [-0.5, 0.5, 1.0]]
    """
    near = matrix.copy()
    correction = np.zeros_like(matrix)
    for _ in range(_ROUNDS):
        before = near
        values, vectors = np.linalg.eigh(near - correction)
        definite = (vectors * np.maximum(values, LEAST_EIGENVALUE)) @ vectors.T
        correction = definite - (near - correction)
        near = definite.copy()
        np.fill_diagonal(near, 1.0)
        if np.abs(near - before).max() < _SETTLED:
            break
    return (near + near.T) / 2
