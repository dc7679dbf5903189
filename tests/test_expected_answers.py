"""Agreement compared with answers that are skewed where nobody agrees."""

import math
from typing import Any

import compassion_psy as cp
import numpy as np
import polars as pl
import pytest
from compassion_psy.sites.expected_answers import expected_of
from polars.testing import assert_frame_equal

SURVEY = cp.simulate_survey(persons=600, items=4, sites=12, clusters_per_site=3, seed=1)


def compared(**options: Any) -> cp.SiteComparison:
    given: dict[str, Any] = {"site": "site", "team": "ward", "bootstrap": cp.Bootstrap(99, seed=1)}
    return cp.compare_sites(SURVEY.frame, SURVEY.scale, **given | options)


@pytest.mark.parametrize(
    ("asked", "variance"),
    # James, Demaree & Wolf (1984), table 2; of shares of two decimals they are exact.
    [("uniform", 2.0), ("slight_skew", 1.34), ("moderate_skew", 0.90), ("heavy_skew", 0.44)],
)
def test_variances_as_published(asked: str, variance: float) -> None:
    assert expected_of(asked, SURVEY.scale).variance == pytest.approx(variance, abs=1e-12)


def test_even_shares_are_uniform() -> None:
    for categories in (2, 4, 7):
        scale = cp.Scale("s", items=["a", "b"], minimum=1, maximum=categories)
        shares = [1 / categories] * categories
        uniform = expected_of("uniform", scale).variance
        assert uniform == pytest.approx((categories**2 - 1) / 12, abs=1e-14)
        assert expected_of(shares, scale).variance == pytest.approx(uniform, abs=1e-12)


def test_agreement_by_hand_with_a_skew() -> None:
    """r_wg(J) = J (1 - q) / (J (1 - q) + q), q the mean variance of items over 1.34."""
    found = compared(expected_answers="slight_skew").agreement
    scored = cp.score(SURVEY.frame, SURVEY.scale)
    team = found.row(4, named=True)
    mine = scored.filter((pl.col("site") == team["site"]) & (pl.col("ward") == team["ward"]))
    answers = mine.select(SURVEY.scale.items).to_numpy()
    lack = answers.var(axis=0, ddof=1).mean() / 1.34
    common = max(0.0, 1 - lack)
    assert team["r_wg_j"] == pytest.approx(4 * common / (4 * common + lack), abs=1e-12)
    total = mine["simulated_total"].to_numpy() / 4
    assert team["r_wg"] == pytest.approx(1 - total.var(ddof=1) / 1.34, abs=1e-12)


def test_the_table_says_what_was_expected() -> None:
    even, skewed = compared(), compared(expected_answers="heavy_skew")
    columns = ["index", "expected_answers", "expected_variance"]
    assert even.agreement_summary.select(columns).rows() == [
        ("r_wg", "uniform", 2.0),
        ("r_wg_j", "uniform", 2.0),
        ("average_deviation", None, None),
    ]
    assert skewed.agreement_summary["expected_answers"].to_list() == ["heavy_skew"] * 2 + [None]
    # Of less variance where nobody agrees, less is left to agree on; distances are the same.
    assert (skewed.agreement["r_wg"] < even.agreement["r_wg"]).all()
    assert_frame_equal(
        skewed.agreement_summary.filter(index="average_deviation"),
        even.agreement_summary.filter(index="average_deviation"),
        check_exact=True,
    )


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("skewed", "'skewed', but it must be one of 'uniform'"),
        ([0.5, 0.5], "has 2 shares, but answers to scale 'simulated' have 5"),
        ([0.5, 0.5, 0.5, 0, 0], "sum to 1"),
        ([1.5, -0.5, 0, 0, 0], "between 0 and 1"),
        ([math.nan, 1, 0, 0, 0], "between 0 and 1"),
        ([1, 0, 0, 0, 0], "one category alone"),
        (0.2, "a name or a sequence of shares"),
        (["a", "b"], "a name or a sequence of shares"),
    ],
)
def test_what_cannot_be_expected(asked: Any, message: str) -> None:
    with pytest.raises(cp.OptionError, match=message):
        compared(expected_answers=asked)


def test_skews_are_known_for_five_categories() -> None:
    scale = cp.Scale("seven", items=["a", "b"], minimum=1, maximum=7)
    with pytest.raises(cp.OptionError, match="'seven' has 7; give the share of each"):
        expected_of("slight_skew", scale)
    real = cp.Scale("real", items=["a"], minimum=0, maximum=4, continuous=True)
    with pytest.raises(cp.OptionError, match="have no categories"):
        expected_of("slight_skew", real)
    # Without categories nothing is expected, and no range is too wide for that.
    assert np.isnan(expected_of("uniform", real).variance)
    wide = cp.Scale("wide", items=["a"], minimum=-1e308, maximum=1e308, continuous=True)
    assert np.isnan(expected_of("uniform", wide).variance)
