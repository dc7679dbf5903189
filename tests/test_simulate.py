"""Simulated surveys: the stated truth is the truth of the answers, and options do what they say."""

from typing import Any

import numpy as np
import polars as pl
import pytest
from compassion_psy.errors import OptionError
from compassion_psy.simulate import Population, SimulatedSurvey, simulate_survey

# Two-sided probability of one normal deviate beyond 4.5 is 7e-6; a test below looks at most at 60.
WIDEST_DEVIATE = 4.5


def keyed(survey: SimulatedSurvey, frame: pl.DataFrame) -> np.ndarray:
    """Answers as floats, reversed items turned."""
    answers = frame.select(survey.scale.items).to_numpy().astype(float)
    for column, item in enumerate(survey.scale.items):
        if item in survey.scale.reversed:
            answers[:, column] = survey.scale.minimum + survey.scale.maximum - answers[:, column]
    return answers


def deviates(products: np.ndarray, expected: np.ndarray, clusters: np.ndarray) -> np.ndarray:
    """(mean - expected) / standard error, with independent clusters; products is (rows, columns).

    The sum of the deviations of a cluster is one independent observation.
    """
    deviations = products - expected
    sums = np.stack([np.bincount(clusters, column) for column in deviations.T], axis=1)
    return sums.sum(axis=0) / np.sqrt((sums**2).sum(axis=0))


def covariance_deviates(survey: SimulatedSurvey, site: str) -> np.ndarray:
    frame = survey.frame.filter(pl.col("site") == site)
    answers = keyed(survey, frame)
    number = survey.frame["site"].unique(maintain_order=True).to_list().index(site)
    covariance, _ = survey.population.covariances(number)
    rows, columns = np.triu_indices(len(covariance))
    # Centred at the sample mean; what that changes is of order 1/n, the standard error 1/sqrt(n).
    centred = answers - answers.mean(axis=0)
    products = centred[:, rows] * centred[:, columns]
    clusters = frame["ward"].rank("dense").to_numpy().astype(np.intp) - 1
    return deviates(products, covariance[rows, columns], clusters)


def test_population_covariance_by_site_is_that_of_two_million_answers() -> None:
    # Many small wards: the ward effects then average out and their standard error is known.
    survey = simulate_survey(
        sizes=[1_200_000, 800_000],
        loadings=[0.3, 0.6, 0.8, 0.9],
        reversed=1,
        clusters_per_site=100_000,
        site_icc=0.2,
        cluster_icc=0.2,
        seed=20,
    )
    for site in ("S1", "S2"):
        assert np.abs(covariance_deviates(survey, site)).max() < WIDEST_DEVIATE


def test_covariance_test_has_the_power_to_see_a_wrong_truth() -> None:
    survey = simulate_survey(
        persons=200_000, items=3, clusters_per_site=20_000, cluster_icc=0.0, seed=3
    )
    moved = Population(
        loadings=survey.population.loadings + 0.02,
        thresholds=survey.population.thresholds,
        minimum=1,
        site_effects=survey.population.site_effects,
        site_shares=survey.population.site_shares,
        within_variance=survey.population.within_variance,
    )
    assert np.abs(covariance_deviates(survey, "S1")).max() < WIDEST_DEVIATE
    wrong = SimulatedSurvey(survey.frame, survey.scale, moved)
    assert np.abs(covariance_deviates(wrong, "S1")).max() > WIDEST_DEVIATE


def test_whole_population_mixes_sites_by_size() -> None:
    survey = simulate_survey(sizes=[100, 300], items=3, site_icc=0.3, seed=5)
    covariance, true = survey.population.covariances()
    parts = [survey.population.covariances(site) for site in (0, 1)]
    between, between_true = (
        total - 0.25 * first - 0.75 * second
        for total, first, second in zip((covariance, true), *parts, strict=True)
    )
    # Total = within + between, and between is a product of differences of means: rank one.
    np.testing.assert_allclose(between, between_true, atol=1e-14)
    eigenvalues = np.linalg.eigvalsh(between)
    assert eigenvalues[-1] > 1e-3
    np.testing.assert_allclose(eigenvalues[:-1], 0, atol=1e-14)


def test_binary_items_cut_at_the_mean_have_arcsine_covariances() -> None:
    # Sheppard (1899): two normal variables with correlation r are both above their means with
    # probability 1/4 + arcsin(r) / (2 pi).
    loadings = np.array([0.2, 0.6, 0.95])
    population = Population(
        loadings=loadings,
        thresholds=np.zeros((3, 1)),
        minimum=0,
        site_effects=np.zeros(1),
        site_shares=np.ones(1),
        within_variance=1.0,
    )
    covariance, true = population.covariances()
    expected = np.arcsin(np.outer(loadings, loadings)) / (2 * np.pi)
    np.testing.assert_allclose(true, expected, rtol=0, atol=1e-14)
    np.testing.assert_allclose(np.diag(covariance), 0.25, rtol=0, atol=1e-14)


def test_truth_holds_each_site_and_the_whole_population() -> None:
    survey = simulate_survey(persons=400, sites=2, items=5, site_icc=0.2, seed=6)
    truth = survey.truth
    assert truth["site"].to_list() == [None] * 3 + ["S1"] * 3 + ["S2"] * 3
    assert truth["coefficient"].to_list() == ["reliability", "alpha", "omega_u"] * 3
    values = truth["value"].to_numpy().reshape(3, 3)
    for row, site in zip(values, (None, 0, 1), strict=True):
        covariance, true = survey.population.covariances(site)
        assert row[0] == pytest.approx(true.sum() / covariance.sum(), rel=1e-14)
        alpha = 5 / 4 * (1 - np.trace(covariance) / covariance.sum())
        assert row[1] == pytest.approx(alpha, rel=1e-14)
        # Loadings differ, so alpha is below the reliability; omega_u is close to it.
        assert row[1] < row[0]
        assert abs(row[2] - row[0]) < row[0] - row[1]


def test_equal_loadings_and_thresholds_make_alpha_omega_and_reliability_one() -> None:
    population = Population(
        loadings=np.full(4, 0.7),
        thresholds=np.tile([-1.0, 0.5], (4, 1)),
        minimum=0,
        site_effects=np.zeros(1),
        site_shares=np.ones(1),
        within_variance=1.0,
    )
    survey = simulate_survey(persons=10, items=4, minimum=0, maximum=2, seed=1)
    values = SimulatedSurvey(survey.frame, survey.scale, population).truth["value"].to_list()[:3]
    # omega_u comes from an iterative fit; the other two are closed forms.
    assert values[1] == pytest.approx(values[0], rel=1e-12)
    assert values[2] == pytest.approx(values[0], rel=1e-7)


def test_same_seed_same_survey() -> None:
    options = {"persons": 300, "sites": 3, "items": 4, "missing": 0.1, "reversed": 2}
    first = simulate_survey(**options, seed=9)
    again = simulate_survey(**options, seed=9)
    other = simulate_survey(**options, seed=10)
    assert first.frame.equals(again.frame)
    assert not first.frame.equals(other.frame)
    assert not simulate_survey(**options).frame.equals(simulate_survey(**options).frame)


def test_reversed_items_are_turned_in_the_frame_and_nothing_else_changes() -> None:
    plain = simulate_survey(persons=500, items=5, minimum=1, maximum=6, missing=0.05, seed=4)
    turned = simulate_survey(
        persons=500, items=5, minimum=1, maximum=6, missing=0.05, reversed=["item_2"], seed=4
    )
    assert turned.scale.reversed == ("item_2",)
    expected = plain.frame.with_columns((7 - pl.col("item_2")).cast(pl.UInt8).alias("item_2"))
    assert turned.frame.equals(expected)
    answers = turned.frame.drop_nulls()
    assert np.corrcoef(answers["item_1"], answers["item_2"])[0, 1] < -0.1


def test_frame_has_the_stated_columns_types_and_range() -> None:
    survey = simulate_survey(
        sizes=[30, 50], items=12, clusters_per_site=4, minimum=0, maximum=3, seed=1
    )
    frame = survey.frame
    assert frame.columns == ["person", "site", "ward", *survey.scale.items]
    assert survey.scale.items[0] == "item_01"
    assert frame.select(survey.scale.items).dtypes == [pl.UInt8] * 12
    assert frame["person"].to_list() == list(range(1, 81))
    assert frame.group_by("site", maintain_order=True).len()["len"].to_list() == [30, 50]
    wards = frame.group_by("site", "ward", maintain_order=True).len()
    assert wards["ward"].to_list()[3:5] == ["S1-W4", "S2-W1"]
    assert wards["len"].min() == 7
    assert wards["len"].max() == 13
    answers = frame.select(survey.scale.items).to_numpy()
    assert (answers.min(), answers.max()) == (0, 3)


def test_missing_answers_have_the_stated_share() -> None:
    survey = simulate_survey(persons=20_000, items=5, missing=0.1, seed=8)
    answers = survey.frame.select(survey.scale.items)
    share = answers.null_count().sum_horizontal().item() / 100_000
    # Binomial standard error sqrt(.1 * .9 / 1e5) = 0.00095.
    assert abs(share - 0.1) < WIDEST_DEVIATE * 0.00095


def test_ward_effects_have_the_stated_share_of_the_factor() -> None:
    # With loadings near 1 and many answer categories an answer is nearly the factor itself.
    survey = simulate_survey(
        persons=200_000,
        loadings=[0.999, 0.999],
        clusters_per_site=2000,
        minimum=0,
        maximum=200,
        site_icc=0.0,
        cluster_icc=0.3,
        seed=2,
    )
    wards = survey.frame.group_by("ward").agg(
        pl.col("item_1").mean().alias("mean"), pl.col("item_1").var().alias("variance")
    )
    within = wards["variance"].mean()
    between = wards["mean"].var() - within / 100
    # Standard error of an intraclass correlation of .3 with 2000 groups of 100 is 0.007.
    assert abs(between / (between + within) - 0.3) < WIDEST_DEVIATE * 0.007


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"persons": 0}, ["persons", "0", "at least 1"]),
        ({"persons": 3, "sites": 4}, ["persons", "3", "at least 4"]),
        ({"sizes": [10, 20], "persons": 31}, ["persons", "30", "31"]),
        ({"sizes": [10, 20], "sites": 3}, ["sites", "2", "3"]),
        ({"sizes": []}, ["sizes", "0 persons"]),
        ({"sizes": [10, 0]}, ["sizes", "at least 1"]),
        ({"items": 1}, ["items", "1", "at least 2"]),
        ({"items": 3, "loadings": [0.5, 0.6]}, ["loadings", "2", "3"]),
        ({"loadings": [0.5, 1.0]}, ["loadings", "1", "between -1 and 1"]),
        ({"loadings": [0.5, float("nan")]}, ["loadings", "nan"]),
        ({"minimum": -1}, ["minimum", "-1", "at least 0"]),
        ({"maximum": 255}, ["maximum", "255", "254"]),
        ({"minimum": 5, "maximum": 5}, ["maximum", "5", "at least 6"]),
        ({"missing": 1.0}, ["missing", "1.0", "below 1"]),
        (
            {"site_icc": 0.6, "cluster_icc": 0.4},
            ["site_icc", "0.6", "cluster_icc", "0.4", "below 1"],
        ),
        ({"seed": -1}, ["seed", "-1"]),
        ({"reversed": 9}, ["reversed", "9", "at most 8"]),
        ({"reversed": ["item_9"]}, ["item_9", "Did you mean"]),
        ({"clusters_per_site": 0}, ["clusters_per_site", "0"]),
    ],
)
def test_bad_options_name_option_value_and_limit(options: dict, words: list[str]) -> None:
    error = OptionError if "item_9" not in words else ValueError
    with pytest.raises(error) as caught:
        simulate_survey(**options)
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize(
    "option",
    [
        {"sizes": 5}, {"sizes": "ab"}, {"missing": "x"}, {"missing": True}, {"site_icc": None},
        {"loadings": "abc"}, {"loadings": [[0.1], [0.1, 0.2]]}, {"loadings": [1j, 0.5]},
    ],
)  # fmt: skip
def test_options_of_another_kind_are_refused(option: dict[str, Any]) -> None:
    name = next(iter(option))
    with pytest.raises(OptionError, match=f"{name} is .*, but it must be a"):
        simulate_survey(**option)


def test_two_items_have_a_truth_without_omega() -> None:
    truth = simulate_survey(items=2, persons=50, seed=1).truth
    assert truth["coefficient"].unique(maintain_order=True).to_list() == ["reliability", "alpha"]
