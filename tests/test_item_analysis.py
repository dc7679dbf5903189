"""Item statistics against R, plain NumPy, the twin and derivatives by hand."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from compassion_psy import (
    DataError,
    OptionError,
    Responses,
    Scale,
    pure,
    reliability,
    simulate_survey,
)
from compassion_psy.item_analysis import item_analysis
from compassion_psy.item_results import ItemAnalysis
from reference_data import survey as reference_survey

SHARED = Path(__file__).parents[2] / "shared"
SCALES = sorted(path.stem for path in (SHARED / "reference" / "reliability").glob("*.json"))

# Closed forms: order of float operations.
CLOSED = 1e-10
# Central differences of a correlation of order one, at a step of 1e-4: error of the square.
DIFFERENCES = 1e-6
STEP = 1e-4

ITEMS = ("q1", "q2", "q3", "q4")
SCALE = Scale("calm", items=ITEMS, minimum=1, maximum=5, reversed=["q3"])


def answers(rows: int, seed: int, missing: float = 0.0) -> pl.DataFrame:
    """Return skewed answers that go together, some missing; q3 is worded against the rest."""
    random = np.random.default_rng(seed)
    latent = random.exponential(size=(rows, 1)) + random.normal(size=(rows, 4))
    codes = np.clip(np.round(latent + 2), 1, 5).astype(int)
    codes[:, 2] = 6 - codes[:, 2]
    gone = random.random(codes.shape) < missing
    columns = {
        item: [None if out else int(x) for x, out in zip(codes[:, j], gone[:, j], strict=True)]
        for j, item in enumerate(ITEMS)
    }
    return pl.DataFrame(columns)


def keyed(frame: pl.DataFrame) -> np.ndarray:
    x = frame.select(ITEMS).to_numpy().astype(float)
    x[:, 2] = 6 - x[:, 2]
    return x


def weighted_covariance(x: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return mean products of deviations, each over the rows that answered both."""
    k = x.shape[1]
    found = np.empty((k, k))
    for i in range(k):
        for j in range(k):
            both = ~np.isnan(x[:, i]) & ~np.isnan(x[:, j])
            w = weights[both] / weights[both].sum()
            a, b = x[both, i], x[both, j]
            found[i, j] = w @ (a * b) - (w @ a) * (w @ b)
    return found


def correlation_with(c: np.ndarray, item: int, others: list[int]) -> float:
    part = c[np.ix_(others, others)].sum()
    return float(c[item, others].sum() / math.sqrt(c[item, item] * part))


def error_by_differences(x: np.ndarray, item: int, others: list[int]) -> float:
    """Return the infinitesimal jackknife's error: how r changes with the weight of each person."""
    n = len(x)
    influence = []
    for row in range(n):
        values = []
        for sign in (1, -1):
            weights = np.ones(n)
            weights[row] += sign * STEP
            values.append(correlation_with(weighted_covariance(x, weights), item, others))
        influence.append(n * (values[0] - values[1]) / (2 * STEP))
    return math.sqrt(sum(value**2 for value in influence) / (n * (n - 1)))


@pytest.mark.parametrize("missing", ["listwise", "pairwise"])
def test_intervals_are_those_of_influence_by_differences(missing: Any) -> None:
    frame = answers(60, seed=1, missing=0.08)
    table = item_analysis(frame, SCALE, missing=missing).table
    x = keyed(frame)
    if missing == "listwise":
        x = x[~np.isnan(x).any(axis=1)]
    assert table["persons"].to_list() == [len(x)] * 4
    for item, row in enumerate(table.iter_rows(named=True)):
        others = [each for each in range(4) if each != item]
        for name, against in (("item_rest", others), ("item_total", list(range(4)))):
            error = error_by_differences(x, item, against)
            r = row[name]
            half = 1.959963984540054 * error / (1 - r * r)
            assert row[f"{name}_lower"] == pytest.approx(
                math.tanh(math.atanh(r) - half), abs=DIFFERENCES
            )
            assert row[f"{name}_upper"] == pytest.approx(
                math.tanh(math.atanh(r) + half), abs=DIFFERENCES
            )


def test_numbers_are_those_of_plain_numpy() -> None:
    frame = answers(200, seed=2)
    table = item_analysis(frame, SCALE).table
    x = keyed(frame)
    for item, row in enumerate(table.iter_rows(named=True)):
        own, rest = x[:, item], np.delete(x, item, axis=1)
        centred = own - own.mean()
        expected = {
            "mean": own.mean(),
            "sd": own.std(ddof=1),
            "skew": (centred**3).mean() / (centred**2).mean() ** 1.5,
            "floor": (own == 1).mean(),
            "ceiling": (own == 5).mean(),
            "item_total": np.corrcoef(own, x.sum(axis=1))[0, 1],
            "item_rest": np.corrcoef(own, rest.sum(axis=1))[0, 1],
        }
        for name, value in expected.items():
            assert row[name] == pytest.approx(value, abs=CLOSED), name


@pytest.mark.parametrize("missing", ["listwise", "pairwise"])
def test_coefficients_without_an_item_are_those_of_the_twin(missing: Any) -> None:
    frame = answers(80, seed=3, missing=0.05)
    result = item_analysis(
        frame, SCALE, coefficients=("alpha", "lambda2", "omega_u"), missing=missing
    )
    x = keyed(frame)
    if missing == "listwise":
        x = x[~np.isnan(x).any(axis=1)]  # the same persons, whichever item is left out
    for item, row in enumerate(result.table.iter_rows(named=True)):
        rest = np.delete(x, item, axis=1)
        for name in ("alpha", "lambda2", "omega_u"):
            value = pure.estimate(rest, name, missing=missing).value
            error = pure.standard_error(rest, name, missing=missing)
            assert row[f"{name}_if_dropped"] == pytest.approx(value, abs=CLOSED)
            # Numerical gradients of the twin.
            assert row[f"{name}_if_dropped_se"] == pytest.approx(error, rel=1e-7)
            half = 1.959963984540054 * error
            assert row[f"{name}_if_dropped_lower"] == pytest.approx(value - half, abs=1e-8)
            assert row[f"{name}_if_dropped_upper"] == pytest.approx(value + half, abs=1e-8)


def test_coefficients_of_all_items_are_those_of_reliability() -> None:
    frame = answers(90, seed=4, missing=0.05).with_columns(site=pl.Series(["a", "b", "c"] * 30))
    found = item_analysis(frame, SCALE, by="site").coefficients
    expected = reliability(frame, SCALE, by="site", interval="adf").table
    assert found.drop("persons").equals(expected.select(found.drop("persons").columns))
    assert found["persons"].to_list() == expected["n"].to_list()


@pytest.mark.parametrize("name", SCALES)
def test_numbers_are_those_of_psych(name: str) -> None:
    found = json.loads((SHARED / "reference" / "reliability" / f"{name}.json").read_text())
    meta, stats, dropped = found["meta"], found["alpha"]["item_stats"], found["alpha"]["alpha_drop"]
    path = SHARED / "data" / f"{meta['dataset']}.csv"
    frame = pl.read_csv(path if path.exists() else f"{path}.gz", infer_schema_length=None)
    if meta["subset"] is not None:
        pytest.skip("of a subset")
    scale = Scale(
        meta["scale"],
        items=meta["items"],
        minimum=meta["response_range"][0],
        maximum=meta["response_range"][1],
        reversed=meta["reversed"],
        continuous=meta["dataset"] == "holzinger_swineford_1939",
    )
    missing = name.rsplit("__", 1)[1]
    codes = meta["missing_codes_set_to_NA"]
    table = item_analysis(
        frame, scale, missing=missing, missing_codes=codes, coefficients="alpha"
    ).table
    ours = {"r.drop": "item_rest"}
    if missing == "listwise" or meta["n_missing_cells"] == 0:
        # Elsewhere psych takes raw.r with the mean of the answers there are, and standardises by
        # the variance of all answers to an item.
        ours |= {"raw.r": "item_total", "r.cor": "overlap_corrected", "mean": "mean", "sd": "sd"}
    if missing == "pairwise":
        ours |= {"mean": "mean", "sd": "sd", "n": "n"}
    for psych, column in ours.items():
        if missing == "listwise" and column in ("mean", "sd") and meta["n_complete"] < len(frame):
            continue  # ours are of all answers
        expected = [row[stats["cols"].index(psych)] for row in stats["values"]]
        assert table[column].to_list() == pytest.approx(expected, abs=CLOSED), psych
    without = [row[dropped["cols"].index("raw_alpha")] for row in dropped["values"]]
    assert table["alpha_if_dropped"].to_list() == pytest.approx(without, abs=CLOSED)


# psych::alpha(attitude)$item.stats$r.cor, psych 2.2.9.
ATTITUDE_R_COR = [
    0.75131733612629359, 0.82036758625946427, 0.59875782876845351, 0.77521351516164694,
    0.85060200687535947, 0.31164483767564272, 0.56319767040135926,
]  # fmt: skip


def test_corrected_correlations_are_those_of_psych_here() -> None:
    frame, scale = reference_survey("attitude")
    table = item_analysis(frame, scale, coefficients="alpha").table
    assert table["overlap_corrected"].to_list() == pytest.approx(ATTITUDE_R_COR, abs=CLOSED)


def test_every_category_is_counted() -> None:
    frame = pl.DataFrame({"a": [1, 1, 3, None], "b": [5, 4, 4, 9], "c": [1, 2, 3, 4]})
    scale = Scale("s", items=["a", "b", "c"], minimum=1, maximum=5, reversed=["b"])
    result = item_analysis(
        frame, scale, missing="pairwise", missing_codes=[9], coefficients="alpha"
    )
    of_b = result.categories.filter(item="b")
    assert of_b["answer"].to_list() == [1, 2, 3, 4, 5]
    assert of_b["keyed"].to_list() == [5, 4, 3, 2, 1]
    assert of_b["count"].to_list() == [0, 0, 0, 2, 1]
    assert of_b["share"].to_list() == [0, 0, 0, 2 / 3, 1 / 3]
    rows = result.table.select("n", "missing", "floor", "ceiling").rows()
    assert rows[1] == (3, 1, 1 / 3, 0.0)  # the answer 5 counts as 1


def test_categories_are_the_declared_values() -> None:
    frame = pl.DataFrame({"a": [0, 2, 6, 2], "b": [0, 2, 6, 6]})
    scale = Scale("s", items=["a", "b"], minimum=0, maximum=6, values=[0, 2, 6], reversed=["b"])
    found = item_analysis(frame, scale, coefficients="alpha").categories
    assert found.filter(item="b").select("answer", "keyed", "count").rows() == [
        (0, 6, 1), (2, 4, 1), (6, 0, 2)
    ]  # fmt: skip


def test_decimal_answers_are_described_too() -> None:
    random = np.random.default_rng(5)
    x = np.clip(random.normal(50, 30, size=(300, 1)) + random.normal(0, 20, size=(300, 3)), 0, 100)
    frame = pl.DataFrame({name: x[:, j] for j, name in enumerate("abc")})
    scale = Scale("s", items=list("abc"), minimum=0, maximum=100, continuous=True, reversed=["c"])
    result = item_analysis(frame, scale, coefficients="alpha")
    x[:, 2] = 100 - x[:, 2]
    assert result.categories.height == 0
    for item, row in enumerate(result.table.iter_rows(named=True)):
        own = x[:, item]
        centred = own - own.mean()
        assert row["mean"] == pytest.approx(own.mean(), rel=CLOSED)
        assert row["sd"] == pytest.approx(own.std(ddof=1), rel=CLOSED)
        assert row["skew"] == pytest.approx(
            (centred**3).mean() / (centred**2).mean() ** 1.5, abs=CLOSED
        )
        assert (row["floor"], row["ceiling"]) == ((own == 0).mean(), (own == 100).mean())
        rest = np.delete(x, item, axis=1).sum(axis=1)
        assert row["item_rest"] == pytest.approx(np.corrcoef(own, rest)[0, 1], abs=CLOSED)
        others = [each for each in range(3) if each != item]
        half = (
            1.959963984540054 * error_by_differences(x, item, others) / (1 - row["item_rest"] ** 2)
        )
        upper = math.tanh(math.atanh(row["item_rest"]) + half)
        assert row["item_rest_upper"] == pytest.approx(upper, abs=DIFFERENCES)


def test_a_group_gives_what_it_gives_alone() -> None:
    frame = answers(70_000, seed=6, missing=0.01).with_columns(
        site=pl.Series(["b"] * 69_900 + ["a"] * 100)
    )
    together = item_analysis(frame, SCALE, by="site")
    alone = item_analysis(frame.filter(site="b"), SCALE, by="site")
    assert together.table.filter(site="b").equals(alone.table)
    assert together.categories.filter(site="b").equals(alone.categories)


def test_a_group_that_cannot_be_analysed_says_why() -> None:
    frame = answers(310, seed=7)
    frame = frame.with_columns(site=pl.Series(["ok"] * 300 + ["same"] * 9 + ["one"]))
    frame = frame.with_columns(q1=pl.when(site="same").then(3).otherwise("q1"))
    gone = frame.head(2).with_columns(q2=pl.lit(None, pl.Int64), site=pl.lit("none"))
    table = item_analysis(pl.concat([frame, gone]), SCALE, by="site").table
    by_site = {site: rows for (site,), rows in table.partition_by("site", as_dict=True).items()}
    assert by_site["ok"]["note"].null_count() == 4
    assert set(by_site["none"]["note"]) == {"nobody answered every item"}
    assert by_site["none"]["n"].to_list() == [2, 0, 2, 2]
    assert by_site["none"]["item_rest"].null_count() == 4
    assert "'q1' does not vary here" in by_site["same"]["note"][1]
    assert by_site["same"]["item_rest"][0] is None
    assert by_site["same"]["sd"][0] == 0
    assert by_site["same"]["skew"][0] is None
    assert by_site["same"]["item_rest"][1] is not None
    assert "only one person" in by_site["one"]["note"][0]
    assert not any(
        table[name].is_nan().any() for name, kind in table.schema.items() if kind.is_float()
    )


def test_a_repeated_item_has_no_inverse() -> None:
    frame = answers(50, seed=8).with_columns(q2="q1")
    table = item_analysis(frame, SCALE, coefficients="alpha").table
    assert table["overlap_corrected"].null_count() == 4
    assert "no inverse" in table["note"][0]


def test_two_items_have_a_rest_and_nothing_without_one() -> None:
    scale = Scale("pair", items=["q1", "q2"], minimum=1, maximum=5)
    table = item_analysis(answers(50, seed=9), scale).table
    assert table["item_rest"][0] == table["item_rest"][1]
    assert table["alpha_if_dropped"].null_count() == 2
    assert table["note"][0] == "one item alone has no reliability"


def test_three_items_have_no_omega_without_one() -> None:
    scale = Scale("three", items=["q1", "q2", "q4"], minimum=1, maximum=5)
    table = item_analysis(answers(50, seed=9), scale).table
    assert table["alpha_if_dropped"].null_count() == 0
    assert table["omega_u_if_dropped"].null_count() == 3
    assert table["note"][0] == "no omega_u if it is dropped: one factor needs at least 3 items"


def test_subscales_are_rows_too() -> None:
    from compassion_psy import scales

    scale = scales.get("scs-sf", columns="item_{:02d}")
    survey = simulate_survey(persons=300, items=12, seed=1)
    result = item_analysis(survey.frame, scale.scores)
    assert result.table["scale"].n_unique() == len(scale.scores)
    # An item turned in the total need not be turned in its subscale.
    turned = result.table.filter(pl.col("item") == scale.reversed[0])["reversed"].to_list()
    assert set(turned) == {True, False}


def test_it_can_be_read() -> None:
    text = str(item_analysis(answers(50, seed=9), SCALE))
    assert "Item analysis" in text
    assert "item_rest" in text
    html = item_analysis(answers(50, seed=9), SCALE)._repr_html_()
    assert "<table" in html


def test_what_is_not_usable_is_refused() -> None:
    frame = answers(30, seed=1).with_columns(mean=pl.lit("a"), w=pl.lit(1.0))
    with pytest.raises(OptionError, match="column 'mean'"):
        item_analysis(frame, SCALE, by="mean")
    with pytest.raises(OptionError, match="level is 95"):
        item_analysis(frame, SCALE, level=95)
    with pytest.raises(OptionError, match="coefficients"):
        item_analysis(frame, SCALE, coefficients=["omega"])
    with pytest.raises(OptionError, match="weights, clusters or strata"):
        item_analysis(Responses.from_frame(frame, SCALE, weights="w"))
    with pytest.raises(DataError, match="one item"):
        item_analysis(frame, Scale("one", items=["q1"], minimum=1, maximum=5))
    nobody = frame.with_columns(q2=pl.lit(None, pl.Int64))
    with pytest.raises(DataError, match="nobody answered 'q2'"):
        item_analysis(nobody, SCALE)


def test_threads_change_no_bit() -> None:
    frame = answers(5_000, seed=11, missing=0.02)
    one, two = (item_analysis(frame, SCALE, missing="pairwise", threads=n) for n in (1, 2))
    assert isinstance(one, ItemAnalysis)
    assert one.table.equals(two.table)
