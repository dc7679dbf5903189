"""Factors against closed forms and against R, run until it stands still (reference/README.md)."""

from itertools import permutations
from typing import Any

import compassion_psy as cp
import numpy as np
import polars as pl
import pytest
from compassion_psy.factors import efa, most_factors
from reference_data import survey, values

# Newton and gradient projection go on to rounding; what is left is that over the curvature.
CLOSED = 1e-8
# factanal's L-BFGS-B stops where its function no longer changes: half the digits of its place.
FACTANAL = 1e-6
# nlminb with exact slopes of the same function.
MINRES = 1e-6
# GPArotation stops at a slope of 1e-7 (README), or after 1,000 steps.
ROTATED = 1e-5
# The loadings that R rotates are those of factanal, which differ a little; 3e-9 was measured.
CRITERION = 1e-8
FIT = 1e-6
# psych stops early, where F is flat; 7e-11 was measured. TLI of chi-squares is 5e-5 or more away.
TLI = 1e-9
SAME_SETS = ("three", "two_factor", "congeneric", "attitude")
SETS = (*SAME_SETS, "heywood")
KAISER = {"oblimin_kaiser": True}


def reference(name: str) -> dict[str, Any]:
    return values("factors")[name]


def solution(name: str, **options: Any) -> Any:
    block = reference(name)
    matrix = np.array(block["correlation"])
    given = {"n_factors": block["factors"], "n": block["n"], "seed": 1, "rotation": None}
    return efa(matrix, **{**given, **options})


def array(found: Any) -> np.ndarray:
    return found.loadings.drop("item").to_numpy()


def matched(loadings: np.ndarray, other: np.ndarray) -> tuple[list[int], np.ndarray]:
    """Return the order and signs that bring columns of `loadings` nearest to those of `other`."""
    products = loadings.T @ other
    size = len(products)
    best = max(permutations(range(size)), key=lambda p: sum(abs(products[p, range(size)])))
    order = list(best)
    return order, np.sign(products[order, range(size)])


@pytest.mark.parametrize("name", SETS)
def test_maximum_likelihood_is_factanals(name: str) -> None:
    found, expected = solution(name, method="ml"), reference(name)["ml"]
    assert found.status == ("heywood" if min(expected["uniquenesses"]) <= 0.005 else "ok")
    np.testing.assert_allclose(
        found.uniquenesses["uniqueness"], expected["uniquenesses"], atol=FACTANAL
    )
    np.testing.assert_allclose(array(found), expected["loadings"], atol=FACTANAL)
    # Ours is never above R's, but for rounding.
    assert found.criterion <= expected["objective"] + 1e-13
    assert found.fit.objective == pytest.approx(found.criterion, abs=1e-12)


@pytest.mark.parametrize("name", SETS)
def test_minimum_residuals(name: str) -> None:
    found, expected = solution(name), reference(name)["minres"]
    np.testing.assert_allclose(
        found.uniquenesses["uniqueness"], expected["uniquenesses"], atol=MINRES
    )
    np.testing.assert_allclose(array(found), expected["loadings"], atol=MINRES)
    assert found.criterion <= expected["objective"] + 1e-13


@pytest.mark.parametrize("name", SAME_SETS)
def test_principal_axes_reach_minimum_residuals(name: str) -> None:
    least = solution(name)
    axes = solution(name, method="principal_axis")
    if least.status != "ok" or axes.status != "ok":
        pytest.skip("axes have no bound")
    np.testing.assert_allclose(array(axes), array(least), atol=CLOSED)


@pytest.mark.parametrize("name", SETS)
def test_components_are_rs_eigenvectors(name: str) -> None:
    found = solution(name, method="components")
    np.testing.assert_allclose(array(found), reference(name)["components"], atol=1e-10)
    assert found.fit.chi_square is None
    assert found.fit.srmr > 0


@pytest.mark.parametrize(
    "rotation", ["oblimin", "oblimin_kaiser", "geomin", "quartimax", "varimax", "promax"]
)
@pytest.mark.parametrize("name", SAME_SETS)
def test_rotations_are_the_best_of_gparotation(name: str, rotation: str) -> None:
    expected = reference(name)["rotations_of_ml"][rotation]
    found = solution(
        name,
        method="ml",
        rotation=rotation.removesuffix("_kaiser"),
        kaiser=KAISER.get(rotation),
    )
    assert found.status in ("ok", "heywood")
    theirs = np.array(expected["loadings"])
    order, signs = matched(theirs, array(found))
    np.testing.assert_allclose(theirs[:, order] * signs, array(found), atol=ROTATED)
    phi = np.array(expected["phi"])[np.ix_(order, order)] * np.outer(signs, signs)
    np.testing.assert_allclose(phi, found.phi, atol=ROTATED)
    if rotation in ("oblimin", "oblimin_kaiser", "geomin", "quartimax"):
        assert found.rotation_criterion <= expected["value"] + CRITERION
    assert found.starts == 31
    assert 1 / 31 <= found.share_of_starts <= 1


@pytest.mark.parametrize("name", SETS)
def test_fit(name: str) -> None:
    fit, block = solution(name, method="ml").fit, reference(name)
    for key, value in block["fit_ml"].items():
        assert getattr(fit, key) == pytest.approx(value, rel=FIT, abs=FIT), key
    theirs = block["psych_ml"]
    assert fit.df == theirs["df"]
    assert fit.null_chi_square == pytest.approx(theirs["null_chi_square"], rel=1e-10)
    if min(block["ml"]["uniquenesses"]) > 0.005:
        # psych stops its fit early.
        assert fit.chi_square == pytest.approx(theirs["chi_square"], abs=1e-4)
        assert fit.tli == pytest.approx(theirs["tli"], abs=TLI)
        items = len(block["correlation"])
        rms = fit.srmr * np.sqrt((items + 1) / (items - 1))
        assert rms == pytest.approx(theirs["rms"], abs=1e-5)


def test_exact_structure_comes_back_in_order_and_sign() -> None:
    pattern = np.array([[0.5, 0], [0.6, 0], [-0.7, 0], [0, -0.9], [0, -0.8], [0, -0.7], [0, 0.1]])
    phi = np.array([[1, -0.4], [-0.4, 1]])
    r = pattern @ phi @ pattern.T
    np.fill_diagonal(r, 1)
    for method in ("minres", "ml", "principal_axis"):
        found = efa(r, n_factors=2, method=method, n=200, seed=3)
        # By variance: the second first; and turned, so that its sum is positive.
        np.testing.assert_allclose(array(found), pattern[:, ::-1] * [-1, 1], atol=CLOSED)
        assert found.phi[0, 1] == pytest.approx(0.4, abs=CLOSED)
        assert found.fit.chi_square == pytest.approx(0, abs=CLOSED)
        assert found.fit.p_value == pytest.approx(1, abs=CLOSED)


def test_all_inputs_give_the_same() -> None:
    frame, scale = survey("two_factor")
    options = {"n_factors": 2, "seed": 1}
    one = efa(frame, scale, **options)
    for other in (
        efa(cp.Responses.from_frame(frame, scale), **options),
        efa(cp.moments(frame, scale), **options),
        efa(cp.moments(frame, scale).correlation, scale, n=frame.height, **options),
        efa(frame, scale, threads=1, **options),
    ):
        assert other.loadings.equals(one.loadings)
        assert other.fit == one.fit
    assert one.n == frame.height


def test_missing_answers_are_counted() -> None:
    frame, scale = survey("congeneric_missing")
    listwise = efa(frame, scale, n_factors=1)
    assert listwise.n + listwise.n_excluded == frame.height
    assert f"{listwise.n_excluded} persons" in str(listwise)
    pairwise = efa(frame, scale, n_factors=1, missing="pairwise")
    assert (pairwise.n, pairwise.n_excluded) == (399, 1)


def test_frames_and_text() -> None:
    found = solution("three", rotation="oblimin")
    tidy = found.to_frame()
    assert tidy.shape == (36, 6)
    assert tidy["loading"].to_list() == array(found).ravel().tolist()
    assert tidy["item"][:4].to_list() == ["item1"] * 3 + ["item2"]
    total = found.communalities["communality"].sum()
    assert found.variance["variance"].sum() == pytest.approx(total, abs=1e-12)
    text = str(found)
    assert "3 factors by minimum residuals, oblimin; n = 300" in text
    assert "RMSEA" in text
    assert "of 31 starts" in text
    assert found._repr_html_().count("<table>") == 3


def test_heywood_cases_are_named() -> None:
    found = solution("heywood", method="ml")
    assert found.status == "heywood"
    assert "Heywood case: the uniqueness of 'item1' is on its bound" in str(found)


def test_most_factors() -> None:
    assert [most_factors(items) for items in (2, 3, 5, 6, 8)] == [0, 1, 2, 3, 4]


R4 = np.array([[1, 0.5, 0.4, 0.3], [0.5, 1, 0.4, 0.3], [0.4, 0.4, 1, 0.2], [0.3, 0.3, 0.2, 1]])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"n_factors": 2}, "4 items identify at most 1"),
        ({"n_factors": 0}, "at least 1"),
        ({"n_factors": 1, "method": "pca"}, "method"),
        ({"n_factors": 1, "rotation": "oblimax"}, "oblimin"),
        ({"n_factors": 1, "rotation": None, "kaiser": True}, "name a rotation"),
        ({"n_factors": 1, "starts": -1}, "starts"),
    ],
)
def test_bad_options(options: dict[str, Any], words: str) -> None:
    with pytest.raises(cp.OptionError, match=words):
        efa(R4, **options)


def test_bad_matrices() -> None:
    double = R4.copy()
    double[0] = double[1]
    double[:, 0] = double[:, 1]
    with pytest.raises(cp.DataError, match="'item1' and 'item2'"):
        efa(double, n_factors=1)
    with pytest.raises(cp.DataError, match="2 on the diagonal at 'item1'"):
        efa(R4 * 2, n_factors=1)
    uneven = R4.copy()
    uneven[0, 1] = 0.1
    with pytest.raises(cp.DataError, match=r"0\.1 and 0\.5"):
        efa(uneven, n_factors=1)
    with pytest.raises(cp.DataError, match="square"):
        efa(R4[:2], n_factors=1)


def test_singular_correlations_name_their_items() -> None:
    x = np.random.default_rng(1).normal(size=(50, 4))
    r = np.corrcoef(np.column_stack([x, x[:, 1] + x[:, 2]]), rowvar=False)
    with pytest.raises(cp.DataError, match="'item2', 'item3', 'item5' follows"):
        efa(r, n_factors=1, method="ml")
    assert efa(r, n_factors=1, n=50).fit.chi_square is None


def test_a_constant_item_is_named() -> None:
    scale = cp.Scale("calm", items=["a", "b", "c"], minimum=1, maximum=5)
    frame = pl.DataFrame({"a": [1, 2, 3, 5], "b": [2, 2, 4, 5], "c": [3, 3, 3, 3]})
    with pytest.raises(cp.DataError, match=r"Item 'c' .* the same answer from everybody"):
        efa(frame, scale, n_factors=1)
    grouped = cp.moments(frame.with_columns(site=pl.Series([1, 1, 2, 2])), scale, by="site")
    with pytest.raises(cp.OptionError, match="2 groups"):
        efa(grouped, n_factors=1)
