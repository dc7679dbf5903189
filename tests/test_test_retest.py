"""Test-retest: known closed forms, R's numbers, who counts, and keys by the declared range."""

from __future__ import annotations

from typing import Any

import compassion_psy as cp
import numpy as np
import polars as pl
import pytest

ITEMS = ["a", "b", "c"]
SCALE = cp.Scale("calm", items=ITEMS, minimum=1, maximum=5, reversed=["c"])
CLOSED = 1e-12


def two_waves(persons: int = 60, seed: int = 3) -> pl.DataFrame:
    random = np.random.default_rng(seed)
    trait = random.normal(size=(persons, 1))
    frames = []
    for wave in (1, 2):
        codes = np.clip(np.round(3 + trait + random.normal(size=(persons, 3))), 1, 5).astype(int)
        frame = pl.DataFrame(codes, schema=ITEMS)
        frames.append(frame.with_columns(person=pl.int_range(pl.len()), wave=pl.lit(wave)))
    return pl.concat(frames)


def scores(frame: pl.DataFrame) -> tuple[Any, Any]:
    total = pl.col("a") + pl.col("b") + 6 - pl.col("c")
    wide = frame.select("person", "wave", score=total).pivot("wave", index="person", values="score")
    return wide["1"].to_numpy().astype(float), wide["2"].to_numpy().astype(float)


def found(frame: Any, scale: Any = SCALE, **options: Any) -> dict[str, dict[str, Any]]:
    result = cp.test_retest(frame, scale, id="person", wave="wave", **options)
    return {row["coefficient"]: row for row in result.table.iter_rows(named=True)}


def test_closed_forms() -> None:
    frame = two_waves()
    x, y = scores(frame)
    rows = found(frame.sample(fraction=1, shuffle=True, seed=1))
    assert rows["r"]["estimate"] == pytest.approx(np.corrcoef(x, y)[0, 1], abs=CLOSED)
    raters = cp.icc(pl.DataFrame({"x": x, "y": y}), raters=["x", "y"])
    for name, of_raters in (("icc_a1", "icc2"), ("icc_c1", "icc3")):
        expected = raters.filter(icc=of_raters).row(0, named=True)
        for each in ("estimate", "lower", "upper"):
            assert rows[name][each] == pytest.approx(expected[each], abs=CLOSED)
    sem = np.std(y - x, ddof=1) / np.sqrt(2)
    assert rows["sem"]["estimate"] == pytest.approx(sem, abs=CLOSED)
    assert rows["mdc"]["estimate"] == pytest.approx(1.959963984540054 * np.sqrt(2) * sem, abs=1e-10)
    assert rows["change"]["estimate"] == pytest.approx(np.mean(y - x), abs=CLOSED)
    # The 97.5 % quantile of t with 59 degrees of freedom: qt(.975, 59) in R.
    reach = 2.0009953780882683 * np.std(y - x, ddof=1) / np.sqrt(60)
    assert rows["change"]["upper"] - rows["change"]["estimate"] == pytest.approx(reach, abs=1e-9)


@pytest.mark.parametrize("name", ["r", "sem"])
def test_standard_errors_are_those_of_leaving_persons_out(name: str) -> None:
    frame = two_waves(300)
    rows = found(frame)
    without = np.array(
        [found(frame.filter(pl.col("person") != i))[name]["estimate"] for i in range(300)]
    )
    jackknife = np.sqrt(299 / 300 * np.sum((without - without.mean()) ** 2))
    # A share of the order of 1/n apart.
    assert rows[name]["se"] == pytest.approx(jackknife, rel=0.02)
    assert rows[name]["lower"] < rows[name]["estimate"] < rows[name]["upper"]


def test_keys_are_those_of_the_declared_range() -> None:
    """D3: psych::testRetest turns an item by the range of the answers, in each wave its own.

    Nobody gives item c a 5 in the second wave: turned by the answers it would be 1 + 4 - c there,
    and everybody would seem to have changed by one point less.
    """
    first = pl.DataFrame({"a": [1, 2, 3, 4], "b": [2, 3, 3, 5], "c": [5, 4, 3, 1]})
    second = pl.DataFrame({"a": [2, 3, 4, 5], "b": [2, 2, 4, 5], "c": [4, 4, 3, 1]})
    frame = pl.concat(
        [
            each.with_columns(person=pl.int_range(pl.len()), wave=pl.lit(wave))
            for wave, each in ((1, first), (2, second))
        ]
    )
    rows = found(frame)
    assert rows["change"]["estimate"] == 1.25
    x, y = scores(frame)
    wrong = y - 1
    assert np.mean(wrong - x) == 0.25
    raters = cp.icc(pl.DataFrame({"x": x, "y": y}), raters=["x", "y"])
    by_answers = cp.icc(pl.DataFrame({"x": x, "y": wrong}), raters=["x", "y"])
    declared = raters.filter(icc="icc2")["estimate"][0]
    assert rows["icc_a1"]["estimate"] == pytest.approx(declared, abs=CLOSED)
    assert rows["icc_a1"]["estimate"] != by_answers.filter(icc="icc2")["estimate"][0]


def test_a_constant_change_lowers_agreement_alone() -> None:
    frame = two_waves()
    up = pl.when(wave=2).then(pl.col("a") + 2).otherwise(pl.col("a"))
    wide = cp.Scale("wide", items=ITEMS, minimum=1, maximum=9)
    before = found(frame, wide)
    after = found(frame.with_columns(up), wide)
    for name in ("r", "icc_c1", "sem", "mdc"):
        assert after[name]["estimate"] == pytest.approx(before[name]["estimate"], abs=CLOSED)
    assert after["icc_a1"]["estimate"] < before["icc_a1"]["estimate"]


def test_reals_have_one_zero() -> None:
    frame = two_waves().with_columns(pl.col(ITEMS).cast(pl.Float64))
    frame = frame.with_columns(pl.when(wave=2).then(pl.col("a") + 40).otherwise(pl.col("a")))
    real = cp.Scale("real", items=ITEMS, minimum=0, maximum=90, continuous=True)
    x = frame.filter(wave=1).select(pl.sum_horizontal(ITEMS)).to_series().mean()
    y = frame.filter(wave=2).select(pl.sum_horizontal(ITEMS)).to_series().mean()
    assert found(frame, real)["change"]["estimate"] == pytest.approx(y - x, abs=1e-10)  # type: ignore[operator]


def test_who_does_not_count_is_counted() -> None:
    frame = two_waves().filter(~((pl.col("person") < 4) & (pl.col("wave") == 2)))
    gap = (pl.col("person") == 10) & (pl.col("wave") == 1)
    frame = frame.with_columns(a=pl.when(gap).then(None).otherwise("a"))
    row = found(frame)["r"]
    assert (row["n"], row["n_unmatched"], row["n_incomplete"]) == (55, 4, 1)
    whole = found(two_waves().filter(pl.col("person") > 3, pl.col("person") != 10))["r"]
    assert row["estimate"] == whole["estimate"]


def test_by_site() -> None:
    frame = two_waves().with_columns(
        site=pl.when(pl.col("person") < 25).then(pl.lit("n")).otherwise(None)
    )
    lonely = (
        frame.filter(wave=1)
        .head(2)
        .with_columns(person=pl.int_range(pl.len()) + 900, site=pl.lit("z"))
    )
    result = cp.test_retest(pl.concat([frame, lonely]), SCALE, id="person", wave="wave", by="site")
    table = result.table
    assert table.filter(coefficient="r")["site"].to_list() == ["n", "z", None]
    assert table.filter(coefficient="r")["n"].to_list() == [25, 0, 35]
    north = found(frame.filter(pl.col("person") < 25))
    for name, row in north.items():
        own = table.filter(site="n", coefficient=name).row(0, named=True)
        assert {key: own[key] for key in row} == row
    z = table.filter(site="z").row(0, named=True)
    assert (z["estimate"], z["n_unmatched"], z["note"]) == (None, 2, "nobody is in both waves")
    assert "ICC(A,1)" in str(result)
    assert "<table" in result._repr_html_()


@pytest.mark.parametrize(
    ("frame", "options", "words"),
    [
        (two_waves().filter(wave=1), {}, "is 1, but a retest is of 2"),
        (
            two_waves().with_columns(wave=pl.int_range(pl.len()) % 7),
            {},
            "is 7, but a retest is of 2",
        ),
        (two_waves().with_columns(person=pl.lit(1)), {}, "several rows in wave"),
        (two_waves(2), {}, "2 persons answered every item in both waves, and at least 3"),
        (two_waves().with_columns(a=1, b=1, c=1), {}, "same score in the first wave"),
        (two_waves().with_columns(pl.col("wave").replace(1, None)), {}, "no value in 60 rows"),
    ],
)
def test_what_is_no_retest(frame: pl.DataFrame, options: Any, words: str) -> None:
    with pytest.raises(cp.DataError, match=words):
        found(frame, **options)


def test_options() -> None:
    with pytest.raises(cp.OptionError, match="must be a Scale"):
        found(two_waves(), None)
    with pytest.raises(cp.OptionError, match="'n'"):
        found(two_waves().with_columns(n=1), by="n")
    with pytest.raises(cp.OptionError, match="is an item"):
        cp.test_retest(two_waves(), SCALE, id="a", wave="wave")
    with pytest.raises(cp.OptionError, match="no total score"):
        cp.test_retest(two_waves(), "iri", id="person", wave="wave")


@pytest.mark.parametrize(
    ("options", "named"),
    [({"wave": "person"}, "'person'"), ({"wave": ["wave"]}, r"\['wave'\]"), ({"id": 3}, "3")],
)
def test_two_columns_are_named(options: dict[str, Any], named: str) -> None:
    with pytest.raises(cp.OptionError, match=named):
        cp.test_retest(two_waves(), SCALE, **{"id": "person", "wave": "wave", **options})


def test_nan_is_no_wave() -> None:
    frame = two_waves().with_columns(pl.col("wave").cast(pl.Float64).replace(2.0, float("nan")))
    with pytest.raises(cp.DataError, match="'wave' has no value in 60 rows"):
        cp.test_retest(frame, SCALE, id="person", wave="wave")
