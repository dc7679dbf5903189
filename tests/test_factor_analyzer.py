"""Factors from and to factor_analyzer, and what it gets wrong."""

import json
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import compassion_psy as cp
import numpy as np
import polars as pl
import pytest
from reference_data import survey
from test_factors import array, matched

FactorAnalyzer = pytest.importorskip("factor_analyzer").FactorAnalyzer

DATA = Path(__file__).parents[2] / "shared" / "data"
BFI = [f"{letter}{number}" for letter in "ACENO" for number in range(1, 6)]

# The same arrays, multiplied in another order.
SAME = 1e-12
# Its searches stop at a relative gain of 2e-9; 6e-6 was measured with the bfi.
EXTRACTED = 2e-5
# Its rotations stop at a slope, or a gain, of 1e-5.
ROTATED = 2e-3

needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="needs ../shared/data")


@pytest.fixture(scope="module")
def bfi() -> tuple[pl.DataFrame, cp.Scale]:
    frame = pl.read_csv(DATA / "bfi.csv", infer_schema_length=None).select(BFI).drop_nulls()
    return frame, cp.Scale("bfi", items=BFI, minimum=1, maximum=6)


def theirs(frame: pl.DataFrame, scale: cp.Scale, **options: Any) -> Any:
    return FactorAnalyzer(**options).fit(frame.select(scale.items).to_numpy().astype(float))


@needs_data
@pytest.mark.parametrize("method", ["minres", "ml", "principal"])
def test_extraction_of_a_real_survey(bfi: Any, method: Any) -> None:
    frame, scale = bfi
    ours = cp.efa(frame, scale, n_factors=5, method=method, rotation=None)
    other = theirs(frame, scale, n_factors=5, method=method, rotation=None).loadings_
    order, signs = matched(other, array(ours))
    # Its principal components are of a randomised decomposition.
    tolerance = 2e-3 if method == "principal" else EXTRACTED
    np.testing.assert_allclose(other[:, order] * signs, array(ours), atol=tolerance)


@needs_data
@pytest.mark.parametrize(
    "rotation",
    ["varimax", "promax", "oblimin", "quartimin", "quartimax", "geomin_obl", "geomin_ort"],
)
def test_rotation_of_a_real_survey(bfi: Any, rotation: Any) -> None:
    frame, scale = bfi
    ours = cp.efa(frame, scale, n_factors=5, rotation=rotation, seed=1)
    other = theirs(frame, scale, n_factors=5, rotation=rotation).loadings_
    order, signs = matched(other, array(ours))
    np.testing.assert_allclose(other[:, order] * signs, array(ours), atol=ROTATED)


@needs_data
def test_its_equamax_is_quartimax_until_it_is_given_a_weight(bfi: Any) -> None:
    frame, scale = bfi
    for ours, options in (("quartimax", None), ("equamax", {"kappa": 5 / 50})):
        other = theirs(frame, scale, n_factors=5, rotation="equamax", rotation_kwargs=options)
        found = cp.efa(frame, scale, n_factors=5, rotation=ours, seed=1)  # type: ignore[arg-type]
        order, signs = matched(other.loadings_, array(found))
        np.testing.assert_allclose(other.loadings_[:, order] * signs, array(found), atol=ROTATED)
        assert cp.FactorSolution.from_factor_analyzer(other).rotation == ours


@needs_data
def test_its_factor_correlations_are_in_another_order_than_its_loadings(bfi: Any) -> None:
    frame, scale = bfi
    other = theirs(frame, scale, n_factors=5, rotation="oblimin")
    plain = theirs(frame, scale, n_factors=5, rotation=None)
    common = plain.loadings_ @ plain.loadings_.T
    wrong = other.loadings_ @ other.phi_ @ other.loadings_.T
    # The defect: a rotation changes what the factors have in common.
    assert np.abs(wrong - common).max() > 0.2
    found = cp.FactorSolution.from_factor_analyzer(other, n=frame.height, items=BFI)
    right = other.loadings_ @ found.phi @ other.loadings_.T
    np.testing.assert_allclose(right, common, atol=SAME)
    assert any("another order" in note for note in found.notes)
    # And its uniquenesses leave out that factors correlate.
    assert np.abs(other.get_uniquenesses() - plain.get_uniquenesses()).max() > 0.1
    np.testing.assert_allclose(
        found.uniquenesses["uniqueness"], plain.get_uniquenesses(), atol=SAME
    )
    ours = cp.efa(frame, scale, n_factors=5, seed=1)
    order, signs = matched(array(found), array(ours))
    phi = found.phi[np.ix_(order, order)] * np.outer(signs, signs)
    np.testing.assert_allclose(phi, ours.phi, atol=ROTATED)
    assert found.fit.chi_square == pytest.approx(ours.fit.chi_square, rel=1e-6)
    np.testing.assert_allclose(found.standardisation["sd"], ours.standardisation["sd"], rtol=SAME)


@pytest.mark.parametrize("rotation", ["oblimin", "varimax", "target", "equamax", None])
def test_there_and_back(rotation: Any) -> None:
    frame, scale = survey("two_factor")
    options: dict[str, Any] = {"n_factors": 2, "seed": 1}
    if rotation == "target":
        options["target"] = np.kron(np.eye(2), np.ones((5, 1)))
    ours = cp.efa(frame, scale, rotation=rotation, **options)
    other = ours.to_factor_analyzer()
    assert isinstance(other, FactorAnalyzer)
    np.testing.assert_array_equal(other.loadings_, array(ours))
    np.testing.assert_array_equal(other.corr_, ours.correlation)
    np.testing.assert_array_equal(other.get_uniquenesses(), ours.uniquenesses["uniqueness"])
    np.testing.assert_array_equal(other.get_communalities(), ours.communalities["communality"])
    if rotation is not None:
        turned = ours.unrotated @ other.rotation_matrix_
        np.testing.assert_allclose(turned, array(ours), atol=SAME)
    scored = other.transform(frame.select(scale.items).to_numpy().astype(float))
    n = frame.height
    # It divides by standard deviations of divisor n.
    expected = cp.factor_scores(ours, frame, scale).scores.to_numpy() * np.sqrt(n / (n - 1))
    np.testing.assert_allclose(scored, expected, atol=SAME)
    back = cp.FactorSolution.from_factor_analyzer(other, n=n, items=scale.items)
    assert back.loadings.equals(ours.loadings)
    np.testing.assert_array_equal(back.phi, ours.phi)
    np.testing.assert_allclose(back.unrotated, ours.unrotated, atol=1e-7)
    for name in ("uniquenesses", "communalities", "standardisation", "variance"):
        one, another = getattr(back, name), getattr(ours, name)
        np.testing.assert_allclose(one[:, 1:].to_numpy(), another[:, 1:].to_numpy(), atol=1e-9)
    assert back.fit.chi_square == pytest.approx(ours.fit.chi_square, rel=1e-9)
    assert back.criterion == pytest.approx(ours.criterion, rel=1e-9)
    assert (back.method, back.rotation, back.status) == ("minres", rotation, "ok")
    assert back.notes == ()
    again = pickle.loads(pickle.dumps(other))
    np.testing.assert_array_equal(again.get_uniquenesses(), other.get_uniquenesses())


def test_a_matrix_there_and_back() -> None:
    frame, scale = survey("two_factor")
    ours = cp.efa(cp.moments(frame, scale).correlation, n_factors=2, method="ml", seed=1)
    other = ours.to_factor_analyzer()
    assert other.is_corr_matrix
    z = np.eye(10)
    np.testing.assert_allclose(
        other.transform(z), np.linalg.solve(other.corr_, array(ours) @ ours.phi), atol=SAME
    )
    back = cp.FactorSolution.from_factor_analyzer(other)
    assert (back.n, back.fit.chi_square, back.standardisation) == (None, None, None)
    assert back.criterion == pytest.approx(ours.criterion, abs=1e-9)
    one = theirs(frame, scale, n_factors=1, rotation=None, method="uls")
    assert cp.FactorSolution.from_factor_analyzer(one).method == "minres"


def test_what_is_no_fitted_object() -> None:
    with pytest.raises(cp.OptionError, match="no fitted FactorAnalyzer"):
        cp.FactorSolution.from_factor_analyzer(FactorAnalyzer())
    with pytest.raises(cp.OptionError, match="The dict is no fitted"):
        cp.FactorSolution.from_factor_analyzer({})
    frame, scale = survey("two_factor")
    other = cp.efa(frame, scale, n_factors=2, seed=1).to_factor_analyzer()
    with pytest.raises(cp.OptionError, match="items names 1, but the FactorAnalyzer has 10"):
        cp.FactorSolution.from_factor_analyzer(other, items=["a"])


def test_a_polars_frame_is_welcome() -> None:
    frame, scale = survey("two_factor")
    with pytest.raises(AttributeError, match="copy"):
        FactorAnalyzer(n_factors=2).fit(frame.select(scale.items))
    ours = cp.efa(frame, scale, n_factors=2, rotation=None)
    other = theirs(frame, scale, n_factors=2, rotation=None)
    order, signs = matched(other.loadings_, array(ours))
    np.testing.assert_allclose(other.loadings_[:, order] * signs, array(ours), atol=EXTRACTED)


def test_no_release_of_scikit_learn_can_stop_factors() -> None:
    # factor_analyzer 0.5.1 fails beside scikit-learn 1.8; here neither is imported.
    program = (
        "import sys, json, numpy as np, compassion_psy as cp;"
        "r = np.full((4, 4), 0.4); np.fill_diagonal(r, 1);"
        "cp.efa(r, n_factors=1, n=100); cp.factorability(r);"
        "print(json.dumps([m for m in ('sklearn', 'factor_analyzer') if m in sys.modules]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == []


def test_without_factor_analyzer(monkeypatch: pytest.MonkeyPatch) -> None:
    frame, scale = survey("two_factor")
    ours = cp.efa(frame, scale, n_factors=2, seed=1)
    monkeypatch.setitem(sys.modules, "factor_analyzer", None)
    with pytest.raises(cp.MissingExtraError, match=r"compassion_psy\[pure\]"):
        ours.to_factor_analyzer()
