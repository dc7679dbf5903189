"""A reliability above 1 says so, and what to do; other numbers may be as large as they are."""

from pathlib import Path

import compassion_psy as cp
import numpy as np
import polars as pl
import pytest
from compassion_psy.reliability_excess import above_one

SCS = Path(__file__).parents[2] / "shared" / "data" / "scs_three_groups.csv"


def two_blocks() -> tuple[pl.DataFrame, cp.Scale]:
    """Items of two factors that hardly correlate: one factor makes too much of them."""
    r = np.full((12, 12), 0.05)
    r[:5, :5] = r[5:, 5:] = 0.8
    np.fill_diagonal(r, 1)
    draws = np.random.default_rng(5).multivariate_normal(np.zeros(12), r, size=500)
    names = [f"x{i + 1}" for i in range(12)]
    codes = np.clip(np.round(draws * 1.2 + 3), 1, 5).astype(int)
    return pl.DataFrame(codes, schema=names), cp.Scale("two", items=names, minimum=1, maximum=5)


def test_one_factor_that_does_not_fit() -> None:
    frame, scale = two_blocks()
    names = ["alpha", "omega_ordinal", "omega_total", "signal_to_noise"]
    table = cp.reliability(frame, scale, coefficients=names, interval=None, factors=2).table
    alpha, omega, total, ratio = table.rows(named=True)
    assert omega["estimate"] > 1
    assert "above 1: one factor does not fit these items" in omega["note"]
    assert "omega_total" in omega["note"]
    assert alpha["estimate"] < 1
    assert alpha["note"] is None
    # The remedy is one.
    assert total["estimate"] < 1
    assert total["note"] is None
    # A ratio, no reliability.
    assert ratio["estimate"] > 1
    assert ratio["note"] is None


@pytest.mark.parametrize(
    ("name", "factors", "words"),
    [
        ("omega_total", 1, "one factor does not fit"),
        ("omega_u_observed", 3, "one factor does not fit"),
        ("omega_total", 4, "4 factors do not fit these items"),
        ("omega_h", 3, "ask for fewer factors"),
        ("omega_group_total_2", 3, "ask for fewer factors"),
        ("glb_factor", 3, "use 'glb'"),
        ("alpha_ordinal", 3, "merge rare categories"),
        ("lambda6", 3, "missing='listwise'"),
    ],
)
def test_what_to_do(name: str, factors: int, words: str) -> None:
    said = above_one(name, factors)
    assert said is not None
    assert said.startswith("above 1: ")
    assert words in said


@pytest.mark.parametrize("name", ["average_r", "signal_to_noise", "sem", "ecv", "puc", "h", "ave"])
def test_what_is_no_reliability_says_nothing(name: str) -> None:
    assert above_one(name, 3) is None


def test_pairs_that_no_answers_have() -> None:
    """Pairwise covariances of answers to different items by different persons."""
    n, r = 60, np.random.default_rng(2).normal(size=60)
    a = np.column_stack([r, r, np.full(n, np.nan)])
    b = np.column_stack([np.full(n, np.nan), r, r])
    c = np.column_stack([r * 2, np.full(n, np.nan), r * 2])
    names = ["x", "y", "z"]
    frame = pl.DataFrame(np.vstack([a, b, c]), schema=names).fill_nan(None)
    scale = cp.Scale("pairs", items=names, minimum=-20, maximum=20, continuous=True)
    table = cp.reliability(
        frame, scale, coefficients=["alpha", "lambda2"], interval=None, missing="pairwise"
    ).table
    for row in table.rows(named=True):
        assert (row["estimate"] > 1) == ("missing='listwise'" in (row["note"] or ""))
    assert table["estimate"].max() > 1  # type: ignore[operator]


@pytest.mark.skipif(not SCS.exists(), reason="needs ../shared")
def test_self_compassion_by_group() -> None:
    """Items of six subscales, half of them reversed: ordinal omega of one factor is 1.08."""
    frame = pl.read_csv(SCS, infer_schema_length=None)
    table = cp.reliability(
        frame,
        "scs",
        columns="scs_{}",
        by="group",
        coefficients=["omega_ordinal", "omega_categorical", "glb_factor"],
        interval=None,
    ).table
    above = table.filter(pl.col("estimate") > 1)
    assert above.height == 6
    assert above["note"].str.contains("above 1: one factor does not fit").all()
    assert not table.filter(pl.col("estimate") <= 1)["note"].str.contains("above 1").any()
