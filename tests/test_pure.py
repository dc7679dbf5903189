"""The plain NumPy twin against published formulas, R, SciPy and itself.

Golden numbers: R 4.2.2 with psych 2.2.9, lavaan 0.6-14 and boot 1.3-28.1; each carries its call.
"""

import csv
import gzip
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from compassion_psy import pure
from compassion_psy.pure.factor import SMALLEST_UNIQUENESS
from compassion_psy.pure.influence import KINKED
from scipy import stats

COEFFICIENTS = list(pure.coefficients.MATRIX)
OMEGAS = ("omega_u", "omega_u_observed", "omega_total")

# A closed form in double precision, twice, in different order.
EXACT = 1e-12
# A fit whose gradient is below 1e-13, against another that is as tight.
FITTED = 1e-10

# R's `attitude`: answers on seven questions, averaged over 30 departments (Chatterjee & Price).
ATTITUDE = np.array(
    [
        [43, 51, 30, 39, 61, 92, 45], [63, 64, 51, 54, 63, 73, 47], [71, 70, 68, 69, 76, 86, 48],
        [61, 63, 45, 47, 54, 84, 35], [81, 78, 56, 66, 71, 83, 47], [43, 55, 49, 44, 54, 49, 34],
        [58, 67, 42, 56, 66, 68, 35], [71, 75, 50, 55, 70, 66, 41], [72, 82, 72, 67, 71, 83, 31],
        [67, 61, 45, 47, 62, 80, 41], [64, 53, 53, 58, 58, 67, 34], [67, 60, 47, 39, 59, 74, 41],
        [69, 62, 57, 42, 55, 63, 25], [68, 83, 83, 45, 59, 77, 35], [77, 77, 54, 72, 79, 77, 46],
        [81, 90, 50, 72, 60, 54, 36], [74, 85, 64, 69, 79, 79, 63], [65, 60, 65, 75, 55, 80, 60],
        [65, 70, 46, 57, 75, 85, 46], [50, 58, 68, 54, 64, 78, 52], [50, 40, 33, 34, 43, 64, 33],
        [64, 61, 52, 62, 66, 80, 41], [53, 66, 52, 50, 63, 80, 37], [40, 37, 42, 58, 50, 57, 49],
        [63, 54, 42, 48, 66, 75, 33], [66, 77, 66, 63, 88, 76, 72], [78, 75, 58, 74, 80, 78, 49],
        [48, 57, 44, 45, 51, 83, 38], [85, 85, 71, 71, 77, 74, 55], [82, 82, 39, 59, 64, 78, 39],
    ],
    dtype=float,
)  # fmt: skip


def congeneric(
    rng: np.random.Generator, n: int, loadings: list[float], holes: float = 0.0
) -> np.ndarray:
    """Return answers of n persons, rounded to halves, a share of them missing."""
    strength = np.array(loadings)
    x = rng.normal(size=(n, 1)) * strength + rng.normal(size=(n, strength.size)) * 0.8
    x = np.round(2 * x) / 2 * np.linspace(1, 2, strength.size)
    x[rng.random(x.shape) < holes] = np.nan
    return np.asarray(x)


def matrix_of(x: np.ndarray, coefficient: str, missing: Any) -> np.ndarray:
    """Return the matrix that the coefficient is taken from."""
    on_r = coefficient in pure.coefficients.ON_CORRELATIONS
    return (pure.correlation if on_r else pure.covariance)(x, missing=missing)


# Matrices


def test_counts_mean_copies() -> None:
    """A row with count c is c persons: the divisor is sum(counts) - 1, R's cov of the copies."""
    x = congeneric(np.random.default_rng(1), 30, [0.5, 0.7, 0.9], holes=0.1)
    counts = np.random.default_rng(2).integers(0, 4, 30)
    copies = np.repeat(x, counts, axis=0)
    for missing in ("listwise", "pairwise"):
        for function in (pure.covariance, pure.correlation):
            given = function(x, counts, missing)
            np.testing.assert_allclose(given, function(copies, missing=missing), rtol=EXACT)


def test_survey_weights_have_no_scale_and_do_not_add_persons() -> None:
    """Survey weights are shares: C = sum w (x-m)(x-m)' / sum w * n/(n-1)."""
    x = congeneric(np.random.default_rng(1), 30, [0.5, 0.7, 0.9])
    w = np.random.default_rng(3).integers(1, 5, 30)
    c = pure.covariance(x, survey_weights=w)
    np.testing.assert_allclose(pure.covariance(x, survey_weights=7.5 * w), c, rtol=EXACT)
    np.testing.assert_allclose(c, np.cov(x.T, aweights=w, bias=True) * 30 / 29, rtol=EXACT)
    np.testing.assert_allclose(pure.covariance(x, survey_weights=np.ones(30)), np.cov(x.T))
    # As counts, the same weights are sum(w) persons.
    as_counts = pure.covariance(x, w)
    np.testing.assert_allclose(as_counts, np.cov(x.T, fweights=w), rtol=EXACT)
    assert not np.allclose(as_counts, c, rtol=1e-3)


def test_pairwise_takes_both_variances_of_a_correlation_from_joint_rows() -> None:
    x = congeneric(np.random.default_rng(5), 80, [0.5, 0.7, 0.9], holes=0.2)
    both = ~np.isnan(x[:, 0]) & ~np.isnan(x[:, 1])
    r = pure.correlation(x, missing="pairwise")
    c = pure.covariance(x, missing="pairwise")
    assert r[0, 1] == pytest.approx(np.corrcoef(x[both, 0], x[both, 1])[0, 1], abs=EXACT)
    assert c[0, 1] == pytest.approx(np.cov(x[both, 0], x[both, 1])[0, 1], abs=EXACT)
    assert c[0, 0] == pytest.approx(np.nanvar(x[:, 0], ddof=1), abs=EXACT)
    assert abs(r - pure.standardise(c)).max() > 1e-3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"x": [1.0, 2.0]}, "persons by items"),
        ({"x": [[1.0], [2.0]]}, "1 item"),
        ({"x": [[1.0, np.inf], [2.0, 1.0]]}, "infinite"),
        ({"x": ATTITUDE, "weights": [1.0]}, "one value a row"),
        ({"x": ATTITUDE, "weights": -np.ones(30)}, "not negative"),
        ({"x": ATTITUDE, "survey_weights": np.zeros(30)}, "above zero"),
        ({"x": ATTITUDE, "missing": "fiml"}, "listwise"),
    ],
)
def test_bad_input_is_named(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        pure.covariance(**arguments)


# Coefficients


def test_attitude_as_in_r() -> None:
    """psych::alpha, psych::guttman (of the correlations), lavaan by Gauss-Newton."""
    c, r = pure.covariance(ATTITUDE), pure.correlation(ATTITUDE)
    assert pure.alpha(c) == pytest.approx(0.8431428, abs=5e-8)
    assert pure.alpha(r) == pytest.approx(0.8390838, abs=5e-8)
    assert pure.alpha_std(r) == pytest.approx(pure.alpha(r), abs=EXACT)
    assert pure.lambda2(r) == pytest.approx(0.8518997, abs=5e-8)
    assert pure.lambda6(r) == pytest.approx(0.8752151, abs=5e-8)
    assert pure.omega_u(c) == pytest.approx(0.856326792954, abs=2e-12)
    assert pure.omega_u(r) == pytest.approx(0.840544489692, abs=1e-11)


# cfa("f =~ x1 + ...", sample.cov = S, sample.nobs = 1000, sample.cov.rescale = FALSE,
#     std.lv = TRUE, optim.method = "GN", optim.gn.tol.x = 1e-13): gradient below 1e-16.
# Then (sum l)^2 / ((sum l)^2 + sum t).
LAVAAN = [
    (
        [[716, 207, 361, 223], [207, 552, 357, 117], [361, 357, 551, 189], [223, 117, 189, 438]],
        0.768825691707,
    ),
    (
        [
            [588, 139, -381, 82, 331, 523], [139, 81, -123, 20, 82, 170],
            [-381, -123, 434, -59, -213, -467], [82, 20, -59, 37, 52, 97],
            [331, 82, -213, 52, 542, 361], [523, 170, -467, 97, 361, 925],
        ],
        0.750230353899,
    ),
    (
        [
            [442, 93, 36, 47, 77, 87, 23, 151, 92, 72], [93, 457, 90, 57, 71, 60, 35, 136, 101, 69],
            [36, 90, 423, 60, 64, 84, 48, 164, 99, 83], [47, 57, 60, 71, 57, 58, 30, 113, 69, 58],
            [77, 71, 64, 57, 242, 69, 62, 175, 95, 92], [87, 60, 84, 58, 69, 605, 32, 158, 111, 84],
            [23, 35, 48, 30, 62, 32, 174, 84, 52, 49],
            [151, 136, 164, 113, 175, 158, 84, 412, 206, 154],
            [92, 101, 99, 69, 95, 111, 52, 206, 590, 118],
            [72, 69, 83, 58, 92, 84, 49, 154, 118, 201],
        ],
        0.765631682526,
    ),
]  # fmt: skip


@pytest.mark.parametrize(("matrix", "omega"), LAVAAN)
def test_omega_u_is_lavaans(matrix: list[list[int]], omega: float) -> None:
    assert pure.omega_u(matrix) == pytest.approx(omega, abs=1e-11)


def test_heywood_case_is_lavaans_with_the_same_bound() -> None:
    """With ``x1 ~~ lower(0.005 * 43) * x1`` and so on; nlminb stops at about 1e-9."""
    matrix = [[43, 23, 8], [23, 67, 28], [8, 28, 77]]
    fit = pure.one_factor_ml(matrix)
    assert fit.status == "heywood"
    assert fit.uniquenesses[1] == pytest.approx(0.005 * 67)
    assert pure.omega_u(matrix) == pytest.approx(0.673538826, abs=2e-9)


def test_tau_equivalent_items_have_one_reliability() -> None:
    """Equal covariances a, any error variances: alpha = lambda2 = omega_u = k^2 a / V."""
    errors = np.array([0.3, 0.8, 1.5, 2.0, 0.6])
    c = 0.7 * np.ones((5, 5)) + np.diag(errors)
    expected = 25 * 0.7 / c.sum()
    assert pure.alpha(c) == pytest.approx(expected, abs=EXACT)
    assert pure.lambda2(c) == pytest.approx(expected, abs=EXACT)
    assert pure.omega_u(c) == pytest.approx(expected, abs=EXACT)


def test_congeneric_items_give_their_loadings_back() -> None:
    loadings = np.array([1.4, 0.5, -0.3, 2.2, 0.9])
    errors = np.array([0.3, 0.8, 1.5, 2.0, 0.6])
    c = np.outer(loadings, loadings) + np.diag(errors)
    fit = pure.one_factor_ml(c)
    np.testing.assert_allclose(fit.loadings, loadings, rtol=1e-11)
    np.testing.assert_allclose(fit.uniquenesses, errors, rtol=1e-11)
    common = loadings.sum() ** 2
    assert pure.omega_u(c) == pytest.approx(common / (common + errors.sum()), abs=EXACT)
    assert common / c.sum() - pure.alpha(c) > 1e-3
    share = errors / np.diag(c)
    r = pure.standardise(c)
    assert pure.omega_total(r) == pytest.approx(1 - share.sum() / r.sum(), abs=EXACT)


def test_parallel_items_make_lambda6_a_closed_form() -> None:
    """Equal correlations r: 1 - smc = (1-r)(1+(k-1)r)/(1+(k-2)r)."""
    k, r = 6, 0.4
    matrix = np.full((k, k), r) + (1 - r) * np.eye(k)
    unpredicted = (1 - r) * (1 + (k - 1) * r) / (1 + (k - 2) * r)
    assert pure.lambda6(matrix) == pytest.approx(1 - k * unpredicted / matrix.sum(), abs=EXACT)


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_scale_changes_nothing(scale: float) -> None:
    c = pure.covariance(ATTITUDE)
    for coefficient in (pure.alpha, pure.lambda2, pure.lambda6, pure.omega_u):
        assert coefficient(c * scale) == pytest.approx(coefficient(c), abs=EXACT)


# Factor fits


def ml_discrepancy(r: np.ndarray, loadings: np.ndarray, uniquenesses: np.ndarray) -> float:
    """Return log|Sigma| - log|S| + tr(S Sigma^-1) - k, the textbook form."""
    sigma = np.outer(loadings, loadings) + np.diag(uniquenesses)
    log_ratio = np.linalg.slogdet(sigma)[1] - np.linalg.slogdet(r)[1]
    return float(log_ratio + np.trace(np.linalg.solve(sigma, r)) - len(r))


def minres_discrepancy(r: np.ndarray, loadings: np.ndarray, uniquenesses: np.ndarray) -> float:
    """Return half the sum of squared residuals."""
    return float(np.sum((r - np.outer(loadings, loadings) - np.diag(uniquenesses)) ** 2) / 2)


FITS = [(pure.one_factor_ml, ml_discrepancy), (pure.one_factor_minres, minres_discrepancy)]


@pytest.mark.parametrize(("fit", "discrepancy"), FITS)
@pytest.mark.parametrize("n", [12, 25, 400])
def test_no_other_point_fits_better(fit: Any, discrepancy: Any, n: int) -> None:
    """Small samples, many of them Heywood cases: the fit is a minimum, and the lowest one found.

    The textbook discrepancy does not fall when any loading or uniqueness moves by 1e-4, and
    searches from 10 random points end no lower. (1e-12 and 1e-10 are rounding.)
    """
    rng = np.random.default_rng(n)
    for _ in range(12):
        k = int(rng.integers(3, 9))
        r = np.corrcoef(congeneric(rng, n, list(rng.uniform(-0.3, 0.95, k))).T)
        found = fit(r)
        assert found.status in ("ok", "heywood")
        assert found.gradient < 1e-13
        low = discrepancy(r, found.loadings, found.uniquenesses)
        assert low == pytest.approx(found.discrepancy, abs=1e-11)
        for i, step in enumerate(np.vstack([np.eye(2 * k), -np.eye(2 * k)]) * 1e-4):
            uniquenesses = found.uniquenesses + step[k:]
            if i >= 3 * k and uniquenesses.min() < SMALLEST_UNIQUENESS:
                continue
            assert discrepancy(r, found.loadings + step[:k], uniquenesses) > low - 1e-12
        for _ in range(10):
            other = fit(r, start=rng.uniform(SMALLEST_UNIQUENESS, 1, k))
            assert other.discrepancy > found.discrepancy - 1e-10


def test_several_starts_find_the_lower_of_two_minima() -> None:
    """Jöreskog's start leads to item 3 at its bound (.2551967); item 1 at its bound fits better."""
    r = np.array(
        [
            [1, -0.24, -0.29, 0.3],
            [-0.24, 1, -0.35, 0.03],
            [-0.29, -0.35, 1, -0.1],
            [0.3, 0.03, -0.1, 1],
        ]
    )
    joreskog = (1 - 1 / 8) / np.diag(np.linalg.inv(r))
    for fit in (pure.one_factor_ml(r), pure.one_factor_ml(r, start=joreskog)):
        assert fit.discrepancy == pytest.approx(0.24235300, abs=1e-8)
        assert fit.uniquenesses[0] == pytest.approx(SMALLEST_UNIQUENESS)


def test_uncorrelated_items_fit_though_any_one_item_could_be_the_factor() -> None:
    for fit, _ in FITS:
        found = fit(np.diag([1.0, 2.0, 3.0]))
        implied = np.outer(found.loadings, found.loadings) + np.diag(found.uniquenesses)
        np.testing.assert_allclose(implied, np.diag([1.0, 2.0, 3.0]), atol=1e-6)


# Influence


@pytest.mark.parametrize("missing", ["listwise", "pairwise"])
@pytest.mark.parametrize("coefficient", COEFFICIENTS)
def test_gradient_is_free_of_scale(coefficient: Any, missing: str) -> None:
    """No reliability depends on the scale of all items: sum G C = 0, on C.

    The standard error of measurement grows with it, as a square root of C.
    """
    x = congeneric(np.random.default_rng(8), 150, [0.9, 0.5, 0.8, 1.0], holes=0.05)
    c = matrix_of(x, coefficient, missing)
    g = pure.gradient(c, coefficient)
    np.testing.assert_array_equal(g, g.T)
    if coefficient in pure.coefficients.ON_CORRELATIONS:
        np.testing.assert_array_equal(np.diag(g), 0)
    else:
        expected = pure.sem(c) / 2 if coefficient == "sem" else 0
        # Beside a kink the steps are small: the gradient's own promise.
        tolerance = 1e-10 if coefficient in KINKED else EXACT
        assert np.sum(g * c) == pytest.approx(expected, abs=tolerance)


def test_gradient_of_alpha_is_the_formula() -> None:
    """Maydeu-Olivares, Coffman & Hartmann (2007); in units of the items' deviations."""
    c = pure.covariance(ATTITUDE)
    k, total, trace = 7, c.sum(), np.trace(c)
    formula = k / (k - 1) * (trace / total**2 * np.ones((k, k)) - np.eye(k) / total)
    units = np.sqrt(np.outer(np.diag(c), np.diag(c)))
    np.testing.assert_allclose(pure.gradient(c, "alpha") * units, formula * units, atol=EXACT)


def test_gradient_of_lambda6_is_the_formula() -> None:
    """Its sum of e_j = 1/(C^-1)_jj changes by sum_j e_j^2 (C^-1 dC C^-1)_jj."""
    c = pure.covariance(ATTITUDE)
    inverse = np.linalg.inv(c)
    error = 1 / np.diag(inverse)
    formula = error.sum() / c.sum() ** 2 - inverse @ np.diag(error**2) @ inverse / c.sum()
    units = np.sqrt(np.outer(np.diag(c), np.diag(c)))
    np.testing.assert_allclose(pure.gradient(c, "lambda6") * units, formula * units, atol=EXACT)


@pytest.mark.parametrize("heywood", [False, True])
def test_gradient_of_omega_u_by_implicit_differentiation(heywood: bool) -> None:
    """The gradient of the textbook discrepancy stays zero as C moves; complex steps are exact.

    5e-11: the numerical gradient's own promise is 1e-10; 6e-12 was measured.
    """
    rng = np.random.default_rng(4)
    errors = np.array([0.02 if heywood else 0.7, 0.8, 0.9, 1.0])
    x = rng.normal(size=(200, 1)) * [1.0, 0.5, 0.4, 0.4] + rng.normal(size=(200, 4)) * errors
    c = np.cov(x.T)
    fit = pure.one_factor_ml(c)
    assert (fit.status == "heywood") == heywood
    k = 4
    parameters = np.concatenate([fit.loadings, fit.uniquenesses])
    free = np.concatenate([np.ones(k, bool), fit.uniquenesses > 0.00500001 * np.diag(c)])

    def score(theta: np.ndarray, s: np.ndarray) -> np.ndarray:
        sigma = np.outer(theta[:k], theta[:k]) + np.diag(theta[k:])
        inverse = np.linalg.inv(sigma)
        w = inverse @ (sigma - s) @ inverse
        return np.concatenate([2 * w @ theta[:k], np.diag(w)])

    tiny = 1e-30
    jacobian = np.array([score(parameters + 1j * tiny * e, c).imag / tiny for e in np.eye(2 * k)]).T
    common, error = fit.loadings.sum(), fit.uniquenesses.sum()
    slope = np.repeat([2 * common * error, -(common**2)], k) / (common**2 + error) ** 2
    for i in range(k):
        for j in range(i, k):
            direction = np.zeros((k, k))
            direction[i, j] = direction[j, i] = 1
            moved = np.zeros(2 * k)
            if i == j and not free[k + i]:
                moved[k + i] = SMALLEST_UNIQUENESS
            change = score(parameters, c + 1j * tiny * direction).imag / tiny + jacobian @ moved
            moved[free] -= np.linalg.solve(jacobian[np.ix_(free, free)], change[free])
            expected = slope @ moved / (1 if i == j else 2)
            assert pure.gradient(c, "omega_u")[i, j] == pytest.approx(expected, abs=5e-11)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("missing", ["listwise", "pairwise"])
@pytest.mark.parametrize("coefficient", COEFFICIENTS)
def test_influence_is_the_slope_in_each_persons_count(
    coefficient: Any, missing: Any, weighted: bool
) -> None:
    """Raising a person's count by h changes the coefficient by h L_i / (n - 1).

    It is n - 1 because the gradient is taken at C with that divisor; n for coefficients of R.
    Central differences of h = 1e-4 are good to 1e-7 here. Pairwise, each pair has a divisor
    n_ij - 1 of its own, which the formula does not follow: a difference of the order 1/n remains.
    Where the coefficient has a unit, every person also moves it by moving the divisor.
    """
    rng = np.random.default_rng(11)
    x = congeneric(rng, 60, [0.9, 0.6, 0.8, 1.0], holes=0.1 if missing == "pairwise" else 0.0)
    survey = rng.uniform(0.5, 2, 60) if weighted else None
    values = pure.influence(x, coefficient, survey_weights=survey, missing=missing)
    assert np.nansum(values) == pytest.approx(0, abs=1e-10)
    n = np.isfinite(values).sum()
    slopes = np.empty(60)
    for i in range(60):
        ends = []
        for h in (1e-4, -1e-4):
            counts = np.ones(60)
            counts[i] += h
            ends.append(pure.estimate(x, coefficient, counts, missing, survey_weights=survey).value)
        slopes[i] = (ends[0] - ends[1]) / 2e-4
    tolerance = 2 / n if missing == "pairwise" else 1e-6
    divisor = n if coefficient in pure.coefficients.ON_CORRELATIONS else n - 1
    if coefficient == "sem":
        # By half of it, as a square root of covariances, over n.
        sem = pure.estimate(x, coefficient, None, missing, survey_weights=survey).value
        values = values - 0.5 * sem / n
    np.testing.assert_allclose(
        slopes * divisor, values, rtol=0, atol=tolerance * np.abs(values).max()
    )


@pytest.mark.parametrize("coefficient", COEFFICIENTS)
def test_influence_follows_the_jackknife(coefficient: Any) -> None:
    """Leaving a person out changes the coefficient by about -L_i/(n-1): terms of 1/n remain."""
    x = congeneric(np.random.default_rng(3), 400, [0.9, 0.6, 0.8, 1.0])
    whole = pure.estimate(x, coefficient).value
    left_out = np.array(
        [pure.estimate(np.delete(x, i, axis=0), coefficient).value for i in range(len(x))]
    )
    jackknife = 399 * (whole - left_out)
    values = pure.influence(x, coefficient)
    assert np.corrcoef(jackknife, values)[0, 1] > 0.9995
    assert jackknife.std() / values.std() == pytest.approx(1, abs=0.02)
    assert pure.acceleration(values) == pytest.approx(
        pure.acceleration(jackknife - jackknife.mean()), abs=0.002
    )


def test_standard_errors_of_attitude() -> None:
    """R: ADF formula; psych::alpha()$total$ase with n and with n - 1."""
    c = pure.covariance(ATTITUDE)
    assert pure.standard_error(ATTITUDE, "alpha") == pytest.approx(0.0414476, abs=5e-8)
    assert pure.normal_theory_standard_error(c, 30) == pytest.approx(0.0424357, abs=5e-8)
    assert pure.normal_theory_standard_error(c, 29) == pytest.approx(0.0431611, abs=5e-8)


def test_clusters_and_strata() -> None:
    x = congeneric(np.random.default_rng(6), 60, [0.9, 0.6, 0.8])
    values = pure.influence(x, "alpha")
    plain = np.sqrt(np.sum(values**2) / (60 * 59))
    assert pure.standard_error(x, "alpha") == pytest.approx(plain, abs=EXACT)
    alone = pure.standard_error(x, "alpha", clusters=np.arange(60), strata=np.zeros(60))
    assert alone == pytest.approx(plain, abs=EXACT)
    ward = np.repeat(list("abcdefghij"), 6)
    sums = values.reshape(10, 6).sum(axis=1)
    robust = np.sqrt(10 / 9 * np.sum(sums**2)) / 60
    assert pure.standard_error(x, "alpha", clusters=ward) == pytest.approx(robust, abs=EXACT)
    a = np.sum(sums**3) / (6 * np.sum(sums**2) ** 1.5)
    assert pure.acceleration(values, clusters=ward) == pytest.approx(a, abs=EXACT)
    site = np.repeat([1, 2], [24, 36])
    # Four and six wards in two fixed sites.
    parts = [part - part.mean() for part in (sums[:4], sums[4:])]
    within = np.sqrt(sum(len(p) / (len(p) - 1) * np.sum(p**2) for p in parts)) / 60
    both = pure.standard_error(x, "alpha", clusters=ward, strata=site)
    assert both == pytest.approx(within, abs=EXACT)
    with pytest.raises(ValueError, match="two strata"):
        pure.standard_error(x, "alpha", clusters=ward, strata=np.arange(60) % 2)
    with pytest.raises(ValueError, match="two or more"):
        pure.standard_error(x, "alpha", clusters=np.zeros(60))


# Bootstrap


@pytest.mark.parametrize("coefficient", COEFFICIENTS)
def test_replicates_are_the_coefficients_of_the_copied_rows(coefficient: Any) -> None:
    counts = np.random.default_rng(1).multinomial(30, np.full(30, 1 / 30), size=5)
    found = pure.replicates(ATTITUDE, coefficient, counts)
    for value, count in zip(found.values, counts, strict=True):
        copied = pure.estimate(np.repeat(ATTITUDE, count, axis=0), coefficient)
        assert value == pytest.approx(copied.value, abs=FITTED)
    assert set(found.statuses) <= {"ok", "heywood"}


@pytest.mark.parametrize("answers", ["whole", "real"])
@pytest.mark.parametrize("coefficient", ["alpha", "omega_u"])
def test_both_ways_of_bootstrapping_give_the_same_replicates(
    coefficient: str, answers: str
) -> None:
    """Equal generators draw equal rows, so the values differ by rounding alone."""
    rng = np.random.default_rng(2)
    x = np.clip(np.round(3 + congeneric(rng, 9000, [0.9, 0.6, 0.8, 1.0])), 1, 5)
    if answers == "real":
        x = x + rng.normal(size=x.shape)
    copying = getattr(pure, f"bootstrap_{coefficient}_by_copying")
    features = getattr(pure, f"bootstrap_{coefficient}_by_features")
    np.testing.assert_allclose(
        features(x, 7, np.random.default_rng(5)),
        copying(x, 7, np.random.default_rng(5)),
        rtol=1e-11,
    )
    drawn = np.random.default_rng(5).integers(0, 9000, 9000)
    first = pure.replicates(x, coefficient, np.bincount(drawn, minlength=9000))  # type: ignore[arg-type]
    assert copying(x, 1, np.random.default_rng(5))[0] == pytest.approx(first.values[0], abs=1e-11)


def test_every_missing_value_has_its_reason() -> None:
    rng = np.random.default_rng(1)
    x = congeneric(rng, 50, [0.9, 0.6, 0.8])
    flat = x.copy()
    flat[:, 1] = 2.7
    twin = np.column_stack([x, x[:, 0]])
    mirror = np.column_stack([x[:, 0], -x[:, 0]])

    def status(data: np.ndarray, coefficient: Any, weights: Any = None) -> str:
        found = pure.estimate(data, coefficient, weights)
        assert np.isnan(found.value) == (found.status not in ("ok", "heywood"))
        return found.status

    one = np.zeros(50)
    one[7] = 1
    for coefficient in COEFFICIENTS:
        assert status(x[:1], coefficient) == "too_few_rows"
        assert status(x, coefficient, one) == "too_few_rows"
        # Fifty times the same person: no variance at all.
        assert status(x, coefficient, 50 * one) in ("undefined", "constant_item")
        assert status(mirror, coefficient) == "undefined"
    broken = (*OMEGAS, "alpha_std", "lambda6", "average_r", "signal_to_noise")
    for coefficient in COEFFICIENTS:
        assert status(flat, coefficient) == ("constant_item" if coefficient in broken else "ok")
    for coefficient in ("lambda6", "omega_u", "omega_u_observed"):
        assert status(twin, coefficient) == "not_positive_definite"
    assert status(np.column_stack([x[:, 0]] * 3), "signal_to_noise") == "not_positive_definite"
    for coefficient in OMEGAS:
        assert status(x[:, :2], coefficient) == "undefined"
    with pytest.raises(ValueError, match="positive definite"):
        pure.omega_u(pure.covariance(twin))


# Intervals


def test_quantiles_as_in_r() -> None:
    """boot:::norm.inter((1:19)^2/100, c(.02, .05, .123, .5, .777, .95, .975))."""
    replicates = np.arange(19, 0, -1) ** 2 / 100
    expected = [0.01, 0.01, 0.064770028177, 1.0, 2.412502866599, 3.61, 3.61]
    for p, value in zip([0.02, 0.05, 0.123, 0.5, 0.777, 0.95, 0.975], expected, strict=True):
        assert pure.quantile(replicates, p) == pytest.approx(value, abs=1e-12)
    assert pure.quantile(replicates, 0.3, "linear") == np.quantile(replicates, 0.3)
    # Unusable replicates are left out.
    assert pure.quantile([*replicates, np.nan], 0.5) == pytest.approx(1.0, abs=1e-12)


def test_simple_intervals_as_in_r() -> None:
    """boot.ci(t0 = 1.2, t = (1:19)^2/100, conf = .8, type = c("norm", "basic", "perc"))."""
    replicates = np.arange(1, 20) ** 2 / 100
    assert pure.percentile(replicates, 0.8) == pytest.approx((0.04, 3.24), abs=1e-12)
    assert pure.basic(1.2, replicates, 0.8) == pytest.approx((-0.84, 2.36), abs=1e-12)
    expected = (-0.384628307337, 2.58462830734)
    assert pure.normal(1.2, replicates, 0.8) == pytest.approx(expected, abs=1e-11)


def test_bca_is_scipys() -> None:
    """SciPy: jackknife acceleration, type 7 quantiles, and the same count of ties."""
    x = congeneric(np.random.default_rng(2), 40, [0.9, 0.6, 0.8])

    def statistic(*items: np.ndarray) -> float:
        return pure.alpha(np.cov(np.array(items)))

    theirs = stats.bootstrap(
        tuple(x.T), statistic, paired=True, vectorized=False, n_resamples=499, method="BCa",
        rng=np.random.default_rng(1),
    )  # fmt: skip
    left_out = [statistic(*np.delete(x, i, axis=0).T) for i in range(40)]
    a = pure.acceleration(np.mean(left_out) - np.array(left_out))
    ours = pure.bca(statistic(*x.T), theirs.bootstrap_distribution, a, rule="linear")
    assert ours == pytest.approx(tuple(theirs.confidence_interval), abs=1e-10)


def test_bca_without_bias_and_acceleration_is_the_percentile_interval() -> None:
    replicates = np.arange(1, 20) ** 2 / 100
    assert pure.bca(1.0, replicates, 0.0, 0.8) == pytest.approx(
        pure.percentile(replicates, 0.8), abs=1e-12
    )
    with pytest.raises(ValueError, match="outside all replicates"):
        pure.bca(4.0, replicates, 0.0)
    with pytest.raises(ValueError, match="usable"):
        pure.percentile([np.nan, 1.0])
    with pytest.raises(ValueError, match="between 0 and 1"):
        pure.percentile(replicates, 95)


def test_intervals_for_alpha_of_attitude() -> None:
    """psych::alpha.ci; MBESS formulas computed in R."""
    c = pure.covariance(ATTITUDE)
    alpha = pure.alpha(c)
    assert pure.feldt(alpha, 30, 7) == pytest.approx((0.7393757, 0.9157731), abs=5e-8)
    assert pure.bonett(alpha, 30, 7) == pytest.approx((0.7237990, 0.9109193), abs=5e-8)
    assert pure.hakstian_whalen(alpha, 30, 7) == pytest.approx((0.7428282, 0.9172397), abs=5e-8)
    z = 1.959963984540054
    half = z * pure.normal_theory_standard_error(c, 30)
    assert pure.normal_theory(c, 30) == pytest.approx((alpha - half, alpha + half), abs=EXACT)
    half = z * pure.standard_error(ATTITUDE, "alpha")
    assert pure.adf(ATTITUDE) == pytest.approx((alpha - half, alpha + half), abs=EXACT)


def test_bonett_as_published() -> None:
    """The vcmeta manual's example, without the later bias term."""
    assert pure.bonett(0.91, 583, 10) == pytest.approx((0.8984020, 0.9202740), abs=5e-8)


# factor_analyzer


@pytest.mark.parametrize(
    "loadings", [[0.9, 0.6, 0.8, 0.4], [0.9, 0.6, 0.8, 0.4, 0.7, 0.5, 0.6, 1.0]]
)
def test_factor_analyzer_agrees(loadings: list[float]) -> None:
    """5e-6: its optimiser stops early; 1.2e-6 was the worst of 100 simulated data sets."""
    pytest.importorskip("factor_analyzer")
    x = congeneric(np.random.default_rng(1), 300, loadings, holes=0.01)
    omega_u = pure.omega_u(pure.covariance(x))
    omega_total = pure.omega_total(pure.correlation(x))
    assert pure.omega_u_factor_analyzer(x) == pytest.approx(omega_u, abs=5e-6)
    assert pure.omega_total_factor_analyzer(x) == pytest.approx(omega_total, abs=5e-6)


def test_missing_packages_name_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "factor_analyzer", None)
    for call in (
        lambda: pure.omega_u_factor_analyzer(ATTITUDE),
        lambda: pure.omega_total_factor_analyzer(ATTITUDE),
    ):
        with pytest.raises(ImportError, match=r"compassion_psy\[pure\]"):
            call()


# Values computed in R from real surveys, where the folder with both is at hand

SHARED = Path(__file__).parents[2] / "shared"
SCALES = sorted(path.stem for path in (SHARED / "reference" / "reliability").glob("*.json"))


def real_survey(reference: dict[str, Any]) -> np.ndarray:
    """Return the keyed answers that the reference values were computed from."""
    meta = reference["meta"]
    path = SHARED / "data" / f"{meta['dataset']}.csv"
    with path.open() if path.exists() else gzip.open(f"{path}.gz", "rt") as file:
        rows = [[row[item] for item in meta["items"]] for row in csv.DictReader(file)]
    x = np.array([[float(cell) if cell else np.nan for cell in row] for row in rows])
    x[np.isin(x, meta["missing_codes_set_to_NA"])] = np.nan
    turned = [meta["items"].index(item) for item in meta["reversed"]]
    x[:, turned] = sum(meta["response_range"]) - x[:, turned]
    if "dropped" in meta["missing_handling"]:
        x = x[~np.isnan(x).any(axis=1)]
    assert len(x) == meta["n_rows_passed"]
    return x


@pytest.mark.parametrize("name", SCALES)
def test_real_surveys_as_in_r(name: str) -> None:
    reference = json.loads((SHARED / "reference" / "reliability" / f"{name}.json").read_text())
    x = real_survey(reference)
    n, k = x.shape
    c, r = pure.covariance(x, missing="pairwise"), pure.correlation(x, missing="pairwise")
    total = reference["alpha"]["total"]
    # psych 2.2.9 takes the correlations of its alpha() from the pairwise covariances.
    from_c = pure.standardise(c)
    assert pure.alpha(c) == pytest.approx(total["raw_alpha"], abs=FITTED)
    assert pure.alpha_std(from_c) == pytest.approx(total["std_alpha"], abs=FITTED)
    assert pure.lambda6(from_c) == pytest.approx(total["G6_smc"], abs=FITTED)
    assert pure.normal_theory_standard_error(c, n) == pytest.approx(total["ase"], abs=FITTED)
    # Above 400,000 degrees of freedom R's qf() takes chi-square for F: wrong in the fifth digit.
    if (n - 1) * (k - 1) < 400_000:
        feldt = reference["alpha"]["feldt_95"]
        expected = (feldt["lower"], feldt["upper"])
        assert pure.feldt(pure.alpha(c), n, k) == pytest.approx(expected, abs=FITTED)
    bonett = reference["alpha"]["bonett_2002_95"]
    expected = (bonett["lower"], bonett["upper"])
    assert pure.bonett(pure.alpha(c), n, k) == pytest.approx(expected, abs=FITTED)
    guttman = reference["guttman"]
    assert pure.alpha_std(r) == pytest.approx(guttman["lambda.3"], abs=FITTED)
    raw = reference["guttman_raw_covariance"]
    assert pure.lambda2(c) == pytest.approx(raw["lambda.2"], abs=FITTED)
    assert pure.lambda6(c) == pytest.approx(raw["lambda.6"], abs=FITTED)
    tight = reference["omega_nf1_tight"]["omega_tot_as_passed"]
    assert pure.omega_total(r) == pytest.approx(tight, abs=FITTED)
    # lavaan stops where its default tolerance lets it.
    cfa = reference["cfa_one_factor_ml_listwise"]["omega_total_model_implied"]
    assert pure.omega_u(pure.covariance(x)) == pytest.approx(cfa, abs=1e-6)


@pytest.mark.skipif(not SCALES, reason="needs ../shared")
def test_acceleration_of_a_real_survey_is_near_the_jackknifes() -> None:
    """The infinitesimal jackknife differs from leaving one out by terms of 1/n."""
    folder = SHARED / "reference"
    jackknife = json.loads((folder / "bootstrap" / "bfi_A.json").read_text())["jackknife"]
    reference = json.loads((folder / "reliability" / "bfi_A__listwise.json").read_text())
    x = real_survey(reference)
    assert pure.standard_error(x, "alpha") == pytest.approx(jackknife["se"], rel=5e-3)
    a = pure.acceleration(pure.influence(x, "alpha"))
    assert a == pytest.approx(jackknife["acceleration"], rel=0.03)
