"""Guttman's lambdas, mu, split halves and what is read beside them, as R has them."""

import math
from typing import Any

import compassion_psy as cp
import numpy as np
import polars as pl
import pytest
from compassion_psy import pure
from compassion_psy.pure.coefficients import MATRIX
from compassion_psy.reliability_definitions import (
    DEFINITIONS,
    EXACT_SPLIT_ITEMS,
    OF_BEST_SPLIT,
    ORDINAL,
    SPLIT_STARTS,
)
from reference_data import survey

# Closed forms of matrices that R printed with 17 digits.
EXACT = 1e-10
# lavaan stops where its optimiser lets it; definitions.md has six digits.
LAVAAN = 1e-6


def estimates(frame: Any, scale: cp.Scale, names: Any, **options: Any) -> dict[str, float]:
    table = cp.reliability(frame, scale, coefficients=names, interval=None, **options).table
    return dict(table.select("coefficient", "estimate").iter_rows())


def standardised(frame: pl.DataFrame, scale: cp.Scale) -> tuple[pl.DataFrame, cp.Scale]:
    """Return the items with mean 0 and variance 1: their covariances are correlations."""
    x = frame.select(scale.items).to_numpy().astype(float)
    x = (x - x.mean(axis=0)) / x.std(axis=0, ddof=1)
    real = cp.Scale("z", items=scale.items, minimum=-9, maximum=9, continuous=True)
    return pl.DataFrame(x, schema=list(scale.items)), real


def test_attitude_as_in_psych_on_correlations() -> None:
    """psych::guttman(attitude), psych::alpha(attitude)$total; all 35 splits of cor(attitude)."""
    expected = {
        "lambda1": 0.71921468831100899,
        "lambda2": 0.85189971356614758,
        "lambda3": 0.83908380302951047,
        "lambda4": 0.89263220633846884,
        "lambda5": 0.82928859372461250,
        "lambda5_plus": 0.84763424462687975,
        "lambda6": 0.87521513736034862,
        "mu0": 0.83908380302951047,
        "mu1": 0.85189971356614758,
        "mu2": 0.85445784487148713,
        "mu3": 0.85499270068757471,
        "split_half_max": 0.89263220633846907,
        "split_half_min": 0.67501745511671130,
        "split_half_mean": 0.82195964378401032,
        "average_r": 0.42690664264971706,
        "signal_to_noise": 5.2144148247760942,
    }
    ours = estimates(*standardised(*survey("attitude")), list(expected))
    assert ours == pytest.approx(expected, rel=EXACT)


def test_attitude_on_covariances() -> None:
    """The same formulas of cov(attitude) in R; lavaan::cfa, (sum l)^2 over the sum of 29/30 cov."""
    expected = {
        "lambda1": 0.72269380248407988,
        "lambda5": 0.84992231965423748,
        "lambda5_plus": 0.87112707251593036,
        "split_half_max": 0.90553520491797623,
        "split_half_min": 0.64123120361651587,
        "split_half_mean": 0.82593577426751985,
        "sem": 22.871421374912671,
        "average_r": 0.42690664264971706,
    }
    frame, scale = survey("attitude")
    assert estimates(frame, scale, list(expected)) == pytest.approx(expected, rel=EXACT)
    (observed,) = estimates(frame, scale, "omega_u_observed").values()
    assert observed == pytest.approx(0.82631791486608419, abs=LAVAAN)


OF_BOUNDS = ("glb", "glb_factor", "h", "ave", "alpha_stratified")


def test_every_coefficient_is_defined_and_has_a_twin() -> None:
    frame, scale = survey("attitude")
    names = [name for name in DEFINITIONS if name != "alpha_stratified"]
    result = cp.reliability(frame, scale, coefficients=names, interval="adf", factors=1)
    assert result.table["coefficient"].to_list() == names == list(result.definitions)
    # Those of test_bounds.py are held to R, to a dual problem, or to another twin's loadings.
    assert set(DEFINITIONS) - set(MATRIX) == {*OF_BOUNDS, *ORDINAL}
    assert result.table.select(pl.col("estimate", "se", "lower", "upper").is_null().any()).row(
        0
    ) == (False, False, False, False)
    for name, matrix in MATRIX.items():
        # Which matrix it is taken from.
        assert matrix in DEFINITIONS[name]


def test_sem_is_in_points_of_the_sum() -> None:
    """Whatever the total of the scale is: in the table it is said of which sum it is."""
    frame, scale = survey("attitude")
    mean = cp.Scale(
        "mean",
        items=scale.items,
        minimum=scale.minimum,
        maximum=scale.maximum,
        total=cp.Total("mean"),
    )
    found = estimates(frame, scale, ["sem", "alpha"])
    assert estimates(frame, mean, "sem")["sem"] == found["sem"]
    total = frame.select(scale.items).to_numpy().sum(axis=1)
    expected = total.std(ddof=1) * math.sqrt(1 - found["alpha"])
    assert found["sem"] == pytest.approx(expected, rel=EXACT)
    assert "sum" in DEFINITIONS["sem"]


@pytest.mark.parametrize("items", [EXACT_SPLIT_ITEMS - 1, EXACT_SPLIT_ITEMS])
def test_every_split_is_looked_at_up_to_twenty_items(items: int) -> None:
    simulated = cp.simulate_survey(persons=120, items=items, seed=items)
    table = cp.reliability(
        simulated.frame, simulated.scale, coefficients=OF_BEST_SPLIT, interval=None
    ).table
    x = simulated.frame.select(simulated.scale.items).to_numpy().astype(float)
    splits = pure.split_halves(pure.covariance(x))
    expected = [splits.max(), splits.max(), splits.min()]
    assert table["estimate"].to_list() == pytest.approx(expected, rel=EXACT)
    assert table["note"].to_list() == [None] * 3


def test_with_more_items_the_rows_say_that_splits_are_sampled() -> None:
    items = EXACT_SPLIT_ITEMS + 1
    simulated = cp.simulate_survey(persons=120, items=items, seed=1)
    names = [*OF_BEST_SPLIT, "split_half_mean", "alpha"]
    table = cp.reliability(
        simulated.frame, simulated.scale, coefficients=names, interval=None
    ).table
    notes = dict(table.select("coefficient", "note").iter_rows())
    for name in OF_BEST_SPLIT:
        assert f"{SPLIT_STARTS} random splits" in notes[name]
        assert f"{SPLIT_STARTS} random splits" in DEFINITIONS[name]
    assert notes["alpha"] is notes["split_half_mean"] is None
    ours = dict(table.select("coefficient", "estimate").iter_rows())
    x = simulated.frame.select(simulated.scale.items).to_numpy().astype(float)
    rng = np.random.default_rng(1)
    c = pure.covariance(x)
    first = rng.permuted(np.tile(np.arange(items) < items // 2, (20_000, 1)), axis=1)
    random = 4 * np.sum((first @ c) * ~first, axis=1) / c.sum()
    # Better than ten times as many as psych takes; their mean is known without looking.
    assert ours["lambda4"] == ours["split_half_max"] >= random.max()
    assert ours["split_half_min"] <= random.min()
    error = random.std() / math.sqrt(len(random))
    assert ours["split_half_mean"] == pytest.approx(random.mean(), abs=4 * error)
    assert ours["split_half_mean"] == pytest.approx((1 - items**-2) * ours["alpha"], rel=EXACT)


def test_a_table_has_splits_with_every_interval() -> None:
    simulated = cp.simulate_survey(sizes=[90, 110], items=6, seed=4)
    names = ["lambda4", "split_half_min", "lambda5", "mu3", "sem", "omega_u_observed"]
    for method in ("bca", "percentile", "basic", "normal"):
        table = cp.reliability(
            simulated.frame,
            simulated.scale,
            by="site",
            coefficients=names,
            interval=cp.Bootstrap(200, method=method, seed=1),
        ).table
        assert table.height == 2 * len(names)
        assert (table["lower"] < table["estimate"]).all()
        assert (table["estimate"] < table["upper"]).all()


def test_an_adf_interval_of_sem_with_unequal_clusters() -> None:
    """Its influence values have to be centred before those of a ward are added up."""
    simulated = cp.simulate_survey(persons=300, items=5, seed=2)
    ward = np.sort(np.random.default_rng(3).integers(0, 12, 300) ** 2 // 12)
    frame = simulated.frame.with_columns(ward=pl.Series(ward))
    table = cp.reliability(
        frame, simulated.scale, cluster="ward", coefficients="sem", interval="adf"
    ).table
    x = frame.select(simulated.scale.items).to_numpy().astype(float)
    expected = pure.standard_error(x, "sem", clusters=ward)
    assert table["se"][0] == pytest.approx(expected, rel=1e-8)


def test_tied_splits_have_no_standard_error_and_say_so() -> None:
    """Two items that are one: which half has which makes no difference."""
    simulated = cp.simulate_survey(persons=200, items=5, seed=2)
    items = list(simulated.scale.items)
    frame = simulated.frame.with_columns(pl.col(items[0]).alias("again"))
    scale = cp.Scale("twice", items=[*items, "again"], minimum=1, maximum=5)
    table = cp.reliability(frame, scale, coefficients=["lambda4", "mu2"], interval="adf").table
    lambda4, mu2 = table.rows(named=True)
    assert lambda4["estimate"] is not None
    assert lambda4["se"] is lambda4["lower"] is None
    assert "standard error is not defined" in lambda4["note"]
    assert mu2["lower"] < mu2["estimate"] < mu2["upper"]
