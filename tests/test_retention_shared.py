"""Numbers of factors of a real survey against R, where the folder with both is."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import compassion_psy as cp
import numpy as np
import polars as pl
import pytest

SHARED = Path(__file__).parents[2] / "shared"
FOLDER = SHARED / "reference" / "parallel"
NAMES = ("listwise", "pairwise")

pytestmark = pytest.mark.skipif(not FOLDER.exists(), reason="needs ../shared")

DRAWS = 1000
CLOSED = 1e-10
# psych's search for the communalities of one factor stops early; 2e-7 was measured.
PSYCH = 1e-6
# Standard errors of the difference of two random means or quantiles.
SIGMAS = 5.0


def reference(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / f"bfi_25__{name}.json").read_text())
    return found


@cache
def found(name: Any) -> cp.NumberOfFactors:
    meta = reference(name)["meta"]
    frame = pl.read_csv(SHARED / "data" / "bfi.csv", null_values=["NA", ""])
    low, high = meta["response_range"]
    scale = cp.Scale(
        "bfi", items=meta["items"], minimum=low, maximum=high, reversed=meta["reversed"]
    )
    return cp.number_of_factors(frame, scale, missing=name, draws=DRAWS, seed=1)


def rows(name: str, kind: str, random: str) -> pl.DataFrame:
    return found(name).eigenvalues.filter(type=kind, random=random)


@pytest.mark.parametrize("name", NAMES)
def test_observed_eigenvalues_are_rs(name: str) -> None:
    expected = reference(name)
    observed = rows(name, "components", "normal")["observed"]
    np.testing.assert_allclose(observed, expected["eigenvalues_R"], atol=CLOSED, rtol=0)
    observed = rows(name, "factors", "normal")["observed"]
    np.testing.assert_allclose(observed, expected["fa_parallel"]["fa.values"], atol=PSYCH, rtol=0)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("kind", "random", "key"),
    [
        ("components", "normal", "simulated_pc"),
        ("components", "permuted", "resampled_pc"),
        ("factors", "normal", "simulated_fa"),
        ("factors", "permuted", "resampled_fa"),
    ],
)
def test_random_eigenvalues_are_those_of_fa_parallel(
    name: str, kind: str, random: str, key: str
) -> None:
    theirs = reference(name)["fa_parallel"]
    draws = 100
    spread = np.array(theirs[key]["sd"]) * np.sqrt(1 / draws + 1 / DRAWS)
    gap = rows(name, kind, random)["mean"].to_numpy() - np.array(theirs[key]["mean"])
    assert np.abs(gap / spread).max() < SIGMAS


@pytest.mark.parametrize("name", NAMES)
def test_normal_eigenvalues_are_horns(name: str) -> None:
    horn = reference(name).get("horn_normal")
    if horn is None:
        pytest.skip("not computed for these")
    ours = rows(name, "components", "normal")
    error = np.array(horn["mc_se_of_q95"]) * np.sqrt(2)
    gap = ours["percentile"].to_numpy() - np.array(horn["q95"])
    assert np.abs(gap / error).max() < SIGMAS
    counts = dict(found(name).table.select("criterion", "factors").iter_rows())
    assert counts["parallel_components_normal_percentile"] == horn["n_components_q95"]
    assert counts["parallel_components_normal_mean"] == horn["n_components_mean"]
    theirs = reference(name)["fa_parallel"]
    assert counts["parallel_factors_normal_percentile"] == theirs["nfact"]
    assert counts["parallel_components_normal_percentile"] == theirs["ncomp"]
