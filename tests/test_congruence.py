"""Congruence and Procrustes against psych and closed forms."""

from typing import Any

import compassion_psy as cp
import numpy as np
import polars as pl
import pytest
from reference_data import values

# A few products and one singular value decomposition of numbers below one.
CLOSED = 1e-12


def given() -> dict[str, np.ndarray]:
    return {key: np.array(value) for key, value in values("retention")["congruence"].items()}


def frame(loadings: np.ndarray, order: Any = None) -> pl.DataFrame:
    items = [f"q{j}" for j in range(len(loadings))]
    whole = pl.DataFrame(loadings, schema=["A", "B", "C"]).insert_column(
        0, pl.Series("item", items)
    )
    return whole if order is None else whole[order]


def test_congruences_are_psychs() -> None:
    block = given()
    found = cp.congruence(block["moved"], block["first"])
    np.testing.assert_allclose(found.phi.drop("factor").to_numpy(), block["phi"], atol=CLOSED)


def test_factors_are_matched() -> None:
    block = given()
    found = cp.congruence(frame(block["moved"]), frame(block["first"]))
    rows = found.matches.rows(named=True)
    columns = np.abs(block["phi"]).argmax(axis=0)
    assert [row["match"] for row in rows] == ["ABC"[at] for at in columns]
    signed = block["phi"][columns, range(3)]
    assert [row["sign"] for row in rows] == np.sign(signed).tolist()
    np.testing.assert_allclose([row["phi"] for row in rows], np.abs(signed), atol=CLOSED)
    assert "Matched factors" in str(found)
    assert "<table" in found._repr_html_()


def test_the_match_is_the_best_of_all_and_not_the_first_that_offers_itself() -> None:
    # Both factors are most like the first; only one can have it.
    first = np.array([[1.0, 0.1], [0.0, 1.0], [0.3, 0.0]])
    second = np.array([[1.0, 1.0], [0.0, 0.4], [0.3, 0.0]])
    assert cp.congruence(first, second).matches["match"].to_list() == ["F1", "F2"]


def test_a_factor_without_another_has_no_match() -> None:
    block = given()
    found = cp.congruence(block["first"][:, :2], block["first"])
    assert found.matches["match"].to_list() == ["F1", "F2", None]
    assert found.phi.shape == (2, 4)


def test_items_are_matched_by_name() -> None:
    block = given()
    order = [3, 1, 8, 0, 2, 4, 7, 6, 5]
    straight = cp.congruence(frame(block["moved"]), frame(block["first"]))
    shuffled = cp.congruence(frame(block["moved"]), frame(block["first"], order))
    # Sums in another order of memory.
    apart = shuffled.phi.drop("factor").to_numpy() - straight.phi.drop("factor").to_numpy()
    assert np.abs(apart).max() < CLOSED
    turned = cp.procrustes(frame(block["moved"]), frame(block["first"], order))
    np.testing.assert_allclose(
        turned.loadings.drop("item").to_numpy(), block["procrustes"], atol=CLOSED
    )
    assert turned.loadings["item"].to_list() == [f"q{j}" for j in range(9)]


def test_orthogonal_procrustes_is_psychs() -> None:
    block = given()
    found = cp.procrustes(block["moved"], block["first"])
    turned = found.loadings.drop("item").to_numpy()
    np.testing.assert_allclose(turned, block["procrustes"], atol=CLOSED)
    np.testing.assert_allclose(found.rotation @ found.rotation.T, np.eye(3), atol=CLOSED)
    np.testing.assert_array_equal(found.phi, np.eye(3))
    gap = turned - block["first"]
    assert found.distance == pytest.approx(np.sqrt((gap**2).mean()), abs=CLOSED)
    assert "Congruence with the target" in str(found)
    assert "<table" in found._repr_html_()


def test_an_oblique_pattern_comes_back() -> None:
    pattern = given()["first"]
    phi = np.array([[1, 0.5, 0.2], [0.5, 1, -0.3], [0.2, -0.3, 1]])
    # Λ Φ Λ' = A A' with A = Λ times the Cholesky factor of Φ.
    uncorrelated = pattern @ np.linalg.cholesky(phi)
    found = cp.procrustes(uncorrelated, pattern, oblique=True)
    np.testing.assert_allclose(found.loadings.drop("item").to_numpy(), pattern, atol=1e-10)
    np.testing.assert_allclose(found.phi, phi, atol=1e-10)
    assert found.distance < 1e-10


def test_oblique_factors_have_variance_one_and_the_same_common_part() -> None:
    block = given()
    found = cp.procrustes(block["moved"], block["first"], oblique=True)
    turned = found.loadings.drop("item").to_numpy()
    np.testing.assert_allclose(np.diag(found.phi), 1, atol=CLOSED)
    np.testing.assert_allclose(
        turned @ found.phi @ turned.T, block["moved"] @ block["moved"].T, atol=1e-10
    )
    regression = np.linalg.lstsq(block["moved"], block["first"], rcond=None)[0]
    ratios = found.rotation / regression
    np.testing.assert_allclose(ratios, np.broadcast_to(ratios[0], (3, 3)), atol=1e-9)


def test_solutions_are_turned_from_their_unrotated_loadings() -> None:
    matrix = np.array(values("retention")["numbers"]["three"]["correlation"])
    solution = cp.efa(matrix, n_factors=3, seed=1)
    truth = np.round(solution.loadings.drop("item").to_numpy(), 1)
    found = cp.procrustes(solution, truth, oblique=True)
    gap = found.loadings.drop("item").to_numpy() - solution.loadings.drop("item").to_numpy()
    assert np.abs(gap).max() < 0.05
    assert found.phi[0, 1] == pytest.approx(solution.phi[0, 1], abs=0.05)
    assert cp.congruence(solution, solution).matches["match"].to_list() == ["F1", "F2", "F3"]


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        (np.eye(3), np.eye(4), "3 items and second 4"),
        ([[1.0]], np.eye(1), "first is a list"),
        (np.full((3, 1), np.nan), np.ones((3, 1)), "no numbers"),
        (np.zeros((3, 1)), np.ones((3, 1)), "'F1' of first has only zeros"),
        (np.ones((3, 10)), np.ones((3, 2)), "10 factors"),
        (pl.DataFrame({"F1": [1.0]}), np.ones((1, 1)), "no column 'item'"),
        (pl.DataFrame({"item": ["a", "a"], "F1": [1.0, 2.0]}), np.ones((2, 1)), "more than once"),
        (pl.DataFrame({"item": ["a"], "F1": ["x"]}), np.ones((1, 1)), "'F1' of first"),
        (
            pl.DataFrame({"item": ["q1"], "F1": [1.0]}),
            pl.DataFrame({"item": ["q2"], "F1": [1.0]}),
            "'q1' of first is not in second",
        ),
    ],
)
def test_loadings_that_cannot_be_compared(first: Any, second: Any, words: str) -> None:
    with pytest.raises(cp.DataError, match=words):
        cp.congruence(first, second)


def test_targets_that_cannot_be_reached() -> None:
    with pytest.raises(cp.DataError, match="as many"):
        cp.procrustes(np.eye(3)[:, :2], np.eye(3))
    same = np.ones((4, 2))
    with pytest.raises(cp.DataError, match="not determined"):
        cp.procrustes(same, same)
    with pytest.raises(cp.OptionError, match="oblique"):
        cp.procrustes(np.eye(3), np.eye(3), oblique=1)  # type: ignore[arg-type]
