"""Schmid-Leiman of given loadings: a structure that is known, and what has none."""

from __future__ import annotations

from typing import Any

import compassion_psy as cp
import numpy as np
import numpy.typing as npt
import polars as pl
import pytest

# Where the search for the loadings of three factors on one stops.
SEARCHED = 1e-6
CLOSED = 1e-12
GAMMA = np.array([0.8, 0.7, 0.6])
PATTERN = np.kron(np.eye(3), np.array([[0.7], [0.6], [0.5]]))


def phi(gamma: npt.NDArray[np.float64] = GAMMA) -> npt.NDArray[np.float64]:
    correlations = np.outer(gamma, gamma)
    np.fill_diagonal(correlations, 1)
    return correlations


def test_the_structure_that_made_the_correlations_is_found() -> None:
    found = cp.schmid_leiman(PATTERN, phi())
    np.testing.assert_allclose(found.gamma, GAMMA, atol=SEARCHED)
    np.testing.assert_allclose(found.loadings["g"], PATTERN @ GAMMA, atol=SEARCHED)
    groups = found.loadings.select("F1*", "F2*", "F3*").to_numpy()
    np.testing.assert_allclose(groups, PATTERN * np.sqrt(1 - GAMMA**2), atol=SEARCHED)
    h2 = np.diag(PATTERN @ phi() @ PATTERN.T)
    np.testing.assert_allclose(found.loadings["h2"], h2, atol=CLOSED)
    assert (found.status, found.notes) == ("ok", ())


@pytest.mark.parametrize(("how", "gamma"), [("equal", (0.6, 0.6)), ("first", (1, 0.36))])
def test_two_factors_are_said_to_load_as_asked(how: str, gamma: tuple[float, float]) -> None:
    found = cp.schmid_leiman(PATTERN[:, :2], [[1, 0.36], [0.36, 1]], two_factors=how)
    np.testing.assert_allclose(found.gamma, gamma, atol=CLOSED)
    assert "Two factors have one correlation" in found.notes[0]


@pytest.mark.parametrize("given", ["phi", "solution"])
def test_uncorrelated_factors_have_no_general_one(given: str) -> None:
    survey = cp.simulate_survey(persons=200, items=9, seed=1)
    orthogonal = cp.efa(survey.frame, survey.scale, n_factors=3, rotation="varimax", seed=1)
    words: Any = (orthogonal,) if given == "solution" else (PATTERN, np.eye(3))
    with pytest.raises(cp.DataError, match=r"uncorrelated.*rotate obliquely"):
        cp.schmid_leiman(*words)


def test_more_than_all_of_an_item_is_a_heywood_case() -> None:
    large = PATTERN.copy()
    large[4, 1] = 1.2
    frame = pl.DataFrame(large, schema=["A", "B", "C"])
    found = cp.schmid_leiman(frame.insert_column(0, pl.Series("item", list("abcdefghi"))), phi())
    assert found.status == "heywood"
    assert "more than all of the variance of 'e'" in found.notes[0]


@pytest.mark.parametrize("value", [1e200, 50.0])
def test_loadings_that_are_not_standardised_are_refused(value: float) -> None:
    large = PATTERN.copy()
    large[0, 0] = value
    with pytest.raises(cp.DataError, match="give standardised ones"):
        cp.schmid_leiman(large, phi())
