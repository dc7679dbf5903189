"""What is made of scores: percent of maximum possible, norms, intervals."""

import math
import statistics
from typing import Any

import numpy as np
import polars as pl
import pytest
from compassion_psy.errors import DataError, OptionError
from compassion_psy.scales import Scale, Subscale, Total
from compassion_psy.scoring import Norms, score
from compassion_psy.scoring.interval import exact_sd
from hypothesis import given, settings
from hypothesis import strategies as st

# Of float operations that are few.
ROUNDING = 1e-14

SCALE = Scale(
    "calm", items=["a", "b"], minimum=1, maximum=5,
    subscales=[Subscale(key="one", items=("a",)), Subscale(key="Two Items", items=("a", "b"),
                                                           rule="mean")],
)  # fmt: skip
FRAME = pl.DataFrame({"a": [1, 5, 2, None, 4], "b": [1, 5, 4, 3, 4], "site": list("xxyyy")})
TOTALS = [2, 10, 6, None, 8]


@pytest.fixture(params=[False, True], ids=["eager", "lazy"])
def frame(request: pytest.FixtureRequest) -> Any:
    return FRAME.lazy() if request.param else FRAME


def scored(frame: Any, **options: Any) -> pl.DataFrame:
    return score(frame, SCALE, **options).lazy().collect()


def test_percent_of_maximum_possible(frame: Any) -> None:
    rows = scored(frame, pomp=True)
    assert rows["calm_total_pomp"].to_list() == [0, 100, 50, None, 75]
    assert rows["calm_one_pomp"].to_list() == [0, 100, 25, None, 75]
    assert rows["calm_two_items_pomp"].to_list() == [0, 100, 50, None, 75]
    assert not [name for name in scored(frame).columns if "pomp" in name]


def test_percent_of_maximum_possible_of_a_multiplied_total() -> None:
    scale = Scale("m", items=["a", "b"], minimum=1, maximum=5, total=Total("sum", 4))
    rows = score(FRAME, scale, pomp=True)
    assert rows["m_total"].to_list() == [8, 40, 24, None, 32]
    assert rows["m_total_pomp"].to_list() == [0, 100, 50, None, 75]
    half = Scale("m", items=["a", "b"], minimum=1, maximum=5, total=Total("sum", 0.5))
    assert score(FRAME, half)["m_total"].to_list() == [1, 5, 3, None, 4]


# ---- norms -------------------------------------------------------------------------------------


def test_norms_give_z_and_t_and_their_name(frame: Any) -> None:
    rows = scored(frame, norms=Norms("nurses 2020", mean=7, sd=2))
    assert rows["calm_total_z"].to_list() == [-2.5, 1.5, -0.5, None, 0.5]
    assert rows["calm_total_t"].to_list() == [25, 65, 45, None, 55]
    assert rows["calm_total_norms"].unique().to_list() == ["nurses 2020"]
    assert "calm_total_percentile" not in rows.columns
    assert not [name for name in rows.columns if name.startswith("calm_one_") and name[-1] == "z"]


def test_percentiles_come_from_a_table_only(frame: Any) -> None:
    table = {2: 1, 6: 40.5, 8: 71}  # no entry for 10
    rows = scored(frame, norms=Norms("nurses", percentiles=table))
    assert rows["calm_total_percentile"].to_list() == [1, None, 40.5, None, 71]
    assert "calm_total_z" not in rows.columns


def test_norms_name_a_score_by_key_or_column(frame: Any) -> None:
    norms = [
        Norms("n1", score="Two Items", mean=3, sd=1),
        Norms("n2", score="calm_one", percentiles={5: 99.0}),
    ]
    rows = scored(frame, norms=norms)
    assert rows["calm_two_items_z"].to_list() == [-2, 2, 0, None, 1]
    assert rows["calm_one_percentile"].to_list() == [None, 99, None, None, None]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"mean": 1}, ["mean and sd both"]),
        ({}, ["give mean and sd, or percentiles"]),
        ({"mean": 1, "sd": 0}, ["sd is 0"]),
        ({"mean": float("nan"), "sd": 1}, ["mean is nan"]),
        ({"mean": 1, "sd": "2"}, ["sd is '2'"]),
        ({"percentiles": {1: 101}}, ["percentile of 1 is 101"]),
        ({"percentiles": {1: None}}, ["at 1 is None"]),
    ],
)
def test_what_are_no_norms(options: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(OptionError) as caught:
        Norms("nurses", **options)
    for word in ["'nurses'", *words]:
        assert word in str(caught.value)


def test_norms_have_a_name() -> None:
    with pytest.raises(OptionError, match="name of norms is ' '"):
        Norms(" ", mean=1, sd=1)


# ---- standard error and interval ---------------------------------------------------------------


def test_standard_error_and_interval_from_the_sample(frame: Any) -> None:
    rows = scored(frame, reliability=0.84)
    error = statistics.stdev([2, 10, 6, 8]) * 0.4
    for row, total in zip(rows.iter_rows(named=True), TOTALS, strict=True):
        if total is None:
            expected = (None, None, None)
            assert (
                row["calm_total_se"],
                row["calm_total_lower"],
                row["calm_total_upper"],
            ) == expected
        else:
            reach = 1.959963984540054 * error
            assert row["calm_total_se"] == pytest.approx(error, rel=ROUNDING)
            assert row["calm_total_lower"] == pytest.approx(total - reach, rel=ROUNDING)
            assert row["calm_total_upper"] == pytest.approx(total + reach, rel=ROUNDING)
    assert "calm_one_se" not in rows.columns  # a number is the reliability of the total


def test_standard_error_from_norms_and_another_level(frame: Any) -> None:
    rows = scored(
        frame, reliability={"total": 0.75, "calm_one": 1, "Two Items": 0}, level=0.9,
        norms=Norms("nurses", mean=0, sd=3),
    )  # fmt: skip
    assert rows["calm_total_se"].to_list() == [1.5, 1.5, 1.5, None, 1.5]
    assert rows["calm_total_upper"][0] == pytest.approx(2 + 1.6448536269514722 * 1.5, rel=ROUNDING)
    assert rows["calm_one_lower"].to_list() == [1, 5, 2, None, 4]
    assert rows["calm_two_items_se"][0] == pytest.approx(statistics.stdev([1, 5, 3, 4]), rel=1e-15)


@pytest.mark.parametrize("engine", ["in-memory", "streaming"])
def test_rows_taken_later_do_not_change_the_sample(engine: Any) -> None:
    """Polars moves filters and slices forward; past a standard deviation it must not."""
    lazily = score(FRAME.lazy(), SCALE, reliability=0.84)
    whole = lazily.collect(engine=engine)
    kept = lazily.filter(pl.col("site") == "y").collect(engine=engine)
    assert kept.equals(whole.filter(pl.col("site") == "y"), null_equal=True)
    assert lazily.head(1).collect(engine=engine).equals(whole.head(1), null_equal=True)
    one = lazily.select("calm_total_se").collect(engine=engine)
    assert one["calm_total_se"].equals(whole["calm_total_se"], null_equal=True)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.floats(-1e6, 1e6, allow_subnormal=False), min_size=2, max_size=40))
def test_the_standard_deviation_is_exact_in_any_order(values: list[float]) -> None:
    expected = statistics.stdev(values)
    assert exact_sd(pl.Series(values), "x") == pytest.approx(expected, rel=1e-15)
    assert exact_sd(pl.Series(values[::-1]), "x") == exact_sd(pl.Series(values), "x")


def test_the_standard_deviation_survives_a_large_mean() -> None:
    values = [10**9 + n for n in (4, 7, 13, 16)]
    assert exact_sd(pl.Series(values), "x") == math.sqrt(30)


def test_intervals_hold_the_true_score_as_often_as_they_say() -> None:
    """Classical test theory, simulated: scores are true scores and errors."""
    rng = np.random.default_rng(7)
    persons, reliability = 20_000, 0.8
    true = rng.normal(0, math.sqrt(reliability), persons)
    observed = true + rng.normal(0, math.sqrt(1 - reliability), persons)
    scale = Scale("r", items=["x"], minimum=-99, maximum=99, continuous=True)
    rows = score(pl.DataFrame({"x": observed}), scale, reliability=reliability)
    held = np.mean(
        (rows["r_total_lower"].to_numpy() < true) & (true < rows["r_total_upper"].to_numpy())
    )
    # Four standard errors of the share, and half a percent for the estimated deviation.
    assert abs(held - 0.95) < 4 * math.sqrt(0.95 * 0.05 / persons) + 0.005


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"reliability": 1.1}, ["'total' is 1.1", "0 to 1"]),
        ({"reliability": "0.8"}, ["'0.8'"]),
        ({"reliability": {"tottal": 0.8}}, ["'tottal'", "Did you mean 'total'"]),
        ({"level": 95}, ["level is 95"]),
        ({"norms": Norms("n", score="two", mean=1, sd=1)}, ["'two'", "norms 'n'"]),
        ({"norms": [Norms("n", mean=1, sd=1), Norms("k", score="calm_total", mean=1, sd=1)]},
         ["'n' and 'k'", "'calm_total'"]),
        ({"norms": ["n"]}, ["norms holds 'n'"]),
    ],
)  # fmt: skip
def test_options_that_cannot_be(options: dict[str, Any], words: list[str], frame: Any) -> None:
    with pytest.raises(OptionError) as caught:
        score(frame, SCALE, **options)
    for word in words:
        assert word in str(caught.value)


def test_a_number_needs_one_total() -> None:
    other = Scale("other", items=["b"], minimum=1, maximum=5)
    with pytest.raises(OptionError, match="no score 'total'"):
        score(FRAME, [SCALE, other], reliability=0.8)
    rows = score(FRAME, [SCALE, other], reliability={"other_total": 0.8})
    assert "other_total_se" in rows.columns
    parts = Scale("parts", items=["a"], minimum=1, maximum=5, total=None,
                  subscales=[Subscale(key="one", items=("a",))])  # fmt: skip
    with pytest.raises(OptionError, match="no score 'total'"):
        score(FRAME, parts, reliability=0.8)


def test_one_person_is_no_sample(frame: Any) -> None:
    with pytest.raises(DataError, match="1 persons have the score 'calm_total'"):
        scored(frame.lazy().head(1), reliability=0.8)
    rows = scored(frame.lazy().head(1), reliability=0.8, norms=Norms("n", mean=0, sd=1))
    assert rows["calm_total_se"].len() == 1
