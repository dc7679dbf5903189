"""The compiled core: what it takes and gives. Arrays of answers are items × rows, C-contiguous."""

from collections.abc import Callable, Sequence
from typing import Any, Literal, TypedDict

import numpy as np
import numpy.typing as npt

__all__ = [
    "__version__",
    "analyse",
    "bootstrap_limits",
    "careless",
    "codes_moments",
    "dispersion",
    "eigenvalues_and_partials",
    "em_covariance",
    "explore_factors",
    "factor_balance",
    "factor_fit",
    "fit_paths",
    "influences",
    "item_statistics",
    "loading_influences",
    "loading_replicates",
    "normal_eigenvalues",
    "path_moments",
    "philox4x32",
    "polychoric",
    "polychoric_covariances",
    "polychoric_intervals",
    "reals_moments",
    "repeated_rows",
    "schmid_leiman",
    "shuffled_eigenvalues",
    "simd_levels",
    "unit_weights",
]

__version__: str

class _Analysis(TypedDict):
    # groups × coefficients
    estimate: npt.NDArray[np.float64]
    standard_error: npt.NDArray[np.float64]
    lower: npt.NDArray[np.float64]
    upper: npt.NDArray[np.float64]
    status: npt.NDArray[np.uint8]
    interval_status: npt.NDArray[np.uint8]
    # groups × replicates × coefficients
    replicates: npt.NDArray[np.float64]
    replicate_status: npt.NDArray[np.uint8]
    # groups × items; NaN and 255 where there is no general factor
    general: npt.NDArray[np.float64]
    group_of_item: npt.NDArray[np.uint8]
    # groups; 0 where there is no factor-based bound
    bound_factors: npt.NDArray[np.uint8]

def analyse(
    answers: npt.NDArray[np.uint8] | npt.NDArray[np.float64],
    design: Any,
    *,
    coefficients: Sequence[str],
    pairwise: bool,
    interval_name: str | None,
    bootstrap: Any,
    level: float,
    em: bool = False,
    subscales: Sequence[int] | None = None,
    factors: int = 1,
    two_factors: str = "equal",
    threads: int | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> _Analysis: ...

class _Careless(TypedDict):
    indices: dict[str, npt.NDArray[np.float64]]
    synonym_pairs: list[tuple[int, int]]
    antonym_pairs: list[tuple[int, int]]
    basis: Literal["pairwise", "complete", "neither"]

def careless(
    codes: npt.NDArray[np.uint8],
    *,
    highest: int,
    reversed: Sequence[bool],
    subscales: Sequence[Sequence[tuple[int, bool]]],
    pair_correlation: float,
    threads: int | None = None,
) -> _Careless: ...
def repeated_rows(
    codes: npt.NDArray[np.uint8], *, threads: int | None = None
) -> npt.NDArray[np.uint32]: ...

class _Polychoric(TypedDict):
    # groups × pairs of items
    rho: npt.NDArray[np.float64]
    standard_error: npt.NDArray[np.float64]
    status: npt.NDArray[np.uint8]
    persons: npt.NDArray[np.int64]
    empty_cells: npt.NDArray[np.int64]
    # groups × items × categories
    counts: npt.NDArray[np.int64]
    # groups × items × steps between categories
    thresholds: npt.NDArray[np.float64]

def polychoric(
    answers: npt.NDArray[np.uint8] | npt.NDArray[np.float64],
    design: Any,
    *,
    categories: int,
    threads: int | None = None,
) -> _Polychoric: ...

class _EmCovariance(TypedDict):
    # groups × items; NaN without an estimate
    means: npt.NDArray[np.float64]
    mean_variances: npt.NDArray[np.float64]
    complete_mean_variances: npt.NDArray[np.float64]
    # groups × items × items
    covariance: npt.NDArray[np.float64]
    covariance_variances: npt.NDArray[np.float64]
    complete_covariance_variances: npt.NDArray[np.float64]
    # groups
    log_likelihood: npt.NDArray[np.float64]
    steps: npt.NDArray[np.int64]
    status: npt.NDArray[np.uint8]
    # patterns of missing answers, by group
    pattern_group: npt.NDArray[np.int64]
    pattern_persons: npt.NDArray[np.int64]
    # patterns × items
    pattern_answered: npt.NDArray[np.bool_]

def em_covariance(
    answers: npt.NDArray[np.uint8] | npt.NDArray[np.float64],
    design: Any,
    *,
    threads: int | None = None,
) -> _EmCovariance: ...

# groups × parameters × parameters: thresholds item by item, then correlations pair by pair
def polychoric_covariances(
    answers: npt.NDArray[np.uint8] | npt.NDArray[np.float64],
    design: Any,
    *,
    categories: int,
    products: bool,
    threads: int | None = None,
) -> npt.NDArray[np.float64]: ...

class _PolychoricIntervals(TypedDict):
    # groups × pairs of items
    lower: npt.NDArray[np.float64]
    upper: npt.NDArray[np.float64]
    failed: npt.NDArray[np.int64]
    at_boundary: npt.NDArray[np.int64]

def polychoric_intervals(
    answers: npt.NDArray[np.uint8] | npt.NDArray[np.float64],
    design: Any,
    *,
    categories: int,
    bootstrap: Any,
    level: float,
    threads: int | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> _PolychoricIntervals: ...
def codes_moments(
    answers: npt.NDArray[np.uint8] | npt.NDArray[np.float64],
    design: Any,
    *,
    pairwise: bool,
    threads: int | None = None,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]: ...
def reals_moments(
    answers: npt.NDArray[np.uint8] | npt.NDArray[np.float64],
    design: Any,
    *,
    pairwise: bool,
    threads: int | None = None,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64], npt.NDArray[np.float64]]: ...
def dispersion(
    items: int,
    persons: int,
    sums: tuple[int, npt.NDArray[np.int64]] | tuple[float, npt.NDArray[np.float64]],
    *,
    pairwise: bool,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]]: ...

class _Fit(TypedDict):
    objective: float
    chi_square: float
    df: int
    p_value: float
    null_chi_square: float
    null_df: int
    rmsea: float
    rmsea_lower: float
    rmsea_upper: float
    cfi: float
    tli: float
    srmr: float
    bic: float

class _Factors(TypedDict):
    # items × factors
    unrotated: npt.NDArray[np.float64]
    loadings: npt.NDArray[np.float64]
    # factors × factors
    phi: npt.NDArray[np.float64]
    variances: npt.NDArray[np.float64]
    uniquenesses: npt.NDArray[np.float64]
    status: Literal["ok", "heywood", "not_converged"]
    criterion: float
    rotation_criterion: float
    rotation_converged: bool
    starts: int
    starts_found: int
    fit: _Fit

def explore_factors(
    correlation: npt.NDArray[np.float64],
    *,
    factors: int,
    extraction: str,
    rotation: str | None,
    gamma: float,
    target: npt.NDArray[np.float64] | None,
    kaiser: bool,
    random_starts: int,
    seed: int,
    persons: float | None,
    threads: int | None = None,
) -> _Factors: ...
def factor_fit(
    correlation: npt.NDArray[np.float64],
    loadings: npt.NDArray[np.float64],
    uniquenesses: npt.NDArray[np.float64],
    *,
    persons: float | None,
) -> _Fit: ...

class _SchmidLeiman(TypedDict):
    general: npt.NDArray[np.float64]
    # items × factors
    groups: npt.NDArray[np.float64]
    uniquenesses: npt.NDArray[np.float64]
    gamma: npt.NDArray[np.float64]
    heywood: bool

def schmid_leiman(
    loadings: npt.NDArray[np.float64], phi: npt.NDArray[np.float64], *, two_factors: str
) -> _SchmidLeiman: ...

class _Observed(TypedDict):
    # items, largest first
    components: npt.NDArray[np.float64]
    factors: npt.NDArray[np.float64]
    # by number of components taken out
    squares: npt.NDArray[np.float64]
    fourth_powers: npt.NDArray[np.float64]

def eigenvalues_and_partials(correlation: npt.NDArray[np.float64]) -> _Observed: ...

class _Balance(TypedDict):
    # by number of factors
    df: npt.NDArray[np.int64]
    common_part: npt.NDArray[np.float64]
    cfi: npt.NDArray[np.float64]
    status: list[Literal["ok", "heywood", "not_converged"]]

def factor_balance(
    correlation: npt.NDArray[np.float64],
    *,
    most: int,
    extraction: str,
    persons: float | None,
    threads: int | None = None,
) -> _Balance: ...

class _RandomEigenvalues(TypedDict):
    # draws × items
    components: npt.NDArray[np.float64]
    factors: npt.NDArray[np.float64]

def normal_eigenvalues(
    *,
    persons: int,
    items: int,
    draws: int,
    seed: int,
    threads: int | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> _RandomEigenvalues: ...
def shuffled_eigenvalues(
    answers: npt.NDArray[np.uint8] | npt.NDArray[np.float64],
    design: Any,
    *,
    pairwise: bool,
    categories: int | None,
    draws: int,
    seed: int,
    threads: int | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> _RandomEigenvalues: ...

class _Limits(TypedDict):
    # one number an estimate
    standard_error: npt.NDArray[np.float64]
    lower: npt.NDArray[np.float64]
    upper: npt.NDArray[np.float64]
    status: npt.NDArray[np.uint8]

def bootstrap_limits(
    replicates: npt.NDArray[np.float64],
    estimates: npt.NDArray[np.float64],
    accelerations: npt.NDArray[np.float64],
    *,
    method: str,
    quantile_rule: str,
    level: float,
) -> _Limits: ...
def loading_replicates(
    answers: npt.NDArray[np.uint8] | npt.NDArray[np.float64],
    design: Any,
    *,
    pairwise: bool,
    solution: Any,
    replicates: int,
    seed: int,
    weights: str,
    threads: int | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.uint8]]: ...
def loading_influences(
    answers: npt.NDArray[np.uint8] | npt.NDArray[np.float64],
    design: Any,
    *,
    pairwise: bool,
    solution: Any,
    threads: int | None = None,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]: ...
def influences(
    answers: npt.NDArray[np.uint8] | npt.NDArray[np.float64],
    design: Any,
    *,
    coefficient: str,
    pairwise: bool,
    subscales: Sequence[int] | None = None,
    factors: int = 1,
    two_factors: str = "equal",
    threads: int | None = None,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.uint8], npt.NDArray[np.float64]]: ...

# Estimate, standard error and limits × groups × items × coefficients, and their statuses.
_Estimates = tuple[npt.NDArray[np.float64], npt.NDArray[np.uint8]]

class _ItemStatistics(TypedDict):
    # groups × items × items
    covariance: npt.NDArray[np.float64]
    correlation: npt.NDArray[np.float64]
    # groups × items
    total_se: npt.NDArray[np.float64]
    rest_se: npt.NDArray[np.float64]
    of_all: _Estimates
    without: _Estimates

def item_statistics(
    answers: npt.NDArray[np.uint8] | npt.NDArray[np.float64],
    design: Any,
    *,
    coefficients: Sequence[str],
    pairwise: bool,
    level: float,
    factors: int = 1,
    two_factors: str = "equal",
    threads: int | None = None,
) -> _ItemStatistics: ...
def unit_weights(
    answers: npt.NDArray[np.uint8] | npt.NDArray[np.float64],
    design: Any,
    *,
    group: int,
    replicate: int,
    seed: int,
    weights: str,
) -> npt.NDArray[np.float64]: ...
def philox4x32(counter: Sequence[int], key: Sequence[int]) -> list[int]: ...
def simd_levels() -> list[str]: ...

class _PathMoments(TypedDict):
    # replicates × variables
    means: npt.NDArray[np.float64]
    # replicates × variables × variables
    covariances: npt.NDArray[np.float64]

def path_moments(
    answers: npt.NDArray[np.uint8] | npt.NDArray[np.float64],
    design: Any,
    *,
    replicates: int,
    seed: int,
    weights: str,
    threads: int | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> _PathMoments: ...

class _PathFits(TypedDict):
    # matrices × parameters
    parameters: npt.NDArray[np.float64]
    status: npt.NDArray[np.uint8]

def fit_paths(
    matrices: npt.NDArray[np.float64],
    *,
    equations: Sequence[tuple[int, Sequence[int]]],
    covariances: Sequence[tuple[int, int]],
    threads: int | None = None,
) -> _PathFits: ...
