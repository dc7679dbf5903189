"""What a comparison of sites takes in, and what it says of data that it cannot take."""

from typing import Any

import compassion_psy as cp
import numpy as np
import polars as pl
import pytest
from compassion_psy.sites.nested import with_each_left_out
from compassion_psy.sites.transforms import on_scale

FAST = cp.Bootstrap(50, seed=1)
SURVEY = cp.simulate_survey(persons=600, items=5, sites=12, clusters_per_site=4, seed=3)
ITEMS = list(SURVEY.scale.items)
REAL = cp.Scale("score", items=["x"], minimum=-1e308, maximum=1e308, continuous=True)
TABLES = ("agreement", "agreement_summary", "levels", "covariances", "funnel")


def compared(frame: pl.DataFrame = SURVEY.frame, **options: Any) -> cp.SiteComparison:
    given: dict[str, Any] = {"scale": SURVEY.scale, "site": "site", "bootstrap": FAST} | options
    return cp.compare_sites(frame, **given)


@pytest.mark.parametrize(
    "name", ["own_note", "used", "len", "n_sites", "unit", "persons", "équipe"]
)
def test_columns_of_site_and_team_have_any_name(name: str) -> None:
    expected = compared(team="ward").sites
    found = compared(SURVEY.frame.rename({"site": name}), site=name, team="ward").sites
    assert found.rename({name: "site"}).equals(expected)
    renamed = SURVEY.frame.rename({"ward": name})
    assert compared(renamed, team=name).sites.equals(expected)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"site": "item_1"}, "site is 'item_1', which is an item of scale 'simulated'"),
        ({"team": "item_1"}, "team is 'item_1', which is an item of scale 'simulated'"),
        ({"site": "finding"}, "rename that of site, for example to 'survey_finding'"),
        ({"site": "n_items"}, "rename that of site"),
        ({"minimum_cell": 10**30}, "must be at most 4294967295; lower it"),
    ],
)
def test_what_cannot_be_asked_is_said_in_words_of_the_call(
    options: dict[str, Any], message: str
) -> None:
    with pytest.raises(cp.OptionError, match=message):
        compared(**options)


def test_sites_and_teams_are_values_not_lists() -> None:
    for column, role in (("site", "site"), ("ward", "team")):
        frame = SURVEY.frame.with_columns(pl.concat_list(column))
        with pytest.raises(cp.DataError, match=f"Column '{column}' of the {role} holds List"):
            compared(frame, team="ward")


def test_scores_are_shown_and_have_tables_without_rows() -> None:
    frame = SURVEY.frame.with_columns(x=np.random.default_rng(1).normal(size=600))
    whole = compared(team="ward")
    found = compared(frame, scale=REAL, team="ward")
    assert "How alike persons are" in str(found)
    assert "How alike persons are" in found._repr_html_()
    for name in TABLES[:-1]:
        table = getattr(found, name)
        assert table.height == 0
        assert table.schema == getattr(whole, name).schema
    two = compared(SURVEY.frame.filter(pl.col("site") <= "S02")).funnel
    assert two.height == 0
    assert two.schema == whole.funnel.schema


def test_the_audit_counts_rows_of_the_data() -> None:
    nobody = pl.when(pl.int_range(pl.len()) != 7).then(pl.col(ITEMS))
    frame = SURVEY.frame.sample(fraction=1, shuffle=True, seed=2).with_columns(nobody)
    # Two persons without a site stand before the one without answers.
    frame = frame.with_columns(pl.when(~pl.int_range(pl.len()).is_in([1, 4])).then("site"))
    found = compared(frame).audit
    assert found is not None
    assert found.persons.filter(answered=0)["row"].to_list() == [8]
    of_data = found.persons.join(frame.with_row_index("row", 1), on="row", validate="1:1")
    assert of_data["site"].equals(of_data["site_right"])
    assert found.persons["row"].is_sorted()


def test_wrong_answers_are_at_rows_of_the_data() -> None:
    frame = SURVEY.frame.reverse().with_columns(x=pl.col("item_1").cast(pl.Float64))
    frame = frame.with_columns(
        pl.when(pl.int_range(pl.len()) != 4).then("x").otherwise(float("inf")),
        pl.when(pl.int_range(pl.len()) != 4).then("item_1").otherwise(9),
        # Who has no site does not count, whatever they answered.
        pl.when(pl.int_range(pl.len()) != 2).then("site"),
    )
    frame = frame.with_columns(pl.when(pl.int_range(pl.len()) != 2).then("x").otherwise(1e999))
    with pytest.raises(cp.DataError, match=r"'x' has 1 \(row 5: inf\)"):
        compared(frame, scale=REAL)
    with pytest.raises(cp.DataError, match=r"'item_1' has 1 \(row 5: 9\)"):
        compared(frame, turned="keep")


def test_too_few_estimates_are_said_with_what_to_do() -> None:
    with pytest.raises(cp.DataError, match=r"no value or no error on the scale 'logit'.*'raw'"):
        compared(pool_scale="logit")
    same = SURVEY.frame.with_columns(pl.lit(3).alias(item) for item in ITEMS)
    with pytest.raises(cp.DataError, match=r"Of 'S01': all have the same score; see .*missing"):
        compared(same)
    one = pl.when(pl.col("site") == "S01")
    varied = SURVEY.frame.with_columns(one.then(i).otherwise(3).alias(i) for i in ITEMS)
    # Not the note of the one that has an estimate.
    with pytest.raises(cp.DataError, match=r"Of 'S02': 'item_1', .* do not vary here"):
        compared(varied, statistic="alpha", turned="keep")


def test_log_odds_far_out_are_zero_and_one() -> None:
    placed = on_scale("logit", np.array([0.5]), np.array([0.1]))
    assert placed.interval(-1e4, 1e4) == (0, 1)
    assert placed.back(-3.0) == pytest.approx(1 / (1 + np.exp(3)), rel=1e-15)


def test_sums_with_a_site_left_out() -> None:
    rows = np.random.default_rng(4).normal(size=(7, 3)) + 1e3
    rows[2] = 1e30
    found = with_each_left_out(rows)
    expected = [np.delete(rows, site, axis=0).sum(axis=0) for site in range(7)]
    np.testing.assert_allclose(found, expected, rtol=1e-14)


@pytest.mark.parametrize("seed", range(12))
def test_everybody_counts_or_is_excluded_for_a_reason(seed: int) -> None:
    random = np.random.default_rng(seed)
    statistic = ("mean", "alpha")[seed % 2]
    rate = random.choice([0, 0.05, 0.3], size=3) * (1, 1, 0.3)

    def sometimes(share: float, names: list[str]) -> list[pl.Expr]:
        lost = [pl.Series(random.random(600) < share) for _ in names]
        return [pl.when(~gone).then(name) for gone, name in zip(lost, names, strict=True)]

    keep = random.random(12)[SURVEY.frame["site"].str.slice(1).cast(pl.Int64) - 1]
    frame = (
        SURVEY.frame.with_columns(
            *sometimes(rate[0], ["site"]), *sometimes(rate[1], ["ward"]), *sometimes(rate[2], ITEMS)
        )
        # One site turned about, one without differences, sites of any size.
        .with_columns(
            pl.when(pl.col("site") == "S03")
            .then(6 - pl.col(item))
            .when(pl.col("site") == "S04")
            .then(1)
            .otherwise(item)
            .alias(item)
            for item in ITEMS
        )
        .filter(pl.Series(random.random(600) < np.maximum(keep, 0.05)))
    )
    found = compared(
        frame, team="ward" if seed % 3 else None, statistic=statistic, minimum_cell=4,
        turned=("exclude", "keep")[seed % 5 == 0],
    )  # fmt: skip
    # The persons of small sites are counted in .excluded alone.
    of_sites = found.sites.filter(pl.col("status") != "small")
    assert of_sites["n"].null_count() == 0
    assert of_sites["n"].sum() + found.excluded["persons"].sum() == frame.height


def test_figures_of_a_small_team_do_not_follow_from_the_mean() -> None:
    few = pl.int_range(pl.len()).over("ward") < 5
    # One team of five and one of one, among teams of ten and more.
    frame = SURVEY.frame.filter((pl.col("ward") != "S02-W1") | few)
    frame = frame.filter((pl.col("ward") != "S05-W2") | (pl.int_range(pl.len()).over("ward") < 1))
    found = compared(frame, team="ward")
    withheld = found.agreement.filter(pl.col("r_wg").is_null())
    shown = found.agreement.filter(pl.col("r_wg").is_not_null())
    assert withheld["n"].null_count() == withheld.height == 3
    assert withheld["note"].str.starts_with("withheld: with it").sum() == 1
    # The mean is of two more than are shown: one of them is not told from the other.
    assert found.agreement_summary["groups"].to_list() == [shown.height + 2] * 3
    # Where nothing or more is withheld nothing else is.
    every = compared(team="ward", minimum_cell=2).agreement
    assert every["r_wg"].null_count() == 0


@pytest.mark.parametrize("statistic", ["mean", "alpha"])
@pytest.mark.parametrize("team", [None, "ward"])
def test_same_seed_same_bits_whatever_the_order_of_rows(statistic: str, team: str | None) -> None:
    random = np.random.default_rng(8)
    gone = [pl.when(pl.Series(random.random(600) > 0.03)).then(item) for item in ITEMS]
    frame = SURVEY.frame.with_columns(gone)
    first = compared(frame, team=team, statistic=statistic)
    shuffled = frame.sample(fraction=1, shuffle=True, seed=5)
    for other in (shuffled, frame.reverse()):
        found = compared(other, team=team, statistic=statistic, threads=1)
        for name in ("sites", "pooled", "icc", "variance", "excluded", *TABLES):
            assert getattr(found, name).equals(getattr(first, name)), name


def test_programmes_are_asked_for_in_numbers_that_there_are() -> None:
    many: Any = 10**30
    with pytest.raises(cp.OptionError, match=r"hospitals is .* at most 4294967295"):
        cp.simulate_programme(hospitals=many, teams=many, staff=many)
    wrong: Any = "no"
    with pytest.raises(cp.OptionError, match="faults is 'no', but it must be True or False"):
        cp.simulate_programme(faults=wrong)


def test_sites_without_errors_are_not_pooled() -> None:
    sites = pl.DataFrame({"estimate": [0.2, 0.5], "se": [0.0, 0.1]})
    with pytest.raises(cp.DataError, match=r"1 of 2 sites .* \['se'\] are above zero"):
        cp.pool(sites)
