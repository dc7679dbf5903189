"""Intraclass correlations of groups and agreement within them."""

import gzip
import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from compassion_psy.sites.agreement import agreement_by_team
from compassion_psy.sites.clustering import (
    GroupSums,
    by_restricted_likelihood,
    by_variance_analysis,
)

SHARED = Path(__file__).parents[2] / "shared"

# Shrout & Fleiss (1979): six subjects as groups of four ratings.
RATINGS = np.array(
    [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7.0]]
)


def of(scores: np.ndarray, groups: list[int] | np.ndarray) -> GroupSums:
    return GroupSums.of(np.asarray(scores, float), np.asarray(groups, np.int64))


def test_equal_groups_as_published() -> None:
    sums = of(RATINGS.ravel(), np.repeat(np.arange(6), 4))
    found = by_variance_analysis(sums, 0.95)
    assert found.one == pytest.approx(0.165742, abs=5e-7)
    assert found.mean == pytest.approx(0.442797, abs=5e-7)
    # psych::ICC, lower and upper of the single and the average rating.
    limits = (found.one_lower, found.one_upper, found.mean_lower, found.mean_upper)
    assert limits == pytest.approx((-0.1329323, 0.7225601, -0.8844422, 0.9124154), abs=5e-7)


def test_equal_groups_have_one_estimate() -> None:
    """Of equal groups both ways give the same where the variance between them is not negative."""
    generator = np.random.default_rng(1)
    scores = (generator.normal(size=(40, 1)) + generator.normal(size=(40, 6))).ravel()
    sums = of(scores, np.repeat(np.arange(40), 6))
    first, second = by_variance_analysis(sums, 0.95), by_restricted_likelihood(sums, 0.95)
    assert second.one == pytest.approx(first.one, abs=1e-7)
    assert second.mean == pytest.approx(first.mean, abs=1e-7)


def test_the_order_of_rows_does_not_matter() -> None:
    generator = np.random.default_rng(2)
    scores = generator.integers(1, 6, 60).astype(float)
    groups = np.sort(generator.integers(0, 7, 60))
    mixed = generator.permutation(60)
    first, second = of(scores, groups), of(scores[mixed], groups[mixed])
    assert second.between == pytest.approx(first.between, rel=1e-13)
    assert second.within == pytest.approx(first.within, rel=1e-13)


def test_sites_of_a_real_survey_as_in_r() -> None:
    reference = SHARED / "reference" / "icc" / "site_rse_10.json"
    if not reference.exists():
        pytest.skip("the shared data are not here")
    expected = json.loads(reference.read_text())
    with gzip.open(SHARED / "data" / "rse.csv.gz") as file:
        frame = pl.read_csv(file.read(), null_values=[])
    frame = frame.filter(pl.len().over("country") >= 100)
    items = [f"Q{item}" for item in range(1, 11)]
    frame = frame.filter(pl.min_horizontal(items) > 0)
    turned = expected["meta"]["reversed"]
    keyed = [5 - frame[item] if item in turned else frame[item] for item in items]
    scores = np.mean([column.to_numpy() for column in keyed], axis=0)
    sums = of(scores, frame["country"].rank("dense").to_numpy() - 1)
    assert sums.usual_size == pytest.approx(expected["n0"], rel=1e-12)
    found = by_variance_analysis(sums, 0.95)
    assert found.one == pytest.approx(expected["ICC1"], abs=1e-12)
    assert found.mean == pytest.approx(expected["ICC2"], abs=1e-11)
    # lme4 stops its search within 1e-7.
    likely = by_restricted_likelihood(sums, 0.95)
    assert likely.one == pytest.approx(expected["lmer_REML"]["icc"], abs=1e-6)


def test_groups_that_do_not_differ_have_no_variance_between() -> None:
    sums = of(np.tile([1.0, 2, 3, 4], 5), np.repeat(np.arange(5), 4))
    assert by_variance_analysis(sums, 0.95).one < 0
    likely = by_restricted_likelihood(sums, 0.95)
    assert (likely.one, likely.one_lower) == (0.0, 0.0)
    assert 0 < likely.one_upper < 1


@pytest.mark.slow
def test_limits_cover_as_often_as_they_say() -> None:
    """1,000 surveys of 40 unequal teams, true correlation 0.2, within 3 Monte-Carlo errors."""
    generator = np.random.default_rng(3)
    covered = np.zeros(2)
    for _ in range(1000):
        groups = np.repeat(np.arange(40), generator.integers(4, 20, 40))
        team = generator.normal(size=40)[groups] * np.sqrt(0.2)
        sums = of(team + generator.normal(size=len(groups)) * np.sqrt(0.8), groups)
        for way, estimate in enumerate((by_variance_analysis, by_restricted_likelihood)):
            found = estimate(sums, 0.95)
            covered[way] += found.one_lower <= 0.2 <= found.one_upper
    assert abs(covered / 1000 - 0.95).max() < 0.021


def test_agreement_by_hand() -> None:
    answers = np.array([[1, 2, 3, 5, 5, 4, 2], [2, 2, 2, 1, 3, 5, 4.0]])
    teams = np.array([0, 0, 0, 1, 1, 1, 2])
    found = agreement_by_team(answers, teams, variance=2.0)
    assert found["n"].to_list() == [3, 3, 1]
    # Team 0: variances 1 and 0, scores 1.5, 2, 2.5; evenly spread answers have variance 2.
    assert found["r_wg"][0] == pytest.approx(1 - 0.25 / 2, abs=1e-15)
    assert found["r_wg_j"][0] == pytest.approx(2 * 0.75 / (2 * 0.75 + 0.25), abs=1e-15)
    assert found["average_deviation"][0] == pytest.approx((2 / 3 + 0) / 2, abs=1e-15)
    # Team 1: variances 1/3 and 4, more than by chance on the second item.
    assert (1 / 6 + 2) / 2 > 1
    assert found["r_wg_j"][1] == 0
    assert found.row(2)[1:] == (None, None, None)


def test_a_divided_team_does_not_agree() -> None:
    """Half at each end: J (1 - q) / (J (1 - q) + q) would be above one, as if all agreed."""
    answers = np.tile([1.0, 5.0], (5, 6))
    found = agreement_by_team(answers, np.zeros(12, dtype=int), variance=2.0)
    assert found["r_wg_j"].item() == 0
    assert found["r_wg"].item() < 0


def test_scores_far_from_zero_lose_no_digits() -> None:
    random = np.random.default_rng(6)
    groups = np.repeat(np.arange(12), random.integers(2, 9, size=12))
    # Of eighths, sums are exact wherever they lie.
    scores = np.round(8 * (random.normal(size=12)[groups] + random.normal(size=len(groups)))) / 8
    near, far = (GroupSums.of(scores + shift, groups) for shift in (0, 2.0**36))
    assert by_variance_analysis(far, 0.95).one == pytest.approx(
        by_variance_analysis(near, 0.95).one, rel=1e-12
    )
    assert by_restricted_likelihood(far, 0.95).one == pytest.approx(
        by_restricted_likelihood(near, 0.95).one, rel=1e-8
    )
