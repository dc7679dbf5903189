"""Ordinal and categorical coefficients: against R, by brute force, with known truth."""

import itertools
import json
import math
from pathlib import Path
from typing import Any

import compassion_psy as cp
import numpy as np
import numpy.typing as npt
import polars as pl
import pytest
from compassion_psy.nearest_correlation import LEAST_EIGENVALUE, nearest_correlation
from compassion_psy.reliability_definitions import ALL_CATEGORIES, ORDINAL
from reference_data import FOLDER, values
from scipy.optimize import least_squares
from scipy.stats import multivariate_normal, norm

# lavaan stops where its gradient is small, semTools adds what lavaan found: 2e-7 was measured.
LAVAAN = 1e-6
# The entries of lavaan's matrix are up to 6; 3e-8 was measured.
GAMMA = 1e-6
# SciPy integrates the bivariate normal distribution to about 1e-9 a cell.
SCIPY = 1e-7

SHARED = Path(__file__).parents[2] / "shared"
SHARED_SETS = sorted(path.stem for path in (SHARED / "reference" / "polychoric").glob("*.json"))

FIVE = [f"item{number + 1}" for number in range(5)]


def scale(items: int, minimum: int, maximum: int, reversed: tuple[str, ...] = ()) -> cp.Scale:
    names = [f"item{number + 1}" for number in range(items)]
    return cp.Scale("made up", items=names, minimum=minimum, maximum=maximum, reversed=reversed)


def frame(name: str) -> pl.DataFrame:
    return pl.read_csv(FOLDER / "data" / f"{name}.csv")


def blocks() -> list[tuple[dict[str, Any], pl.DataFrame, cp.Scale]]:
    found = values("ordinal")
    return [
        (found["congeneric"], frame("congeneric"), scale(5, 1, 5)),
        (found["congeneric_eight"], frame("congeneric"), scale(8, 1, 5)),
        (found["congeneric_missing_listwise"], frame("congeneric_missing"), scale(5, 1, 5)),
        (found["two_factor"], frame("two_factor"), scale(5, 1, 7)),
        *(
            (block, frame("sites").filter(site=site), scale(6, 0, 4, ("item3",)))
            for site, block in found["sites"].items()
        ),
    ]


def estimates(rows: pl.DataFrame, of: cp.Scale, **options: Any) -> list[float]:
    options = {"interval": None, "coefficients": ORDINAL, **options}
    found: list[float] = cp.reliability(rows, of, **options).table["estimate"].to_list()
    return found


@pytest.mark.parametrize("at", range(6))
def test_the_numbers_of_r(at: int) -> None:
    expected, rows, of = blocks()[at]
    table = cp.reliability(rows, of, coefficients=ORDINAL, interval=None).table
    assert table["n"].unique().to_list() == [expected["n"]]
    for name in ORDINAL:
        assert table.filter(coefficient=name)["estimate"].item() == pytest.approx(
            expected[name], abs=LAVAAN
        )
    assert expected["green_yang"] == pytest.approx(expected["omega_categorical"], abs=1e-12)


@pytest.mark.parametrize("at", range(6))
def test_asymptotic_covariances_are_those_of_lavaan(at: int) -> None:
    expected, rows, of = blocks()[at]
    result = cp.polychoric(rows, of, missing="listwise", covariance="muthen")
    assert result.covariances is not None
    # lavaan lists thresholds that exist; those nobody is beyond are NaN here.
    known = np.isfinite(np.diag(result.covariances[0]))
    found = result.covariances[0][np.ix_(known, known)] * (expected["n"] - 1)
    assert found == pytest.approx(np.array(expected["gamma"], dtype=float), abs=GAMMA)


def test_the_jackknife_covariance_has_the_errors_of_the_table() -> None:
    rows = frame("congeneric_missing")
    result = cp.polychoric(rows, scale(8, 1, 5), covariance="jackknife")
    assert result.covariances is not None
    errors = np.sqrt(np.diag(result.covariances[0]))
    assert errors[32:] == pytest.approx(result.pairs["se"].to_numpy(), rel=1e-12)
    # The share of who is below a threshold has a binomial error.
    thresholds = result.thresholds["threshold"].to_numpy()
    persons = result.thresholds["n"].to_numpy()
    binomial = np.sqrt(norm.cdf(thresholds) * norm.sf(thresholds) / (persons - 1))
    assert errors[:32] == pytest.approx(binomial / norm.pdf(thresholds), rel=1e-10)
    by_site = cp.polychoric(
        frame("sites"), scale(6, 0, 4, ("item3",)), by="site", covariance="jackknife"
    )
    alone = cp.polychoric(
        frame("sites").filter(site="west"), scale(6, 0, 4, ("item3",)), covariance="jackknife"
    )
    assert by_site.covariances is not None
    assert alone.covariances is not None
    at = by_site.groups["site"].to_list().index("west")
    assert np.array_equal(by_site.covariances[at], alone.covariances[0], equal_nan=True)


@pytest.mark.parametrize("name", SHARED_SETS)
def test_real_surveys(name: str) -> None:
    expected = json.loads((SHARED / "reference" / "polychoric" / f"{name}.json").read_text())
    meta, fit = expected["meta"], expected.get("lavaan_ordinal_cfa", {})
    if meta["subset"] is not None or meta["label_map"] is not None or "loadings" not in fit:
        pytest.skip("the values are of a part of the survey, or lack the fit")
    rows = pl.read_csv(SHARED / "data" / f"{meta['dataset']}.csv", infer_schema_length=None)
    minimum, maximum = meta["response_range"]
    of = cp.Scale(
        name, items=meta["items"], minimum=minimum, maximum=maximum, reversed=meta["reversed"]
    )
    found = estimates(rows, of, missing_codes=meta["missing_codes_set_to_NA"])
    omega, categorical = (
        fit[f"semTools_compRelSEM_ord.scale_{which}"] for which in ("FALSE", "TRUE_Green_Yang")
    )
    assert found[1:] == pytest.approx([omega, categorical], abs=LAVAAN)


def green_yang(
    loadings: npt.NDArray[np.float64],
    thresholds: list[npt.NDArray[np.float64]],
    rho: npt.NDArray[np.float64],
) -> float:
    """Equation 21 term by term."""

    def joint(h: float, k: float, r: float) -> float:
        if r == 1:
            return float(norm.cdf(min(h, k)))
        return float(multivariate_normal.cdf([h, k], cov=[[1, r], [r, 1]]))

    def total(correlation: Any) -> float:
        pairs = itertools.product(range(len(loadings)), repeat=2)
        return sum(
            sum(joint(h, k, correlation(i, j)) for h in thresholds[i] for k in thresholds[j])
            - norm.cdf(thresholds[i]).sum() * norm.cdf(thresholds[j]).sum()
            for i, j in pairs
        )

    return total(lambda i, j: loadings[i] * loadings[j]) / total(lambda i, j: rho[i, j])


@pytest.mark.parametrize("missing", ["listwise", "pairwise"])
def test_the_sums_by_brute_force(missing: Any) -> None:
    rows, of = frame("congeneric_missing"), scale(4, 1, 5)
    result = cp.polychoric(rows, of, missing=missing, covariance="muthen")
    assert result.covariances is not None
    rho, first = result.correlations, np.triu_indices(4, 1)
    weights = 1 / np.diag(result.covariances[0])[16:]
    # n, not n - 1, as weights; with equal n it makes no difference.
    n = result.pairs["n"].to_numpy()
    weights *= n / (n - 1)

    found = least_squares(
        lambda x: np.sqrt(weights) * (rho[first] - x[first[0]] * x[first[1]]),
        np.full(4, 0.6),
        xtol=1e-15,
        ftol=1e-15,
        gtol=1e-15,
    )
    thresholds = [result.thresholds.filter(item=item)["threshold"].to_numpy() for item in of.items]
    alpha, omega, categorical = estimates(rows, of, missing=missing)
    assert alpha == pytest.approx(cp.ordinal_alpha(rho), abs=1e-14)
    assert omega == pytest.approx(found.x.sum() ** 2 / rho.sum(), abs=SCIPY)
    assert categorical == pytest.approx(green_yang(found.x, thresholds, rho), abs=SCIPY)


LOADINGS = np.array([0.8, 0.65, 0.5, 0.7])
CUTS = [
    np.array([-1.0, 0.2, 1.1]),
    np.array([-0.4, 0.9, 1.6]),
    np.array([-1.5, -0.6, 0.3]),
    np.array([-0.8, 0.1, 1.4]),
]


def answers_given_factor(factor: npt.NDArray[np.float64]) -> list[npt.NDArray[np.float64]]:
    """For each item the probability of each answer at each value of the factor."""
    found = []
    for loading, cuts in zip(LOADINGS, CUTS, strict=True):
        below = norm.cdf((cuts[:, None] - loading * factor) / math.sqrt(1 - loading**2))
        ones = np.ones((1, len(factor)))
        found.append(np.diff(np.vstack([0 * ones, below, ones]), axis=0))
    return found


def population() -> tuple[float, npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """The reliability of the sum of the answers, and the probability of each pattern of answers.

    By integration over the factor: true scores are expected sums given it. No formula of Green and
    Yang, and no bivariate normal distribution.
    """
    nodes, weights = np.polynomial.hermite_e.hermegauss(150)
    weights = weights / weights.sum()
    given = answers_given_factor(nodes)
    patterns = np.array(list(itertools.product(range(4), repeat=len(LOADINGS))))
    at_nodes = np.ones((len(patterns), len(nodes)))
    for item, probability in enumerate(given):
        at_nodes *= probability[patterns[:, item]]
    probabilities = at_nodes @ weights
    sums = patterns.sum(axis=1)
    true_scores = sums @ at_nodes
    mean = sums @ probabilities
    true = ((true_scores - mean) ** 2) @ weights
    return float(true / (((sums - mean) ** 2) @ probabilities)), probabilities, patterns


def test_the_reliability_of_a_population_is_found() -> None:
    truth, probabilities, patterns = population()
    counts = np.round(2_000_000 * probabilities).astype(int)
    rows = pl.DataFrame(np.repeat(patterns, counts, axis=0), schema=list(scale(4, 0, 3).items))
    _, omega, categorical = estimates(rows, scale(4, 0, 3))
    # Rounding to whole persons moves each of 256 shares by up to 2.5e-7.
    assert categorical == pytest.approx(truth, abs=1e-5)
    products = np.outer(LOADINGS, LOADINGS)
    of_responses = products.sum() / (products.sum() + (1 - LOADINGS**2).sum())
    assert omega == pytest.approx(of_responses, abs=1e-5)


def simulated(persons: int, sites: int, seed: int) -> pl.DataFrame:
    random = np.random.default_rng(seed)
    rows = persons * sites
    responses = random.normal(size=(rows, 1)) * LOADINGS
    responses += random.normal(size=(rows, 4)) * np.sqrt(1 - LOADINGS**2)
    names = scale(4, 0, 3).items
    answers = [np.digitize(responses[:, at], cuts) for at, cuts in enumerate(CUTS)]
    columns = dict(zip(names, answers, strict=True))
    return pl.DataFrame(columns).with_columns(site=pl.int_range(rows) // persons)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["bca", "percentile", "adf"])
def test_intervals_of_categorical_omega_hold_the_truth(method: Any) -> None:
    """Of 1500 surveys of 300 persons."""
    truth, *_ = population()
    interval = "adf" if method == "adf" else cp.Bootstrap(500, method=method, seed=1)
    table = cp.reliability(
        simulated(300, 1500, seed=12),
        scale(4, 0, 3),
        by="site",
        coefficients="omega_categorical",
        interval=interval,
    ).table
    assert table["lower"].null_count() == 0
    inside = float(((table["lower"] <= truth) & (truth <= table["upper"])).to_numpy().mean())
    assert 0.93 < inside < 0.97, inside
    spread = table["estimate"].to_numpy().std()
    assert table["se"].to_numpy().mean() / spread == pytest.approx(1, abs=0.07)


@pytest.mark.parametrize("method", ["percentile", "basic", "normal", "bca"])
@pytest.mark.parametrize("design", [{}, {"cluster": "ward"}, {"strata": "ward"}])
def test_every_interval_and_design(method: Any, design: Any) -> None:
    rows = frame("sites").filter(site="west")
    options: dict[str, Any] = {"coefficients": ["alpha", *ORDINAL], **design}
    bootstrap = cp.Bootstrap(400, method=method, seed=3)
    of = scale(6, 0, 4, ("item3",))
    result = cp.reliability(rows, of, interval=bootstrap, **options)
    adf = cp.reliability(rows, of, interval="adf", **options).table
    lower, estimate, upper = result.table.select("lower", "estimate", "upper").to_numpy().T
    assert (lower < estimate).all()
    assert (estimate < upper).all()
    # Four errors of a standard deviation of 400 are 14 %; few wards make the rest of a difference.
    ratio = result.table["se"].to_numpy() / adf["se"].to_numpy()
    assert ratio == pytest.approx(np.ones(4), abs=0.3 if design else 0.2)


def test_unequal_categories_in_a_resample_have_an_answer() -> None:
    """In psych and semTools a bootstrap fails where a resample lacks a category of some item."""
    rows = frame("congeneric").head(60)[FIVE]
    # One person gave an answer that nobody else gave.
    rows = rows.with_columns(
        item1=pl.when(pl.int_range(60) == 0).then(5).otherwise(pl.col("item1").clip(1, 4))
    )
    result = cp.reliability(
        rows, scale(5, 1, 5), coefficients=ORDINAL, interval=cp.Bootstrap(500, seed=2)
    )
    counts = result.statuses.filter(coefficient="alpha_ordinal", status="empty_category")
    # A person is not drawn with a chance of (1 - 1/60)^60 = 0.365; four errors of 500 are 0.086.
    assert counts["count"].item() / 500 > 0.27
    assert result.table["failed"].to_list() == [0, 0, 0]
    assert result.table["lower"].null_count() == 0
    note = result.table["note"][0]
    assert "5% or more of the replicates lack a category that somebody chose" in note


def test_sparse_tables_are_not_corrected() -> None:
    """A half in each empty cell, as psych's default has it, pulls correlations to zero."""
    random = np.random.default_rng(5)
    sites, persons = 400, 60
    first, noise = random.normal(size=(2, sites * persons))
    cuts = [-1.2, -0.6, 0.0, 0.6, 1.2]
    rows = pl.DataFrame(
        {
            "item1": np.digitize(first, cuts),
            "item2": np.digitize(0.9 * first + math.sqrt(1 - 0.81) * noise, cuts),
            "site": np.repeat(np.arange(sites), persons),
        }
    )
    pairs = cp.polychoric(rows, scale(2, 0, 5), by="site").pairs
    assert pairs["empty_cells"].to_numpy().mean() > 10
    spread = pairs["rho"].to_numpy().std() / math.sqrt(sites)
    # Four errors of the mean, and a bias of order 1/n; with the halves it is 0.80.
    assert pairs["rho"].to_numpy().mean() == pytest.approx(0.9, abs=4 * spread + 0.003)


def test_what_has_no_value_has_a_reason() -> None:
    corner = pl.DataFrame(
        {
            "item1": [0, 0, 0, 1, 1, 1, 1, 0] * 5,
            "item2": [0, 0, 0, 1, 1, 1, 0, 0] * 5,
            "item3": [0, 1, 0, 1, 0, 1, 0, 1] * 5,
        }
    )
    result = cp.reliability(corner, scale(3, 0, 1), coefficients=ORDINAL, interval="adf")
    alpha, *omegas = result.table.rows(named=True)
    assert 0 < alpha["estimate"] < 1
    assert "a polychoric correlation is not told from -1 or 1" in alpha["note"]
    assert alpha["lower"] is None
    for omega in omegas:
        assert omega["estimate"] is None
        assert "merge rare categories" in omega["note"]
    silent = corner.with_columns(site=pl.lit("b"), item1=pl.lit(1)).vstack(
        corner.with_columns(site=pl.lit("a"), item1=pl.col("item1").cast(pl.Int32))
    )
    by_site = cp.reliability(silent, scale(3, 0, 1), by="site", coefficients=ORDINAL).table
    assert "'item1' does not vary here" in by_site.filter(site="b")["note"][0]
    two = frame("congeneric")
    table = cp.reliability(two, scale(2, 1, 5), coefficients=ORDINAL, interval=None).table
    assert table["estimate"].is_null().to_list() == [False, True, True]
    assert table["note"][1] == "one factor needs at least 3 items"


def indefinite() -> pl.DataFrame:
    """Answers to three items, each pair by other persons, whose correlations cannot be together."""
    rows = []
    for first, second, sign in ((0, 1, 1), (1, 2, 1), (0, 2, -1)):
        for a, b in itertools.product((0, 1), repeat=2):
            row: list[int | None] = [None] * 3
            row[first], row[second] = a, b
            rows += [row] * (45 if (a == b) == (sign > 0) else 5)
    names = dict.fromkeys(scale(3, 0, 1).items, pl.Int64)
    return pl.DataFrame(rows, names, orient="row")


def test_matrices_are_smoothed_only_when_asked() -> None:
    raw = cp.polychoric(indefinite(), scale(3, 0, 1))
    smooth = cp.polychoric(indefinite(), scale(3, 0, 1), smooth=True)
    assert smooth.pairs.equals(raw.pairs)
    assert np.linalg.eigvalsh(raw.correlations)[0] < 0
    assert raw.smoothing.rows() == [(False, 0.0)]
    near = smooth.correlations
    assert np.linalg.eigvalsh(near)[0] == pytest.approx(LEAST_EIGENVALUE, abs=1e-9)
    assert np.array_equal(np.diag(near), np.ones(3))
    # By symmetry all three move alike, to the edge: a correlation of one half.
    assert abs(near[np.triu_indices(3, 1)]) == pytest.approx(0.5, abs=1e-5)
    change = float(abs(near - raw.correlations).max())
    assert smooth.smoothing.rows() == [(True, change)]
    assert f"no correlation further away than {change:.4f}" in str(smooth)
    fine = cp.polychoric(frame("congeneric"), scale(8, 1, 5), smooth=True)
    assert fine.smoothing.rows() == [(False, 0.0)]


def test_the_nearest_correlation_matrix_is_the_nearest() -> None:
    random = np.random.default_rng(1)
    matrix = np.eye(5)
    first = np.triu_indices(5, 1)
    matrix[first] = matrix.T[first] = random.uniform(-0.9, 0.9, 10)
    near = nearest_correlation(matrix)
    distance = ((near - matrix) ** 2).sum()
    # No correlation matrix on the way to another one is nearer.
    for _ in range(200):
        data = random.normal(size=(8, 5))
        towards = near + 1e-4 * (np.corrcoef(data.T) - near)
        assert ((towards - matrix) ** 2).sum() > distance - 1e-7 * distance


def test_bootstrap_intervals_of_correlations() -> None:
    rows, of = frame("congeneric_missing"), scale(4, 1, 5)
    bootstrap = cp.Bootstrap(500, seed=7)
    result = cp.polychoric(rows, of, interval=bootstrap)
    again = cp.polychoric(rows, of, interval=bootstrap, threads=1)
    assert result.pairs.equals(again.pairs)
    lower, rho, upper = result.pairs.select("lower", "rho", "upper").to_numpy().T
    z = np.arctanh(rho)
    reach = 1.96 * result.pairs["se"].to_numpy() / (1 - rho**2)
    # Limits from 500 replicates are known to about a tenth of a standard error and a half.
    assert np.arctanh(lower) == pytest.approx(z - reach, abs=0.03)
    assert np.arctanh(upper) == pytest.approx(z + reach, abs=0.03)
    assert set(result.pairs["failed"]) == set(result.pairs["at_boundary"]) == {0}
    assert "Seed 7." in str(result)
    sparse = frame("sites").filter(site="north")
    found = cp.polychoric(sparse, scale(6, 0, 4, ("item3",)), interval=bootstrap).pairs
    # Twelve persons: some resamples leave an empty corner.
    assert found["at_boundary"].sum() > 0


def test_all_leaves_ordinal_out_where_there_are_no_categories() -> None:
    rows = frame("congeneric").with_columns(weight=pl.lit(2.0))
    names = {
        limit: cp.reliability(
            rows, scale(5, 1, limit), coefficients="all", interval=None
        ).definitions
        for limit in (5, ALL_CATEGORIES, ALL_CATEGORIES + 1)
    }
    assert set(ORDINAL) <= set(names[5])
    assert set(ORDINAL) <= set(names[ALL_CATEGORIES])
    assert not set(ORDINAL) & set(names[ALL_CATEGORIES + 1])
    weighted = cp.reliability(
        rows, scale(5, 1, 5), coefficients="all", interval=None, weights="weight"
    )
    assert not set(ORDINAL) & set(weighted.definitions)
    real = cp.Scale("real", items=FIVE, minimum=1, maximum=5, continuous=True)
    both = cp.reliability(rows, [scale(5, 1, 5), real], coefficients="all", interval=None).table
    assert set(ORDINAL) <= set(both.filter(scale="made up")["coefficient"])
    assert not set(ORDINAL) & set(both.filter(scale="real")["coefficient"])
    with pytest.raises(cp.DataError, match=r"omega_ordinal is of ordered categories.*continuous"):
        cp.reliability(rows, real, coefficients="omega_ordinal")
    with pytest.raises(cp.OptionError, match="count each person once"):
        cp.reliability(rows, scale(5, 1, 5), coefficients="alpha_ordinal", weights="weight")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"interval": "bca"}, "interval is 'bca', but it must be a Bootstrap"),
        ({"covariance": "lavaan"}, "covariance is 'lavaan'"),
        ({"level": 2}, "level is 2"),
    ],
)
def test_what_cannot_be_asked_of_correlations(options: Any, message: str) -> None:
    with pytest.raises(cp.OptionError, match=message):
        cp.polychoric(frame("congeneric"), scale(5, 1, 5), **options)


def test_sites_and_waves_are_compared_on_ordinal_coefficients() -> None:
    of = scale(6, 0, 4, ("item3",))
    rows = frame("sites").filter(pl.col("site").is_in(["south", "west"]))
    compared = cp.compare_reliability(rows, of, by="site", coefficients="omega_categorical")
    table = cp.reliability(
        rows, of, by="site", coefficients="omega_categorical", interval="adf"
    ).table
    wald = (table["estimate"][0] - table["estimate"][1]) ** 2 / (table["se"] ** 2).sum()
    assert compared.tests["statistic"][0] == pytest.approx(wald, rel=1e-10)
