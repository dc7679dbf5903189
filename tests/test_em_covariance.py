"""Means and covariances by EM: against R, closed forms and complete answers, and what is odd."""

import json
import math
from pathlib import Path
from typing import Any

import compassion_psy as cp
import numpy as np
import numpy.typing as npt
import polars as pl
import pytest
from compassion_psy.reliability_definitions import ORDINAL
from reference_data import FOLDER, values

SHARED = Path(__file__).parents[2] / "shared"

# lavaan's EM stops where the log-likelihood moves by 1e-14; 2e-12 was measured.
LAVAAN = 1e-10
# Its standard errors are of another fit, by nlminb, that stops a little early; 1e-7 was measured.
LAVAAN_ERRORS = 1e-6
# Rounding of closed forms.
EXACT = 1e-12
# Where the steps end.
SOLVED = 1e-10
# The shared log-likelihoods: lavaan's default tolerance of its EM.
LOG_LIKELIHOOD = 1e-8
# One stage fits factor and missing answers together, two stages after each other: 7e-4 was
# measured where one factor is wrong (bfi_25), 7e-5 elsewhere.
ONE_STAGE = 1e-3

Floats = npt.NDArray[np.float64]


def scale(items: int, minimum: int = 1, maximum: int = 5) -> cp.Scale:
    names = [f"item{number + 1}" for number in range(items)]
    return cp.Scale("made up", items=names, minimum=minimum, maximum=maximum)


def frame(name: str) -> pl.DataFrame:
    return pl.read_csv(FOLDER / "data" / f"{name}.csv")


def with_holes(rows: pl.DataFrame) -> pl.DataFrame:
    """Leave answers out by the rule of generate_em.R."""
    row = pl.int_range(1, rows.height + 1)
    items = [name for name in rows.columns if name.startswith("item")]
    return rows.with_columns(
        pl.when((7 * row + 3 * j) % 11 >= 2).then(name).alias(name)
        for j, name in enumerate(items, start=1)
    )


BLOCKS = {
    "congeneric_missing": (lambda: frame("congeneric_missing"), scale(8)),
    "two_factor": (lambda: with_holes(frame("two_factor")), scale(10, 1, 7)),
    "congeneric": (lambda: with_holes(frame("congeneric")), scale(8)),
}


@pytest.mark.parametrize("name", BLOCKS)
def test_the_numbers_of_lavaan(name: str) -> None:
    read, of = BLOCKS[name]
    expected, found = values("em")[name], cp.em_covariance(read(), of)
    arrays = found.arrays
    fit = found.fits.row(0, named=True)
    assert (fit["n"], fit["patterns"], fit["status"]) == (expected["n"], expected["patterns"], "ok")
    assert fit["log_likelihood"] == pytest.approx(expected["log_likelihood"], rel=EXACT)
    np.testing.assert_allclose(arrays["mean"][0], expected["mean"], rtol=LAVAAN)
    np.testing.assert_allclose(found.covariance, expected["covariance"], atol=LAVAAN)
    for key in ("mean_se", "covariance_se"):
        np.testing.assert_allclose(arrays[key][0], expected[key], rtol=LAVAAN_ERRORS)
    for key in ("mean_missing", "covariance_missing"):
        np.testing.assert_allclose(arrays[key][0], expected[key], atol=LAVAAN_ERRORS)


@pytest.mark.parametrize(
    "name", sorted(p.stem for p in (SHARED / "reference/reliability").glob("*__pairwise.json"))
)
def test_log_likelihoods_of_real_surveys(name: str) -> None:
    path = SHARED / "reference" / "reliability" / f"{name}.json"
    expected = json.loads(path.read_text())
    if "cfa_one_factor_ml_fiml" not in expected:
        pytest.skip("no answers are missing")
    meta = expected["meta"]
    data = SHARED / "data" / f"{meta['dataset']}.csv"
    rows = pl.read_csv(data if data.exists() else f"{data}.gz", infer_schema_length=None)
    minimum, maximum = meta["response_range"]
    of = cp.Scale(
        meta["scale"],
        items=meta["items"],
        minimum=minimum,
        maximum=maximum,
        reversed=meta["reversed"],
    )
    found = cp.em_covariance(rows, of, missing_codes=meta["missing_codes_set_to_NA"])
    fit = expected["cfa_one_factor_ml_fiml"]["fit"]
    assert found.fits["log_likelihood"].item() == pytest.approx(
        fit["unrestricted.logl"], rel=LOG_LIKELIHOOD
    )
    table = cp.reliability(
        rows,
        of,
        missing="em",
        missing_codes=meta["missing_codes_set_to_NA"],
        coefficients="omega_u",
        interval=None,
    ).table
    one_stage = expected["cfa_one_factor_ml_fiml"]["omega_total_model_implied"]
    assert table["estimate"].item() == pytest.approx(one_stage, abs=ONE_STAGE)


def test_complete_answers_have_the_listwise_numbers() -> None:
    rows, of = frame("congeneric"), scale(8)
    found, moments = cp.em_covariance(rows, of), cp.moments(rows, of)
    n = rows.height
    np.testing.assert_allclose(found.covariance * n / (n - 1), moments.covariance, rtol=EXACT)
    np.testing.assert_allclose(found.means["mean"], moments.mean, rtol=EXACT)
    assert found.missing_information["missing_information"].abs().max() < SOLVED
    assert found.patterns.rows() == [("x" * 8, n, 0, "")]
    for interval in (cp.Bootstrap(50, seed=1), "adf"):
        options: dict[str, Any] = {"coefficients": "all", "interval": interval}
        em = cp.reliability(rows, of, missing="em", **options).table
        listwise = cp.reliability(rows, of, **options).table
        # Ordinal coefficients are of tables, which EM has none of.
        assert em.equals(listwise.filter(~pl.col("coefficient").is_in(ORDINAL)))


def test_a_site_without_holes_has_the_listwise_numbers() -> None:
    whole = frame("congeneric").head(200).with_columns(site=pl.lit("a"))
    holes = with_holes(frame("congeneric").tail(200)).with_columns(site=pl.lit("b"))
    options: dict[str, Any] = {"interval": cp.Bootstrap(60, seed=2), "by": "site"}
    em = cp.reliability(pl.concat([whole, holes]), scale(8), missing="em", **options).table
    alone = cp.reliability(whole, scale(8), **options).table
    for name in ("estimate", "se", "lower", "upper"):
        ours = em.filter(site="a")[name].to_list()
        assert ours == pytest.approx(alone[name].to_list(), rel=SOLVED)


def test_coefficients_are_those_of_the_matrix() -> None:
    rows, of = BLOCKS["congeneric"][0](), scale(8)
    found = cp.em_covariance(rows, of)
    covariance = found.covariance * rows.height / (rows.height - 1)
    expected = {
        "alpha": 8 / 7 * (1 - np.trace(covariance) / covariance.sum()),
        "lambda1": 1 - np.trace(covariance) / covariance.sum(),
        "average_r": (found.correlation.sum() - 8) / 56,
        "sem": math.sqrt(covariance.sum() - 8 / 7 * (covariance.sum() - np.trace(covariance))),
    }
    result = cp.reliability(rows, of, missing="em", coefficients=list(expected), interval="adf")
    table = result.table
    for name, value in expected.items():
        assert table.filter(coefficient=name)["estimate"].item() == pytest.approx(value, rel=EXACT)
    assert (table["n"].unique().item(), table["n_excluded"].unique().item()) == (rows.height, 0)
    assert "EM" in result.definitions["alpha"]


def test_persons_without_any_answer_are_counted_as_left_out() -> None:
    rows, of = frame("congeneric_missing"), scale(8)
    found = cp.em_covariance(rows, of)
    assert found.fits.select("n", "n_excluded").row(0) == (399, 1)
    table = cp.reliability(rows, of, missing="em", interval=None).table
    assert table.select("n", "n_excluded").row(0) == (399, 1)
    assert found.patterns["n"].sum() == 399
    first = found.patterns.row(1, named=True)
    assert first["pattern"].count(".") == first["n_missing"] == 1
    assert first["missing_items"] == f"item{first['pattern'].index('.') + 1}"


@pytest.mark.parametrize("method", ["bca", "percentile", "basic", "normal"])
@pytest.mark.parametrize("design", [{}, {"cluster": "ward"}, {"strata": "stratum"}])
def test_every_bootstrap_has_an_interval(method: Any, design: dict[str, str]) -> None:
    rows = with_holes(frame("congeneric")).with_columns(
        ward=pl.int_range(400) // 8,
        stratum=pl.int_range(400) // 200,
        weight=0.5 + pl.int_range(400) % 3,
    )
    options: dict[str, Any] = {"missing": "em", "coefficients": "all", **design}
    interval = cp.Bootstrap(60, method=method, seed=4)
    table = cp.reliability(rows, scale(8), interval=interval, **options).table
    assert table["failed"].sum() == 0
    assert (table["lower"] < table["estimate"]).all()
    assert (table["estimate"] < table["upper"]).all()
    weighted = cp.reliability(rows, scale(8), interval="adf", weights="weight", **options).table
    assert weighted["se"].is_not_null().sum() >= table.height - 2


def test_the_bootstrap_and_influence_values_agree() -> None:
    rows = with_holes(frame("congeneric"))
    names = ["alpha", "alpha_std", "lambda2", "omega_u", "omega_total"]
    options: dict[str, Any] = {"missing": "em", "coefficients": names}
    resampled = cp.reliability(rows, scale(8), interval=cp.Bootstrap(2000, seed=5), **options)
    adf = cp.reliability(rows, scale(8), interval="adf", **options).table["se"].to_list()
    # The standard deviation of 2,000 replicates is known to 1.6 %; terms of 1/n add to that.
    assert resampled.table["se"].to_list() == pytest.approx(adf, rel=0.08)


def test_factors_by_em() -> None:
    rows, of = BLOCKS["two_factor"][0](), BLOCKS["two_factor"][1]
    found = cp.em_covariance(rows, of)
    solution = cp.efa(rows, of, n_factors=2, missing="em", seed=1)
    by_matrix = cp.efa(found.correlation, n_factors=2, n=rows.height, seed=1)
    np.testing.assert_allclose(
        solution.loadings.drop("item").to_numpy(), by_matrix.loadings.drop("item").to_numpy()
    )
    assert (solution.n, solution.missing) == (rows.height, "em")
    assert any("EM" in note for note in solution.notes)


def test_why_there_is_no_estimate() -> None:
    rows = frame("congeneric").select(f"item{j}" for j in range(1, 5)).head(100)
    odd = pl.int_range(100) % 2 == 1
    sites = {
        "apart": rows.with_columns(
            item1=pl.when(odd).then("item1"), item2=pl.when(~odd).then("item2")
        ),
        "constant": rows.with_columns(item3=pl.lit(3, pl.Int64), item1=pl.when(odd).then("item1")),
        "double": rows.with_columns(item2="item1", item3=pl.when(odd).then("item3")),
        "few": rows.head(4).with_columns(item1=pl.when(odd.head(4)).then("item1")),
        "nobody": rows.with_columns(pl.lit(None, pl.Int64).alias(name) for name in rows.columns),
        "unanswered": rows.with_columns(item4=pl.lit(None, pl.Int64)),
        "well": rows,
    }
    data = pl.concat([part.with_columns(site=pl.lit(name)) for name, part in sites.items()])
    found = cp.em_covariance(data, scale(4), by="site").fits
    assert found["status"].to_list() == [
        "too_few_rows",
        "constant_item",
        "not_positive_definite",
        "too_few_rows",
        "too_few_rows",
        "too_few_rows",
        "ok",
    ]
    table = cp.reliability(
        data, scale(4), by="site", missing="em", coefficients="alpha", interval="adf"
    ).table
    said = {
        "apart": "fewer than two persons answered both 'item1' and 'item2'",
        "constant": "'item3' does not vary here",
        "double": "the covariances by EM are singular",
        "few": "EM needs more persons than items (4 and 4)",
        "nobody": "nobody answered any item",
        "unanswered": "nobody answered 'item4'",
    }
    for site, text in said.items():
        row = table.filter(site=site).row(0, named=True)
        assert row["estimate"] is None
        assert text in row["note"]
        assert text in found.filter(site=site)["note"].item()
    alone = sites["apart"]
    with pytest.raises(cp.DataError, match="both 'item1' and 'item2'"):
        cp.reliability(alone, scale(4), missing="em")
    with pytest.raises(cp.DataError, match="both 'item1' and 'item2'"):
        cp.efa(alone, scale(4), n_factors=1, missing="em")


def test_reals_and_their_origins() -> None:
    rows = with_holes(frame("congeneric"))
    names = [name for name in rows.columns if name.startswith("item")]
    far = rows.with_columns((pl.col(name) * 0.25 + 1e4) for name in names)
    of = cp.Scale("far", items=names, minimum=0, maximum=1e5, continuous=True)
    codes, reals = cp.em_covariance(rows, scale(8)), cp.em_covariance(far, of)
    np.testing.assert_allclose(reals.covariance, codes.covariance / 16, rtol=1e-9)
    expected = codes.arrays["mean"] / 4 + 1e4
    np.testing.assert_allclose(reals.arrays["mean"], expected, rtol=EXACT)


def test_options_that_are_not_usable() -> None:
    rows = with_holes(frame("congeneric"))
    with pytest.raises(cp.OptionError, match="scale is missing"):
        cp.em_covariance(rows)
    weighted = cp.Responses.from_frame(
        rows.with_columns(weight=pl.lit(2.0)), scale(8), weights="weight"
    )
    with pytest.raises(cp.OptionError, match="survey weights"):
        cp.em_covariance(weighted)
    with pytest.raises(cp.OptionError, match="'pattern'"):
        cp.em_covariance(rows.with_columns(pattern=pl.lit(1)), scale(8), by="pattern")
    with pytest.warns(cp.CompassionWarning, match="takes answers as complete"):
        cp.reliability(rows, scale(8), missing="em", coefficients="alpha", interval="feldt")
    nobody = rows.with_columns(pl.lit(None, pl.Int64).alias(f"item{j}") for j in range(1, 9))
    with pytest.raises(cp.DataError, match="answered any item"):
        cp.em_covariance(nobody, scale(8))


def test_looking_at_it() -> None:
    rows = with_holes(frame("congeneric")).with_columns(site=pl.int_range(400) % 2)
    found = cp.em_covariance(rows, scale(8), by="site")
    assert found.covariance.shape == found.correlation.shape == (2, 8, 8)
    assert found.means.shape == (16, 5)
    assert found.covariances.height == 72
    assert found.missing_information.height == 16 + 72
    assert set(found.missing_information["parameter"]) == {"mean", "variance", "covariance"}
    assert "Means" in str(found)
    assert "<table>" in found._repr_html_()
    with pytest.raises(cp.OptionError, match="by group"):
        _ = found.status
    assert found.to_frame().equals(found.covariances)


def at_random(generator: np.random.Generator, persons: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Five items of one factor; the last three are left out by who is low on the first two."""
    factor = generator.standard_normal((persons, 1))
    answers = 0.8 * factor + 0.6 * generator.standard_normal((persons, 5))
    low = answers[:, :2].sum(axis=1) < -0.5
    holes = answers.copy()
    skipped = low[:, None] & (generator.random((persons, 3)) < 0.7)
    holes[:, 2:][skipped] = np.nan
    names = [f"item{j + 1}" for j in range(5)]
    return pl.DataFrame(answers, schema=names), pl.DataFrame(holes, schema=names)


@pytest.mark.slow
def test_missing_at_random_is_right_by_em_and_wrong_listwise() -> None:
    """Truth: alpha of five parallel items with correlation 0.64, means 0 and variances 1."""
    alpha = 5 * 0.64 / (1 + 4 * 0.64)
    of = cp.Scale(
        "real",
        items=[f"item{j + 1}" for j in range(5)],
        minimum=-99,
        maximum=99,
        continuous=True,
    )
    generator = np.random.default_rng(20)
    runs, persons = 1500, 600
    covered = {"adf": 0, "bca": 0}
    means, listwise_means, em, listwise = [], [], [], []
    for run in range(runs):
        _, rows = at_random(generator, persons)
        rows = rows.fill_nan(None)
        means.append(cp.em_covariance(rows, of).arrays["mean"][0, 4])
        listwise_means.append(rows["item5"].mean())
        asked: dict[str, Any] = {"missing": "em", "coefficients": "alpha"}
        intervals: dict[str, Any] = {"adf": "adf", "bca": cp.Bootstrap(600, seed=run)}
        for name, interval in intervals.items():
            row = cp.reliability(rows, of, interval=interval, **asked).table.row(0, named=True)
            covered[name] += row["lower"] <= alpha <= row["upper"]
        em.append(row["estimate"])
        own = cp.reliability(rows, of, interval=None, coefficients="alpha").table
        listwise.append(own["estimate"].item())
    # Five standard errors of a mean of runs; the bias of a coefficient is of the size of 1/n.
    error = np.std(em) / math.sqrt(runs)
    assert abs(np.mean(em) - alpha) < 5 * error + 1 / persons
    assert abs(np.mean(means)) < 5 * np.std(means) / math.sqrt(runs)
    # Complete rows, and those with an answer, are of persons who are higher and more alike.
    assert np.mean(listwise_means) > 0.2
    assert np.mean(listwise) < alpha - 0.02
    # Three standard errors of a share of 1,500 are 1.7 %.
    for name, count in covered.items():
        assert 0.933 <= count / runs <= 0.967, name
