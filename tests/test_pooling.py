"""Pooling over sites, against metafor and against what the scales promise."""

import gzip
import math
from pathlib import Path
from typing import Any

import compassion_psy as cp
import numpy as np
import polars as pl
import pytest
from reference_data import values

SETS = sorted(values("pooling")["sets"])
# metafor's searches end within 1e-7 of tau² at their tightest; what is closed agrees to rounding.
SEARCHED = 1e-6
CLOSED = 1e-10
RSE = Path(__file__).parents[2] / "shared" / "data" / "rse.csv.gz"


def sites(of: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame({"estimate": of["y"], "se": np.sqrt(of["v"])})


@pytest.mark.parametrize("name", SETS)
def test_pooled_as_in_metafor(name: str) -> None:
    of = values("pooling")["sets"][name]
    pooled = cp.pool(sites(of))
    for row in pooled.iter_rows(named=True):
        if row["method"] not in of["methods"]:
            continue
        tolerance = SEARCHED if row["method"] == "reml" else CLOSED
        for column, expected in of["methods"][row["method"]].items():
            assert row[column] == pytest.approx(expected, abs=tolerance, rel=tolerance), column
        assert row["tau2_lower"] == pytest.approx(of["tau2_lower"], rel=1e-4, abs=SEARCHED)
        assert row["tau2_upper"] == pytest.approx(of["tau2_upper"], rel=1e-4, abs=SEARCHED)
    found = pooled.filter(pl.col("method") == "paule_mandel")["tau2"].item()
    assert found == pytest.approx(of["paule_mandel_tau2"], rel=1e-4, abs=SEARCHED)


def test_paule_and_mandel_make_q_what_is_expected() -> None:
    of = values("pooling")["sets"]["forty"]
    y, v = np.array(of["y"]), np.array(of["v"])
    row = cp.pool(sites(of)).row(2, named=True)
    w = 1 / (v + row["tau2"])
    assert w @ (y - w @ y / w.sum()) ** 2 == pytest.approx(len(y) - 1, rel=CLOSED)


def test_prediction_of_the_published_example() -> None:
    row = cp.pool(sites(values("pooling")["sets"]["five"])).row(1, named=True)
    assert row["prediction_lower"] == pytest.approx(-0.2528196, abs=5e-8)
    assert row["prediction_upper"] == pytest.approx(0.9059490, abs=5e-8)


ALPHAS = pl.DataFrame(
    {"estimate": [0.80, 0.86, 0.78, 0.91], "n": [120, 80, 300, 60], "n_items": [10] * 4}
)


@pytest.mark.parametrize(
    ("scale", "back", "to", "variance"),
    [
        (
            "bonett",
            lambda y: 1 - math.exp(y),
            lambda a: math.log(1 - a),
            lambda a, n, k: 2 * k / ((k - 1) * (n - 2)),
        ),
        (
            "hakstian_whalen",
            lambda y: 1 - y**3,
            lambda a: (1 - a) ** (1 / 3),
            lambda a, n, k: 18 * k * (n - 1) * (1 - a) ** (2 / 3) / ((k - 1) * (9 * n - 11) ** 2),
        ),
    ],
)
def test_alphas_are_pooled_on_a_scale_of_their_own(
    scale: str, back: Any, to: Any, variance: Any
) -> None:
    rows = ALPHAS.rows()
    y = np.array([to(a) for a, _, _ in rows])
    v = np.array([variance(*row) for row in rows])
    raw = cp.pool(pl.DataFrame({"estimate": y, "se": np.sqrt(v)}))
    pooled = cp.pool(ALPHAS, scale=scale)
    for got, expected in zip(pooled.rows(named=True), raw.rows(named=True), strict=True):
        assert got["estimate"] == pytest.approx(back(expected["estimate"]), abs=1e-14)
        assert got["lower"] == pytest.approx(back(expected["upper"]), abs=1e-14)
        assert got["upper"] == pytest.approx(back(expected["lower"]), abs=1e-14)
        assert got["lower"] < got["estimate"] < got["upper"]
        assert got["tau2"] == pytest.approx(expected["tau2"], abs=1e-14)


@pytest.mark.parametrize("scale", ["bonett", "hakstian_whalen", "logit"])
def test_alphas_of_countries_pooled_as_in_metafor(scale: str) -> None:
    """Alphas, n and standard errors as R found them; metafor's own ABT and AHW, and log odds."""
    of = values("pooled_alphas")
    frame = pl.DataFrame(of["countries"]).with_columns(n_items=pl.lit(10))
    pooled = cp.pool(frame, estimate="alpha", scale=scale)
    assert set(pooled["sites"]) == {frame.height}
    for row in pooled.iter_rows(named=True):
        searched = row["method"] in ("reml", "paule_mandel")
        for column, expected in of[scale][row["method"]].items():
            tolerance = SEARCHED if searched else CLOSED
            assert row[column] == pytest.approx(expected, abs=tolerance, rel=tolerance), column
        # metafor's search for these limits ends within 1e-4 of them.
        for end in ("tau2_lower", "tau2_upper"):
            assert row[end] == pytest.approx(of[scale][end], rel=1e-4, abs=SEARCHED)


@pytest.mark.skipif(not RSE.exists(), reason="needs ../shared/data")
def test_alphas_of_countries_are_those_of_r() -> None:
    of = values("pooled_alphas")["countries"]
    items = [f"Q{item}" for item in range(1, 11)]
    reversed_items = ["Q3", "Q5", "Q8", "Q9", "Q10"]
    scale = cp.Scale("self-esteem", items=items, minimum=1, maximum=4, reversed=reversed_items)
    with gzip.open(RSE) as file:
        frame = pl.read_csv(file.read(), null_values=[])
    frame = frame.filter(pl.col("country").is_in(of["country"]))
    table = cp.reliability(
        frame, scale, by="country", coefficients="alpha", interval="adf", missing_codes=[0]
    ).table.sort("country")
    assert table["country"].to_list() == of["country"]
    assert table["n"].to_list() == of["n"]
    assert table["estimate"].to_list() == pytest.approx(of["alpha"], abs=CLOSED)
    # The sums in R divide by n, variances of ours by n - 1: (n - 1)² / n² over n (n - 1) in all.
    n = np.array(of["n"])
    assert table["se"].to_numpy() == pytest.approx(of["se"] * np.sqrt((n - 1) / n), rel=CLOSED)


def test_logits_stay_between_zero_and_one() -> None:
    frame = pl.DataFrame({"estimate": [0.97, 0.99, 0.9], "se": [0.02, 0.01, 0.05]})
    pooled = cp.pool(frame, scale="logit")
    assert pooled["upper_hk"].max() < 1
    assert pooled["lower_hk"].min() > 0


def test_intervals_cover_as_often_as_they_say() -> None:
    """95 % of 2,000 pools, within 3 Monte-Carlo errors; the modified one is never narrower."""
    generator = np.random.default_rng(1)
    v = 1 / generator.uniform(30, 120, 12)
    covered = []
    for _ in range(300):
        y = (
            0.4
            + math.sqrt(0.02) * generator.normal(size=12)
            + np.sqrt(v) * generator.normal(size=12)
        )
        row = cp.pool(pl.DataFrame({"estimate": y, "se": np.sqrt(v)})).row(3, named=True)
        covered.append(row["lower_hk"] <= 0.4 <= row["upper_hk"])
        assert row["lower_hk_modified"] <= row["lower_hk"] + 1e-15
    assert abs(np.mean(covered) - 0.95) < 3 * math.sqrt(0.95 * 0.05 / 300)


def test_sites_without_a_number_are_counted() -> None:
    frame = pl.DataFrame({"estimate": [0.2, None, 0.3, float("nan")], "se": [0.1, 0.1, 0.2, 0.1]})
    pooled = cp.pool(frame)
    assert pooled["sites"].to_list() == [2] * 4
    assert pooled["n_excluded"].to_list() == [2] * 4
    assert pooled["prediction_lower"].null_count() == 4


@pytest.mark.parametrize(
    ("frame", "options", "message"),
    [
        ({"estimate": [0.1], "se": [0.1]}, {}, "at least 2"),
        ({"estimate": [0.1, 0.2], "se": [0.0, 0.1]}, {}, "1 of 2 sites"),
        ({"estimate": [0.1, 0.2]}, {}, "'se'"),
        ({"estimate": [0.1, 0.2], "se": [-0.1, 0.1]}, {}, "'se' is below zero in 1 rows"),
        ({"estimate": ["a", "b"], "se": [0.1, 0.1]}, {}, "'estimate' holds String"),
    ],
)
def test_what_cannot_be_pooled(
    frame: dict[str, Any], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(cp.DataError, match=message):
        cp.pool(pl.DataFrame(frame), **options)


@pytest.mark.parametrize("options", [{"estimate": 3}, {"se": "estimate"}])
def test_columns_that_are_not(options: dict[str, Any]) -> None:
    with pytest.raises(cp.OptionError, match="different column names"):
        cp.pool(ALPHAS, **options)


@pytest.mark.parametrize("options", [{"scale": "log"}, {"level": 95}, {"level": True}])
def test_options_that_are_not(options: dict[str, Any]) -> None:
    with pytest.raises(cp.OptionError, match=next(iter(options))):
        cp.pool(ALPHAS, **options)
