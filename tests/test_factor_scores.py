"""Scores on factors against stats::factanal, psych::factor.scores and closed forms."""

import dataclasses
from typing import Any

import compassion_psy as cp
import numpy as np
import polars as pl
import pytest
from reference_data import survey, values

# factanal's loadings, which differ by 1e-6 (test_factors.py), times answers of some deviations.
FACTANAL = 1e-5
# The same loadings given to both: rounding.
PSYCH = 1e-12
CLOSED = 1e-12
METHODS = ("regression", "bartlett")


def shown(found: cp.FactorScores, rows: int = 5) -> np.ndarray:
    return found.scores.head(rows).to_numpy()


def given(name: str = "two_factor") -> cp.FactorSolution:
    """Return a solution with the loadings that psych was given."""
    frame, scale = survey(name)
    block = values("factor_scores")["psych"]
    pattern, phi = np.array(block["loadings"]), np.array(block["phi"])
    solution = cp.efa(frame, scale, n_factors=2, seed=1)
    loadings = pl.DataFrame(pattern, schema=["F1", "F2"])
    loadings.insert_column(0, solution.loadings["item"])
    unique = 1 - np.einsum("ij,jk,ik->i", pattern, phi, pattern)
    uniquenesses = solution.uniquenesses.with_columns(uniqueness=pl.Series(unique))
    return dataclasses.replace(solution, loadings=loadings, phi=phi, uniquenesses=uniquenesses)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", ["two_factor", "congeneric"])
def test_scores_are_factanals(name: str, method: Any) -> None:
    frame, scale = survey(name)
    block = values("factor_scores")["factanal"][name]
    solution = cp.efa(frame, scale, n_factors=block["factors"], method="ml", rotation=None)
    found = cp.factor_scores(solution, frame, scale, method=method)
    ours = solution.loadings.drop("item").to_numpy()
    signs = np.sign((ours * np.array(block["loadings"])).sum(axis=0))
    np.testing.assert_allclose(shown(found), np.array(block[method]) * signs, atol=FACTANAL)
    assert (found.n, found.n_missing) == (frame.height, 0)


@pytest.mark.parametrize("method", METHODS)
def test_scores_of_correlated_factors_are_psychs(method: Any) -> None:
    frame, scale = survey("two_factor")
    block = values("factor_scores")["psych"]
    found = cp.factor_scores(given(), frame, scale, method=method)
    np.testing.assert_allclose(shown(found), block[method]["scores"], atol=PSYCH)
    weights = found.weights.drop("item").to_numpy()
    np.testing.assert_allclose(weights, block[method]["weights"], atol=PSYCH)
    np.testing.assert_allclose(found.determinacy["determinacy"] ** 2, block["r2"], atol=PSYCH)


def test_regression_scores_have_the_variance_that_determinacy_says() -> None:
    frame, scale = survey("two_factor")
    solution = cp.efa(frame, scale, n_factors=2, seed=1)
    best = cp.factor_scores(solution, frame, scale)
    variances = best.scores.to_numpy().var(axis=0, ddof=1)
    np.testing.assert_allclose(variances, best.determinacy["determinacy"] ** 2, rtol=CLOSED)
    np.testing.assert_allclose(
        best.determinacy["validity"], best.determinacy["determinacy"], rtol=CLOSED
    )
    least = 2 * best.determinacy["determinacy"] ** 2 - 1
    np.testing.assert_allclose(best.determinacy["least_correlation"], least, rtol=CLOSED)
    bartlett = cp.factor_scores(solution, frame, scale, method="bartlett")
    assert (bartlett.determinacy["validity"] <= best.determinacy["validity"]).all()
    # Bartlett's scores of what the factors alone make are the factors: W'Λ = 1.
    weights = bartlett.weights.drop("item").to_numpy()
    pattern = solution.loadings.drop("item").to_numpy()
    np.testing.assert_allclose(weights.T @ pattern, np.eye(2), atol=CLOSED)


def test_one_factor_by_its_closed_form() -> None:
    pattern = np.array([0.8, 0.7, 0.6])
    r = np.outer(pattern, pattern)
    np.fill_diagonal(r, 1)
    signal = (pattern**2 / (1 - pattern**2)).sum()
    scale = cp.Scale("calm", items=["a", "b", "c"], minimum=0, maximum=4, continuous=True)
    frame = pl.DataFrame({"a": [0.0, 1.5, 3.0], "b": [1.0, 2.0, 2.5], "c": [4.0, 0.5, 1.0]})
    solution = cp.efa(r, scale, n_factors=1)
    z = frame.to_numpy()
    z = (z - z.mean(axis=0)) / z.std(axis=0, ddof=1)
    for method, divisor in (("regression", 1 + signal), ("bartlett", signal)):
        found = cp.factor_scores(solution, frame, scale, method=method)  # type: ignore[arg-type]
        expected = z @ (pattern / (1 - pattern**2)) / divisor
        # Where Newton's method stops.
        np.testing.assert_allclose(found.scores["F1"], expected, atol=1e-8)
        determinacy = found.determinacy["determinacy"][0]
        assert determinacy == pytest.approx(np.sqrt(signal / (1 + signal)), abs=1e-8)
    assert "standardised with the means of these persons" in str(found)


def test_missing_answers_have_no_score_and_rows_keep_their_places() -> None:
    frame, scale = survey("congeneric_missing")
    solution = cp.efa(frame, scale, n_factors=1)
    found = cp.factor_scores(solution, frame, scale)
    absent = frame.select(pl.any_horizontal(pl.col(scale.items).is_null())).to_series()
    assert found.scores["F1"].is_null().to_list() == absent.to_list()
    assert found.n_missing == absent.sum() > 0
    assert f"{found.n_missing} persons with missing answers have no scores" in str(found)
    # Each person alone has the score it has among all: standards are those of the solution.
    places = [0, 7, 11, 200]
    some = cp.factor_scores(solution, frame[places], scale)
    assert some.scores.equals(found.scores[places])
    other = cp.factor_scores(solution, cp.Responses.from_frame(frame, scale))
    assert other.scores.equals(found.scores)


def test_reversed_items_are_turned() -> None:
    frame, scale = survey("attitude")
    solution = cp.efa(frame, scale, n_factors=1)
    found = cp.factor_scores(solution, frame, scale)
    turned = dataclasses.replace(scale, reversed=(scale.items[0],))
    item = scale.items[0]
    mirrored = frame.with_columns((scale.minimum + scale.maximum - pl.col(item)).alias(item))
    again = cp.factor_scores(cp.efa(mirrored, turned, n_factors=1), mirrored, turned)
    np.testing.assert_allclose(again.scores["F1"], found.scores["F1"], atol=CLOSED)


def test_components_have_exact_scores() -> None:
    frame, scale = survey("two_factor")
    solution = cp.efa(frame, scale, n_factors=2, method="components", rotation=None)
    found = cp.factor_scores(solution, frame, scale)
    covariance = np.cov(found.scores.to_numpy(), rowvar=False)
    np.testing.assert_allclose(covariance, np.eye(2), atol=CLOSED)
    np.testing.assert_allclose(found.determinacy["determinacy"], 1, atol=CLOSED)
    with pytest.raises(cp.OptionError, match="components have no uniquenesses"):
        cp.factor_scores(solution, frame, scale, method="bartlett")


def test_what_cannot_be_scored() -> None:
    frame, scale = survey("two_factor")
    solution = cp.efa(frame, scale, n_factors=2, seed=1)
    with pytest.raises(cp.OptionError, match="scale is missing"):
        cp.factor_scores(solution, frame)
    with pytest.raises(cp.OptionError, match="it must be what efa returns"):
        cp.factor_scores(frame, solution, scale)  # type: ignore[arg-type]
    with pytest.raises(cp.OptionError, match="method is 'anderson'"):
        cp.factor_scores(solution, frame, scale, method="anderson")  # type: ignore[arg-type]
    fewer = cp.Scale("less", items=scale.items[:5], minimum=1, maximum=7)
    with pytest.raises(cp.DataError, match="'less' has 'item1', 'item2'"):
        cp.factor_scores(solution, frame, fewer)
    grouped = cp.Responses.from_frame(frame, scale, cluster="person")
    with pytest.raises(cp.OptionError, match="another order"):
        cp.factor_scores(solution, grouped)
    x = np.random.default_rng(1).normal(size=(50, 4))
    singular = np.corrcoef(np.column_stack([x, x.sum(axis=1)]), rowvar=False)
    five = cp.efa(singular, fewer, n_factors=1)
    with pytest.raises(cp.DataError, match="has no inverse"):
        cp.factor_scores(five, frame, fewer)
    bartlett = cp.factor_scores(five, frame, fewer, method="bartlett")
    assert bartlett.determinacy["determinacy"].to_list() == [None]
    alike = frame.head(3).with_columns(item2=pl.lit(4))
    with pytest.raises(cp.DataError, match=r"'item2' .* cannot be standardised"):
        cp.factor_scores(five, alike, fewer, method="bartlett")


def test_text() -> None:
    frame, scale = survey("two_factor")
    solution = cp.efa(frame, scale, n_factors=2, correlation="polychoric", seed=1)
    found = cp.factor_scores(solution, frame, scale)
    assert "two_factor: factor scores by regression for 250 persons" in str(found)
    assert "determinacy is too high" in found.notes[0]
    assert found._repr_html_().count("<table>") == 2
