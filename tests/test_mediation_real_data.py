"""Self-compassion, distress after an event, growth, and support: mediation as lavaan has it."""

from typing import Any

import compassion_psy as cp
import numpy as np
import polars as pl
import pytest
from reference_data import values
from test_pathway import LAVAAN, SCALES, SHARED, UNRELATED, frame_of

LEVELS = {"support": [2, 3, 4]}
QUESTIONS: dict[str, dict[str, Any]] = {
    "mediated": {"m": "distress"},
    "mediated_in_series": {"m": ["distress", "support"], "serial": True},
    "moderated_first": {
        "m": "distress", "modulators": {"a": "support", "c": "support"}, "levels": LEVELS,
    },
    "moderated_second": {"m": "distress", "modulators": {"b": "support"}, "levels": LEVELS},
    "moderated_both": {
        "m": "distress", "modulators": {"a": "support", "b": "support"},
        "levels": {"support": [2, 4]},
    },
}  # fmt: skip


@pytest.mark.parametrize("name", QUESTIONS)
def test_mediation_is_that_of_lavaan(name: str) -> None:
    block = values("pathway")[name]
    result = cp.mediation(
        frame_of(block), x="compassion", y="growth", interval="wald", **QUESTIONS[name]
    )
    assert result.model == block["model"]
    assert result.pathway.n == block["n"] == 1068
    numbers = ("rows", "estimate", "se", "lower", "upper", "std_all")
    theirs = {row: rest for row, *rest in zip(*(block[each] for each in numbers), strict=True)}
    keyed = result.pathway.table.filter(pl.col("label") != "").with_columns(
        pl.when(pl.col("op") == ":=").then(pl.lit("")).otherwise("rhs").alias("rhs")
    )
    rows = dict(keyed.select("label", pl.format("{} {} {}", "lhs", "op", "rhs")).iter_rows())
    frames = [result.paths, result.effects, result.index, result.slopes]
    compared = standardised = 0
    for frame in frames:
        for found in frame.iter_rows(named=True):
            estimate, se, lower, upper, std_all = theirs[rows[found["label"]]]
            compared += 1
            assert found["estimate"] == pytest.approx(estimate, abs=LAVAAN)
            assert found["se"] == pytest.approx(se, abs=LAVAAN)
            assert found["lower"] == pytest.approx(lower, abs=LAVAAN)
            assert found["upper"] == pytest.approx(upper, abs=LAVAAN)
            # lavaan puts raw values of modulators into standardised paths: see test_mediation.py.
            if "std_all" in found and name not in UNRELATED and found.get("support") is None:
                standardised += 1
                assert found["std_all"] == pytest.approx(std_all, abs=LAVAAN)
    assert compared >= len(rows)
    assert name in UNRELATED or standardised >= 3


def test_support_modulates_the_answers_of_the_survey() -> None:
    """From items: scored by the scales' rules, with limits of the persons drawn."""
    if not SHARED.is_dir():
        pytest.skip("needs ../shared/data")
    survey = pl.read_csv(SHARED / "scs_three_groups.csv")
    result = cp.mediation(
        survey, x="compassion", m="distress", y="growth", scales=SCALES,
        modulators={"a": "support"}, interval=cp.Bootstrap(300, method="percentile", seed=1),
    )  # fmt: skip
    block = values("pathway")["moderated_first"]
    theirs = dict(zip(block["rows"], block["estimate"], strict=True))
    ours = dict(result.paths.select("label", "estimate").iter_rows())
    # Sums are sixteen times those of the file; support modulates one path less here.
    assert ours["a"] == pytest.approx(theirs["distress ~ compassion"], abs=LAVAAN)
    product = theirs["distress ~ compassion:support"]
    assert 16 * ours["a_support"] == pytest.approx(product, abs=LAVAAN)
    sums = survey.select(pl.sum_horizontal(pl.col(SCALES["support"].items)))
    assert result.levels["value"].to_list() == np.percentile(sums, (16, 50, 84)).tolist()
    row = result.index.row(0, named=True)
    assert row["lower"] < row["estimate"] < row["upper"]
