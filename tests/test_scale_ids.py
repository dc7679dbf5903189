"""A scale can be named by its id wherever a Scale is taken, and columns say where its items are."""

from __future__ import annotations

from typing import Any

import compassion_psy as cp
import numpy as np
import polars as pl
import pytest
from compassion_psy import scales
from compassion_psy.item_analysis import item_analysis
from compassion_psy.polychoric import polychoric

COLUMNS = "c{}"


def _answers(rows: int = 120) -> pl.DataFrame:
    random = np.random.default_rng(5)
    trait = random.normal(size=rows)
    scale = scales.get("swls", columns=COLUMNS)
    codes = np.clip(np.round(4 + trait[:, None] + random.normal(size=(rows, 5))), 1, 7)
    frame = pl.DataFrame(codes.astype(np.int64), schema=list(scale.items))
    return frame.with_columns(site=pl.Series(["a", "b"] * (rows // 2)))


FRAME = _answers()

QUESTIONS: list[Any] = [
    lambda *scale, **options: cp.reliability(FRAME, *scale, interval=None, **options).table,
    lambda *scale, **options: cp.reliability(FRAME, *scale, by="site", **options).table.drop(
        "lower", "upper", "se"
    ),
    lambda *scale, **options: item_analysis(FRAME, *scale, **options).table,
    lambda *scale, **options: cp.compare_reliability(FRAME, *scale, by="site", **options).tests,
    lambda *scale, **options: polychoric(FRAME, *scale, **options).pairs,
    lambda *scale, **options: cp.efa(FRAME, *scale, n_factors=1, **options).loadings,
    lambda *scale, **options: cp.moments(FRAME, *scale, **options).to_frame(),
    lambda *scale, **options: cp.audit(FRAME, *scale, by="site", **options).items,
    lambda *scale, **options: cp.score(FRAME, *scale, **options),
]


@pytest.mark.parametrize("question", QUESTIONS)
def test_an_id_with_columns_is_the_published_scale(question: Any) -> None:
    expected = question(scales.get("swls", columns=COLUMNS))
    assert question("swls", columns=COLUMNS).equals(expected)
    named = [f"c{j + 1}" for j in range(5)]
    assert question("SWLS", columns=named).equals(expected)
    assert question("swls", columns=dict(enumerate(named, 1))).equals(expected)


@pytest.mark.parametrize("question", QUESTIONS)
def test_an_unknown_id_lists_near_ones(question: Any) -> None:
    with pytest.raises(cp.ScaleError, match=r"no published scale 'swsl'.*'swls'"):
        question("swsl", columns=COLUMNS)


# audit and score rename the items of a Scale by columns.
@pytest.mark.parametrize("question", QUESTIONS[:7])
def test_columns_belong_to_an_id(question: Any) -> None:
    with pytest.raises(cp.OptionError, match=r"scale is a Scale.*with_columns"):
        question(scales.get("swls"), columns=COLUMNS)


def test_several_ids_have_columns_of_their_own() -> None:
    frame = FRAME.rename({f"c{j}": f"swls_{j}" for j in range(1, 6)})
    table = cp.reliability(frame, ["swls"], interval=None, coefficients="alpha").table
    assert table["scale"].to_list() == ["swls"]
    with pytest.raises(cp.OptionError, match=r"there are 2 scales; give each its own"):
        cp.reliability(frame, ["swls", "scs"], columns=COLUMNS)


def test_columns_need_an_id() -> None:
    responses = cp.Responses.from_frame(FRAME, scales.get("swls", columns=COLUMNS))
    with pytest.raises(cp.OptionError, match=r"no scale is named"):
        cp.reliability(responses, columns=COLUMNS)
    with pytest.raises(cp.OptionError, match=r"scale is given, but data is a Responses"):
        cp.reliability(responses, "who-5")


def test_a_published_scale_without_a_total_says_so() -> None:
    iri = scales.get("iri", columns="q{}")
    frame = pl.DataFrame({item: [0, 1, 2, 3, 4] for item in iri.items})
    with pytest.raises(cp.OptionError, match=r"has no total score, only subscales"):
        cp.reliability(frame, "iri", columns="q{}")
