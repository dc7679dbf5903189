"""Bootstrap replicates of rotated loadings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

Floats = npt.NDArray[np.float64]

FLAGS = {
    "heywood": 1,
    "factor_switched": 2,
    "not_converged": 4,
    "not_positive_definite": 8,
    "constant_item": 16,
}
"""What the core says of a replicate, and the number it adds to say so."""

FAILURES = ("not_converged", "not_positive_definite", "constant_item")
"""Those that leave a replicate without values."""


@dataclass(frozen=True, eq=False)
class LoadingReplicates:
    """The bootstrap replicates of loadings, their factors in the order and signs of the estimate.

    Attributes
    ----------
    loadings : numpy.ndarray, shape (replicates, items, factors)
        NaN where a replicate has no values.
    phi : numpy.ndarray, shape (replicates, factors, factors)
        Correlations of the factors.
    statuses : mapping of str to numpy.ndarray of bool, shape (replicates,)
        For each status which replicates have it: "heywood" (a uniqueness is on its bound),
        "factor_switched" (a factor of the estimate is not found again: the one that is matched
        with it has a congruence below 0.85, or another one is more like it); these keep their
        values. "not_converged", "not_positive_definite" and "constant_item" have none.
    seed : int
        Of the bootstrap: with it, the same call gives the same bits.
    """

    loadings: Floats
    phi: Floats
    statuses: Mapping[str, npt.NDArray[np.bool_]]
    seed: int

    def status_counts(self) -> pl.DataFrame:
        """Return how many replicates have which status; "ok" is none of them."""
        counts = {name: int(having.sum()) for name, having in self.statuses.items()}
        other = np.logical_or.reduce(list(self.statuses.values()))
        whole = {"ok": int((~other).sum()), **counts}
        return pl.DataFrame({"status": list(whole), "replicates": list(whole.values())})


def unpacked(
    values: Floats, flags: npt.NDArray[np.uint8], items: int, factors: int, seed: int
) -> LoadingReplicates:
    """Return the replicates from the core's rows: loadings, then correlations of factors."""
    count = len(values)
    phi = np.tile(np.eye(factors), (count, 1, 1))
    first, second = np.triu_indices(factors, 1)
    phi[:, first, second] = phi[:, second, first] = values[:, items * factors :]
    # Without values, a replicate has no ones either.
    phi[np.isnan(values[:, 0])] = np.nan
    return LoadingReplicates(
        loadings=values[:, : items * factors].reshape(count, items, factors),
        phi=phi,
        statuses={name: (flags & bit) > 0 for name, bit in FLAGS.items()},
        seed=seed,
    )
