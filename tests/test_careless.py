"""Indices of careless answering: by hand, against the plain twin, against SciPy, on any threads."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from compassion_psy import _core
from compassion_psy.pure import careless as twin
from scipy import stats

# The same sums in another order; distances are solved in another way besides.
SAME = 1e-10

Codes = npt.NDArray[np.uint8]
MISSING = 255
NAMES = [
    "answered", "longstring", "irv", "even_odd", "synonyms", "antonyms", "mahalanobis",
    "mahalanobis_p", "guttman", "guttman_normed", "person_total",
]  # fmt: skip


def asked(codes: Codes, **options: Any) -> Any:
    """Ask the core with plain options; rows are persons here."""
    items = codes.shape[1]
    given: dict[str, Any] = {
        "highest": 4, "reversed": [False] * items, "subscales": [], "pair_correlation": 0.6,
    }  # fmt: skip
    return _core.careless(np.ascontiguousarray(codes.T), **given | options)


def indices(codes: Any, **options: Any) -> dict[str, npt.NDArray[np.float64]]:
    found: dict[str, npt.NDArray[np.float64]] = asked(np.array(codes, np.uint8), **options)[
        "indices"
    ]
    return found


def answers(persons: int, items: int, missing: float, seed: int, highest: int = 4) -> Codes:
    """Persons × items of one factor, the last third of the items turned."""
    rng = np.random.default_rng(seed)
    factor = rng.normal(size=(persons, 1))
    loading = np.linspace(0.6, 0.9, items)
    loading[-(items // 3) :] *= -1
    noise = rng.normal(size=(persons, items)) * np.sqrt(1 - loading**2)
    easiness = rng.uniform(-0.7, 0.7, items)
    response = (factor * loading + noise + easiness) * highest / 4 + highest / 2
    codes = np.clip(np.round(response), 0, highest).astype(np.uint8)
    codes[rng.random(codes.shape) < missing] = MISSING
    return codes


def reals(codes: Codes) -> npt.NDArray[np.float64]:
    return np.where(codes == MISSING, np.nan, codes.astype(np.float64))


def keyed(codes: Codes, reverse: list[bool], highest: int) -> npt.NDArray[np.float64]:
    x = reals(codes)
    x[:, reverse] = highest - x[:, reverse]
    return x


def test_longstring_by_hand() -> None:
    none = MISSING
    rows = [
        [0, 0, 0, 0, 0, 0],
        [1, 1, 2, 2, 2, 3],
        [1, 1, none, 1, 2, 3],
        [none] * 6,
        [0, 1, 0, 1, 0, 1],
        [3, none, none, 3, 3, none],
    ]
    assert indices(rows)["longstring"].tolist() == [6, 3, 2, 0, 1, 2]
    assert indices(rows)["answered"].tolist() == [6, 6, 5, 0, 6, 3]


def test_variability_by_hand() -> None:
    none = MISSING
    found = indices([[0, 1, 2], [4, 4, 4], [1, none, 3], [none, 2, none]])["irv"]
    np.testing.assert_array_equal(found, [1, 0, np.sqrt(2), np.nan])


def test_even_odd_by_hand() -> None:
    # Subscales of two items: odd halves 0, 1, 2; even halves 0, 2, 1: r = 1/2, stepped up 2/3.
    subscales = [[(0, False), (1, False)], [(2, False), (3, False)], [(4, False), (5, True)]]
    rows = [
        [0, 0, 1, 2, 2, 3],  # the last is turned: 4 - 3 = 1
        [0, 0, 1, 1, 2, 2],
        [0, 4, 2, 2, 4, 4],  # r = -1, which has no step up
        [0, 0, 1, 2, 2, MISSING],  # two subscales are too few
        [1, 0, 1, 2, 1, 3],  # odd halves do not vary
    ]
    found = indices(rows, subscales=subscales)["even_odd"]
    assert found[0] == pytest.approx(2 / 3, abs=1e-15)
    assert found[1] == pytest.approx(1, abs=1e-15)
    assert found[2] == -1
    assert np.isnan(found[3:]).all()


def test_synonyms_by_hand() -> None:
    # Items 0-1, 2-3, 4-5 go together over persons; the last person answers them against each other.
    rows = [
        [0, 0, 1, 1, 4, 4], [4, 4, 2, 2, 0, 0], [2, 2, 4, 4, 1, 1], [1, 1, 0, 0, 3, 3],
        [3, 3, 3, 3, 2, 2], [4, 4, 0, 0, 4, 4], [0, 0, 4, 4, 2, 2], [0, 2, 1, 1, 2, 0],
    ]  # fmt: skip
    found = asked(np.array(rows, np.uint8))
    assert found["synonym_pairs"] == [(0, 1), (2, 3), (4, 5)]
    np.testing.assert_allclose(found["indices"]["synonyms"][:5], 1, atol=1e-15)
    # Pairs (0, 2), (1, 1), (2, 0).
    assert found["indices"]["synonyms"][7] == -1
    assert len(found["antonym_pairs"]) == 2  # too few to correlate over
    assert np.isnan(found["indices"]["antonyms"]).all()


def test_guttman_errors_by_hand() -> None:
    # Answers 0, 1, 2 to two items. Of six persons item 0 is passed by 5 and 3, item 1 by 4 and 2:
    # the order is a1 (5), b1 (4), a2 (3), b2 (2).
    rows = [[2, 2], [2, 2], [2, 1], [1, 0], [1, 0], [0, 1]]
    found = indices(rows, highest=2)
    # The last passes b1 and fails a1, which is easier: one error. With one step passed the most
    # is b1 alone.
    assert found["guttman"].tolist() == [0, 0, 0, 0, 0, 1]
    np.testing.assert_array_equal(found["guttman_normed"], [np.nan, np.nan, 0, 0, 0, 1])
    # Against the order altogether: b1 and b2 passed, a1 and a2 failed: 2 + 1 errors of 3 possible.
    more = indices([*rows * 10, [0, 2]], highest=2)
    assert (more["guttman"][-1], more["guttman_normed"][-1]) == (3, 1)


def test_person_total_by_hand() -> None:
    # The others' means for the first person: 2, 1.5, 1. Her answers 0, 1, 2 run against them.
    found = indices([[0, 1, 2], [2, 1, 0], [2, 2, 2]])["person_total"]
    assert found[0] == pytest.approx(-1, abs=1e-15)
    # The means for the second: 1, 1.5, 2.
    assert found[1] == pytest.approx(-1, abs=1e-15)
    assert np.isnan(found[2])


def test_distance_by_hand() -> None:
    # Means 1 and 1, variances 4/3, covariance 0: squared distances (1 + 1) * 3/4.
    found = indices([[0, 0], [2, 2], [0, 2], [2, 0]])
    np.testing.assert_allclose(found["mahalanobis"], 1.5, rtol=1e-15)
    # Two degrees of freedom: exp(-D²/2).
    np.testing.assert_allclose(found["mahalanobis_p"], np.exp(-0.75), rtol=1e-15)


@pytest.mark.parametrize("missing", [0.0, 0.04, 0.5])
@pytest.mark.parametrize("highest", [4, 100])
def test_core_and_twin_agree(missing: float, highest: int) -> None:
    items = 9
    codes = answers(400, items, missing, 3, highest)
    codes[0] = MISSING
    codes[1] = 2
    reverse = [item in (1, 6, 8) for item in range(items)]
    subscales = [[0, 1, 2], [3, 4], [5, 6, 7], [8, 0, 3, 5]]
    found = asked(
        codes,
        highest=highest,
        reversed=reverse,
        pair_correlation=0.4,
        subscales=[[(item, reverse[item]) for item in part] for part in subscales],
    )
    x, turned = reals(codes), keyed(codes, reverse, highest)
    synonyms, antonyms = twin.related_pairs(x, 0.4), twin.related_pairs(x, -0.4)
    assert min(len(synonyms), len(antonyms)) >= 3
    assert found["synonym_pairs"] == synonyms
    assert found["antonym_pairs"] == antonyms
    assert found["basis"] == "pairwise"
    steps = twin.popular_steps(turned, highest)
    expected = {
        "answered": (~np.isnan(x)).sum(axis=1),
        "longstring": twin.longstring(x),
        "irv": twin.response_variability(x),
        "even_odd": twin.even_odd(turned, subscales),
        "synonyms": twin.pair_consistency(x, synonyms),
        "antonyms": twin.pair_consistency(x, antonyms),
        "mahalanobis": twin.mahalanobis(x)[0],
        "person_total": twin.person_total(x),
    }
    for name, values in expected.items():
        np.testing.assert_allclose(
            found["indices"][name], values, rtol=SAME, atol=SAME, err_msg=name
        )
    if highest == 4:
        errors = [twin.guttman_errors(row, steps) for row in turned]
        np.testing.assert_array_equal(found["indices"]["guttman"], errors)


@pytest.mark.parametrize(("items", "highest"), [(6, 1), (5, 2), (4, 4)])
def test_the_most_errors_are_those_of_a_search_through_all_answers(
    items: int, highest: int
) -> None:
    codes = answers(60, items, 0.1, 7, highest)
    found = indices(codes, highest=highest)
    steps = twin.popular_steps(reals(codes), highest)
    most = [twin.most_guttman_errors(row, steps, highest) for row in reals(codes)]
    normed = [error / m if m else np.nan for error, m in zip(found["guttman"], most, strict=True)]
    np.testing.assert_array_equal(found["guttman_normed"], normed)
    assert np.nanmax(found["guttman_normed"]) > 0.2


def test_tail_is_that_of_scipy() -> None:
    codes = answers(500, 9, 0.3, 5)
    found = indices(codes)
    freedom = found["answered"]
    expected = stats.chi2.sf(found["mahalanobis"][freedom > 0], freedom[freedom > 0])
    np.testing.assert_allclose(found["mahalanobis_p"][freedom > 0], expected, rtol=SAME)
    assert np.isnan(found["mahalanobis_p"][freedom == 0]).all()


def test_items_that_do_not_vary_are_no_part_of_distances() -> None:
    codes = answers(200, 5, 0, 1)
    constant = np.column_stack([codes, np.full(200, 3, np.uint8), np.full(200, 255, np.uint8)])
    np.testing.assert_array_equal(indices(codes)["mahalanobis"], indices(constant)["mahalanobis"])


def test_where_covariances_are_not_positive_definite() -> None:
    codes = answers(200, 5, 0, 1)
    twice = asked(np.column_stack([codes, codes[:, 0]]))
    assert twice["basis"] == "neither"
    assert np.isnan(twice["indices"]["mahalanobis"]).all()
    assert np.isnan(twice["indices"]["mahalanobis_p"]).all()
    # Pairs from different persons contradict each other; complete rows do not.
    a, none = np.array([0, 1, 2, 3, 4] * 6, np.uint8), np.full(30, 255, np.uint8)
    blocks = [np.column_stack(c) for c in ((a, a, none), (a, none, a), (none, a, 4 - a))]
    whole = answers(12, 3, 0, 2)
    found = asked(np.vstack([*blocks, whole]))
    assert found["basis"] == "complete"
    np.testing.assert_allclose(
        found["indices"]["mahalanobis"][-12:], twin.mahalanobis(reals(whole))[0], rtol=SAME
    )


def test_bits_do_not_depend_on_threads() -> None:
    codes = answers(20_000, 12, 0.1, 9)
    part = [[(item, item > 7) for item in range(start, 12, 4)] for start in range(4)]
    options = {"subscales": part, "pair_correlation": 0.4, "reversed": [i > 7 for i in range(12)]}
    one = indices(codes, threads=1, **options)
    assert list(one) == NAMES
    for threads in (2, 7):
        other = indices(codes, threads=threads, **options)
        for name in NAMES:
            assert np.isfinite(one[name]).any(), name
            assert one[name].tobytes() == other[name].tobytes(), name


@pytest.mark.parametrize("persons", [1, 2, 63, 64, 65])
def test_small_tiles_hold_nobody_else(persons: int) -> None:
    """Persons of an incomplete tile have the values they have in any other place."""
    codes = answers(persons, 6, 0.1, 4)
    found, x = indices(codes), reals(codes)
    np.testing.assert_array_equal(found["longstring"], twin.longstring(x))
    np.testing.assert_allclose(found["irv"], twin.response_variability(x), rtol=SAME)
    if persons == 1:
        assert np.isnan(found["mahalanobis"]).all()
        assert np.isnan(found["person_total"]).all()


def test_one_item_and_nobody_answering() -> None:
    one = indices([[0], [3], [MISSING]])
    assert one["longstring"].tolist() == [1, 1, 0]
    assert np.isnan(one["irv"]).all()
    assert np.isnan(one["person_total"]).all()
    nobody = indices([[MISSING] * 4] * 3)
    assert nobody["answered"].tolist() == [0, 0, 0]
    for name in NAMES[2:]:
        assert np.isnan(nobody[name]).all(), name


def test_repeated_rows() -> None:
    codes = answers(3000, 3, 0.2, 2)
    codes[5] = MISSING
    found = _core.repeated_rows(np.ascontiguousarray(codes.T))
    rows = [tuple(row) for row in codes.tolist()]
    counts: dict[tuple[int, ...], int] = {}
    for row in rows:
        counts[row] = counts.get(row, 0) + 1
    empty = (MISSING,) * 3
    assert found.tolist() == [0 if row == empty else counts[row] for row in rows]
    assert found.max() > 10


def test_what_is_not_usable_is_refused() -> None:
    codes = np.zeros((2, 3), np.uint8)
    with pytest.raises(ValueError, match="above 4"):
        asked(codes + 5)
    with pytest.raises(ValueError, match="do not fit"):
        asked(codes, reversed=[True])
    with pytest.raises(ValueError, match="not there"):
        asked(codes, subscales=[[(3, False)]])
    with pytest.raises(ValueError, match="are not 0 rows"):
        asked(codes[:0])
    with pytest.raises(ValueError, match="600 items of 254 steps are too many"):
        asked(np.zeros((2, 600), np.uint8), highest=254)
