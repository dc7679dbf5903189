"""The same statistics in plain NumPy: short, slow, and written independently of the compiled core.

It is the oracle in tests and a contender in benchmarks. Only Feldt's interval (SciPy) and the two
``*_factor_analyzer`` functions need the extra ``pure``.
"""

from .alpha_intervals import (
    adf,
    bonett,
    feldt,
    hakstian_whalen,
    normal_theory,
    normal_theory_standard_error,
)
from .bootstrap import (
    Replicates,
    bootstrap_alpha_by_copying,
    bootstrap_alpha_by_features,
    bootstrap_omega_u_by_copying,
    bootstrap_omega_u_by_features,
    replicates,
)
from .coefficients import (
    Coefficient,
    alpha,
    alpha_std,
    lambda2,
    lambda6,
    omega_total,
    omega_u,
)
from .estimates import Estimate, estimate
from .factor import OneFactor, one_factor_minres, one_factor_ml
from .factor_analyzer import omega_total_factor_analyzer, omega_u_factor_analyzer
from .influence import acceleration, gradient, influence, standard_error
from .intervals import Interval, basic, bca, normal, percentile, quantile
from .lower_bounds import average_r, lambda1, lambda5, mu, sem, signal_to_noise, split_halves
from .moments import correlation, covariance, standardise

__all__ = [
    "Coefficient",
    "Estimate",
    "Interval",
    "OneFactor",
    "Replicates",
    "acceleration",
    "adf",
    "alpha",
    "alpha_std",
    "average_r",
    "basic",
    "bca",
    "bonett",
    "bootstrap_alpha_by_copying",
    "bootstrap_alpha_by_features",
    "bootstrap_omega_u_by_copying",
    "bootstrap_omega_u_by_features",
    "correlation",
    "covariance",
    "estimate",
    "feldt",
    "gradient",
    "hakstian_whalen",
    "influence",
    "lambda1",
    "lambda2",
    "lambda5",
    "lambda6",
    "mu",
    "normal",
    "normal_theory",
    "normal_theory_standard_error",
    "omega_total",
    "omega_total_factor_analyzer",
    "omega_u",
    "omega_u_factor_analyzer",
    "one_factor_minres",
    "one_factor_ml",
    "percentile",
    "quantile",
    "replicates",
    "sem",
    "signal_to_noise",
    "split_halves",
    "standard_error",
    "standardise",
]
