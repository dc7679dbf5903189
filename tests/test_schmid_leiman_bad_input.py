"""What schmid_leiman says of loadings and correlations that are none."""

from typing import Any

import compassion_psy as cp
import numpy as np
import polars as pl
import pytest

PATTERN = np.kron(np.eye(2), np.ones((3, 1))) * 0.7
PHI = np.array([[1, 0.36], [0.36, 1]])
THREE = np.kron(np.eye(3), np.ones((2, 1))) * 0.7
FRAME = pl.DataFrame({"item": ["a", "b"], "F1": [0.7, 0.0], "F2": [0.0, 0.6]})


@pytest.mark.parametrize(
    ("loadings", "phi", "words"),
    [
        ([0.5, 0.6], PHI, "shape \\(2,\\); give items"),
        (np.zeros((2, 2, 2)), PHI, "give items"),
        (np.zeros((0, 2)), PHI, "give items"),
        ("abc", PHI, "not an array of numbers"),
        (PATTERN * 1j, PHI, "complex numbers"),
        (PATTERN * np.nan, PHI, "no numbers; each item needs all"),
        (PATTERN, np.eye(3), "shape \\(3, 3\\), but there are 2 factors"),
        (PATTERN, [[1, 0.3], [0.4, 1]], "symmetric with a diagonal of ones"),
        (PATTERN, [[2, 0.3], [0.3, 1]], "symmetric with a diagonal of ones"),
        (PATTERN, [[1, 1.2], [1.2, 1]], "a correlation of 1.2; it must be 1 at most"),
        (PATTERN, [[1, np.nan], [np.nan, 1]], "no numbers"),
        (PATTERN, "x", "not an array of numbers"),
        (THREE, [[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]], "smallest eigenvalue is -0.8"),
        (FRAME.drop("item"), PHI, "no column 'item'; name the items"),
        (FRAME.select("item"), PHI, "2 items × 0 factors"),
        (FRAME.clear(), PHI, "0 items × 2 factors"),
        (FRAME.with_columns(F1=pl.lit("x")), PHI, "Column 'F1' of the loadings is no column"),
        (FRAME.with_columns(item=pl.lit(None, pl.String)), PHI, "rows without a name"),
        (FRAME.with_columns(F1=pl.lit(None, pl.Float64)), PHI, "each item needs all"),
    ],
)
def test_what_is_no_solution(loadings: Any, phi: Any, words: str) -> None:
    with pytest.raises(cp.DataError, match=words):
        cp.schmid_leiman(loadings, phi)


def test_what_is_not_asked_for_well() -> None:
    with pytest.raises(cp.OptionError, match="phi is not given"):
        cp.schmid_leiman(PATTERN)
    with pytest.raises(cp.OptionError, match="at least 2"):
        cp.schmid_leiman(PATTERN[:, :1], [[1]])
    with pytest.raises(cp.OptionError, match="'both'"):
        cp.schmid_leiman(PATTERN, PHI, two_factors="both")


@pytest.mark.parametrize(
    ("two_factors", "gamma"),
    [("equal", [0.6, 0.6]), ("first", [1, 0.36]), ("second", [0.36, 1])],
)
def test_two_factors_say_what_was_taken(two_factors: str, gamma: list[float]) -> None:
    found = cp.schmid_leiman(PATTERN, PHI, two_factors=two_factors)
    # Closed forms of one correlation.
    assert found.gamma.tolist() == pytest.approx(gamma, abs=1e-14)
    assert "Two factors have one correlation" in found.notes[0]
    assert found.loadings["g"].to_numpy() == pytest.approx(PATTERN @ np.array(gamma), abs=1e-14)


def test_lazy_frames_are_frames() -> None:
    lazy, eager = cp.schmid_leiman(FRAME.lazy(), PHI), cp.schmid_leiman(FRAME, PHI)
    assert lazy.loadings.equals(eager.loadings)


def test_more_than_all_variance_is_said() -> None:
    found = cp.schmid_leiman(PATTERN * 2, PHI)
    assert "explain more than all of the variance" in found.notes[-1]
