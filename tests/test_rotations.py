"""Rotations against GPArotation and against patterns that are known."""

from typing import Any

import compassion_psy as cp
import numpy as np
import polars as pl
import pytest
from reference_data import values
from test_factors import array, matched

# Gradient projection goes on to rounding; what is left is that over the curvature.
CLOSED = 1e-8
# GPArotation halves its steps no further than ten times, and stops at slopes of about 1e-8.
ROTATED = 1e-5
CRITERION = 1e-10

CALLS: dict[str, dict[str, Any]] = {
    "oblimin_minus_2": {"rotation": "oblimin", "gamma": -2},
    "oblimin_half": {"rotation": "oblimin", "gamma": -0.5},
    "oblimin_positive": {"rotation": "oblimin", "gamma": 0.2},
    "equamax": {"rotation": "equamax"},
    "geomin_orthogonal": {"rotation": "geomin_orthogonal"},
    "bifactor": {"rotation": "bifactor"},
    "bifactor_oblique": {"rotation": "bifactor_oblique"},
    "target": {"rotation": "target"},
    "target_orthogonal": {"rotation": "target_orthogonal"},
}


def solution(name: str, call: str, **options: Any) -> Any:
    block = values("rotations")[name]
    given: dict[str, Any] = {"n_factors": block["factors"], "seed": 1, **CALLS[call]}
    if given["rotation"].startswith("target"):
        given["target"] = np.array(block["expected"], dtype=float)
    return cp.efa(np.array(block["correlation"]), **{**given, **options})


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("name", ["three", "general"])
def test_rotations_are_the_best_of_gparotation(name: str, call: str) -> None:
    expected = values("rotations")[name][call]
    found = solution(name, call)
    assert found.status == "ok"
    # GPArotation leaves out the fourth in its bifactor criterion.
    scale = 0.25 if call.startswith("bifactor") else 1
    assert found.rotation_criterion == pytest.approx(scale * expected["value"], abs=CRITERION)
    theirs = np.array(expected["loadings"])
    order, signs = matched(theirs, array(found))
    np.testing.assert_allclose(theirs[:, order] * signs, array(found), atol=ROTATED)
    phi = np.array(expected["phi"])[np.ix_(order, order)] * np.outer(signs, signs)
    np.testing.assert_allclose(phi, found.phi, atol=ROTATED)
    if call.startswith("target"):
        assert order == list(range(len(order)))
    assert found.starts_found >= 1


def correlations(pattern: np.ndarray, phi: np.ndarray | None = None) -> np.ndarray:
    common = pattern @ (np.eye(pattern.shape[1]) if phi is None else phi) @ pattern.T
    np.fill_diagonal(common, 1)
    return common


GENERAL = np.array([0.5, 0.6, 0.4, 0.55, 0.45, 0.65, 0.5, 0.4, 0.6])
GROUPS = np.array([0.3, 0.4, 0.5, 0.45, 0.5, 0.35, 0.5, 0.6, 0.4])
# Groups in the order of the variance that they explain.
BIFACTOR = np.column_stack([GENERAL, np.kron(np.eye(3)[:, [2, 0, 1]], np.ones((3, 1)))])
BIFACTOR[:, 1:] *= GROUPS[:, None]
BIFACTOR = BIFACTOR[:, [0, *(1 + np.argsort(-(BIFACTOR[:, 1:] ** 2).sum(axis=0)))]]


def test_a_bifactor_pattern_comes_back() -> None:
    found = cp.efa(correlations(BIFACTOR), n_factors=4, rotation="bifactor", seed=1)
    np.testing.assert_allclose(array(found), BIFACTOR, atol=CLOSED)
    np.testing.assert_allclose(found.phi, np.eye(4), atol=CLOSED)
    # A perfect bifactor is at zero, where no other is.
    assert found.rotation_criterion == pytest.approx(0, abs=CLOSED)


def test_groups_of_a_perfect_pattern_leave_an_oblique_general_factor_open() -> None:
    # Whatever goes with the general factor, group loadings keep their zeros (Jennrich & Bentler
    # 2012): criterion and groups are what they must be, and nothing tells the rest.
    found = cp.efa(correlations(BIFACTOR), n_factors=4, rotation="bifactor_oblique", seed=1)
    assert found.rotation_criterion == pytest.approx(0, abs=CLOSED)
    groups = np.abs(array(found)[:, 1:]) > 1e-4
    order, _ = matched(BIFACTOR[:, 1:], np.abs(array(found)[:, 1:]))
    np.testing.assert_array_equal(groups, BIFACTOR[:, 1:][:, order] > 0)
    assert "4 factors by minimum residuals, bifactor oblique" in str(found)


def test_the_general_factor_stays_first_though_it_explains_less() -> None:
    pattern = BIFACTOR * [0.5, 1.3, 1.3, 1.3]
    found = cp.efa(correlations(pattern), n_factors=4, rotation="bifactor", seed=1)
    np.testing.assert_allclose(array(found), pattern, atol=CLOSED)
    variances = found.variance["variance"].to_list()
    assert variances[0] < variances[1]


PATTERN = np.array([[0.4, 0], [0.5, 0], [0.45, 0.1], [0, 0.8], [0, -0.7], [0, -0.9]])
PHI = np.array([[1, -0.4], [-0.4, 1]])


def test_factors_come_in_the_order_and_sign_of_the_target() -> None:
    r = correlations(PATTERN, PHI)
    options: dict[str, Any] = {"n_factors": 2, "rotation": "target", "seed": 1}
    found = cp.efa(r, target=PATTERN, **options)
    np.testing.assert_allclose(array(found), PATTERN, atol=CLOSED)
    np.testing.assert_allclose(found.phi, PHI, atol=CLOSED)
    # By variance the second would be the first, and turned by its sum.
    zeros = np.where(PATTERN == 0, 0, np.nan)
    found = cp.efa(r, target=zeros, **options)
    np.testing.assert_allclose(array(found), PATTERN * [1, -1], atol=CLOSED)
    np.testing.assert_allclose(found.phi, -PHI + 2 * np.eye(2), atol=CLOSED)
    frame = pl.DataFrame(zeros, schema=["F1", "F2"], nan_to_null=True)
    frame.insert_column(0, pl.Series("item", [f"item{j + 1}" for j in range(6)]))
    assert cp.efa(r, target=frame, **options).loadings.equals(found.loadings)
    with pytest.raises(cp.OptionError, match="not those of the data in their order"):
        cp.efa(r, target=frame.reverse(), **options)


def test_gamma_makes_factors_correlate_more_or_less() -> None:
    found = [solution("three", "oblimin_half", gamma=gamma) for gamma in (-3, -0.5, 0, 0.2)]
    correlated = [float(np.abs(one.phi).sum()) for one in found]
    assert correlated == sorted(correlated)
    assert "oblimin (gamma -3)" in str(found[0])
    assert [one.gamma for one in found] == [-3, -0.5, 0, 0.2]
    assert solution("three", "equamax").gamma is None


def test_a_criterion_without_a_minimum_is_not_passed_off_as_one() -> None:
    found = solution("three", "oblimin_half", gamma=1.0)
    assert found.status == "not_converged"
    assert any("not those of a minimum" in note for note in found.notes)


def test_names_of_other_programs() -> None:
    r = correlations(PATTERN, PHI)
    for theirs, ours in (
        ("quartimin", "oblimin"),
        ("geomin_obl", "geomin"),
        ("geominT", "geomin_orthogonal"),
    ):
        found = cp.efa(r, n_factors=2, rotation=theirs, seed=1)  # type: ignore[arg-type]
        expected = cp.efa(r, n_factors=2, rotation=ours, seed=1)  # type: ignore[arg-type]
        assert found.rotation == ours
        assert found.loadings.equals(expected.loadings)
    for theirs, ours in (("uls", "minres"), ("mle", "ml"), ("pa", "principal_axis"),
                         ("principal", "components")):  # fmt: skip
        assert cp.efa(r, n_factors=2, method=theirs, seed=1).method == ours  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"rotation": "oblimax"}, "'oblimax', which is not offered: .* 'geomin'"),
        ({"rotation": "biquartimin"}, "gamma=0.5 in some .*'bifactor_oblique'"),
        ({"rotation": "none"}, "rotation=None"),
        ({"rotation": "Promax"}, "Did you mean 'promax'"),
        ({"method": "wls"}, "'wls', which is not offered: use 'minres'"),
        ({"method": "pca"}, "method='components'"),
        ({"gamma": 0.5, "rotation": "varimax"}, "gamma is of rotation='oblimin'"),
        ({"gamma": 1.5}, "gamma is 1.5, but it must be at most 1"),
        ({"gamma": "high"}, "gamma is 'high'"),
        ({"gamma": float("nan")}, "gamma is nan"),
        ({"rotation": "bifactor"}, "n_factors is 2, .* 3 or more"),
        ({"rotation": "target"}, "target is missing"),
        ({"target": np.zeros((6, 2))}, "target is given, but rotation is 'oblimin'"),
        ({"rotation": "target", "target": np.zeros((2, 6))}, r"shape \(2, 6\)"),
        ({"rotation": "target", "target": np.full((6, 2), np.nan)}, "nothing of 2 factors"),
        ({"rotation": "target", "target": np.full((6, 2), np.inf)}, "infinite"),
        ({"rotation": "target", "target": "loadings"}, "no table of numbers"),
        ({"rotation": "target", "target": np.zeros((6, 2)), "kaiser": True}, "as they are"),
    ],
)
def test_bad_options(options: dict[str, Any], words: str) -> None:
    with pytest.raises(cp.OptionError, match=words):
        cp.efa(correlations(PATTERN, PHI), **{"n_factors": 2, **options})
