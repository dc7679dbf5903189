"""Which coefficient a name stands for: estimator, matrix and denominator."""

from __future__ import annotations

EXACT_SPLIT_ITEMS = 20
"""Up to so many items every split into halves is looked at (the core's ``EXACT_ITEMS``)."""

SPLIT_STARTS = 100
"""With more items, so many random splits are improved (the core's ``STARTS``)."""

ORDINAL = ("alpha_ordinal", "omega_ordinal", "omega_categorical")
"""Coefficients of ordered categories: functions of thresholds and polychoric correlations."""

ALL_CATEGORIES = 10
"""Up to so many categories "all" has the ordinal coefficients; with more, answers are as good as
continuous."""

OF_BEST_SPLIT = ("lambda4", "split_half_max", "split_half_min")
"""Coefficients of one split among all."""

OF_SUBSCALES = "alpha_stratified"
"""The coefficient of a total of subscales: scales without subscales have none."""

OF_MANY_FACTORS = "glb_factor"
"""The coefficient of as many factors as the correlations have room for."""

BOUNDS = ("glb", OF_MANY_FACTORS)
"""Greatest lower bounds, which make the most of chance."""

_SEARCH = (
    f"; every split is looked at up to {EXACT_SPLIT_ITEMS} items, with more the best that "
    f"exchanges of items reach from {SPLIT_STARTS} random splits"
)

_DWLS = (
    "of one factor by diagonally weighted least squares (WLSMV) on the matrix of polychoric "
    "correlations"
)

DEFINITIONS = {
    "alpha": "Cronbach's alpha of the covariance matrix",
    "alpha_std": "alpha of standardised items, from the correlation matrix",
    "lambda1": "Guttman's lambda 1 of the covariance matrix",
    "lambda2": "Guttman's lambda 2 of the covariance matrix",
    "lambda3": "Guttman's lambda 3 of the covariance matrix, which is alpha",
    "lambda4": "Guttman's lambda 4 of the covariance matrix, the largest split-half coefficient "
    f"of halves as equal as can be{_SEARCH}",
    "lambda5": "Guttman's lambda 5 of the covariance matrix",
    "lambda5_plus": "Guttman's lambda 5 of the covariance matrix with its root k/(k - 1) times, k "
    "the number of items",
    "lambda6": "Guttman's lambda 6 of the covariance matrix",
    "mu0": "ten Berge and Zegers' mu 0 of the covariance matrix, which is alpha",
    "mu1": "ten Berge and Zegers' mu 1 of the covariance matrix, which is lambda 2",
    "mu2": "ten Berge and Zegers' mu 2 of the covariance matrix",
    "mu3": "ten Berge and Zegers' mu 3 of the covariance matrix",
    "split_half_max": "the largest split-half coefficient of the covariance matrix, halves as "
    f"equal as can be{_SEARCH}",
    "split_half_min": "the smallest split-half coefficient of the covariance matrix, halves as "
    f"equal as can be{_SEARCH}",
    "split_half_mean": "the mean of all split-half coefficients of the covariance matrix, halves "
    "as equal as can be, exact for any number of items",
    "omega_u": "omega of one factor by maximum likelihood on the covariance matrix, over the "
    "total variance that the model implies",
    "omega_u_observed": "omega of one factor by maximum likelihood on the covariance matrix, over "
    "the observed total variance, both with divisor n",
    "omega_total": "omega of one factor by minimum residuals on the correlation matrix, over the "
    "observed total variance",
    "glb": "the greatest lower bound of the covariance matrix, errors of items uncorrelated and "
    "variances not negative; biased upwards in small samples",
    "glb_factor": "the greatest lower bound by the communalities of many factors by minimum "
    "residuals on the correlation matrix, over the observed total variance: as many factors as "
    "that matrix has positive eigenvalues with one factor's communalities on its diagonal, at most "
    "as many as the items identify; biased upwards in small samples",
    "alpha_stratified": "alpha of a total of subscales, from the alphas of the scale's declared "
    "subscales and the covariance matrix of the items",
    "h": "coefficient H, the reliability of the best weighted total of one factor by maximum "
    "likelihood on the covariance matrix",
    "ave": "average variance extracted: the mean share of the variances of items that one factor "
    "by maximum likelihood on the covariance matrix explains",
    "average_r": "the mean of the correlations between items",
    "signal_to_noise": "the ratio of signal to noise of standardised items, from the correlation "
    "matrix",
    "sem": "the standard error of measurement of the sum of the items, by alpha of the covariance "
    "matrix, in points of that sum; divide by the number of items for that of their mean",
    "alpha_ordinal": "alpha of the matrix of polychoric correlations: of the sum of the latent "
    "responses behind the answers, not of the sum of the answers",
    "omega_ordinal": f"omega {_DWLS}, over the sum of that matrix: of the sum of the latent "
    "responses behind the answers, not of the sum of the answers",
    "omega_categorical": f"omega of the sum of the answers (Green and Yang, 2009, equation 21) "
    f"{_DWLS}, over the variance that thresholds and polychoric correlations give that sum",
}
"""Which coefficient a name stands for."""

BY_EM = "; of means and covariances by EM (maximum likelihood times n/(n - 1))"
"""What is to be added where missing answers were treated so."""
