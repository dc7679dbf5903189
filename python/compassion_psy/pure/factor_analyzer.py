"""Omega through the factor_analyzer package: a third opinion, less exact than our own fits."""

import importlib
import warnings

import numpy as np
from numpy.typing import ArrayLike

from .factor import SMALLEST_UNIQUENESS
from .moments import Array, correlation, covariance


def omega_u_factor_analyzer(x: ArrayLike) -> float:
    """What is `omega_u` when factor_analyzer fits the factor by maximum likelihood?

    Parameters
    ----------
    x : array, persons × items
        Keyed answers; rows with a missing answer (NaN) are left out.

    Returns
    -------
    float
        As `omega_u`, from loadings and uniquenesses fitted to the correlation matrix and brought
        back to the items' scales.

    Raises
    ------
    ImportError
        If factor_analyzer is not installed.

    Notes
    -----
    factor_analyzer stops its optimiser early. In 100 simulated data sets of 4 to 26 items the
    result was off the exact solution by 2e-8 at the median and 1.2e-6 at worst.
    """
    c = covariance(x)
    loadings, uniquenesses = _fit(correlation(x), "ml")
    common = float(loadings @ np.sqrt(np.diag(c))) ** 2
    return common / (common + float(uniquenesses @ np.diag(c)))


def omega_total_factor_analyzer(x: ArrayLike) -> float:
    """What is `omega_total` when factor_analyzer fits the factor by minimum residuals?

    Parameters
    ----------
    x : array, persons × items
        Keyed answers; rows with a missing answer (NaN) are left out.

    Returns
    -------
    float
        ``1 - sum (1 - l^2) / sum R``.

    Raises
    ------
    ImportError
        If factor_analyzer is not installed.

    Notes
    -----
    factor_analyzer stops its optimiser early. In 100 simulated data sets of 4 to 26 items the
    result was off the exact solution by 4e-9 at the median and 4e-7 at worst.
    """
    r = correlation(x)
    loadings, _ = _fit(r, "minres")
    return float(1.0 - np.sum(1.0 - loadings**2) / r.sum())


def _fit(r: Array, method: str) -> tuple[Array, Array]:
    """Return loadings and uniquenesses of one factor of a correlation matrix."""
    try:
        package = importlib.import_module("factor_analyzer")
    except ImportError as error:
        raise ImportError(
            'this needs factor_analyzer: pip install "compassion_psy[pure]"'
        ) from error
    analyzer = package.FactorAnalyzer(
        n_factors=1,
        rotation=None,
        method=method,
        is_corr_matrix=True,
        bounds=(SMALLEST_UNIQUENESS, 1),
    )
    with warnings.catch_warnings():
        # factor_analyzer 0.5.1 calls scikit-learn by an argument name that 1.6 renamed.
        warnings.filterwarnings("ignore", category=FutureWarning, module="sklearn")
        analyzer.fit(r)
    return np.asarray(analyzer.loadings_)[:, 0], np.asarray(analyzer.get_uniquenesses())
