"""Who takes part: this package, and what people write today in NumPy and SciPy.

The two NumPy bootstraps of rows are in `compassion_psy.pure`. All functions here but `ours` take
answers as persons × items and a NumPy generator, and return bootstrap values.
"""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from itertools import pairwise
from typing import Any, cast

import compassion_psy as cp
import numpy as np
import numpy.typing as npt
from compassion_psy import pure
from compassion_psy.options import BootstrapMethod

Array = npt.NDArray[np.float64]
Starts = npt.NDArray[np.int64]
Statistic = Callable[[Array], float]


def ours(
    data: Any,
    coefficients: Sequence[str],
    replicates: int,
    *,
    threads: int,
    seed: int,
    method: BootstrapMethod = "percentile",
    **columns: Any,
) -> cp.ReliabilityResult:
    """Return the result of the public call; a frame needs its scale, and may have by or cluster."""
    return cp.reliability(
        data,
        **columns,
        coefficients=coefficients,
        interval=cp.Bootstrap(replicates, method=method, seed=seed),
        threads=threads,
        progress=False,
    )


def alpha_of_rows(rows: Array) -> float:
    """Return alpha as `pure.bootstrap_alpha_by_copying` has it."""
    k = rows.shape[1]
    items = rows.var(axis=0, ddof=1).sum()
    return float(k / (k - 1) * (1 - items / rows.sum(axis=1).var(ddof=1)))


def omega_u_statistic(x: Array) -> Statistic:
    """Return omega_u as a function of rows, its fits starting at the estimate from `x`."""
    start = pure.one_factor_ml(pure.covariance(x)).uniquenesses
    return lambda rows: pure.estimate(rows, "omega_u", start=start).value


def by_scipy(
    x: Array,
    statistic: Statistic,
    n_replicates: int,
    rng: np.random.Generator,
    method: str = "percentile",
) -> Any:
    """Return the result of ``scipy.stats.bootstrap``.

    It resamples row numbers, so that a person's answers stay together; one resample at a time, for
    by default all indices of all resamples are held in memory at once.
    """
    return importlib.import_module("scipy.stats").bootstrap(
        (np.arange(len(x)),),
        lambda rows: statistic(x[rows]),
        n_resamples=n_replicates,
        batch=1,
        vectorized=False,
        method=method,
        rng=rng,
    )


def omega_u_by_factor_analyzer(x: Array, n_replicates: int, rng: np.random.Generator) -> Array:
    """Bootstrap omega_u by copying rows and fitting with factor_analyzer."""
    result = np.empty(n_replicates)
    with warnings.catch_warnings():
        # It calls scikit-learn by an argument's old name.
        warnings.filterwarnings("ignore", "'force_all_finite' was renamed", FutureWarning)
        for b in range(n_replicates):
            sample = x[rng.integers(0, len(x), len(x))]
            result[b] = pure.omega_u_factor_analyzer(sample)
    return result


def factors_by_factor_analyzer(x: Array, factors: int, rotation: str | None) -> Array:
    """Return communalities by factor_analyzer; where factors correlate, they leave that out."""
    with warnings.catch_warnings():
        # It calls scikit-learn by an argument's old name.
        warnings.filterwarnings("ignore", "'force_all_finite' was renamed", FutureWarning)
        analyzer = importlib.import_module("factor_analyzer").FactorAnalyzer(
            n_factors=factors, rotation=rotation, method="minres"
        )
        analyzer.fit(x)
    return np.asarray(analyzer.get_communalities())


def clustered_rows(responses: cp.Responses) -> tuple[npt.NDArray[np.float32], Starts]:
    """Return the answers of clustered responses and the first row of each cluster.

    float32 halves the work; sums of a cluster's codes are whole and small, so they stay exact.
    """
    assert responses.cluster_starts is not None
    return np.ascontiguousarray(responses.answers.T, dtype=np.float32), responses.cluster_starts


def alpha_by_clusters(
    x: npt.NDArray[np.float32], starts: Starts, counts: npt.NDArray[Any]
) -> Array:
    """Return alpha for each row of `counts`, which says how often each cluster was drawn.

    `starts` are the first rows of clusters, and the number of rows at the end. Each cluster is
    reduced once to the sums that alpha needs: the best that NumPy can do.
    """
    k = x.shape[1]
    sums = np.empty((len(starts) - 1, k + 3))
    for cluster, (start, end) in enumerate(pairwise(starts)):
        rows = x[start:end]
        products = rows.T @ rows
        sums[cluster] = [
            end - start,
            *rows.sum(axis=0, dtype=np.float64),
            products.trace(dtype=np.float64),
            products.sum(dtype=np.float64),
        ]
    drawn = counts @ sums
    n, items, squares, total = drawn[:, 0], drawn[:, 1:-2], drawn[:, -2], drawn[:, -1]
    within = squares - (items**2).sum(axis=1) / n
    whole = total - items.sum(axis=1) ** 2 / n
    return np.asarray(k / (k - 1) * (1 - within / whole))


def bootstrap_alpha_by_clusters(
    x: npt.NDArray[np.float32], starts: Starts, n_replicates: int, rng: np.random.Generator
) -> Array:
    """Bootstrap alpha by drawing clusters with replacement."""
    n = len(starts) - 1
    return alpha_by_clusters(x, starts, rng.multinomial(n, np.full(n, 1 / n), n_replicates))


def blas_threads(number: int | None) -> AbstractContextManager[Any]:
    """Limit NumPy's matrix products to so many threads inside a with block; None limits nothing.

    For small matrices one is best: more only get in each other's way.
    """
    limits = importlib.import_module("threadpoolctl").threadpool_limits
    return cast(AbstractContextManager[Any], limits(number, "blas"))
